// The tracer's own state in the dead process: generations, buffers, tables. runtime/trace.go (trace2.go in Go 1.22)
import { decodeText } from "../base/byte-reader.js";
import { MemoryFault } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type Address, counted, hex, WORD } from "../base/units.js";
import { readField, readSlice } from "../runtime/layout/layout.js";
import { tracerLayout } from "../runtime/layout/schema-trace.js";
import { endedMachineAddresses, machineAddresses } from "../runtime/records/machine.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { TraceFormat } from "../trace/format.js";
import { MOST_ENTRIES, MOST_ENTRY_BYTES, MOST_EXPERIMENTS } from "./limits.js";

/** Buffers by the list they are in, and two tables of each kind: of even generations and of odd ones. */
export interface TracerState {
  /** 0: not tracing. */
  readonly generation: number;
  readonly lastGeneration: number;
  readonly readerGeneration: number;
  readonly flushedGeneration: number;
  readonly shutdown: boolean;
  /** The byte that ends a generation has been handed to the reader. */
  readonly endHandedOut: boolean;
  readonly reading: Address;
  readonly empty: Address;
  /** The g that reads the trace while it waits; 0. */
  readonly reader: Address;
  readonly full: readonly [Address, Address];
  readonly stringBuffers: readonly [Address, Address];
  readonly cpuBuffers: readonly [Address, Address];
  readonly cpuLogs: readonly [Address, Address];
  /** What the runtime would write into a file's header. */
  readonly format: TraceFormat;
  strings(parity: number): TraceMap;
  stacks(parity: number): TraceMap;
  /** Types of the experiment of allocations; undefined when the release has none. */
  types(parity: number): TraceMap | undefined;
  readonly threads: readonly TracedThread[];
}

/** A map of bytes to ids: what the runtime has given ids to in a generation. */
export interface TraceMap {
  readonly byId: ReadonlyMap<number, Uint8Array>;
  /** The last id given, also those of strings that are in no map. */
  readonly lastId: number;
}

/** A thread that may hold buffers. */
interface TracedThread {
  readonly address: Address;
  /** 0 when it is dying. */
  readonly tid: number;
  /** Inside the tracer when the program died: its last event may be missing. */
  readonly writing: boolean;
  /** [2][experiments] */
  readonly buffers: readonly (readonly Address[])[];
  readonly currentG: Address;
}

/** undefined: this program has no tracer of the second kind (Go 1.21, or GOEXPERIMENT=noexectracer2). @throws MemoryFault */
export function readTracer(runtime: GoRuntime, findings: Findings): TracerState | undefined {
  const found = tracerLayout(runtime.binary.debug, runtime.process.loadBias);
  if (!found) return undefined;
  const { memory } = runtime.process;
  const { layout } = runtime;
  if (!layout.hasStruct("traceBuf") || !layout.hasStruct("traceMap") || !layout.hasStruct("traceMapNode")) return undefined;
  const { struct, address } = found;
  const field = (name: Parameters<typeof struct.offset>[0]): number =>
    struct.has(name) ? readField(memory, struct as never, address, name as never) : 0;
  // Fields of a generation are arrays of two: an entry for even generations, one for odd ones.
  const at = (name: Parameters<typeof struct.offset>[0], index: number): Address =>
    address + struct.offset(name) + index * (struct.width(name) / 2);
  const stringTable = layout.hasStruct("traceStringTable") ? layout.struct("traceStringTable") : undefined;
  const pair = (read: (index: number) => Address): readonly [Address, Address] => [read(0), read(1)];
  const word = (name: Parameters<typeof struct.offset>[0]) => (index: number) => memory.readAddress(at(name, index));
  const node = layout.struct("traceMapNode");
  const m = layout.struct("tracedM");
  const map = (start: Address) => readTraceMap(runtime, start, findings);
  return {
    generation: field("gen"),
    lastGeneration: field("lastNonZeroGen"),
    readerGeneration: field("readerGen"),
    flushedGeneration: field("flushedGen"),
    shutdown: field("shutdown") !== 0,
    endHandedOut: field("endOfGenerationWritten") !== 0,
    reading: field("reading"),
    empty: field("empty"),
    reader: field("reader"),
    full: pair(word("full")),
    stringBuffers: pair((index) => (stringTable ? memory.readAddress(at("stringTab", index) + stringTable.offset("buf")) : 0)),
    cpuBuffers: pair(word("cpuBuf")),
    cpuLogs: pair(word("cpuLogRead")),
    // The tracer's state tells what it writes: 1.23 brought the trie, 1.25 the reader's end of generation, 1.26 a flag per thread.
    format: !node.has("children") ? 22 : !struct.has("endOfGenerationWritten") ? 23 : m.has("trace.writing") ? 26 : 25,
    strings: (parity) => map(at("stringTab", parity) + (stringTable?.offset("tab") ?? 0)),
    stacks: (parity) => map(at("stackTab", parity)),
    types: (parity) => (struct.has("typeTab") ? map(at("typeTab", parity)) : undefined),
    threads: readThreads(runtime, findings),
  };
}

/** Threads alive and threads that have ended but not yet been freed (sched.freem): both may have events that nobody has taken. */
function readThreads(runtime: GoRuntime, findings: Findings): readonly TracedThread[] {
  const { memory, layout } = runtime;
  const m = layout.struct("tracedM");
  if (!m.has("trace.buf")) return [];
  const threads = new Map<Address, TracedThread>();
  const lost = (at: Address, message: string) => findings.add("trace-threads", message, hex(at), { partial: true });
  const head = layout.global("runtime.allm");
  const damaged = (at: Address) =>
    lost(
      at,
      at === head
        ? "the list of threads is not in the core; the last events of all are missing"
        : "the list of threads is a circle; some may be missing",
    );
  for (const list of [machineAddresses(runtime, damaged), endedMachineAddresses(runtime)]) {
    for (const at of list) {
      // A list that leads back, or into the other one.
      if (threads.has(at)) break;
      if (!memory.tryBytes(at, m.size)) {
        lost(at, "a thread's record is not in the core; its last events are missing");
        break;
      }
      threads.set(at, readThread(runtime, at));
    }
  }
  return [...threads.values()];
}

/** One thread's buffers. Until Go 1.25 an odd seqlock says that it was writing. */
function readThread({ layout, memory }: GoRuntime, address: Address): TracedThread {
  const m = layout.struct("tracedM");
  const start = address + m.offset("trace.buf");
  const perGeneration = m.width("trace.buf") / 2 / WORD;
  const count = Math.min(perGeneration, MOST_EXPERIMENTS);
  const row = (parity: number) => Array.from({ length: count }, (_, i) => memory.readAddress(start + (parity * perGeneration + i) * WORD));
  return {
    address,
    tid: readField(memory, m, address, "procid"),
    writing: m.has("trace.writing")
      ? readField(memory, m, address, "trace.writing") !== 0
      : m.has("trace.seqlock") && readField(memory, m, address, "trace.seqlock") % 2 === 1,
    buffers: [row(0), row(1)],
    currentG: readField(memory, m, address, "curg"),
  };
}

/** Every entry: of the trie since Go 1.23 (iterative: collisions degenerate into a list), of the buckets in Go 1.22. */
function readTraceMap(runtime: GoRuntime, start: Address, findings: Findings): TraceMap {
  const { memory } = runtime.process;
  const map = runtime.layout.struct("traceMap");
  const node = runtime.layout.struct("traceMapNode");
  const byId = new Map<number, Uint8Array>();
  const pending: Address[] = [];
  if (map.has("root")) pending.push(memory.readAddress(start + map.offset("root")));
  else {
    const first = start + map.offset("tab");
    for (let i = 0; i < map.width("tab") / WORD; i++) pending.push(memory.tryAddress(first + i * WORD) ?? 0);
  }
  const seen = new Set<Address>();
  const lost = (at: Address, message: string) =>
    findings.add("trace-table", "an entry of the tracer's tables is damaged; texts or stacks may be missing", `${hex(at)}: ${message}`, {
      partial: true,
    });
  while (pending.length > 0 && seen.size < MOST_ENTRIES) {
    const at = pending.pop() as Address;
    if (at === 0) continue;
    if (at < 0 || seen.has(at)) {
      lost(at, "a circle or no address");
      continue;
    }
    seen.add(at);
    try {
      if (node.has("children")) {
        const count = node.width("children") / WORD;
        for (let i = count - 1; i >= 0; i--) pending.push(memory.readAddress(at + node.offset("children") + i * WORD));
      } else pending.push(readField(memory, node, at, "link"));
      const data = readSlice(memory, at + node.offset("data"));
      const id = readField(memory, node, at, "id");
      if (data.length > MOST_ENTRY_BYTES) lost(at, counted(data.length, "byte"));
      else byId.set(id, memory.bytes(data.array, data.length).slice());
    } catch (error) {
      if (!(error instanceof MemoryFault)) throw error;
      lost(at, error.message);
    }
  }
  return { byId, lastId: readField(memory, map, start, "seq") };
}

/** The text of a trie's entry. */
export function entryText(bytes: Uint8Array): string {
  return decodeText(bytes);
}
