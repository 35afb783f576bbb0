// Ways from a start to a node: the shortest, and some that differ.
import { NONE, type NodeId } from "../base/units.js";
import type { Csr } from "./graph.js";
import { REFERRERS_TRIED, STEPS_WALKED } from "./limits.js";

/** The breadth-first tree's path, start first, `to` last; [] when `to` is unreached. */
export function shortestPath(parent: Int32Array, to: NodeId): readonly NodeId[] {
  if (parent[to] === NONE) return [];
  const path: NodeId[] = [to];
  for (let node = to; parent[node] !== node; ) {
    node = parent[node];
    path.push(node);
  }
  return path.reverse();
}

/**
 * Up to `limit` different simple paths from `from` to `to`, the tree's path first, then the shortest through
 * every other child of `from` (an owner, when `from` is the virtual root) in order of length, then variations that
 * differ in one edge, shortest first. [] when `to` is unreached.
 *
 * @param referrers the reversed graph
 * @param parent    breadthFirst(graph, from).parent
 * The variations are not complete: 256 referrers a node and 4,000,000 steps are tried.
 */
export function shortestPaths(referrers: Csr, parent: Int32Array, from: NodeId, to: NodeId, limit: number): readonly (readonly NodeId[])[] {
  const tree = shortestPath(parent, to);
  if (tree.length <= 1 || limit <= 1) return tree.length === 0 || limit < 1 ? [] : [tree];
  const paths = [tree, ...pathsByOwner(referrers, parent, from, to, limit - 1, { known: tree[1] })];
  const known = new Set(paths.map(String));
  for (const path of variations(referrers, parent, tree)) {
    if (paths.length >= limit) break;
    if (known.has(String(path))) continue;
    known.add(String(path));
    paths.push(path);
  }
  return paths;
}

/** Edges that do not count: for a target, the nodes whose edges to it are left out. */
export type IgnoredEdges = ReadonlyMap<NodeId, ReadonlySet<NodeId>>;

/**
 * Up to `limit` paths that use none of the ignored edges: the shortest through each child of `from`, in order of length.
 * [] when no such path is left.
 *
 * @param referrers the reversed graph
 * @param parent    breadthFirst(graph, from).parent, nothing ignored
 */
export function pathsWithout(
  referrers: Csr,
  parent: Int32Array,
  from: NodeId,
  to: NodeId,
  ignored: IgnoredEdges,
  limit: number,
): readonly (readonly NodeId[])[] {
  if (parent[to] === NONE || limit < 1) return [];
  return to === from ? [[from]] : pathsByOwner(referrers, parent, from, to, limit, { ignored });
}

/** One shortest path through each child of `from` but `known`, by breadth-first search backwards from `to`. */
function pathsByOwner(
  referrers: Csr,
  parent: Int32Array,
  from: NodeId,
  to: NodeId,
  limit: number,
  { known = NONE, ignored }: { readonly known?: NodeId; readonly ignored?: IgnoredEdges },
): readonly (readonly NodeId[])[] {
  const { nodeCount, first, targets } = referrers;
  const next = new Int32Array(nodeCount).fill(NONE);
  const queue = new Uint32Array(nodeCount);
  const paths: NodeId[][] = [];
  next[to] = to;
  next[from] = from;
  queue[0] = to;
  let tail = 1;
  for (let head = 0; head < tail; head++) {
    const node = queue[head];
    const without = ignored?.get(node);
    let isOwner = false;
    for (let e = first[node]; e < first[node + 1]; e++) {
      const referrer = targets[e];
      if (without?.has(referrer)) continue;
      if (referrer === from) isOwner = true;
      else if (next[referrer] === NONE && parent[referrer] !== NONE) {
        next[referrer] = node;
        queue[tail++] = referrer;
      }
    }
    if (!isOwner || node === known) continue;
    const path = [from, node];
    for (let at = node; at !== to; ) {
      at = next[at];
      path.push(at);
    }
    paths.push(path);
    if (paths.length === limit) break;
  }
  return paths;
}

/** The tree path with one edge replaced: at each node another referrer, reached by its own tree path. */
function variations(referrers: Csr, parent: Int32Array, tree: readonly NodeId[]): readonly (readonly NodeId[])[] {
  const found: (readonly NodeId[])[] = [];
  const tail = new Set<NodeId>();
  let steps = 0;
  for (let i = tree.length - 1; i > 0; i--) {
    tail.add(tree[i]);
    const begin = referrers.first[tree[i]];
    const end = Math.min(referrers.first[tree[i] + 1], begin + REFERRERS_TRIED);
    for (let e = begin; e < end; e++) {
      const referrer = referrers.targets[e];
      if (referrer === tree[i - 1] || parent[referrer] === NONE) continue;
      if (steps > STEPS_WALKED) return byLength(found);
      const head = shortestPath(parent, referrer);
      steps += head.length;
      if (!head.some((node) => tail.has(node))) found.push([...head, ...tree.slice(i)]);
    }
  }
  return byLength(found);
}

function byLength(paths: (readonly NodeId[])[]): readonly (readonly NodeId[])[] {
  return paths.sort((a, b) => a.length - b.length);
}
