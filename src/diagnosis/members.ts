// What points of accumulation hold, counted exactly: the types that pile up, and samples of their objects.

import { type AccumulationTree, childrenOf, ROW } from "../accounting/accumulation-tree.js";
import { type Bytes, NONE, type NodeId, type ObjectId, type TypeId } from "../base/units.js";
import type { Case } from "./case.js";
import { NAMED_TYPE } from "./name-lists.js";
import { objectOf, type Points, type Remainder } from "./points.js";
import type { Part } from "./suspect.js";

/** Objects of a type that are read. */
const SAMPLES = 4000;
/** Types at a point that are looked at: a bit each in a byte. */
const MOST_TYPES = 6;
const MASKS = 1 << MOST_TYPES;
/** Fewer of a type do not pile up. */
const FEWEST = 50;
/** Parts of a finding that are told, and the least share of it that is worth a line. */
const MOST_PARTS = 3;
const LEAST_PART = 0.05;

/** The objects of one type at a point and no point within it. */
export interface Member {
  readonly type: string;
  readonly id: TypeId;
  readonly count: number;
  /** They, and what hangs on them alone. */
  readonly bytes: Bytes;
  /** At most SAMPLES of them, ascending and spread over the heap. */
  readonly samples: readonly ObjectId[];
}

/** What lies at a point: its bytes, and the types that there are many of. */
export interface Held {
  readonly bytes: Bytes;
  readonly members: readonly Member[];
  /** What piles up, first of all; undefined where nothing does. */
  readonly main: Member | undefined;
  /** Bytes by the types they belong to or hang on, no byte twice, the main one first. */
  readonly parts: readonly Part[];
}

/** Types that a row and the rows below it have many objects of, the outermost first. */
function typesBelow({ heap }: Case, tree: AccumulationTree, top: Remainder): readonly TypeId[] {
  const found: TypeId[] = [];
  const keys = new Set<number>();
  let level: readonly Remainder[] = [top];
  while (level.length > 0 && found.length < MOST_TYPES) {
    for (const { row } of level) {
      const id = objectOf(heap, tree, row);
      const type = id === NONE ? NONE : heap.types.type[id];
      if (tree.members[row] <= FEWEST || type === NONE || keys.has(tree.key[row]) || found.length === MOST_TYPES) continue;
      keys.add(tree.key[row]);
      found.push(type);
    }
    level = level.flatMap((each) => each.children);
  }
  return found;
}

/** Sums of one point, by the set of its types that an object is of or hangs on. */
interface Sums {
  bytes: Bytes;
  readonly byMask: Float64Array;
  /** [mask, own type's bit] objects. */
  readonly counts: Float64Array;
}

/** Goes down the dominator tree once for all points. */
export function heldBy(from: Case, { tree, points }: Points): readonly Held[] {
  const wanted = points.map((point) => typesBelow(from, tree, point));
  const bitOf = bitsByType(from, wanted);
  const pointOf = seeds(from, tree, points);
  const sums = sumUp(from, pointOf, bitOf, points.length);
  const step = from.runtime.types.count;
  const objectNode = from.heap.graph.nodeOfObject(0);
  const samples = sample(from, wanted, sums, (id) => {
    const point = pointOf[objectNode + id];
    const type = from.heap.types.type[id];
    const bit = point === NONE || type === NONE ? NONE : bitOf[point * step + type];
    return bit === NONE ? NONE : point * MOST_TYPES + bit;
  });
  return points.map((_, point) => heldAt(from, wanted[point], sums[point], (bit) => samples[point * MOST_TYPES + bit] ?? []));
}

/** @param pointOf [nodes] of those that points are; those below them are filled in */
function sumUp({ heap, retention, runtime, progress }: Case, pointOf: Int32Array, bitOf: Int8Array, count: number): readonly Sums[] {
  const { objects, types } = heap;
  const { parent, order } = retention.dominators;
  const objectNode = heap.graph.nodeOfObject(0);
  const masks = new Uint8Array(parent.length);
  const step = runtime.types.count;
  const sums = Array.from(
    { length: count },
    (): Sums => ({ bytes: 0, byMask: new Float64Array(MASKS), counts: new Float64Array(MASKS * MOST_TYPES) }),
  );
  // Parents come before their children.
  for (let i = 1; i < order.length; i++) {
    if ((i & 0x3ffff) === 0) progress.tick(i);
    const node = order[i];
    const above = parent[node];
    if (pointOf[node] === NONE) pointOf[node] = pointOf[above];
    const point = pointOf[node];
    if (point === NONE || node < objectNode) continue;
    const type = types.type[node - objectNode];
    const bit = type === NONE ? NONE : bitOf[point * step + type];
    const mask = (pointOf[above] === point ? masks[above] : 0) | (bit === NONE ? 0 : 1 << bit);
    masks[node] = mask;
    const size = objects.sizeOf(node - objectNode);
    sums[point].bytes += size;
    sums[point].byMask[mask] += size;
    if (bit !== NONE) sums[point].counts[mask * MOST_TYPES + bit]++;
  }
  return sums;
}

/** [points, types] which of the point's types a type is, by name: one type may be in two units of debug information. */
function bitsByType({ runtime: { types } }: Case, wanted: readonly (readonly TypeId[])[]): Int8Array {
  const step = types.count;
  const bitOf = new Int8Array(wanted.length * step).fill(NONE);
  const byName = new Map<string, TypeId[]>();
  const asked = new Set(wanted.flat().map((type) => types.get(type).name));
  for (let type = 0; type < step; type++) {
    const { name } = types.get(type);
    if (asked.has(name)) byName.set(name, [...(byName.get(name) ?? []), type]);
  }
  wanted.forEach((list, point) => {
    list.forEach((type, bit) => {
      for (const same of byName.get(types.get(type).name) ?? []) bitOf[point * step + same] = bit;
    });
  });
  return bitOf;
}

/** [nodes] index of the point that a node is; NONE of all others. A point of several has what no other row of the roots is. */
function seeds({ heap, retention }: Case, tree: AccumulationTree, points: readonly Remainder[]): Int32Array {
  const { parent } = retention.dominators;
  const pointOf = new Int32Array(parent.length).fill(NONE);
  const several = new Map<number, number>();
  points.forEach(({ row }, point) => {
    if (tree.kind[row] === ROW.object || tree.kind[row] === ROW.owner) pointOf[tree.node[row]] = point;
    else several.set(tree.key[row], point);
  });
  if (several.size === 0) return pointOf;
  const apart = new Set<NodeId>();
  for (const row of childrenOf(tree, 0)) if (tree.kind[row] === ROW.object) apart.add(tree.node[row]);
  for (let node = heap.graph.nodeOfObject(0); node < parent.length; node++)
    if (parent[node] === 0 && pointOf[node] === NONE && !apart.has(node)) pointOf[node] = several.get(tree.keyOf(node)) ?? NONE;
  return pointOf;
}

/** Samples by place, the point's index and the type's bit: every so manyth object. */
function sample(
  { heap }: Case,
  wanted: readonly (readonly TypeId[])[],
  sums: readonly Sums[],
  placeOf: (id: ObjectId) => number,
): readonly ObjectId[][] {
  const taken: ObjectId[][] = Array.from({ length: wanted.length * MOST_TYPES }, () => []);
  const seen = new Uint32Array(taken.length);
  const steps = taken.map((_, place) => Math.ceil(countOf(sums[Math.floor(place / MOST_TYPES)], place % MOST_TYPES) / SAMPLES));
  for (let id = 0; id < heap.objects.count; id++) {
    const place = placeOf(id);
    if (place !== NONE && seen[place]++ % steps[place] === 0) taken[place].push(id);
  }
  return taken;
}

/** Objects of a type, of those that hang on none of the types in a mask. */
function countOf({ counts }: Sums, bit: number, outside = 0): number {
  let sum = 0;
  for (let mask = 0; mask < MASKS; mask++) if ((mask & outside) === 0) sum += counts[mask * MOST_TYPES + bit];
  return sum;
}

/** Bytes below all types of one mask and none of another. */
function bytesOf({ byMask }: Sums, inside: number, outside = 0): Bytes {
  return byMask.reduce((sum, bytes, mask) => sum + ((mask & inside) === inside && (mask & outside) === 0 ? bytes : 0), 0);
}

function heldAt({ runtime }: Case, wanted: readonly TypeId[], sums: Sums, samplesOf: (bit: number) => readonly ObjectId[]): Held {
  const members = wanted.map((id, bit): Member & { readonly bit: number } => ({
    type: runtime.types.get(id).role.readable,
    id,
    bit,
    count: countOf(sums, bit),
    bytes: bytesOf(sums, 1 << bit),
    samples: samplesOf(bit),
  }));
  const many = members.filter((each) => each.count > FEWEST);
  const main = mainOf(many, sums.bytes);
  const parts: Part[] = [];
  let told = 0;
  // The main one first, then what it does not hold, the largest first.
  for (const member of [...(main ? [main] : []), ...many.toSorted((a, b) => b.bytes - a.bytes)]) {
    const bit = 1 << member.bit;
    if ((told & bit) !== 0 || parts.length === MOST_PARTS) continue;
    const part = { bytes: bytesOf(sums, bit, told), count: countOf(sums, member.bit, told), type: member.type };
    told |= bit;
    if (part.bytes < sums.bytes * LEAST_PART) continue;
    const inner = many.find((each) => isCarried(each) && bytesOf(sums, bit | (1 << each.bit), told & ~bit) > part.bytes / 3);
    parts.push(inner ? { ...part, each: inner.type } : part);
    function isCarried(each: Member): boolean {
      return each !== member && each.bytes <= member.bytes && each.count >= member.count / 2 && each.count < member.count * 4;
    }
  }
  return { bytes: sums.bytes, members, main, parts };
}

/**
 * The outermost type that holds most of a point; but where it is the nodes of a structure that hold far more values
 * each, as trees and buckets do, the values.
 */
function mainOf<Kind extends Member>(members: readonly Kind[], whole: Bytes): Kind | undefined {
  const large = members.filter((each) => each.bytes > whole / 3).sort((a, b) => b.bytes - a.bytes);
  const outermost = large[0];
  if (!outermost) return undefined;
  return (
    large.find((each) => NAMED_TYPE.test(each.type) && each.count >= outermost.count * 4 && each.bytes > outermost.bytes / 3) ?? outermost
  );
}
