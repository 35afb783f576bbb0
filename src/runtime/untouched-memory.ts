// Memory that a living runtime has written: where a core leaves it out, it is lost and not zero.
import { DumpError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type Address, type Bytes, hex, WORD } from "../base/units.js";
import type { DebugInfo } from "../dwarf/dwarf.js";
import { type Mapping, type Process, untouchedMappings, withoutMappings } from "../process/process.js";
import { layoutFromDwarf } from "./layout/from-dwarf.js";
import { readSlice, type StructLayout } from "./layout/layout.js";
import { type Layout, RUNTIME_SCHEMA } from "./layout/schema.js";
import { tracerLayout } from "./layout/schema-trace.js";
import { MOST_WRITTEN } from "./limits.js";
import { machineAddresses } from "./records/machine.js";
import { heapArenaOf } from "./spans.js";

const IN_USE = 1;
/** A few pages that nobody wrote to are in every core, and no news. */
const NEWS: Bytes = 1024 * 1024;

/**
 * Writable memory that the core leaves out is zero when nobody ever wrote to it; what the runtime must have written tells.
 * Of memory that was written none is believed.
 */
export function checkUntouched(process: Process, readDebug: () => DebugInfo | undefined, findings: Findings): Process {
  const untouched = untouchedMappings(process);
  const [first] = untouched;
  if (first === undefined) return process;
  const bytes = untouched.reduce((sum, { start, end }) => sum + (end - start), 0);
  const within = new Set(untouched);
  const written = firstWritten(process, within, readDebug);
  if (written === undefined) {
    const message = "writable memory is not in the core and is taken as zeros: nobody wrote to it, or it was left out";
    if (bytes >= NEWS) findings.add("memory-untouched", message, hex(first.start), { count: untouched.length, bytes });
    return process;
  }
  const message =
    "writable memory is not in the core, though the program wrote to it (see /proc/PID/coredump_filter, or was it taken out?)";
  findings.add("memory-left-out", message, hex(written), { partial: true, count: untouched.length, bytes });
  return withoutMappings(process, within);
}

/** An address that was written and lies in one of these mappings; undefined when none is known. */
function firstWritten(process: Process, within: ReadonlySet<Mapping>, readDebug: () => DebugInfo | undefined): Address | undefined {
  try {
    const debug = readDebug();
    if (!debug) return undefined;
    for (const address of writtenAddresses(process, debug)) {
      const mapping = process.memory.find(address);
      if (mapping && within.has(mapping)) return address;
    }
  } catch (error) {
    if (!(error instanceof DumpError)) throw error; // what is wrong is told where Go is asked for
  }
  return undefined;
}

/** Addresses that the runtime wrote to before the program died, as far as they can be found. @throws DumpError where none can */
function* writtenAddresses(process: Process, debug: DebugInfo): Iterable<Address> {
  const layout: Layout = layoutFromDwarf(debug, RUNTIME_SCHEMA, process.loadBias);
  const word = (address: Address): Address => process.memory.tryAddress(address) ?? 0;
  for (const { registers } of process.threads) yield registers.sp;
  yield* ofHeap(process, layout, word);
  yield* ofGoroutines(process, layout, word);
  yield* ofTracer(process, layout, debug, word);
}

/** Reads a word; 0 when it is missing. */
type ReadWord = (address: Address) => Address;

/** A slice's array and the addresses in it, at most MOST_WRITTEN of them. */
function* elements(process: Process, slice: Address, word: ReadWord): Iterable<Address> {
  if (!process.memory.tryBytes(slice, 3 * WORD)) return;
  const { array, length } = readSlice(process.memory, slice);
  if (length > 0) yield array;
  for (let i = 0; i < Math.min(length, MOST_WRITTEN); i++) {
    const at = word(array + i * WORD);
    if (at > 0) yield at;
  }
}

/** The heap's tables, the records of its spans and, of spans of small objects, their first byte. */
function* ofHeap(process: Process, layout: Layout, word: ReadWord): Iterable<Address> {
  const heap = layout.global("runtime.mheap_");
  if (heap === undefined) return;
  const struct = layout.struct("mheap");
  const span = layout.struct("mspan");
  const allspans = heap + struct.offset("allspans");
  yield allspans;
  yield word(heap + struct.offset("arenas"));
  for (const at of elements(process, allspans, word)) {
    yield at;
    const record = process.memory.tryBytes(at, span.size);
    if (record?.[span.offset("state")] !== IN_USE) continue;
    const base = word(at + span.offset("startAddr"));
    yield heapArenaOf(process.memory, layout, heap, process.arch.arenaBaseOffset, base);
    yield word(at + span.offset("allocBits"));
    // A large object may be one that nobody wrote to; of small ones somebody wrote one.
    if (record[span.offset("spanclass")] >= 2) yield base;
  }
}

/** The list of goroutines, their records, where their stacks stand, and the threads' records. */
function* ofGoroutines(process: Process, layout: Layout, word: ReadWord): Iterable<Address> {
  const allgs = layout.global("runtime.allgs");
  const g = layout.struct("g");
  if (allgs !== undefined) {
    yield allgs;
    for (const at of elements(process, allgs, word)) {
      yield at;
      const [low, high, sp] = [word(at + g.offset("stack.lo")), word(at + g.offset("stack.hi")), word(at + g.offset("sched.sp"))];
      if (sp > low && sp < high) yield sp;
    }
  }
  yield* machineAddresses({ layout, memory: process.memory });
}

/** Its buffers and tables are mapped on their own. */
function* ofTracer(process: Process, layout: Layout, debug: DebugInfo, word: ReadWord): Iterable<Address> {
  const tracer = tracerLayout(debug, process.loadBias);
  if (!tracer) return;
  const { struct, address } = tracer;
  const words = (of: StructLayout, at: Address, field: string): Address[] =>
    of.has(field) ? Array.from({ length: of.width(field) / WORD }, (_, i) => word(at + of.offset(field) + i * WORD)) : [];
  for (const field of ["reading", "empty", "full", "cpuBuf"]) yield* words(struct, address, field);
  // The first word of a table is its root, of one of strings the buffer.
  for (const field of ["stringTab", "stackTab", "typeTab"]) yield* words(struct, address, field);
  const m = layout.struct("tracedM");
  for (const at of machineAddresses({ layout, memory: process.memory })) yield* words(m, at, "trace.buf");
}
