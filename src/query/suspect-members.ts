// Samples of the objects that points of accumulation hold: what tells a leak from a healthy holder is read from them.
import { NONE, type ObjectId, parseAddress, type TypeId } from "../base/units.js";
import type { Dump } from "../dump.js";
import type { DominatorNode } from "./dominator-rows.js";
import { ownerName } from "./path-names.js";

/** Members of a type that are read. */
const SAMPLES = 4000;
/** Types of members that are looked at. */
const MEMBER_TYPES = 4;

/** Rows of many objects at a point and two levels below it: what it holds, at most MEMBER_TYPES. */
export function memberRows(row: DominatorNode): readonly DominatorNode[] {
  const children = row.children ?? [];
  const rows = [...(row.count > 1 ? [row] : []), ...children, ...children.flatMap((child) => child.children ?? [])];
  return rows.filter((each) => each.count > 50 && !each.type.startsWith("(")).slice(0, MEMBER_TYPES);
}

/** The object of a row of one, the example of a row of several; NONE of owners. */
export function objectOfRow(dump: Dump, row: DominatorNode): ObjectId {
  const address = parseAddress(row.address ?? row.example ?? "");
  return address === undefined ? NONE : dump.heap.objects.find(address);
}

/** Type of a row's objects; NONE of owners and of what has none. */
export function typeOfRow(dump: Dump, row: DominatorNode): TypeId {
  const object = objectOfRow(dump, row);
  return object === NONE ? NONE : dump.heap.types.type[object];
}

interface Sample {
  /** Every so manyth is taken. */
  readonly step: number;
  seen: number;
  readonly ids: ObjectId[];
}

/** At most SAMPLES objects of a type that a point dominates and no point within it, ascending and spread over the heap. */
export type MemberSamples = (point: number, type: TypeId) => readonly ObjectId[];

/** Reads the heap once for all points. A row of several has what lies below no point. */
export function sampleMembers(dump: Dump, points: readonly DominatorNode[]): MemberSamples {
  const { heap, retention } = dump;
  const byPoint = points.map((row) => {
    const samples = new Map<TypeId, Sample>();
    for (const member of memberRows(row)) {
      const type = typeOfRow(dump, member);
      if (type !== NONE) samples.set(type, { step: Math.ceil(member.count / SAMPLES), seen: 0, ids: [] });
    }
    return samples;
  });
  const several = byPoint.filter((_, point) => points[point].count > 1);
  const types = byPoint.flatMap((samples) => [...samples.keys()]);
  const isWanted = new Uint8Array(types.reduce((most, type) => Math.max(most, type), 0) + 1);
  for (const type of types) isWanted[type] = 1;
  const pointOf = innermostPoints(dump, points);
  const { parent } = retention.dominators;
  const objectNode = heap.graph.nodeOfObject(0);
  const add = (samples: ReadonlyMap<TypeId, Sample>, type: TypeId, id: ObjectId): void => {
    const sample = samples.get(type);
    if (sample && sample.seen++ % sample.step === 0 && sample.ids.length < SAMPLES) sample.ids.push(id);
  };
  for (let id = 0; id < heap.objects.count; id++) {
    const type = heap.types.type[id];
    if (type === NONE || isWanted[type] !== 1 || parent[objectNode + id] === NONE) continue;
    const point = pointOf[objectNode + id];
    if (point !== NONE) add(byPoint[point], type, id);
    else for (const samples of several) add(samples, type, id);
  }
  return (point, type) => byPoint[point].get(type)?.ids ?? [];
}

/** [nodes] index of the innermost point of one node that dominates it; NONE below no point. */
function innermostPoints(dump: Dump, points: readonly DominatorNode[]): Int32Array {
  const { heap, retention } = dump;
  const { parent, order } = retention.dominators;
  const pointAt = new Map<number, number>();
  points.forEach((row, point) => {
    if (row.address !== undefined) pointAt.set(heap.graph.nodeOfObject(objectOfRow(dump, row)), point);
    else if (row.owner !== undefined) {
      const owner = heap.roots.owners.findIndex((each, id) => each.kind === row.type && ownerName(dump, id) === row.owner);
      if (owner >= 0) pointAt.set(heap.graph.nodeOfOwner(owner), point);
    }
  });
  const pointOf = new Int32Array(parent.length).fill(NONE);
  for (const [node, point] of pointAt) pointOf[node] = point;
  // Parents come before their children.
  for (let i = 1; i < order.length; i++) {
    const node = order[i];
    if (pointOf[node] === NONE) pointOf[node] = pointOf[parent[node]];
  }
  return pointOf;
}
