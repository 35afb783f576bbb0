// Immediate dominators by the semi-NCA algorithm, on typed arrays with explicit stacks.

import { type Progress, silent } from "../base/progress.js";
import { NONE, type NodeId } from "../base/units.js";
import type { Csr } from "./graph.js";

/** The dominator tree of what the start reaches. */
export interface Dominators {
  /** [nodeCount] immediate dominator; NONE when unreached; the start's is itself. */
  readonly parent: Int32Array;
  /** [reached nodes] a dominator comes before all that it dominates. */
  readonly order: Uint32Array;
}

/**
 * Who must be passed on every path from `from`.
 *
 * @param referrers transpose(referents)
 * Memory: 24 bytes a node besides the two graphs; time: near linear.
 * Source: Georgiadis, Tarjan, Werneck: Finding Dominators in Practice (2006), semi-NCA.
 */
export function dominators(referents: Csr, referrers: Csr, progress: Progress = silent, from: NodeId = 0): Dominators {
  const { nodeCount } = referents;
  // All but vertex and number speak in depth-first numbers: 0 is the start, a node's number is above its tree parent's.
  const number = new Int32Array(nodeCount).fill(NONE);
  const vertex = new Uint32Array(nodeCount);
  const treeParent = new Uint32Array(nodeCount);
  const semi = new Uint32Array(nodeCount);
  const label = new Uint32Array(nodeCount);
  progress.stage("dominators: depth first", nodeCount);
  const count = depthFirst(referents, from, number, vertex, treeParent, semi, label, progress);
  const ancestor = treeParent.slice(0, count);
  progress.stage("dominators: semidominators", count);
  semidominators(referrers, count, number, vertex, ancestor, semi, label, progress);
  nearestCommonAncestors(count, treeParent, semi, progress);
  toNodes(count, treeParent, vertex, number);
  return { parent: number, order: vertex.subarray(0, count) };
}

/** Numbers nodes in preorder; stack and edge are scratch of [nodeCount]. Returns how many were reached. */
function depthFirst(
  edges: Csr,
  from: NodeId,
  number: Int32Array,
  vertex: Uint32Array,
  treeParent: Uint32Array,
  stack: Uint32Array,
  edge: Uint32Array,
  progress: Progress,
): number {
  const { first, targets } = edges;
  let count = 1;
  let depth = 0;
  number[from] = 0;
  vertex[0] = from;
  stack[0] = 0;
  edge[0] = first[from];
  while (depth >= 0) {
    const top = stack[depth];
    const end = first[vertex[top] + 1];
    let e = edge[depth];
    while (e < end && number[targets[e]] !== NONE) e++;
    if (e === end) {
      depth--;
      continue;
    }
    const target = targets[e];
    edge[depth++] = e + 1;
    number[target] = count;
    vertex[count] = target;
    treeParent[count] = top;
    stack[depth] = count;
    edge[depth] = first[target];
    count++;
    if ((count & 0x3ffff) === 0) progress.tick(count);
  }
  return count;
}

/** semi[w] = the semidominator of w, by path compression over the part of the tree that is already linked. */
function semidominators(
  referrers: Csr,
  count: number,
  number: Int32Array,
  vertex: Uint32Array,
  ancestor: Uint32Array,
  semi: Uint32Array,
  label: Uint32Array,
  progress: Progress,
): void {
  const { first, targets } = referrers;
  for (let w = 0; w < count; w++) {
    semi[w] = w;
    label[w] = w;
  }
  let path = new Uint32Array(1024);
  for (let w = count - 1; w > 0; w--) {
    const node = vertex[w];
    let least = ancestor[w];
    const end = first[node + 1];
    for (let e = first[node]; e < end; e++) {
      const v = number[targets[e]];
      if (v === NONE) continue;
      if (v <= w) {
        if (v < least) least = v;
        continue;
      }
      // v > w is linked: the least semidominator on its way up to, but without, w's level.
      let depth = 0;
      let at = v;
      while (ancestor[at] > w) {
        if (depth === path.length) path = grown(path);
        path[depth++] = at;
        at = ancestor[at];
      }
      // at's ancestor is w or below: unlinked, so at's own label stands; now pull labels down the path.
      let best = label[at];
      const root = ancestor[at];
      while (depth > 0) {
        at = path[--depth];
        if (label[at] < best) best = label[at];
        else label[at] = best;
        ancestor[at] = root;
      }
      if (best < least) least = best;
    }
    semi[w] = least;
    label[w] = least;
    if ((w & 0x3ffff) === 0) progress.tick(count - w);
  }
}

function grown(path: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(path.length * 2);
  larger.set(path);
  return larger;
}

/** Turns tree parents into immediate dominators: the nearest ancestor not below the semidominator. */
function nearestCommonAncestors(count: number, dominator: Uint32Array, semi: Uint32Array, progress: Progress): void {
  for (let w = 1; w < count; w++) {
    if ((w & 0x3ffff) === 0) progress.tick(count);
    let candidate = dominator[w];
    while (candidate > semi[w]) candidate = dominator[candidate];
    dominator[w] = candidate;
  }
}

/** Overwrites number with the dominator as a node; unreached nodes keep NONE. */
function toNodes(count: number, dominator: Uint32Array, vertex: Uint32Array, number: Int32Array): void {
  for (let w = 0; w < count; w++) number[vertex[w]] = vertex[dominator[w]];
}
