// Whether the memory at an address can be a record of the runtime's: a g, an m, a p, a span, a bucket of a profile.
import { uint64 } from "../../base/uint64.js";
import { type Address, NOT_AN_ADDRESS, WORD } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import { ARENA, indexedArena, PAGE } from "../arenas.js";
import type { Range } from "../go-ranges.js";
import type { Layout } from "../layout/schema.js";
import { DEEPEST_BUCKET, MOST_ID, MOST_MACHINES, MOST_STACK } from "../limits.js";
import { readWords } from "./words.js";

/** A dead process whose variables are looked for. */
export interface Surroundings {
  readonly memory: AddressSpace;
  /** Its global() tells the variables that are known already. */
  readonly layout: Layout;
  readonly arenaBaseOffset: number;
  /** Threads of the process, as the kernel numbers them; empty when it is not told. */
  readonly threadIds: ReadonlySet<number>;
  /** Where the program's code lies. */
  readonly text: Range;
  /** From its first byte to the last of its variables: code, constants, types. */
  readonly image: Range;
}

/** What a look at a place gives; undefined: what would tell is not in the core. */
export type Verdict = boolean | undefined;

/** The first page is never mapped, and records lie at words. */
export const isPointer = (address: Address): boolean => address >= 4096 && address % WORD === 0;

/** _Gdead, and _Gdeadextra since Go 1.26: of a g without goroutine the rest means nothing. runtime/runtime2.go */
const DEAD = new Set([6, 11]);
const COPYING = 8;
const LAST_STATUS = 11;
/** _Gscan: the collector looks at its stack. */
const SCANNED = 0x1000;

/** A g of allgs: status, id, and a stack that its stack pointer is in. */
export function isG({ memory, layout }: Surroundings, at: Address): Verdict {
  const g = layout.struct("g");
  const bytes = isPointer(at) ? memory.tryBytes(at, g.size) : undefined;
  if (bytes === undefined) return isPointer(at) && memory.find(at) ? undefined : false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const status = view.getUint32(g.offset("atomicstatus"), true) & ~SCANNED;
  const [lo, hi, sp, goid] = (["stack.lo", "stack.hi", "sched.sp", "goid"] as const).map((field) => uint64(view, g.offset(field))) as [
    ...[number, number, number, number],
  ];
  if (status > LAST_STATUS || goid > MOST_ID) return false;
  if (lo === 0 && hi === 0) return DEAD.has(status);
  if (!(lo < hi && hi - lo <= MOST_STACK && lo % 1024 === 0)) return false;
  return DEAD.has(status) || status === COPYING || sp === 0 || (sp >= lo && sp <= hi);
}

/** An m: its g0 points back to it. */
export function isM({ memory, layout }: Surroundings, at: Address): boolean {
  const g0 = isPointer(at) ? memory.tryAddress(at + layout.struct("m").offset("g0")) : undefined;
  return g0 !== undefined && isPointer(g0) && memory.tryAddress(g0 + layout.struct("g").offset("m")) === at;
}

/** The ms from one on along alllink; undefined unless each is one, and the last is the first that the process had. */
export function machinesFrom(around: Surroundings, first: Address): readonly Address[] | undefined {
  const { memory, layout } = around;
  const m = layout.struct("m");
  const found = new Set<Address>();
  let last = 0;
  for (let at = first; at !== 0; at = memory.tryAddress(at + m.offset("alllink")) ?? -1) {
    if (found.size >= MOST_MACHINES || found.has(at) || !isM(around, at)) return undefined;
    found.add(at);
    last = at;
  }
  return last !== 0 && memory.tryAddress(last + m.offset("id")) === 0 ? [...found] : undefined;
}

/** How a p of allp stands to its m: linked both ways, without an m, or in contradiction to its m, its cache or its index. */
export function processorState(around: Surroundings, at: Address, index: number): "linked" | "alone" | "none" {
  const { memory, layout } = around;
  const p = layout.struct("processor");
  if (!isPointer(at) || memory.tryBytes(at, layout.struct("processorCache").size) === undefined) return "none";
  const status = memory.readUint(at + p.offset("status"), 4);
  if (memory.readUint(at + p.offset("id"), 4) !== index || status > LAST_PROCESSOR_STATUS) return "none";
  const cache = memory.tryAddress(at + layout.struct("processorCache").offset("mcache")) ?? 0;
  if (!isCache(around, cache)) return "none";
  const m = memory.tryAddress(at + p.offset("m")) ?? 0;
  if (m === 0) return status === RUNNING ? "none" : "alone";
  return isPointer(m) && memory.tryAddress(m + layout.struct("m").offset("p")) === at ? "linked" : "none";
}

/** An mcache has a span for each class: one of that class, or the empty one that stands for none. runtime/mcache.go allocmcache */
function isCache({ memory, layout }: Surroundings, at: Address): boolean {
  if (!isPointer(at)) return false;
  if (!layout.hasStruct("mcache")) return memory.tryAddress(at) !== undefined;
  const { offset, width } = layout.struct("mcache");
  const spans = readWords(memory, at + offset("alloc"), width("alloc") / WORD);
  const spanclass = layout.struct("mspan").offset("spanclass");
  const classOf = (span: Address) => (isPointer(span) ? memory.tryBytes(span + spanclass, 1)?.[0] : undefined);
  return spans?.every((span, index) => [0, index].includes(classOf(span) ?? -1)) ?? false;
}

/** _Pdead, _Prunning. runtime/runtime2.go */
const LAST_PROCESSOR_STATUS = 4;
const RUNNING = 1;

/** A span of allspans; one in use is where the index of arenas says. @param heap address of mheap_ */
export function isSpan(around: Surroundings, heap: Address, at: Address): Verdict {
  const { memory, layout } = around;
  const mspan = layout.struct("mspan");
  const bytes = isPointer(at) ? memory.tryBytes(at, mspan.size) : undefined;
  if (bytes === undefined) return isPointer(at) && memory.find(at) ? undefined : false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const state = view.getUint8(mspan.offset("state"));
  if (state > LAST_SPAN_STATE) return false;
  if (state === 0) return true;
  const start = uint64(view, mspan.offset("startAddr"));
  const pages = uint64(view, mspan.offset("npages"));
  if (start === 0 || start % PAGE !== 0 || pages === 0) return false;
  return spanInIndex(around, heap, start, at);
}

/** mSpanManual. runtime/mheap.go */
const LAST_SPAN_STATE = 2;

function spanInIndex({ memory, layout, arenaBaseOffset }: Surroundings, heap: Address, start: Address, span: Address): Verdict {
  const arenas = memory.tryAddress(heap + layout.struct("mheap").offset("arenas"));
  if (arenas === undefined || !isPointer(arenas)) return false;
  const spans = layout.struct("arenaSpans");
  if (!spans.has("spans")) return undefined;
  // It lies above the heap: a core that was cut off lacks it.
  const arena = indexedArena(memory, layout, heap, arenaBaseOffset, start);
  if (arena === undefined) return undefined;
  if (!isPointer(arena)) return false;
  const known = memory.tryAddress(arena + spans.offset("spans") + Math.floor((start % ARENA) / PAGE) * WORD);
  return known === undefined ? undefined : known === span;
}

/** The list of buckets of one profile: all of one type, with pcs of the program's code. */
export function isBucketList({ memory, layout, text }: Surroundings, first: Address, type: number): Verdict {
  const bucket = layout.struct("profileBucket");
  let count = 0;
  for (let at = first; at !== 0; at = memory.tryAddress(at + bucket.offset("allnext")) ?? -1) {
    if (count++ >= MOST_BUCKETS_LOOKED_AT) return true;
    if (!isPointer(at)) return false;
    const bytes = memory.tryBytes(at, bucket.size);
    if (bytes === undefined) return count > 1 ? undefined : false;
    const depth = memory.tryAddress(at + bucket.offset("nstk")) ?? 0;
    if (memory.tryAddress(at + bucket.offset("typ")) !== type || depth < 1 || depth > DEEPEST_BUCKET) return false;
    // What locks of the runtime stood in began with no address but a mark, from Go 1.23 to 1.26. runtime/mprof.go logicalStackSentinel
    const [first, second] = [0, 1].map((i) => memory.tryAddress(at + bucket.size + i * WORD) ?? 0);
    const pc = first === NOT_AN_ADDRESS && depth > 1 ? second : first;
    // Of the innermost only: a pc of C's code, where cgo's tracebacks have any, lies elsewhere.
    if (!(pc >= text.start && pc <= text.end)) return false;
  }
  return true;
}

const MOST_BUCKETS_LOOKED_AT = 1000;
