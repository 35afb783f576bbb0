// A trace read generation by generation: strings, stacks, clock and each thread's batches; memory is that of one generation.
import { decodeText } from "../base/byte-reader.js";
import { FormatError } from "../base/errors.js";
import type { ByteSource } from "../base/source.js";
import { counted, NONE } from "../base/units.js";
import { MOST_BATCH_BYTES, MOST_DECODED, MOST_DENSE, MOST_FRAMES, MOST_HEADER, MOST_STRING_BYTES, WINDOW } from "./limits.js";
import {
  type Batch,
  type BatchHeader,
  cursor,
  EV,
  formatHas,
  HEADER_SIZE,
  idOrNone,
  readBatchHeader,
  readHeader,
  readVarint,
  type TraceFormat,
} from "./wire.js";

/** One frame of a stack, as text. */
export interface TraceFrame {
  readonly pc: number;
  readonly function: string;
  readonly file: string;
  readonly line: number;
}

/** One sample of the CPU profile. */
export interface CpuSample {
  /** ns of the trace clock. */
  readonly time: number;
  readonly m: number;
  readonly p: number;
  readonly g: number;
  readonly stack: number;
}

/** What the trace clock was at a wall clock time; since format 1.25. */
export interface ClockSnapshot {
  /** ns of the trace clock. */
  readonly time: number;
  /** ns of the monotonic clock. */
  readonly monotonic: number;
  /** ns since 1970. */
  readonly wall: bigint;
}

/** Texts by id; decoded when asked for. Id 0 is "". A busy second has a million of them: no object each. */
export class StringTable {
  private readonly chunks: Uint8Array[] = [];
  /** [ids] row of chunks + 1, 0: no such id. */
  private chunk = new Uint32Array(256);
  /** [ids] offset in the chunk, and length in bytes. */
  private from = new Uint32Array(256);
  private length = new Uint16Array(256);
  private readonly sparse = new Map<number, Uint8Array>();
  private readonly decoded = new Map<number, string>();

  has(id: number): boolean {
    return id === 0 || (id < this.chunk.length ? this.chunk[id] !== 0 : this.sparse.has(id));
  }

  get(id: number): string | undefined {
    if (id === 0) return "";
    const known = this.decoded.get(id);
    if (known !== undefined) return known;
    const bytes = this.bytes(id);
    if (!bytes) return undefined;
    const text = decodeText(bytes);
    if (this.decoded.size < MOST_DECODED) this.decoded.set(id, text);
    return text;
  }

  private bytes(id: number): Uint8Array | undefined {
    const row = id >= 0 && id < this.chunk.length ? this.chunk[id] : 0;
    if (row === 0) return this.sparse.get(id);
    const from = this.from[id];
    return this.chunks[row - 1]?.subarray(from, from + this.length[id]);
  }

  /** Bytes that the texts set from now on stand in. */
  open(chunk: Uint8Array): void {
    this.chunks.push(chunk);
  }

  /** A text of the chunk opened last. */
  set(id: number, from: number, length: number): void {
    if (id >= MOST_DENSE) {
      this.sparse.set(id, this.chunks[this.chunks.length - 1].subarray(from, from + length));
      return;
    }
    if (id >= this.chunk.length) this.grow(id);
    this.chunk[id] = this.chunks.length;
    this.from[id] = from;
    this.length[id] = length;
  }

  private grow(id: number): void {
    const size = Math.min(MOST_DENSE, Math.max(id + 1, this.chunk.length * 2));
    const larger = <T extends Uint32Array | Uint16Array>(old: T, made: T): T => {
      made.set(old);
      return made;
    };
    this.chunk = larger(this.chunk, new Uint32Array(size));
    this.from = larger(this.from, new Uint32Array(size));
    this.length = larger(this.length, new Uint16Array(size));
  }
}

/** Stacks by id: pcs, and what each pc is. Id 0 is the empty stack. */
export class StackTable {
  /** [frames] pcs, innermost first. */
  readonly pcs = new Map<number, Float64Array>();
  readonly places = new Map<number, { readonly function: number; readonly file: number; readonly line: number }>();

  has(id: number): boolean {
    return id === 0 || this.pcs.has(id);
  }
}

/** One generation of a trace, its tables read, its events not. */
export class Generation {
  readonly number: number;
  readonly format: TraceFormat;
  readonly name: string;
  readonly strings = new StringTable();
  readonly stacks = new StackTable();
  /** Event batches by thread, in the order of the file. */
  readonly batches = new Map<number, Batch[]>();
  readonly experimental: Batch[] = [];
  readonly samples: CpuSample[] = [];
  /** Units of the trace clock per second, 0: not yet known. */
  frequency = 0;
  clock: ClockSnapshot | undefined;
  /** Smallest base time of a batch, in units; 0: none. */
  minTime = 0;
  /** Bytes on the wire. */
  size = 0;
  batchCount = 0;

  constructor(number: number, format: TraceFormat, name: string) {
    this.number = number;
    this.format = format;
    this.name = name;
  }

  /** ns of the trace clock per unit. */
  get unit(): number {
    return 1 / (this.frequency / 1e9);
  }

  /** Innermost first; undefined when the table has no such id. */
  frames(stack: number): readonly TraceFrame[] | undefined {
    if (stack === 0) return [];
    const pcs = this.stacks.pcs.get(stack);
    if (!pcs) return undefined;
    return Array.from(pcs, (pc) => {
      const place = this.stacks.places.get(pc);
      return {
        pc,
        function: this.strings.get(place?.function ?? NONE) ?? "?",
        file: this.strings.get(place?.file ?? NONE) ?? "?",
        line: place?.line ?? 0,
      };
    });
  }

  private fault(message: string): FormatError {
    return new FormatError(this.name, NONE, `generation ${this.number}: ${message}`);
  }

  /** @throws FormatError where golang.org/x/exp/trace would refuse the batch */
  add(batch: Batch): void {
    if (this.minTime === 0 || batch.time < this.minTime) this.minTime = batch.time;
    this.batchCount++;
    const kind = batch.data[0];
    if (batch.experiment !== 0) this.experimental.push(batch);
    else if (kind === EV.Strings) this.addStrings(batch.data);
    else if (kind === EV.Stacks) this.addStacks(batch.data);
    else if (kind === EV.CPUSamples) this.addSamples(batch.data);
    else if (kind === (formatHas(this.format, "syncEvents") ? EV.Sync : EV.Frequency)) this.addSync(batch);
    else {
      const own = this.batches.get(batch.m);
      if (own) own.push(batch);
      else this.batches.set(batch.m, [batch]);
    }
  }

  private addStrings(data: Uint8Array): void {
    let at = 1;
    this.strings.open(data);
    while (at < data.length) {
      if (data[at] !== EV.String) throw this.fault(`expected string event, got ${data[at]}`);
      const id = this.read(data, at + 1);
      const length = this.read(data, cursor.at);
      if (length > MOST_STRING_BYTES) throw this.fault(`invalid string size ${length}, maximum is ${MOST_STRING_BYTES}`);
      const from = cursor.at;
      if (from + length > data.length) throw this.fault("failed to read full string");
      if (this.strings.has(id)) throw this.fault(`multiple strings with the same ID: id=${id}`);
      this.strings.set(id, from, length);
      at = from + length;
    }
  }

  private addStacks(data: Uint8Array): void {
    let at = 1;
    while (at < data.length) {
      if (data[at] !== EV.Stack) throw this.fault(`expected stack event, got ${data[at]}`);
      const id = this.read(data, at + 1);
      const count = this.read(data, cursor.at);
      if (count > MOST_FRAMES) throw this.fault(`invalid stack size ${count}, maximum is ${MOST_FRAMES}`);
      const pcs = new Float64Array(count);
      for (let i = 0; i < count; i++) {
        const pc = this.read(data, cursor.at);
        const fn = this.read(data, cursor.at);
        const file = this.read(data, cursor.at);
        const line = this.read(data, cursor.at);
        pcs[i] = pc;
        if (!this.stacks.places.has(pc)) this.stacks.places.set(pc, { function: fn, file, line });
      }
      if (this.stacks.has(id)) throw this.fault(`multiple stacks with the same ID: id=${id}`);
      this.stacks.pcs.set(id, pcs);
      at = cursor.at;
    }
  }

  private addSamples(data: Uint8Array): void {
    let at = 1;
    while (at < data.length) {
      if (data[at] !== EV.CPUSample) throw this.fault(`expected CPU sample event, got ${data[at]}`);
      const time = this.read(data, at + 1);
      const m = idOrNone(this.read(data, cursor.at));
      const p = idOrNone(this.read(data, cursor.at));
      const g = this.read(data, cursor.at);
      const stack = this.read(data, cursor.at);
      this.samples.push({ time, m, p, g: g === 0 ? NONE : g, stack });
      at = cursor.at;
    }
  }

  private addSync(batch: Batch): void {
    const { data } = batch;
    let at = formatHas(this.format, "syncEvents") ? 1 : 0;
    let time = batch.time;
    while (at < data.length) {
      if (data[at] === EV.Frequency) {
        if (this.frequency !== 0) throw this.fault("found multiple frequency events");
        this.frequency = this.read(data, at + 1);
      } else if (data[at] === EV.ClockSnapshot && formatHas(this.format, "syncEvents")) {
        if (this.clock) throw this.fault("found multiple clock snapshot events");
        time += this.read(data, at + 1);
        const monotonic = this.read(data, cursor.at);
        const seconds = this.read(data, cursor.at);
        const nanoseconds = this.read(data, cursor.at);
        this.clock = { time, monotonic, wall: BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds) };
      } else throw this.fault(`expected frequency or clock snapshot event, got ${data[at]}`);
      at = cursor.at;
    }
  }

  private read(data: Uint8Array, at: number): number {
    const value = readVarint(data, at, data.length);
    if (value < 0) throw this.fault("a batch ends inside a number");
    return value;
  }

  /** What holds for a whole generation. @throws FormatError when it does not */
  finish(): void {
    if (this.frequency === 0) throw this.fault("no frequency event found");
    if (formatHas(this.format, "syncEvents") && !this.clock) throw this.fault("no clock snapshot event found");
    for (const [pc, place] of this.stacks.places) {
      if (!this.strings.has(place.function)) throw this.fault(`found invalid func string ID ${place.function} for pc 0x${pc.toString(16)}`);
      if (!this.strings.has(place.file)) throw this.fault(`found invalid file string ID ${place.file} for pc 0x${pc.toString(16)}`);
    }
    const { unit } = this;
    if (this.clock) this.clock = { ...this.clock, time: this.clock.time * unit };
    for (let i = 0; i < this.samples.length; i++) {
      const sample = this.samples[i];
      this.samples[i] = { ...sample, time: sample.time * unit };
    }
    this.samples.sort((a, b) => a.time - b.time);
  }
}

/** A batch and where it stands; EndOfGeneration is a "batch" without thread, of that one byte. */
export interface PlacedBatch extends Batch {
  readonly offset: number;
  /** With its header. */
  readonly wireSize: number;
  readonly endOfGeneration: boolean;
}

/**
 * The batches of a trace, in the order of the file, read in windows.
 * @throws FormatError at the first byte that is none
 */
export function* readBatches(source: ByteSource, from = HEADER_SIZE): Generator<PlacedBatch> {
  let window = new Uint8Array(0);
  let start = from;
  let at = 0;
  const fill = (): void => {
    start += at;
    window = source.read(start, WINDOW) as Uint8Array<ArrayBuffer>;
    at = 0;
  };
  for (;;) {
    if (window.length - at < MOST_BATCH_BYTES + MOST_HEADER && start + window.length < source.size) fill();
    if (at >= window.length) return;
    const offset = start + at;
    if (window[at] === EV.EndOfGeneration) {
      yield {
        generation: 0,
        m: NONE,
        time: 0,
        experiment: 0,
        data: window.subarray(at, at + 1),
        offset,
        wireSize: 1,
        endOfGeneration: true,
      };
      at++;
      continue;
    }
    const header: BatchHeader | undefined = readBatchHeader(window, at, window.length, source.name, start);
    if (!header) throw new FormatError(source.name, offset, "the file ends inside a batch header");
    const end = header.dataAt + header.size;
    if (end > window.length) {
      throw new FormatError(
        source.name,
        offset,
        `failed to read full batch: read ${counted(window.length - header.dataAt, "byte")} but wanted ${header.size}`,
      );
    }
    const { generation, m, time, experiment } = header;
    yield {
      generation,
      m,
      time,
      experiment,
      data: window.subarray(header.dataAt, end),
      offset,
      wireSize: end - at,
      endOfGeneration: false,
    };
    at = end;
  }
}

/**
 * The generations of a trace, one after the other; each is complete when it comes.
 * @throws FormatError where golang.org/x/exp/trace would stop, after the generations before it
 */
export function* readGenerations(source: ByteSource): Generator<Generation> {
  const format = readHeader(source.read(0, HEADER_SIZE), source.name);
  let current: Generation | undefined;
  const finished = (): Generation => {
    const done = current as Generation;
    current = undefined;
    done.finish();
    return done;
  };
  const batches = readBatches(source);
  for (;;) {
    let next: IteratorResult<PlacedBatch>;
    try {
      next = batches.next();
    } catch (error) {
      // Without end marks nothing marks the end of a generation, so what came before the damage may be all of it.
      if (!formatHas(format, "endMarks") && current) yield finished();
      throw error;
    }
    if (next.done) break;
    const batch = next.value;
    if (batch.endOfGeneration) {
      if (!formatHas(format, "endMarks"))
        throw new FormatError(source.name, batch.offset, "found an end-of-generation event in a trace of an older format");
      if (current) yield finished();
      else throw new FormatError(source.name, batch.offset, "an empty generation: no frequency event found");
      continue;
    }
    if (batch.generation === 0) throw new FormatError(source.name, batch.offset, "invalid generation number 0");
    if (current && batch.generation !== current.number) {
      if (formatHas(format, "endMarks")) {
        throw new FormatError(source.name, batch.offset, "broken trace: missing end-of-generation event, or generations are interleaved");
      }
      if (batch.generation !== current.number + 1) throw new FormatError(source.name, batch.offset, "generations out of order");
      yield finished();
    }
    current ??= new Generation(batch.generation, format, source.name);
    current.size += batch.wireSize;
    current.add(batch);
  }
  if (!current) return;
  if (formatHas(format, "endMarks")) throw new FormatError(source.name, source.size, "incomplete generation found; trace likely truncated");
  yield finished();
}
