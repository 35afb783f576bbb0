// Memory that a living runtime has written: where a core leaves it out, it is lost and not zero.
import { type Address, WORD } from "../base/units.js";
import type { DebugInfo } from "../dwarf/dwarf.js";
import type { Process } from "../process/process.js";
import { layoutFromDwarf } from "./layout/from-dwarf.js";
import { readSlice, type StructLayout } from "./layout/layout.js";
import { type Layout, RUNTIME_SCHEMA } from "./layout/schema.js";
import { tracerLayout } from "./layout/schema-trace.js";
import { arenaBaseOffsetOf, heapArenaOf } from "./spans.js";

/** Of a damaged list so many are looked at. */
const MOST = 1 << 20;
const IN_USE = 1;

/** Addresses that the runtime wrote to before the program died, as far as they can be found. @throws DumpError where none can */
export function* writtenAddresses(process: Process, debug: DebugInfo): Iterable<Address> {
  const layout: Layout = layoutFromDwarf(debug, RUNTIME_SCHEMA, process.loadBias);
  const word = (address: Address): Address => process.memory.tryAddress(address) ?? 0;
  for (const { registers } of process.threads) yield registers.sp;
  yield* ofHeap(process, layout, word);
  yield* ofGoroutines(process, layout, word);
  yield* ofTracer(process, layout, debug, word);
}

type ReadWord = (address: Address) => Address;

function* elements(process: Process, slice: Address, word: ReadWord): Iterable<Address> {
  if (!process.memory.tryBytes(slice, 3 * WORD)) return;
  const { array, length } = readSlice(process.memory, slice);
  if (length > 0) yield array;
  for (let i = 0; i < Math.min(length, MOST); i++) {
    const at = word(array + i * WORD);
    if (at > 0) yield at;
  }
}

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
    yield heapArenaOf(process.memory, layout, heap, arenaBaseOffsetOf(process.arch), base);
    yield word(at + span.offset("allocBits"));
    // A large object may be one that nobody wrote to; of small ones somebody wrote one.
    if ((record[span.offset("spanclass")] as number) >= 2) yield base;
  }
}

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
  const m = layout.struct("m");
  const first = layout.global("runtime.allm");
  let at = first === undefined ? 0 : word(first);
  for (let i = 0; at > 0 && i < MOST; i++) {
    yield at;
    at = word(at + m.offset("alllink"));
  }
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
  const first = layout.global("runtime.allm");
  let at = first === undefined ? 0 : word(first);
  for (let i = 0; at > 0 && i < MOST; i++) {
    yield* words(m, at, "trace.buf");
    at = word(at + m.offset("alllink"));
  }
}
