// One generation of a trace: strings, stacks, clock and each thread's batches.
import { FormatError } from "../base/errors.js";
import { NONE } from "../base/units.js";
import { EV } from "./events.js";
import { formatHas, type TraceFormat } from "./format.js";
import { MOST_FRAMES, MOST_STRING_BYTES } from "./limits.js";
import { StackTable, StringTable } from "./tables.js";
import { type Batch, cursor, idOrNone, readVarint } from "./wire.js";

/** One frame of a stack, as text; "?" for a text that the generation has not. */
export interface TraceFrame {
  readonly pc: number;
  readonly function: string;
  readonly file: string;
  readonly line: number;
}

/** One sample of the CPU profile, which the runtime writes into a trace while a program is profiled. */
export interface CpuSample {
  /** ns of the trace clock. */
  readonly time: number;
  /** Thread, P and goroutine that were interrupted; NONE. */
  readonly m: number;
  readonly p: number;
  readonly g: number;
  /** Id in the table of stacks. */
  readonly stack: number;
}

/** The three clocks read at one moment, so that a time of the trace can be given as a time of day; since format 1.25. */
export interface ClockSnapshot {
  /** ns of the trace clock. */
  readonly time: number;
  /** ns of the monotonic clock. */
  readonly monotonic: number;
  /** ns since 1970. */
  readonly wall: bigint;
}

/**
 * One generation of a trace: its tables are read, its events are not.
 *
 * A generation is the unit that stands for itself. Its batches name texts and stacks by ids of its own tables, and what existed when
 * it began is repeated by status events, so that a reader needs nothing but the scheduler's state at the end of the one before.
 */
export class Generation {
  /** The runtime's own number; consecutive, from 1. */
  readonly number: number;
  readonly format: TraceFormat;
  /** Of the file, for messages. */
  readonly name: string;
  readonly strings = new StringTable();
  readonly stacks = new StackTable();
  /** Event batches by thread, in the order of the file. */
  readonly batches = new Map<number, Batch[]>();
  /** Batches of experiments, unread. */
  readonly experimental: Batch[] = [];
  /** By time once the generation is finished; their times are in units of the trace clock before. */
  readonly samples: CpuSample[] = [];
  /** Units of the trace clock per second, 0: not yet known. */
  frequency = 0;
  /** undefined before format 1.25. */
  clock: ClockSnapshot | undefined;
  /** Smallest base time of a batch, in units; 0: none. */
  minTime = 0;
  /** Bytes on the wire. */
  size = 0;
  /** Batches added so far, of every kind. */
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

  /** The frames of a stack, innermost first; undefined when the table has no such id. */
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

  /** What is wrong with this generation. */
  private fault(message: string): FormatError {
    return new FormatError(this.name, NONE, `generation ${this.number}: ${message}`);
  }

  /**
   * Takes one batch: tables are read, batches of a thread are added to those it has already.
   * @throws FormatError where golang.org/x/exp/trace would refuse the batch. internal/trace generation.go processBatch
   */
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

  /** A section of texts: String, id, length, bytes. */
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

  /** A section of stacks: Stack, id, count, then pc, function, file and line of each frame. */
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

  /** A section of samples: CPUSample, time, thread, P, goroutine, stack. Goroutine 0 is none. */
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

  /** The batch that says how fast the trace clock runs and, since format 1.25, what the other clocks were. */
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

  /** One number; where it ends is in `cursor`. */
  private read(data: Uint8Array, at: number): number {
    const value = readVarint(data, at, data.length);
    if (value < 0) throw this.fault("a batch ends inside a number");
    return value;
  }

  /**
   * Called when all batches are in: checks what holds for a whole generation, and turns the times of clock and samples into ns.
   * @throws FormatError when the frequency is missing, or the snapshot of the clocks, or a text that a frame names
   */
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
