// Whether the memory at an address can be the blocks of finalizers or of cleanups that are to run: runtime.allfin, runtime.gcCleanups.all.
// A block lies outside the heap and holds functions from its beginning, and behind them what running others has left. runtime/mfinal.go, mcleanup.go
import { uint64 } from "../../base/uint64.js";
import { type Address, WORD } from "../../base/units.js";
import { heapArenaOf } from "../arenas.js";
import { LONGEST_QUEUE } from "../limits.js";
import { isPointer, type Surroundings, type Verdict } from "./record-checks.js";

/** What can be waiting in such blocks. */
export type QueueKind = "finalizers" | "cleanups";

/** One kind of block in this release. */
interface BlockShape {
  readonly size: number;
  readonly link: number;
  readonly count: number;
  readonly entries: number;
  readonly entrySize: number;
  /** undefined: nothing is in it. */
  isEntry(view: DataView, at: number): boolean | undefined;
  /** What may stand behind the entries that count. */
  isRest(view: DataView, at: number): boolean;
}

/**
 * How many blocks the list has that begins at an address.
 * @returns undefined unless each is one, and at least one function waits in them: zeros are no evidence
 */
export function queueBlocks(around: Surroundings, kind: QueueKind, first: Address): number | undefined {
  const shape = shapeOf(around, kind);
  if (shape === undefined) return undefined;
  const seen = new Set<Address>();
  let used = 0;
  for (let at = first; at !== 0; at = around.memory.tryAddress(at + shape.link) ?? -1) {
    const entries = seen.size < LONGEST_QUEUE && !seen.has(at) ? usedEntries(around, shape, at) : undefined;
    if (entries === undefined) return undefined;
    seen.add(at);
    used += entries;
  }
  return used > 0 ? seen.size : undefined;
}

/** Whether a variable leads to such a list; undefined where it leads to none that tells: nothing waits in it. */
export function leadsToQueue(around: Surroundings, kind: QueueKind, at: Address): Verdict {
  const first = around.memory.tryAddress(at);
  if (first === undefined || first === 0) return undefined;
  if (!isPointer(first) || around.memory.find(first) === undefined || isInHeap(around, first)) return false;
  return queueBlocks(around, kind, first) === undefined ? undefined : true;
}

/** Where in its variable the list begins: gcCleanups is a struct. */
export function queueOffset({ layout }: Surroundings, kind: QueueKind): number {
  return kind === "finalizers" ? 0 : layout.struct("cleanupQueue").offset("all");
}

/** Functions that wait in a block; undefined when it is none. */
function usedEntries(around: Surroundings, shape: BlockShape, at: Address): number | undefined {
  const { memory } = around;
  const most = Math.floor((shape.size - shape.entries) / shape.entrySize);
  // What every other place fails first.
  const head = isPointer(at) ? memory.tryBytes(at + shape.count, 4) : undefined;
  if (head === undefined) return undefined;
  const count = new DataView(head.buffer, head.byteOffset, 4).getUint32(0, true);
  if (count > most || isInHeap(around, at)) return undefined;
  // A copy: reading what the entries point to gives the cache's memory to other bytes.
  const bytes = memory.tryBytes(at, shape.size)?.slice();
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let used = 0;
  for (let i = 0; i < most; i++) {
    const place = shape.entries + i * shape.entrySize;
    const entry = i < count ? shape.isEntry(view, place) : undefined;
    if (entry === true) used++;
    // Cleanups are cleared from the front while they run; the last entry may be between being counted and being written.
    else if (entry === false || (i < count - 1 && used > 0) || !shape.isRest(view, place)) return undefined;
  }
  return used;
}

function shapeOf(around: Surroundings, kind: QueueKind): BlockShape | undefined {
  return kind === "finalizers" ? finalizerShape(around) : cleanupShape(around);
}

function finalizerShape(around: Surroundings): BlockShape {
  const { layout } = around;
  const block = layout.struct("finblock");
  const { offset, size } = layout.struct("finalizer");
  const word = (view: DataView, at: number, field: Parameters<typeof offset>[0]) => uint64(view, at + offset(field));
  /** Go 1.24 alone has cleanups among its finalizers: functions without an object. */
  const hasCleanups = layout.hasStruct("specialCleanup") && !layout.hasStruct("cleanupBlock");
  const isOfObject = (view: DataView, at: number) =>
    isInHeap(around, word(view, at, "arg")) && isType(around, word(view, at, "fint")) && isType(around, word(view, at, "ot"));
  const isOfNone = (view: DataView, at: number) => (["arg", "fint", "ot"] as const).every((field) => word(view, at, field) === 0);
  return {
    size: block.size,
    link: block.offset("alllink"),
    count: block.offset("cnt"),
    entries: block.offset("fin"),
    entrySize: size,
    isEntry(view, at) {
      if (word(view, at, "fn") === 0) return undefined;
      return isFunction(around, word(view, at, "fn")) && (isOfObject(view, at) || (hasCleanups && isOfNone(view, at)));
    },
    // Of one that was run the type stays.
    isRest: (view, at) =>
      (["fn", "arg", "ot"] as const).every((field) => word(view, at, field) === 0) &&
      (word(view, at, "fint") === 0 || isType(around, word(view, at, "fint"))),
  };
}

function cleanupShape(around: Surroundings): BlockShape | undefined {
  const { layout, memory } = around;
  if (!layout.hasStruct("cleanupQueue") || !layout.hasStruct("cleanupBlock")) return undefined;
  const block = layout.struct("cleanupBlock");
  // A closure in Go 1.25; since Go 1.26 also what it is called by and with.
  const fields = layout.hasStruct("cleanupFn") ? layout.struct("cleanupFn") : undefined;
  const isEntry = (view: DataView, at: number): boolean | undefined => {
    if (isClear(view, at, fields?.size ?? WORD)) return undefined;
    if (!fields) return isFunction(around, uint64(view, at));
    const [call, fn, arg] = (["call", "fn", "arg"] as const).map((field) => uint64(view, at + fields.offset(field))) as [
      ...[number, number, number],
    ];
    return isFunction(around, call) && isFunction(around, fn) && (arg === 0 || memory.find(arg) !== undefined);
  };
  return {
    size: block.size,
    link: block.offset("alllink"),
    count: block.offset("n"),
    entries: block.offset("cleanups"),
    entrySize: fields?.size ?? WORD,
    isEntry,
    // A block that another one took over keeps its entries.
    isRest: (view, at) => isEntry(view, at) !== false,
  };
}

function isClear(view: DataView, at: number, size: number): boolean {
  for (let word = 0; word < size; word += WORD) if (uint64(view, at + word) !== 0) return false;
  return true;
}

/** A func value: its first word is code; one that the linker made may be missing, and lies in the image. */
function isFunction({ memory, image, text }: Surroundings, fn: Address): boolean {
  if (!isPointer(fn)) return false;
  const code = memory.tryAddress(fn);
  if (code === undefined) return isIn(image, fn) && !isIn(text, fn);
  return isIn(text, code) || ((memory.find(code)?.flags ?? 0) & EXECUTABLE) !== 0;
}

/** PF_X */
const EXECUTABLE = 1;

const isIn = ({ start, end }: { readonly start: Address; readonly end: Address }, address: Address): boolean =>
  address >= start && address < end;

/** A type is of the image, or made by reflection. */
function isType(around: Surroundings, type: Address): boolean {
  return isPointer(type) && (isIn(around.image, type) || isInHeap(around, type));
}

/** Whether the heap has an arena at an address. */
function isInHeap({ memory, layout, arenaBaseOffset }: Surroundings, address: Address): boolean {
  const heap = layout.global("runtime.mheap_");
  return heap !== undefined && isPointer(address) && heapArenaOf(memory, layout, heap, arenaBaseOffset, address) !== 0;
}
