// Where the trace went: a flight recorder, a file, a buffer; and what of it the process still has.
import { FormatError, MemoryFault } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type Address, NONE, WORD } from "../base/units.js";
import { readField } from "../runtime/layout/layout.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { TraceFormat } from "../trace/format.js";
import { type ReceivedGeneration, recorderGenerations } from "./flight-recorder.js";
import { LONGEST_PATH, MOST_WRITERS } from "./limits.js";
import { StructView } from "./struct-view.js";
import { parseTrace } from "./written-trace.js";

/** Where the trace went, and what of it can be found in the process. */
export interface Destination {
  readonly kind: "flight recorder" | "file" | "buffer" | "buffered writer" | "writer" | "unknown";
  /** The Go type, and the file's name when it is one. */
  readonly name: string;
  /** The format of the recorder's own header; undefined when it has none. */
  readonly format: TraceFormat | undefined;
  /** Of a recorder or a bytes.Buffer: all that was passed on and kept, ascending. undefined: it is elsewhere. */
  readonly generations: readonly ReceivedGeneration[] | undefined;
  /** Bytes that a bufio.Writer has not yet passed on. */
  readonly pending: Uint8Array | undefined;
}

/** Of a writer that keeps nothing of what it was given. */
const nothing = { format: undefined, generations: undefined, pending: undefined } as const;

/**
 * Finds where the running trace goes, and what of it is still in memory. runtime/trace keeps both its writers, the flight recorder and
 * the one of trace.Start, in its variable `tracing` since Go 1.25; before, only the goroutine that reads the trace knows its writer.
 *
 * @param reader address of the g that reads the trace while it waits for more; 0 when none waits
 * @returns kind "unknown" when no writer can be found
 */
export function findDestination(runtime: GoRuntime, reader: Address, findings: Findings): Destination {
  try {
    const found = fromVariable(runtime, findings);
    if (found) return found;
  } catch (error) {
    if (!(error instanceof MemoryFault || error instanceof FormatError)) throw error;
    findings.add("trace-writer", "the writer of the trace cannot be read", error.message, { partial: true });
  }
  const writer = writerOfReader(runtime, reader);
  if (writer) return fromWriter(runtime, writer.itab, writer.data, findings);
  return { kind: "unknown", name: "", ...nothing };
}

/** The recorder or writer in the variable `tracing`; undefined before Go 1.25, and when neither is there. @throws FormatError, MemoryFault */
function fromVariable(runtime: GoRuntime, findings: Findings): Destination | undefined {
  const variable = runtime.variables.global("runtime/trace.tracing");
  if (!variable || variable.type === NONE) return undefined;
  const tracing = new StructView(runtime, variable.type, variable.address);
  const recorder = tracing.has("flightRecorder") ? tracing.target("flightRecorder") : undefined;
  const own = recorder?.target("r");
  if (own) {
    const received = recorderGenerations(runtime, own, findings);
    return { kind: "flight recorder", name: "runtime/trace.FlightRecorder", pending: undefined, ...received };
  }
  const itab = tracing.has("traceStartWriter") ? tracing.word("traceStartWriter") : 0;
  if (itab === 0) return undefined;
  const data = runtime.process.memory.readAddress(tracing.at("traceStartWriter") + WORD);
  return fromWriter(runtime, itab, data, findings);
}

/**
 * The io.Writer of the goroutine that trace.Start has made: two words, itab and data, on its stack or in its closure.
 * The stack is searched from its outermost frame on, and only itabs of io.Writer count.
 */
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

/** Whether an address is that of an itab by which some type is an io.Writer. */
function isWriterTab(runtime: GoRuntime, itab: Address): boolean {
  const { memory } = runtime.process;
  const struct = runtime.layout.struct("itab");
  if (itab % WORD !== 0 || !memory.tryBytes(itab, struct.size)) return false;
  const inter = readField(memory, struct, itab, "Inter");
  if (!runtime.modules.some((module) => inter >= module.types && inter < module.etypes)) return false;
  const type = runtime.types.byRtype(inter);
  return type !== NONE && runtime.types.get(type).name === "io.Writer";
}

/**
 * What an io.Writer is and has kept, by its Go type: recorders and buffers keep everything, a bufio.Writer what it has not passed on,
 * files and all others nothing.
 *
 * @param itab of the interface value, which says the type
 * @param data the other word: the pointer
 * @param depth how many writers have handed on to this one
 */
function fromWriter(runtime: GoRuntime, itab: Address, data: Address, findings: Findings, depth = 0): Destination {
  const pointer = runtime.types.interfaceTarget(itab, true);
  if (pointer === NONE) return { kind: "unknown", name: "", ...nothing };
  const { name, element } = runtime.types.get(pointer);
  try {
    const found = contentsOf(runtime, name, new StructView(runtime, element, data), findings, depth);
    if (found) return found;
  } catch (error) {
    if (!(error instanceof MemoryFault || error instanceof FormatError)) throw error;
    findings.add("trace-writer", "the writer of the trace cannot be read", error.message, { partial: true });
  }
  return { kind: "writer", name, ...nothing };
}

/**
 * What is known of a writer of one of these types; undefined for all others.
 * @param name of the pointer type
 * @throws FormatError, MemoryFault when the writer cannot be read
 */
function contentsOf(runtime: GoRuntime, name: string, view: StructView, findings: Findings, depth: number): Destination | undefined {
  const { memory } = runtime.process;
  switch (name) {
    case "*golang.org/x/exp/trace.recorder": {
      const own = view.target("r");
      if (!own) return undefined;
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
      const parsed = parseTrace(all.slice(), name, findings);
      return { kind: "buffer", name, format: parsed?.format, generations: parsed?.generations, pending: undefined };
    }
    case "*bufio.Writer": {
      const buffer = view.slice("buf");
      const n = Math.min(memory.readUint(view.at("n"), 8), buffer.length);
      const inner = view.word("wr");
      const isEnd = inner === 0 || depth >= MOST_WRITERS;
      const target = isEnd ? undefined : fromWriter(runtime, inner, memory.readAddress(view.at("wr") + WORD), findings, depth + 1);
      return {
        kind: "buffered writer",
        name: target?.name ? `${name} to ${target.name}` : name,
        format: undefined,
        generations: undefined,
        pending: memory.bytes(buffer.array, n).slice(),
      };
    }
    default:
      return undefined;
  }
}

/** The string whose header lies at an address; "?" when it is not in the core or too long for a path. */
function goString(runtime: GoRuntime, at: Address): string {
  const { memory } = runtime.process;
  const { array, length } = { array: memory.readAddress(at), length: memory.readUint(at + WORD, 8) };
  const bytes = length < LONGEST_PATH ? memory.tryBytes(array, length) : undefined;
  return bytes ? new TextDecoder().decode(bytes) : "?";
}
