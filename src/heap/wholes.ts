// What a programmer calls one value: a map with its tables and groups, a channel with its buffer, a builder with its bytes.
//
// One column says of each object whether it stands for a value (NONE, or a label below it) or is a part of one (the id of what
// stands for it). It is filled in four steps: pointers of objects, pointers of variables, parts of maps whose header is on a
// stack, and at last every part is led to its whole at once, for a table may be a part of a directory that is a part of the map.
import { popcount } from "../base/bits.js";
import { type Bytes, NONE, type ObjectId, WORD } from "../base/units.js";
import type { Csr } from "../graph/graph.js";
import { isMarked } from "../graph/mark.js";
import type { TypeTable } from "../runtime/types.js";
import { INTERIOR } from "./edges.js";
import type { ObjectTypes } from "./evidence.js";
import type { ObjectTable } from "./objects.js";
import { PART_WORD, type PartWords, type PartWordsByType } from "./part-words.js";
import type { RootTable } from "./roots.js";

/** Objects of a value besides the one that stands for it. */
export interface PartSum {
  readonly count: number;
  readonly bytes: Bytes;
}

/** Which objects make one value. */
export interface Wholes {
  /**
   * [objects] NONE: a value by itself. From 0: the object is a part, and this stands for the whole. Below NONE: the object stands for
   * a value whose own place is not an object - a field, a variable, a slot of a stack - which is called nameOf(label(it)).
   */
  readonly column: Int32Array;
  readonly labels: readonly string[];
  /** The object that stands for the value: the object itself, unless it is a part. */
  of(id: ObjectId): ObjectId;
  isPart(id: ObjectId): boolean;
  /** What a programmer calls the value that the object stands for; of a part, the whole's. */
  nameOf(id: ObjectId): string;
  /** The further objects of the value that an object stands for. */
  partsOf(id: ObjectId): PartSum;
  /** Those objects themselves, in address order: reads the whole column. */
  listParts(id: ObjectId): ObjectId[];
}

/** Of an object that is a value by itself, or a part. */
export const NO_PARTS: PartSum = { count: 0, bytes: 0 };

/** Index into labels of a column's entry below NONE. */
export function labelIndex(entry: number): number {
  return -2 - entry;
}

/** The typed heap, and which words of its types lead to parts. */
export interface WholesInput {
  readonly objects: ObjectTable;
  readonly roots: RootTable;
  readonly referents: Csr;
  /** See ObjectGraph. */
  readonly offsets: Uint32Array;
  /** Node of object 0. */
  readonly objectNode: number;
  readonly types: ObjectTypes;
  readonly live: Uint32Array;
  readonly words: PartWordsByType;
  readonly typeTable: TypeTable;
  /** See MapDesign. */
  readonly furtherPointers: readonly Bytes[];
}

/**
 * Follows, from values made of several objects, the pointers that lead to their parts. What is live is never a part of garbage:
 * live bytes and those of the live values stay the same.
 *
 * Memory: 4 bytes an object, and 3/8 when sums are asked for.
 */
export function findWholes(input: WholesInput): Wholes {
  const { objects, types, typeTable } = input;
  const column = new Int32Array(objects.count).fill(NONE);
  const labels = new Labels();
  linkObjects(input, column, labels);
  linkRoots(input, column, labels);
  linkPartsOfStacks(input, column);
  finish(input, column, labels);
  const sums = lazySums(objects, column);
  const of = (id: ObjectId): ObjectId => (column[id] >= 0 ? column[id] : id);
  return {
    column,
    labels: labels.names,
    of,
    isPart: (id) => column[id] >= 0,
    nameOf(id) {
      const whole = of(id);
      if (column[whole] < NONE) return labels.names[labelIndex(column[whole])];
      const type = types.type[whole];
      if (type === NONE) return "unknown";
      return typeTable.get(type).role.readable;
    },
    partsOf: (id) => (column[id] >= 0 ? NO_PARTS : sums()(id)),
    listParts(id) {
      const parts: ObjectId[] = [];
      for (let part = column.indexOf(id); part >= 0; part = column.indexOf(id, part + 1)) parts.push(part);
      return parts;
    },
  };
}

/** Names of values that have no object of their own. */
class Labels {
  readonly names: string[] = [];
  private readonly byName = new Map<string, number>();

  /** The column's entry for a name. */
  entry(name: string): number {
    let index = this.byName.get(name);
    if (index === undefined) {
      index = this.names.push(name) - 1;
      this.byName.set(name, index);
    }
    return -2 - index;
  }
}

/** Loop: words of typed objects that lead to parts of the object's own value, or of a value that lies in it. */
function linkObjects(input: WholesInput, column: Int32Array, labels: Labels): void {
  const { objects, types, live, offsets, objectNode, words } = input;
  const { first, targets } = input.referents;
  const { spans, firstId, dataStart } = objects;
  /** By type: 1 when none of its words leads to a part. */
  const isPlain = new Uint8Array(input.typeTable.count);
  for (let span = 0; span < spans.count; span++) {
    // Without pointers nothing leads anywhere.
    if ((spans.spanClass[span] & 1) === 1) continue;
    const skip = dataStart[span];
    for (let id = firstId[span]; id < firstId[span + 1]; id++) {
      const type = types.type[id];
      if (type === NONE || isPlain[type] === 1) continue;
      const plan = words.of(type);
      if (plan === null) isPlain[type] = 1;
      else linkObject(id, plan, skip);
    }
  }

  /** @param skip  bytes of the malloc header before the data */
  function linkObject(id: ObjectId, plan: PartWords, skip: Bytes): void {
    const node = objectNode + id;
    const begin = first[node];
    const end = first[node + 1];
    if (begin === end) return;
    const isLive = isMarked(live, node);
    /** Start of a value in the object -> what stands for it. */
    let inner: Map<number, ObjectId> | undefined;
    for (let edge = begin; edge < end; edge++) {
      if (offsets[edge] >= INTERIOR) continue;
      const offset = offsets[edge] * WORD - skip;
      const at = offset % plan.stride;
      const word = plan.words[at / WORD] ?? PART_WORD.none;
      if (word === PART_WORD.none) continue;
      const target = targets[edge] - objectNode;
      if (target === id || isMarked(live, targets[edge]) !== isLive) continue;
      if (word === PART_WORD.own) {
        if (column[target] === NONE) column[target] = id;
        continue;
      }
      const value = plan.inner[word - PART_WORD.inner];
      inner ??= new Map();
      standFor(column, inner, offset - at + value.start, target, labels.entry(value.name));
    }
  }
}

/**
 * The first part of a value without an object of its own stands for it, the others are parts of that one.
 * @param known  what stands for a value already, by the place where the value begins
 * @param place  where this value begins: an address, or an offset in one object
 * @param entry  the column's entry for its name
 */
function standFor(column: Int32Array, known: Map<number, ObjectId>, place: number, target: ObjectId, entry: number): void {
  const other = known.get(place);
  if (other !== undefined && other !== target) {
    if (column[target] === NONE) column[target] = other;
  } else if (column[target] === NONE) {
    column[target] = entry;
    known.set(place, target);
  }
}

/** Variables that are such values, or hold them. */
function linkRoots(input: WholesInput, column: Int32Array, labels: Labels): void {
  const { roots, words } = input;
  const known = new Map<number, ObjectId>();
  for (let row = 0; row < roots.count; row++) {
    const type = roots.type[row];
    const plan: PartWords | null = type === NONE ? null : words.of(type);
    if (plan === null || !isFirstByte(input, row)) continue;
    const offset = roots.offset[row];
    const at = offset % plan.stride;
    const word = plan.words[Math.floor(at / WORD)] ?? PART_WORD.none;
    if (word === PART_WORD.none) continue;
    const value = word === PART_WORD.own ? undefined : plan.inner[word - PART_WORD.inner];
    const start = roots.slot[row] - at + (value?.start ?? 0);
    const name = value?.name ?? plan.name;
    standFor(column, known, start, roots.object[row], labels.entry(name));
  }
}

/** A root that points at its object's first byte; a sub-slice of a buffer is no value of its own. */
function isFirstByte({ roots, objects }: WholesInput, row: number): boolean {
  const id = roots.object[row];
  return roots.value[row] === objects.addressOf(id) + objects.dataStart[objects.spanOf(id)];
}

/** A map's header on a stack has no variable; parts of one map are told together by how its header lays out the pointers to them. */
function linkPartsOfStacks(input: WholesInput, column: Int32Array): void {
  const { roots, furtherPointers, types, typeTable } = input;
  if (furtherPointers.length === 0) return;
  const partOf = (id: ObjectId) => typeTable.get(types.type[id]).role.partOf;
  const bySlot = new Map<number, ObjectId>();
  for (let row = 0; row < roots.count; row++) {
    const id = roots.object[row];
    if (column[id] === NONE && types.type[id] !== NONE && partOf(id) !== undefined) bySlot.set(roots.slot[row], id);
  }
  for (const [slot, id] of bySlot) {
    for (const distance of furtherPointers) {
      const part = bySlot.get(slot + distance);
      if (part === undefined || part === id || column[part] !== NONE || column[id] !== NONE) continue;
      if (partOf(part) === partOf(id)) column[part] = id;
    }
  }
}

/**
 * Leads every part to its whole at once, and names parts that nothing claims: of a live map whose header is on a stack; in garbage
 * what growing left, or whose header is freed already.
 */
function finish(input: WholesInput, column: Int32Array, labels: Labels): void {
  const { types, typeTable, live, objectNode } = input;
  const partOf = Array.from({ length: typeTable.count }, (_, type) => typeTable.get(type).role.partOf);
  for (let id = 0; id < column.length; id++) {
    const above = column[id];
    if (above >= 0) {
      if (column[above] >= 0) shorten(column, id);
      continue;
    }
    const type = types.type[id];
    const name = above < NONE || type === NONE ? undefined : partOf[type];
    if (name === undefined) continue;
    column[id] = labels.entry(isMarked(live, objectNode + id) ? name : `parts of ${name}`);
  }
}

/** A circle, which only damage makes, is cut. */
function shorten(column: Int32Array, id: ObjectId): void {
  const path: ObjectId[] = [];
  let at = id;
  while (column[at] >= 0) {
    path.push(at);
    const next = column[at];
    // Taken away while it is walked, so that a circle is met again as a value by itself.
    column[at] = NONE;
    at = next;
  }
  for (const part of path) if (part !== at) column[part] = at;
}

/** Counts and bytes of parts by whole: a bit an object, and a row for each whole that has parts. */
function lazySums(objects: ObjectTable, column: Int32Array): () => (id: ObjectId) => PartSum {
  let sums: ((id: ObjectId) => PartSum) | undefined;
  return () => {
    sums ??= sumParts(objects, column);
    return sums;
  };
}

/** A bit set with ranks: the row of a whole is the number of bits before its own. */
function sumParts(objects: ObjectTable, column: Int32Array): (id: ObjectId) => PartSum {
  const bits = new Uint32Array((column.length >>> 5) + 1);
  for (let id = 0; id < column.length; id++) if (column[id] >= 0) bits[column[id] >>> 5] |= 1 << (column[id] & 31);
  const rank = new Uint32Array(bits.length + 1);
  for (let word = 0; word < bits.length; word++) rank[word + 1] = rank[word] + popcount(bits[word]);
  const rowOf = (id: ObjectId): number => rank[id >>> 5] + popcount(bits[id >>> 5] & ((1 << (id & 31)) - 1));
  const counts = new Uint32Array(rank[bits.length]);
  const bytes = new Float64Array(rank[bits.length]);
  const { spans, firstId } = objects;
  for (let span = 0; span < spans.count; span++) {
    for (let id = firstId[span]; id < firstId[span + 1]; id++) {
      if (column[id] < 0) continue;
      const row = rowOf(column[id]);
      counts[row]++;
      bytes[row] += spans.elementSize[span];
    }
  }
  return (id) => {
    if ((bits[id >>> 5] & (1 << (id & 31))) === 0) return NO_PARTS;
    const row = rowOf(id);
    return { count: counts[row], bytes: bytes[row] };
  };
}
