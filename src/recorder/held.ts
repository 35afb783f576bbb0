// What the reader of the trace has passed on and the process still holds: a flight recorder's generations, a writer's bytes.
import { FormatError, MemoryFault } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { bytesSource } from "../base/source.js";
import { type Address, hex, NONE, type TypeId, WORD } from "../base/units.js";
import { readField, readSlice } from "../runtime/layout/layout.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { readBatches } from "../trace/reader.js";
import { EV, encodeBatch, HEADER_SIZE, readHeader, type TraceFormat } from "../trace/wire.js";
import type { FoundBatch } from "./buffers.js";
import { LONGEST_PATH, MOST_BATCHES, MOST_GENERATIONS, MOST_SLICE } from "./limits.js";

/** One generation as a recorder keeps it, or as a file has it. */
export interface HeldGeneration {
  readonly number: number;
  readonly batches: readonly FoundBatch[];
  /** Whole: its end has been seen. */
  readonly complete: boolean;
  /** The byte that ends it is there. */
  readonly endMark: boolean;
}

/** Where the trace went. */
export interface Destination {
  readonly kind: "flight recorder" | "file" | "buffer" | "buffered writer" | "writer" | "unknown";
  /** The Go type, and the file's name when it is one. */
  readonly name: string;
  /** The format of the recorder's own header; undefined when it has none. */
  readonly format: TraceFormat | undefined;
  /** Of a recorder or a bytes.Buffer: all that was passed on and kept, ascending. undefined: it is elsewhere. */
  readonly generations: readonly HeldGeneration[] | undefined;
  /** Bytes that a bufio.Writer has not yet passed on. */
  readonly pending: Uint8Array | undefined;
}

/** Field offsets of a Go struct by its name. */
class View {
  private readonly runtime: GoRuntime;
  readonly type: TypeId;
  readonly address: Address;

  constructor(runtime: GoRuntime, type: TypeId, address: Address) {
    this.runtime = runtime;
    this.type = type;
    this.address = address;
  }

  has(name: string): boolean {
    return this.runtime.types.get(this.type).fields.some((field) => field.name === name);
  }
  private field(name: string) {
    const type = this.runtime.types.get(this.type);
    const found = type.fields.find((field) => field.name === name);
    if (!found) throw new FormatError(type.name, NONE, `has no field ${name}`);
    return found;
  }
  at(name: string): Address {
    return this.address + this.field(name).offset;
  }
  /** A struct inside. */
  inner(name: string): View {
    return new View(this.runtime, this.field(name).type, this.at(name));
  }
  word(name: string): Address {
    return this.runtime.process.memory.readAddress(this.at(name));
  }
  slice(name: string) {
    const { length, array } = readSlice(this.runtime.process.memory, this.at(name));
    if (length > MOST_SLICE) throw new FormatError("process memory", NONE, `a slice of ${length} at ${hex(this.at(name))}`);
    return { array, length, element: this.runtime.types.get(this.field(name).type).element };
  }
  /** What a pointer field points to; undefined for nil. */
  target(name: string): View | undefined {
    const address = this.word(name);
    return address === 0 ? undefined : new View(this.runtime, this.runtime.types.get(this.field(name).type).element, address);
  }
}

/** Where the running trace goes, and what of it is still in memory. */
export function findDestination(runtime: GoRuntime, reader: Address, findings: Findings): Destination {
  const variable = runtime.variables.global("runtime/trace.tracing");
  if (variable && variable.type !== NONE) {
    const tracing = new View(runtime, variable.type, variable.address);
    const recorder = tracing.has("flightRecorder") ? tracing.target("flightRecorder") : undefined;
    const own = recorder?.target("r");
    if (own) {
      const held = recorderGenerations(runtime, own, findings);
      return { kind: "flight recorder", name: "runtime/trace.FlightRecorder", pending: undefined, ...held };
    }
    if (tracing.has("traceStartWriter")) {
      const { memory } = runtime.process;
      const itab = tracing.word("traceStartWriter");
      if (itab !== 0) return fromWriter(runtime, itab, memory.readAddress(tracing.at("traceStartWriter") + WORD), findings);
    }
  }
  const writer = writerOfReader(runtime, reader);
  if (writer) return fromWriter(runtime, writer.itab, writer.data, findings);
  return { kind: "unknown", name: "", format: undefined, generations: undefined, pending: undefined };
}

/** Before Go 1.25 only the goroutine of trace.Start knows its writer: on its stack as an interface, or in its closure. */
function writerOfReader(runtime: GoRuntime, reader: Address): { readonly itab: Address; readonly data: Address } | undefined {
  const { memory } = runtime.process;
  const isReader = (startPc: Address) =>
    /^runtime\/trace\.(Start|\(\*traceMultiplexer\)\.\w+)\.func\d+$/.test(runtime.functions.find(startPc)?.name ?? "");
  const goroutines = runtime.goroutines.all.filter((each) => each.address === reader || isReader(each.startPc));
  const asWriter = (itab: Address, data: Address) => {
    if (itab < 4096 || data < 4096 || !isWriterTab(runtime, itab)) return undefined;
    return { itab, data };
  };
  for (const goroutine of goroutines) {
    const { lo, hi } = goroutine.stack;
    const from = Math.max(lo, Math.min(goroutine.start?.sp ?? lo, hi));
    // Its own frame is the outermost; writers further in belong to what it has called.
    for (let at = hi - 2 * WORD; at >= from; at -= WORD) {
      const word = memory.tryAddress(at) ?? 0;
      const found = asWriter(word, memory.tryAddress(at + WORD) ?? 0);
      if (found) return found;
      if (word > 4096 && word % WORD === 0 && memory.tryAddress(word) === goroutine.startPc) {
        const closure = asWriter(memory.tryAddress(word + WORD) ?? 0, memory.tryAddress(word + 2 * WORD) ?? 0);
        if (closure) return closure;
      }
    }
  }
  return undefined;
}

/** Is it the itab of some type as an io.Writer? */
function isWriterTab(runtime: GoRuntime, itab: Address): boolean {
  const { memory } = runtime.process;
  const struct = runtime.layout.struct("itab");
  if (itab % WORD !== 0 || !memory.tryBytes(itab, struct.size)) return false;
  const inter = readField(memory, struct, itab, "Inter");
  if (!runtime.modules.some((module) => inter >= module.types && inter < module.etypes)) return false;
  const type = runtime.types.byRtype(inter);
  return type !== NONE && runtime.types.get(type).name === "io.Writer";
}

function fromWriter(runtime: GoRuntime, itab: Address, data: Address, findings: Findings): Destination {
  const nothing = { format: undefined, generations: undefined, pending: undefined };
  const pointer = runtime.types.interfaceTarget(itab, true);
  if (pointer === NONE) return { kind: "unknown", name: "", ...nothing };
  const { name, element } = runtime.types.get(pointer);
  const { memory } = runtime.process;
  try {
    const view = new View(runtime, element, data);
    switch (name) {
      case "*golang.org/x/exp/trace.recorder": {
        const own = view.target("r");
        if (!own) break;
        return {
          kind: "flight recorder",
          name: "golang.org/x/exp/trace.FlightRecorder",
          pending: undefined,
          ...recorderGenerations(runtime, own, findings),
        };
      }
      case "*os.File": {
        const file = view.target("file");
        return { kind: "file", name: file ? `${name} ${goString(runtime, file.at("name"))}` : name, ...nothing };
      }
      case "*bytes.Buffer": {
        const bytes = view.slice("buf");
        const off = memory.readUint(view.at("off"), 8);
        const all = memory.bytes(bytes.array, bytes.length).subarray(Math.min(off, bytes.length));
        const parsed = parseWhole(all.slice(), name, findings);
        return { kind: "buffer", name, format: parsed?.format, generations: parsed?.generations, pending: undefined };
      }
      case "*bufio.Writer": {
        const buffer = view.slice("buf");
        const n = Math.min(memory.readUint(view.at("n"), 8), buffer.length);
        const inner = view.word("wr");
        const target = inner === 0 ? undefined : fromWriter(runtime, inner, memory.readAddress(view.at("wr") + WORD), findings);
        return {
          kind: "buffered writer",
          name: target?.name ? `${name} to ${target.name}` : name,
          format: undefined,
          generations: undefined,
          pending: memory.bytes(buffer.array, n).slice(),
        };
      }
    }
  } catch (error) {
    if (!(error instanceof MemoryFault || error instanceof FormatError)) throw error;
    findings.add("trace-writer", "the writer of the trace cannot be read", error.message, { partial: true });
  }
  return { kind: "writer", name, ...nothing };
}

function goString(runtime: GoRuntime, at: Address): string {
  const { memory } = runtime.process;
  const { array, length } = { array: memory.readAddress(at), length: memory.readUint(at + WORD, 8) };
  const bytes = length < LONGEST_PATH ? memory.tryBytes(array, length) : undefined;
  return bytes ? new TextDecoder().decode(bytes) : "?";
}

/** The ring of finished generations and the one that is being received, of either kind of recorder. */
function recorderGenerations(
  runtime: GoRuntime,
  recorder: View,
  findings: Findings,
): { readonly format: TraceFormat | undefined; readonly generations: readonly HeldGeneration[] } {
  const { memory } = runtime.process;
  let format: TraceFormat | undefined;
  try {
    format = readHeader(memory.bytes(recorder.at("header"), HEADER_SIZE), "flight recorder");
  } catch (error) {
    if (!(error instanceof MemoryFault || error instanceof FormatError)) throw error; // nothing has been received yet
  }
  const generations: HeldGeneration[] = [];
  const add = (at: View, complete: boolean) => {
    const number = memory.readUint(at.at("gen"), 8);
    if (number === 0) return;
    try {
      const read = recorderBatches(runtime, at, number, findings);
      generations.push({ number, complete: complete || read.endMark, ...read });
    } catch (error) {
      if (!(error instanceof MemoryFault || error instanceof FormatError)) throw error;
      findings.add("trace-held", "a generation of the flight recorder is damaged and left out", error.message, { partial: true });
    }
  };
  try {
    const ring = recorder.slice("ring");
    const { size } = runtime.types.get(ring.element);
    for (let i = 0; i < Math.min(ring.length, MOST_GENERATIONS); i++) add(new View(runtime, ring.element, ring.array + i * size), true);
  } catch (error) {
    if (!(error instanceof MemoryFault)) throw error;
    findings.add("trace-held", "a generation of the flight recorder is damaged and left out", error.message, { partial: true });
  }
  add(recorder.inner("active"), false);
  return { format, generations };
}

/** Batches whole, since Go 1.26 as [][]byte, in 1.25 with a header of their own beside; or, in x/exp, without their header. */
function recorderBatches(
  runtime: GoRuntime,
  generation: View,
  number: number,
  findings: Findings,
): { readonly batches: readonly FoundBatch[]; readonly endMark: boolean } {
  const { memory } = runtime.process;
  const list = generation.slice("batches");
  const type = runtime.types.get(list.element);
  const isStruct = type.kind === "struct";
  const batches: FoundBatch[] = [];
  let endMark = false;
  const put = (raw: Uint8Array): void => {
    for (const batch of readBatches(bytesSource("flight recorder", raw), 0)) {
      if (batch.endOfGeneration) endMark = true;
      else
        batches.push({ ...batch, raw: raw.subarray(batch.offset, batch.offset + batch.wireSize), from: "recorder", lastTime: batch.time });
    }
  };
  for (let i = 0; i < Math.min(list.length, MOST_BATCHES); i++) {
    const at = list.array + i * type.size;
    try {
      const view = isStruct ? new View(runtime, list.element, at) : undefined;
      const data = view ? view.slice("data") : readSlice(memory, at);
      const bytes = memory.bytes(data.array, data.length).slice();
      if (bytes.length === 1 && bytes[0] === EV.EndOfGeneration) endMark = true;
      else if (view && !beginsBatch(bytes, number)) {
        const m = memory.readUint64(view.at("m"));
        const experiment = view.has("exp") ? Number(memory.readUint64(view.at("exp")) % 256n) : 0;
        const id = m >= 2n ** 63n ? NONE : Number(m);
        put(encodeBatch({ generation: number, m: id, time: memory.readUint(view.at("time"), 8), experiment, data: bytes }));
      } else put(bytes);
    } catch (error) {
      if (!(error instanceof MemoryFault || error instanceof FormatError)) throw error;
      findings.add("trace-held-batch", "a batch of the flight recorder is damaged; its events are missing", error.message, {
        partial: true,
      });
    }
  }
  return { batches, endMark };
}

/** Does it begin with the header of a batch of this generation, and is that batch all there is? */
function beginsBatch(bytes: Uint8Array, generation: number): boolean {
  if (bytes[0] !== EV.EventBatch && bytes[0] !== EV.ExperimentalBatch) return false;
  try {
    const [only, more] = [...readBatches(bytesSource("", bytes), 0)];
    return only !== undefined && more === undefined && !only.endOfGeneration && only.generation === generation;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return false;
  }
}

/** A trace with its last batch cut where it is not whole. */
export interface ParsedTrace {
  readonly format: TraceFormat;
  readonly generations: readonly HeldGeneration[];
  /** Up to here there are whole batches. */
  readonly keep: number;
}

/** Reads the bytes of a trace that was being written; undefined when not even the header is there. @throws FormatError when it is no trace */
export function parseWhole(bytes: Uint8Array, name: string, findings: Findings): ParsedTrace | undefined {
  if (bytes.length < HEADER_SIZE) return undefined;
  const format = readHeader(bytes, name);
  const generations: { number: number; batches: FoundBatch[]; complete: boolean; endMark: boolean }[] = [];
  let keep = HEADER_SIZE;
  try {
    for (const batch of readBatches(bytesSource(name, bytes))) {
      const last = generations.at(-1);
      if (batch.endOfGeneration) {
        if (last) {
          last.complete = true;
          last.endMark = true;
        }
      } else {
        if (batch.generation === 0) break;
        if (last?.number === batch.generation) last.batches.push(placed(batch, bytes));
        else {
          if (last) last.complete = true;
          generations.push({ number: batch.generation, batches: [placed(batch, bytes)], complete: false, endMark: false });
        }
      }
      keep = batch.offset + batch.wireSize;
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    findings.add("trace-cut", "what was written ends inside a batch; it is cut there", error.message);
  }
  return { format, generations, keep };
}

function placed(
  batch: { offset: number; wireSize: number } & Omit<FoundBatch, "raw" | "from" | "lastTime">,
  bytes: Uint8Array,
): FoundBatch {
  const { generation, m, time, experiment, data, offset, wireSize } = batch;
  return { generation, m, time, experiment, data, raw: bytes.subarray(offset, offset + wireSize), from: "file", lastTime: time };
}
