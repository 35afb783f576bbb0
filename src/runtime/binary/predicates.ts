// Whether a variable of the runtime can be at an address: what must hold of its memory in every release, at any moment.
import { DumpError } from "../../base/errors.js";
import { type Address, WORD } from "../../base/units.js";
import { PAGE } from "../arenas.js";
import { readField, readSlice } from "../layout/layout.js";
import type { GlobalName } from "../layout/schema-globals.js";
import { MOST_GOROUTINES, MOST_MACHINES, MOST_PROCESSORS, MOST_SPANS } from "../limits.js";
import { leadsToQueue, queueOffset } from "./queue-blocks.js";
import {
  isBucketList,
  isG,
  isM,
  isPointer,
  isSpan,
  machinesFrom,
  processorState,
  type Surroundings,
  type Verdict,
} from "./record-checks.js";
import { spanBytes } from "./span-bytes.js";
import { readWords } from "./words.js";

/** @returns undefined where the memory that would tell is not in the core */
type Predicate = (around: Surroundings, at: Address) => Verdict;

/** Whether a variable can be there; undefined when nothing is known that would tell. Never throws. */
export function canBe(around: Surroundings, variable: string, at: Address): Verdict {
  const predicate = PREDICATES.get(variable);
  if (predicate === undefined) return undefined;
  try {
    return predicate(around, at);
  } catch (error) {
    // Memory that is missing, a release without such a record.
    if (error instanceof DumpError) return undefined;
    throw error;
  }
}

/** Whether memory can tell anything of a variable's place. */
export const isChecked = (variable: string): boolean => PREDICATES.has(variable);

/** Elements of a long list that are looked at. */
const LOOKED_AT = 2000;
/** One in so many may be damaged. */
const TOLERANCE = 16;

/** The elements of a list of pointers, or as many of them, evenly spread; undefined when the list is missing. */
function pointersOf(
  { memory }: Surroundings,
  array: Address,
  length: number,
): readonly { readonly index: number; readonly at: Address }[] | undefined {
  const step = Math.max(1, Math.floor(length / LOOKED_AT));
  if (memory.tryBytes(array, WORD) === undefined) return undefined;
  const found = [];
  for (let index = 0; index < length; index += step) {
    const at = memory.tryAddress(array + index * WORD);
    if (at !== undefined) found.push({ index, at });
  }
  return found;
}

/** Most of those that can be told are right, and at least one is. */
function mostHold(verdicts: Iterable<Verdict>): Verdict {
  let right = 0;
  let wrong = 0;
  for (const verdict of verdicts) {
    if (verdict === true) right++;
    else if (verdict === false) wrong++;
  }
  return right + wrong === 0 ? undefined : wrong * TOLERANCE <= right;
}

/** A slice of pointers in the process, or undefined when it cannot be one. */
function pointerSlice(around: Surroundings, at: Address, most: number) {
  if (around.memory.tryBytes(at, 3 * WORD) === undefined) return undefined;
  const { array, length, capacity } = readSlice(around.memory, at);
  return isPointer(array) && length >= 1 && length <= capacity && length <= most ? { array, length } : undefined;
}

/** A predicate on a slice of pointers: false when it is no slice, undefined when it is not in the core. */
const ofSlice =
  (most: number, holds: (around: Surroundings, array: Address, length: number, at: Address) => Verdict): Predicate =>
  (around, at) => {
    if (around.memory.tryBytes(at, 3 * WORD) === undefined) return undefined;
    const slice = pointerSlice(around, at, most);
    return slice ? holds(around, slice.array, slice.length, at) : false;
  };

export function isAllgs(around: Surroundings, array: Address, length: number): Verdict {
  const elements = pointersOf(around, array, length);
  if (elements === undefined) return undefined;
  if (new Set(elements.map(({ at }) => at)).size < elements.length) return false;
  return mostHold(elements.map(({ at }) => isG(around, at)));
}

export function isAllp(around: Surroundings, array: Address, length: number): Verdict {
  const elements = pointersOf(around, array, length);
  if (elements === undefined) return undefined;
  const states = elements.map(({ at, index }) => processorState(around, at, index));
  const count = (state: (typeof states)[number]) => states.filter((each) => each === state).length;
  // All are without an m while the program sleeps: then their caches have to tell.
  const right = count("linked") + (around.layout.hasStruct("mcache") ? count("alone") : 0);
  if (right === 0 && count("none") === 0) return undefined;
  // One may be between two steps of being handed over.
  return right > 0 && count("none") * TOLERANCE <= right;
}

export function isAllspans(around: Surroundings, array: Address, length: number, heap: Address): Verdict {
  const elements = pointersOf(around, array, length);
  return elements && mostHold(elements.map(({ at }) => isSpan(around, heap, at)));
}

/** Where the span class of each mcentral of a heap must be, from the start of mheap_. */
export function centralPlaces({ layout }: Surroundings): { readonly first: number; readonly stride: number; readonly count: number } {
  const central = layout.struct("centralHeap");
  const classes = layout.constant("runtime._NumSizeClasses") ?? layout.constant("internal/runtime/gc.NumSizeClasses") ?? 68;
  const count = layout.constant("runtime.numSpanClasses") ?? classes * 2;
  const first = central.offset("central") + layout.struct("mcentral").offset("spanclass");
  return { first, stride: central.width("central") / count, count };
}

function hasCentral(around: Surroundings, heap: Address): Verdict {
  const { first, stride, count } = centralPlaces(around);
  const bytes = around.memory.tryBytes(heap + first, stride * (count - 1) + 1);
  if (bytes === undefined) return undefined;
  for (let i = 0; i < count; i++) if (bytes[i * stride] !== i) return false;
  return true;
}

const isHeap: Predicate = (around, at) => {
  const spans = ofSlice(MOST_SPANS, (_, array, length) => isAllspans(around, array, length, at));
  const central = hasCentral(around, at);
  return central === true ? spans(around, at + around.layout.struct("mheap").offset("allspans")) : central;
};

/** The value of a variable that is a word. */
const ofWord =
  (holds: (around: Surroundings, value: number) => Verdict): Predicate =>
  (around, at) => {
    const value = around.memory.tryAddress(at);
    return value === undefined ? undefined : holds(around, value);
  };

const isAllm: Predicate = ofWord((around, first) => {
  const machines = isPointer(first) ? machinesFrom(around, first) : undefined;
  if (machines === undefined) return false;
  const { memory, layout, threadIds } = around;
  const procid = layout.struct("m").offset("procid");
  return threadIds.size === 0 || machines.some((at) => threadIds.has(memory.tryAddress(at + procid) ?? 0));
});

/** The highest id of a goroutine, those that ended included. */
export function highestId({ memory, layout }: Surroundings): number | undefined {
  const allgs = layout.global("runtime.allgs");
  if (allgs === undefined || memory.tryBytes(allgs, 3 * WORD) === undefined) return undefined;
  const { array, length } = readSlice(memory, allgs);
  const goid = layout.struct("g").offset("goid");
  let most = 0;
  for (let i = 0; i < Math.min(length, MOST_GOROUTINES); i++) {
    const g = memory.tryAddress(array + i * WORD) ?? 0;
    most = Math.max(most, isPointer(g) ? (memory.tryAddress(g + goid) ?? 0) : 0);
  }
  return most;
}

/** Ids that a p has taken of sched.goidgen and not given yet. runtime/proc.go _GoidCacheBatch */
const ID_BATCH = 16;

/** The ids beyond the highest that goidgen may have reached. */
export function idsAhead({ memory, layout }: Surroundings): number {
  const allp = layout.global("runtime.allp");
  const count = allp === undefined ? undefined : memory.tryAddress(allp + WORD);
  return ID_BATCH * ((count !== undefined && count <= MOST_PROCESSORS ? count : MOST_PROCESSORS) + 1);
}

/** @param highest of all ids of goroutines; undefined when they are not known */
export function isSched(around: Surroundings, at: Address, highest: number | undefined): Verdict {
  const { memory, layout } = around;
  const sched = layout.struct("schedulerState");
  if (memory.tryBytes(at, sched.size) === undefined) return undefined;
  const word = (field: Parameters<typeof sched.offset>[0]) => memory.tryAddress(at + sched.offset(field)) ?? -1;
  const count = (field: Parameters<typeof sched.offset>[0]) => memory.readUint(at + sched.offset(field), 4);
  const [goidgen, mnext, most] = [word("goidgen"), word("mnext"), count("maxmcount")];
  if (highest !== undefined && !(goidgen >= highest && goidgen <= highest + idsAhead(around))) return false;
  const machines = knownMachines(around);
  if (most === 0 || most >= 2 ** 31 || mnext < (machines?.size ?? 1) || mnext > MOST_MACHINES) return false;
  const [midle, pidle] = [word("midle"), word("pidle")];
  if (midle !== 0 && !(machines ? machines.has(midle) : isM(around, midle))) return false;
  if (pidle !== 0 && processorOf(around, pidle) === false) return false;
  if (count("nmidle") > (machines?.size ?? MOST_MACHINES) || count("npidle") > MOST_PROCESSORS) return false;
  // Without ids to compare with, only what every program starts with tells; SetMaxThreads is seldom called. runtime/proc.go schedinit
  return highest !== undefined && machines !== undefined ? true : most === USUAL_MOST_THREADS;
}

export const USUAL_MOST_THREADS = 10_000;

/**
 * Whether allm leads to as many ms as sched counts, or else to all threads: with another release's layout the chain is cut short.
 * runtime/proc.go mcount
 */
export function hasAllMachines(around: Surroundings): boolean {
  const { memory, layout, threadIds } = around;
  const machines = knownMachines(around) ?? new Set<Address>();
  const at = layout.global("runtime.sched");
  const sched = layout.struct("schedulerState");
  if (at === undefined || !sched.has("nmfreed") || memory.tryBytes(at, sched.size) === undefined) {
    const procid = layout.struct("m").offset("procid");
    const threads = [...machines].filter((machine) => threadIds.has(memory.tryAddress(machine + procid) ?? 0));
    return threads.length >= threadIds.size;
  }
  const count = readField(memory, sched, at, "mnext") - readField(memory, sched, at, "nmfreed");
  return Math.abs(machines.size - count) <= BETWEEN_STEPS;
}

/** Threads may begin or end while the process dies. */
const BETWEEN_STEPS = 2;

function knownMachines(around: Surroundings): ReadonlySet<Address> | undefined {
  const allm = around.layout.global("runtime.allm");
  const first = allm === undefined ? undefined : around.memory.tryAddress(allm);
  const machines = first === undefined ? undefined : machinesFrom(around, first);
  return machines && new Set(machines);
}

/** Whether an address is one of allp's; undefined when allp is not known. */
function processorOf({ memory, layout }: Surroundings, at: Address): Verdict {
  const allp = layout.global("runtime.allp");
  const header = allp === undefined ? undefined : readWords(memory, allp, 2);
  const all = header && header[1] <= MOST_PROCESSORS ? readWords(memory, header[0], header[1]) : undefined;
  return all?.includes(at);
}

/** A variable that repeats a word of another one. @param index of the other's words */
const repeats =
  (other: GlobalName, index: number, size: 4 | 8): Predicate =>
  ({ memory, layout }, at) => {
    const known = layout.global(other);
    if (known === undefined || memory.tryBytes(at, size) === undefined) return undefined;
    const word = memory.tryAddress(known + index * WORD);
    return word === undefined ? undefined : memory.readUint(at, size) === word;
  };

const isController: Predicate = ({ memory, layout }, at) => {
  const struct = layout.struct("gcControllerState");
  if (memory.tryBytes(at, struct.size) === undefined) return undefined;
  const value = (field: Parameters<typeof struct.offset>[0]) => readField(memory, struct, at, field);
  const [inUse, free, released, ready] = [value("heapInUse"), value("heapFree"), value("heapReleased"), value("mappedReady")];
  const isOff = value("gcPercent") === 0xffffffff;
  return (
    (isOff || value("gcPercent") < 2 ** 31) &&
    value("memoryLimit") <= 2 ** 63 &&
    [inUse, free, released].every((each) => each % PAGE === 0 && each < 2 ** 47) &&
    inUse > 0 &&
    ready >= inUse &&
    ready < 2 ** 47
  );
};

const isMemstats: Predicate = (around, at) => {
  const { memory, layout } = around;
  const struct = layout.struct("mstats");
  if (memory.tryBytes(at, struct.size) === undefined) return undefined;
  const value = (field: Parameters<typeof struct.offset>[0]) => readField(memory, struct, at, field);
  const [cycles, forced] = [value("numgc"), value("numforcedgc")];
  const sizes = (["stacks_sys", "mspan_sys", "mcache_sys", "buckhash_sys", "gcMiscSys", "other_sys"] as const).map(value);
  if (forced > cycles || !sizes.every((each) => each < 2 ** 47) || value("mspan_sys") === 0 || value("mcache_sys") === 0) return false;
  // Counters that are small prove little: together they are what the collector has mapped beside its heap.
  const expected = bytesBesideHeap(around);
  return expected !== undefined && sizes.reduce((sum, each) => sum + each, 0) === expected ? true : undefined;
};

/** What all fields of memstats that end in "sys" have to be together, while no thread is between two of them. runtime/mstats.go readmemstats_m */
function bytesBesideHeap(around: Surroundings): number | undefined {
  const { memory, layout } = around;
  const controller = layout.global("runtime.gcController");
  const spans = spanBytes(around);
  if (controller === undefined || spans === undefined) return undefined;
  const struct = layout.struct("gcControllerState");
  const value = (field: Parameters<typeof struct.offset>[0]) => readField(memory, struct, controller, field);
  return value("mappedReady") - value("heapInUse") - value("heapFree") - spans.manual;
}

const isBuckets = (type: number) => ofWord((around, first) => (first === 0 ? undefined : isBucketList(around, first, type)));
/** A pointer that may be nil: then it tells nothing. */
const isPointerOrNil = ofWord(({ memory }, value) => {
  if (value === 0) return undefined;
  return isPointer(value) && memory.find(value) !== undefined ? undefined : false;
});
const isAtMost =
  (most: number): Predicate =>
  ({ memory }, at) =>
    memory.tryBytes(at, 4) === undefined || memory.readUint(at, 4) <= most ? undefined : false;

/** By full name. Those that can only refute, never prove, say undefined where they find nothing wrong. */
const PREDICATES: ReadonlyMap<string, Predicate> = new Map<string, Predicate>([
  ["runtime.allgs", ofSlice(MOST_GOROUTINES, isAllgs)],
  ["runtime.allgptr", repeats("runtime.allgs", 0, 8)],
  ["runtime.allglen", repeats("runtime.allgs", 1, 8)],
  ["runtime.allp", ofSlice(MOST_PROCESSORS, isAllp)],
  ["runtime.gomaxprocs", repeats("runtime.allp", 1, 4)],
  ["runtime.allm", isAllm],
  ["runtime.m0", (around, at) => isM(around, at) && around.memory.tryAddress(at + around.layout.struct("m").offset("id")) === 0],
  ["runtime.sched", (around, at) => isSched(around, at, highestId(around))],
  ["runtime.mheap_", isHeap],
  ["runtime.gcController", isController],
  ["runtime.memstats", isMemstats],
  ["runtime.mbuckets", isBuckets(1)],
  ["runtime.bbuckets", isBuckets(2)],
  ["runtime.xbuckets", isBuckets(3)],
  ["runtime.allfin", (around, at) => leadsToQueue(around, "finalizers", at)],
  ["runtime.gcCleanups", (around, at) => leadsToQueue(around, "cleanups", at + queueOffset(around, "cleanups"))],
  ...["finq", "persistentChunks", "buckhash", "itabTable", "lastmoduledatap"].map((name) => [`runtime.${name}`, isPointerOrNil] as const),
  ["runtime.gcphase", isAtMost(2)],
  ["runtime.panicking", isAtMost(MOST_MACHINES)],
]);
