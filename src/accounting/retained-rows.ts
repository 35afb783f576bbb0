// What types, packages, variables and goroutines retain.
import { NONE, type NodeId, type OwnerId } from "../base/units.js";
import { labelIndex } from "../heap/wholes.js";
import { type HistogramRow, packageOf, unknownName } from "./histogram-rows.js";
import type { HeapNames, Sources } from "./sources.js";

/**
 * Bytes by row name. A type retains what at least one of its objects dominates: an object that another of the same type
 * dominates is not added again, and what only several of them hold together belongs to none.
 */
export function retainedByName(source: Sources, by: "type" | "package", parts: boolean): ReadonlyMap<string, number> {
  const { heap, retention, runtime } = source;
  const wholes = parts ? undefined : heap.wholes;
  const { objects, types, graph } = heap;
  const { spans, firstId } = objects;
  const names = new Map<string, number>();
  const groupOfType: number[] = [];
  const intern = (name: string): number => {
    const key = by === "package" ? packageOf(name, runtime.names) : name;
    const known = names.get(key);
    if (known !== undefined) return known;
    names.set(key, names.size);
    return names.size - 1;
  };
  // NONE in the column is an object by itself; below NONE are labels, of values that are named by what they are made of.
  const nameAt = (id: number, type: number, noscan: number): string => {
    if (type === NONE && (!wholes || wholes.column[id] >= NONE)) return unknownName(noscan === 1);
    return wholes ? wholes.nameOf(id) : runtime.types.get(type).name;
  };
  // Numbers of groups as histogram-rows.ts has rows: unknown ones, types, labels. Several types may have one name.
  const typeCount = runtime.types.count;
  const objectNode = graph.nodeOfObject(0);
  // [nodes] the group of each; owners stay NONE, they are of no type.
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

/** Of rows by goroutine: what begins with none. */
export const NO_GOROUTINE = "(variables and the runtime)";

/**
 * A row per owner, or per goroutine. Every child of the root in the dominator tree, with all that it holds, is the owner's
 * at the start of its shortest path: the owner itself, or for an object that several hold the one that `why` names. So the
 * rows add up to the live bytes. Retained is what the owner holds alone.
 */
export function ownerRows(
  { heap, retention }: Pick<Sources, "heap" | "retention">,
  names: HeapNames,
  by: "owner" | "goroutine",
): HistogramRow[] {
  const { parent, order } = retention.dominators;
  const { retained, objects } = retention;
  // Children of the root only: everything below one of them is counted in its retained size and number.
  const ownerAt = startsOfPaths(heap.tree.parent, heap.graph.ownerCount);
  const rows = new Map<string, { type: string; count: number; bytes: number; retainedBytes: number; evidence: Record<string, number> }>();
  const rowOf: (ReturnType<typeof rows.get> | undefined)[] = [];
  const rowOfOwner = (owner: OwnerId) => {
    const { goroutine } = heap.roots.owners[owner];
    const type = goroutine !== undefined ? names.goroutine(goroutine) : by === "owner" ? names.owner(owner) : NO_GOROUTINE;
    let row = rows.get(type);
    if (!row) {
      row = { type, count: 0, bytes: 0, retainedBytes: 0, evidence: {} };
      rows.set(type, row);
    }
    return row;
  };
  for (let i = 1; i < order.length; i++) {
    const node = order[i];
    if (parent[node] !== 0 || objects[node] === 0) continue;
    const owner = ownerAt(node);
    rowOf[owner] ??= rowOfOwner(owner);
    const row = rowOf[owner];
    row.count += objects[node];
    row.bytes += retained[node];
    if (node === heap.graph.nodeOfOwner(owner)) row.retainedBytes += retained[node];
  }
  return [...rows.values()];
}

/** The owner that a node's shortest path begins with; each node is walked over once. @param parent of the tree of shortest paths */
function startsOfPaths(parent: Int32Array | Uint32Array, ownerCount: number): (node: NodeId) => OwnerId {
  const known = new Int32Array(parent.length).fill(NONE);
  const path: NodeId[] = [];
  return (node) => {
    path.length = 0;
    let at = node;
    while (at > ownerCount && known[at] === NONE) {
      path.push(at);
      at = parent[at];
    }
    const owner = at > ownerCount ? known[at] : at - 1;
    for (const each of path) known[each] = owner;
    return owner;
  };
}
