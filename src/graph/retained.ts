// Sizes summed up the dominator tree.
import { type Progress, silent } from "../base/progress.js";
import type { Dominators } from "./dominators.js";

/**
 * What would be freed with each node: its own size and that of all it dominates.
 *
 * @param sizes [nodeCount] bytes, 0 for nodes that are no objects
 * @returns [nodeCount] bytes; 0 for unreached nodes
 */
export function retainedSizes(tree: Dominators, sizes: Float64Array): Float64Array {
  const { parent, order } = tree;
  const retained = new Float64Array(parent.length);
  for (let i = 0; i < order.length; i++) retained[order[i]] = sizes[order[i]];
  sumUp(tree, retained);
  return retained;
}

/** Turns values of nodes into sums over all that each dominates, in place; values of unreached nodes are left alone. */
export function sumUp(tree: Dominators, values: Float64Array | Uint32Array): void {
  const { parent, order } = tree;
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    if (parent[node] !== node) values[parent[node]] += values[node];
  }
}

/** The children of each node in the dominator tree, ascending: [nodeCount + 1] starts and the nodes themselves. */
export function treeChildren(parent: Int32Array): { readonly first: Uint32Array; readonly children: Uint32Array } {
  const nodeCount = parent.length;
  const first = new Uint32Array(nodeCount + 1);
  let total = 0;
  for (let node = 0; node < nodeCount; node++) {
    if (parent[node] < 0 || parent[node] === node) continue;
    first[parent[node]]++;
    total++;
  }
  let sum = 0;
  for (let node = 0; node < nodeCount; node++) {
    const count = first[node];
    first[node] = sum;
    sum += count;
  }
  const children = new Uint32Array(total);
  for (let node = 0; node < nodeCount; node++) if (parent[node] >= 0 && parent[node] !== node) children[first[parent[node]]++] = node;
  // Each start has run to its block's end, which is the next one's start.
  first.copyWithin(1, 0, nodeCount);
  first[0] = 0;
  return { first, children };
}

/**
 * What the members of each group retain, nested ones counted once: the sum over members that no member of their own
 * group dominates. It is the size of the union of what the members dominate one by one.
 *
 * @param group [nodeCount] 0 .. groupCount - 1, below 0 for none
 * @returns [groupCount] bytes
 */
export function retainedByGroup(
  tree: Dominators,
  retained: Float64Array,
  group: Int32Array,
  groupCount: number,
  progress: Progress = silent,
  from = 0,
): Float64Array {
  const { first, children } = treeChildren(tree.parent);
  const sums = new Float64Array(groupCount);
  const open = new Uint32Array(groupCount);
  let path = new Uint32Array(1024);
  let depth = 0;
  let entered = 0;
  path[0] = from;
  enter(group, open, sums, retained, from);
  // first[v] is moved on as v's children are visited: the array is ours.
  const end = first.slice(1);
  while (depth >= 0) {
    const node = path[depth];
    if (first[node] === end[node]) {
      if (group[node] >= 0) open[group[node]]--;
      depth--;
      continue;
    }
    const child = children[first[node]++];
    if (++depth === path.length) {
      const longer = new Uint32Array(path.length * 2);
      longer.set(path);
      path = longer;
    }
    path[depth] = child;
    if ((++entered & 0x3ffff) === 0) progress.tick(entered);
    enter(group, open, sums, retained, child);
  }
  return sums;
}

function enter(group: Int32Array, open: Uint32Array, sums: Float64Array, retained: Float64Array, node: number): void {
  const of = group[node];
  if (of >= 0 && open[of]++ === 0) sums[of] += retained[node];
}
