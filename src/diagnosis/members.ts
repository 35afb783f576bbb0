// What points of accumulation hold, counted exactly: the types that pile up, and samples of their objects.

import type { DominatorNode } from "../accounting/dominator-rows.js";
import { type Bytes, type Hex, NONE, type ObjectId, parseAddress, type TypeId } from "../base/units.js";
import type { Dump } from "../dump.js";
import { readableType } from "../naming/object-names.js";
import { ownerName } from "../naming/path-names.js";
import type { Point } from "./points.js";
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

/** The object of a row of one, the example of a row of several; NONE of owners. */
export function objectOfRow(dump: Dump, row: DominatorNode): ObjectId {
  const address = parseAddress(row.address ?? row.example ?? "");
  return address === undefined ? NONE : dump.heap.objects.find(address);
}

/** Type of a row's objects; NONE of owners and of what has none. */
function typeOfRow(dump: Dump, row: DominatorNode): TypeId {
  const object = objectOfRow(dump, row);
  return object === NONE ? NONE : dump.heap.types.type[object];
}

/** Types that a row and the rows below it have many objects of, the outermost first. */
function typesBelow(dump: Dump, row: DominatorNode): readonly TypeId[] {
  const found: TypeId[] = [];
  const names = new Set<string>();
  let level: readonly DominatorNode[] = [row];
  while (level.length > 0 && found.length < MOST_TYPES) {
    for (const each of level) {
      if (each.count <= FEWEST || each.type.startsWith("(") || names.has(each.type)) continue;
      const type = typeOfRow(dump, each);
      if (type === NONE || found.length === MOST_TYPES) continue;
      names.add(each.type);
      found.push(type);
    }
    level = level.flatMap((each) => each.children ?? []);
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

/** Goes down the dominator tree once for all points. @param singles objects of the roots' own rows: no point of several has them */
export function heldBy(dump: Dump, points: readonly Point[], singles: readonly Hex[]): readonly Held[] {
  const { heap, retention } = dump;
  const { objects, types } = heap;
  const { parent, order } = retention.dominators;
  const objectNode = heap.graph.nodeOfObject(0);
  const rows = points.map((point) => point.row);
  const wanted = rows.map((row) => typesBelow(dump, row));
  const bitOf = bitsByType(dump, wanted);
  const pointOf = seeds(dump, rows, singles);
  const masks = new Uint8Array(parent.length);
  const sums = rows.map((): Sums => ({ bytes: 0, byMask: new Float64Array(MASKS), counts: new Float64Array(MASKS * MOST_TYPES) }));
  const step = dump.runtime.types.count;
  // Parents come before their children.
  for (let i = 1; i < order.length; i++) {
    if ((i & 0x3ffff) === 0) dump.progress.tick(i);
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
  const samples = sample(dump, wanted, sums, (id) => {
    const point = pointOf[objectNode + id];
    const type = types.type[id];
    return point === NONE || type === NONE || bitOf[point * step + type] === NONE ? NONE : point * MOST_TYPES + bitOf[point * step + type];
  });
  return rows.map((_, point) => heldAt(dump, wanted[point], sums[point], (bit) => samples[point * MOST_TYPES + bit] ?? []));
}

/** [points, types] which of the point's types a type is, by name: one type may be in two units of debug information. */
function bitsByType(dump: Dump, wanted: readonly (readonly TypeId[])[]): Int8Array {
  const { types } = dump.runtime;
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
function seeds(dump: Dump, rows: readonly DominatorNode[], singles: readonly Hex[]): Int32Array {
  const { heap, retention } = dump;
  const { parent } = retention.dominators;
  const objectNode = heap.graph.nodeOfObject(0);
  const pointOf = new Int32Array(parent.length).fill(NONE);
  const several = new Map<string, number>();
  rows.forEach((row, point) => {
    if (row.address !== undefined) pointOf[heap.graph.nodeOfObject(objectOfRow(dump, row))] = point;
    else if (row.owner === undefined) several.set(row.type, point);
    else {
      const owner = heap.roots.owners.findIndex((each, id) => each.kind === row.type && ownerName(dump, id) === row.owner);
      if (owner >= 0) pointOf[heap.graph.nodeOfOwner(owner)] = point;
    }
  });
  if (several.size === 0) return pointOf;
  const apart = new Set(singles.map((address) => heap.graph.nodeOfObject(heap.objects.find(parseAddress(address) as number))));
  const pointOfType: number[] = [];
  for (let node = objectNode; node < parent.length; node++) {
    if (parent[node] !== 0 || pointOf[node] !== NONE || apart.has(node)) continue;
    const type = heap.types.type[node - objectNode];
    pointOfType[type + 1] ??= several.get(type === NONE ? "unknown" : readableType(dump.runtime.types.get(type).name)) ?? NONE;
    pointOf[node] = pointOfType[type + 1];
  }
  return pointOf;
}

/** Samples by place, the point's index and the type's bit: every so manyth object. */
function sample(
  dump: Dump,
  wanted: readonly (readonly TypeId[])[],
  sums: readonly Sums[],
  placeOf: (id: ObjectId) => number,
): readonly ObjectId[][] {
  const taken: ObjectId[][] = Array.from({ length: wanted.length * MOST_TYPES }, () => []);
  const seen = new Uint32Array(taken.length);
  const steps = taken.map((_, place) => Math.ceil(countOf(sums[Math.floor(place / MOST_TYPES)], place % MOST_TYPES) / SAMPLES));
  for (let id = 0; id < dump.heap.objects.count; id++) {
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

function heldAt(dump: Dump, wanted: readonly TypeId[], sums: Sums, samplesOf: (bit: number) => readonly ObjectId[]): Held {
  const members = wanted.map((id, bit): Member & { readonly bit: number } => ({
    type: readableType(dump.runtime.types.get(id).name),
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
    const part = { bytes: bytesOf(sums, bit, told), count: countOf(sums, member.bit, told), what: member.type };
    told |= bit;
    if (part.bytes < sums.bytes * LEAST_PART) continue;
    const inner = many.find((each) => isCarried(each) && bytesOf(sums, bit | (1 << each.bit), told & ~bit) > part.bytes / 3);
    parts.push(inner ? { ...part, what: `${member.type}, each with ${inner.type}` } : part);
    function isCarried(each: Member): boolean {
      return each !== member && each.bytes <= member.bytes && each.count >= member.count / 2 && each.count < member.count * 4;
    }
  }
  return { bytes: sums.bytes, members, main, parts };
}

/** A type of the program or a library by name: no slice, map, string or function. */
const NAMED = /^(?:[\w~%.-]+\/)*[\w~%-]+\.\w/;

/**
 * The outermost type that holds most of a point; but where it is the nodes of a structure that hold far more values
 * each, as trees and buckets do, the values.
 */
function mainOf<Kind extends Member>(members: readonly Kind[], whole: Bytes): Kind | undefined {
  const large = members.filter((each) => each.bytes > whole / 3).sort((a, b) => b.bytes - a.bytes);
  const outermost = large[0];
  if (!outermost) return undefined;
  return large.find((each) => NAMED.test(each.type) && each.count >= outermost.count * 4 && each.bytes > outermost.bytes / 3) ?? outermost;
}
