// What types, packages, variables and goroutines retain.
import { NONE } from "../base/units.js";
import type { Dump } from "../dump.js";
import { labelIndex } from "../heap/wholes.js";
import { goroutineName } from "./goroutine-place.js";
import { type HistogramRow, packageOf, unknownName } from "./histogram-rows.js";
import { ownerName } from "./path-names.js";

/**
 * Bytes by row name. A type retains what at least one of its objects dominates: an object that another of the same type
 * dominates is not added again, and what only several of them hold together belongs to none.
 */
export function retainedByName(dump: Dump, by: "type" | "package", parts: boolean): ReadonlyMap<string, number> {
  const { heap, retention } = dump;
  const wholes = parts ? undefined : heap.wholes;
  const { objects, types, graph } = heap;
  const { spans, firstId } = objects;
  const names = new Map<string, number>();
  const groupOfType: number[] = [];
  const intern = (name: string): number => {
    const key = by === "package" ? packageOf(name, dump.names) : name;
    const known = names.get(key);
    if (known !== undefined) return known;
    names.set(key, names.size);
    return names.size - 1;
  };
  const nameAt = (id: number, type: number, noscan: number): string => {
    if (type === NONE && (!wholes || wholes.column[id] >= NONE)) return unknownName(noscan === 1);
    return wholes ? wholes.nameOf(id) : dump.runtime.types.get(type).name;
  };
  const typeCount = dump.runtime.types.count;
  const objectNode = graph.nodeOfObject(0);
  const group = new Int32Array(graph.referents.nodeCount).fill(NONE);
  for (let span = 0; span < spans.count; span++) {
    const noscan = spans.spanClass[span] & 1;
    for (let id = firstId[span]; id < firstId[span + 1]; id++) {
      const whole = wholes ? wholes.of(id) : id;
      const label = wholes ? wholes.column[whole] : NONE;
      const type = types.type[whole];
      const at = label < NONE ? typeCount + 2 + labelIndex(label) : type === NONE ? noscan : type + 2;
      groupOfType[at] ??= intern(nameAt(whole, type, noscan));
      group[objectNode + id] = groupOfType[at];
    }
  }
  const sums = retention.retainedByGroup(group, names.size);
  return new Map([...names].map(([name, index]) => [name, sums[index]]));
}

/** Rows for what several owners hold together. */
export const SHARED = "(held by several)";

/**
 * A row per owner, or per goroutine: the objects it dominates, with their bytes. What several hold together is a row of
 * its own, so that the rows add up to the live bytes; goroutines alone do not.
 */
export function ownerRows(dump: Dump, by: "owner" | "goroutine"): HistogramRow[] {
  const { heap, retention } = dump;
  const { parent } = retention.dominators;
  const { retained, objects } = retention;
  const ownerCount = heap.graph.ownerCount;
  const rows = new Map<string, { type: string; count: number; bytes: number; retainedBytes: number; evidence: Record<string, number> }>();
  const add = (type: string, node: number) => {
    if (objects[node] === 0) return;
    let row = rows.get(type);
    if (!row) {
      row = { type, count: 0, bytes: 0, retainedBytes: 0, evidence: {} };
      rows.set(type, row);
    }
    row.count += objects[node];
    row.bytes += retained[node];
    row.retainedBytes += retained[node];
  };
  for (let owner = 0; owner < ownerCount; owner++) {
    const { goroutine } = heap.roots.owners[owner];
    if (by === "goroutine") {
      if (goroutine !== undefined) add(goroutineName(dump, goroutine), 1 + owner);
    } else add(goroutine === undefined ? ownerName(dump, owner) : goroutineName(dump, goroutine), 1 + owner);
  }
  if (by === "owner") for (let node = 1 + ownerCount; node < parent.length; node++) if (parent[node] === 0) add(SHARED, node);
  return [...rows.values()];
}
