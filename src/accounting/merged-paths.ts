// The shortest paths to many objects, merged by type: who holds all of them.
import { type Bytes, NONE, type NodeId, type ObjectId } from "../base/units.js";
import { labelIndex } from "../heap/wholes.js";
import { DEEPEST, MOST_CHILDREN } from "./limits.js";
import type { HeapNames, Sources } from "./sources.js";

/** Paths that begin alike: an owner, then types. count and bytes are of the objects asked for. */
export interface MergedNode {
  /** Of the first level: the variable, or another owner; absent of goroutines. */
  readonly owner?: string;
  /** Of the first level: goroutines of this function hold it. */
  readonly function?: string;
  readonly type: string;
  /** It stands for so many smaller ones at its place, which are not listed. */
  readonly others?: number;
  readonly count: number;
  readonly bytes: Bytes;
  readonly children?: readonly MergedNode[];
}

/** How many levels up a path is searched for the type at hand: a list is one level, and so is a list of pairs. */
const LOOPS = 4;

/** A level of the merged tree while it is made. */
interface Branch {
  readonly above: number;
  readonly name: string;
  readonly isOwner: boolean;
  /** The owner is goroutines, and name their function. */
  readonly ofGoroutines: boolean;
  count: number;
  bytes: Bytes;
}

/**
 * Merges the breadth-first paths of live objects. Repeated types on a path are one level, parts of a value are the value.
 * @param ids live objects
 */
export function mergePaths(
  { heap, runtime, progress }: Pick<Sources, "heap" | "runtime" | "progress">,
  names: HeapNames,
  ids: Iterable<ObjectId>,
): readonly MergedNode[] {
  const { parent } = heap.tree;
  const objectNode = heap.graph.nodeOfObject(0);
  // By node: each node's branch is found once, so many paths with a common beginning cost no more than one.
  const branchOf = new Int32Array(parent.length).fill(NONE);
  const branches: Branch[] = [{ above: NONE, name: "", isOwner: false, ofGoroutines: false, count: 0, bytes: 0 }];
  const below = new Map<string, number>();
  const { column, labels } = heap.wholes;
  const nameOf = (id: ObjectId): string => {
    if (column[id] < NONE) return labels[labelIndex(column[id])];
    const type = heap.types.type[id];
    return type === NONE ? "unknown" : runtime.types.get(type).role.readable;
  };
  /** The branch of a node below another branch: that one itself for a part or a type met again. */
  const enter = (above: number, node: NodeId): number => {
    const isOwner = node < objectNode;
    const id = node - objectNode;
    if (!isOwner && column[id] >= 0 && branchOf[objectNode + column[id]] === above) return above;
    // Goroutines of one function are one owner.
    const goroutine = isOwner ? heap.roots.owners[node - 1].goroutine : undefined;
    const name = goroutine !== undefined ? names.place(goroutine).function : isOwner ? names.owner(node - 1) : nameOf(id);
    for (let at = above, up = 0; !isOwner && up < LOOPS && at > 0 && !branches[at].isOwner; up++, at = branches[at].above)
      if (branches[at].name === name) return at;
    const key = `${above} ${goroutine === undefined ? "" : "go "}${name}`;
    let branch = below.get(key);
    if (branch === undefined) {
      branch = branches.length;
      branches.push({ above, name, isOwner, ofGoroutines: goroutine !== undefined, count: 0, bytes: 0 });
      below.set(key, branch);
    }
    return branch;
  };
  branchOf[0] = 0;
  const path: NodeId[] = [];
  let merged = 0;
  for (const id of ids) {
    if ((++merged & 0xffff) === 0) progress.tick(merged);
    let node = objectNode + id;
    path.length = 0;
    // Up the tree of shortest paths to where a path before has been; the virtual root has branch 0, so it ends there.
    while (branchOf[node] === NONE) {
      path.push(node);
      node = parent[node];
    }
    let branch = branchOf[node];
    for (let i = path.length - 1; i >= 0; i--) {
      branch = enter(branch, path[i]);
      branchOf[path[i]] = branch;
    }
    branches[branch].count++;
    branches[branch].bytes += heap.objects.sizeOf(id);
  }
  return shape(branches);
}

/** The tree as plain data, the largest first, as deep and as wide as a person reads. */
function shape(branches: readonly Branch[]): readonly MergedNode[] {
  // A branch stands after the one above it, so sums go up in one pass from the end.
  const children: number[][] = branches.map(() => []);
  for (let i = branches.length - 1; i > 0; i--) {
    const { above, count, bytes } = branches[i];
    branches[above].count += count;
    branches[above].bytes += bytes;
    children[above].push(i);
  }
  const finish = (at: number, depth: number): MergedNode => {
    const { name, isOwner, ofGoroutines, count, bytes } = branches[at];
    const own = ofGoroutines ? { function: name, type: "" } : isOwner ? { owner: name, type: "" } : { type: name };
    const below = depth < DEEPEST ? list(at, depth + 1) : [];
    return { ...own, count, bytes, ...(below.length > 0 ? { children: below } : {}) };
  };
  const list = (at: number, depth: number): MergedNode[] => {
    const sorted = children[at].sort((a, b) => branches[b].count - branches[a].count || branches[b].bytes - branches[a].bytes);
    const shown = sorted.slice(0, MOST_CHILDREN).map((child) => finish(child, depth));
    const rest = sorted.slice(MOST_CHILDREN);
    if (rest.length > 0) {
      const sum = (of: (branch: Branch) => number) => rest.reduce((total, child) => total + of(branches[child]), 0);
      shown.push({ type: "", others: rest.length, count: sum((each) => each.count), bytes: sum((each) => each.bytes) });
    }
    return shown;
  };
  return list(0, 1);
}
