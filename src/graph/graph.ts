// Directed graphs as typed arrays: reachability, paths, dominators, retained sizes. Knows no heap.

import { type Progress, silent } from "../base/progress.js";

/** The targets of v are targets[first[v]] .. targets[first[v + 1] - 1]. Parallel edges and loops are allowed. */
export interface Csr {
  readonly nodeCount: number;
  /** [nodeCount + 1] index into targets; first[nodeCount] is the number of edges. */
  readonly first: Uint32Array;
  /** [edges or more] node ids; what lies after first[nodeCount] is spare room. */
  readonly targets: Uint32Array;
}

/** The same edges turned round; the targets of each node come out ascending. */
export function transpose(edges: Csr, progress: Progress = silent): Csr {
  const { nodeCount, first, targets } = edges;
  const edgeCount = first[nodeCount];
  const cursor = new Uint32Array(nodeCount + 1);
  countTargets(targets, edgeCount, cursor);
  exclusiveSums(cursor);
  const reversed = new Uint32Array(edgeCount);
  // cursor[v] runs from the start to the end of v's block, so that afterwards it is the start of v + 1's.
  fillReversed(nodeCount, first, targets, cursor, reversed, progress);
  cursor.copyWithin(1, 0, nodeCount);
  cursor[0] = 0;
  return { nodeCount, first: cursor, targets: reversed };
}

function countTargets(targets: Uint32Array, edgeCount: number, counts: Uint32Array): void {
  for (let e = 0; e < edgeCount; e++) counts[targets[e]]++;
}

function exclusiveSums(counts: Uint32Array): void {
  let sum = 0;
  for (let v = 0; v < counts.length; v++) {
    const count = counts[v];
    counts[v] = sum;
    sum += count;
  }
}

function fillReversed(
  nodeCount: number,
  first: Uint32Array,
  targets: Uint32Array,
  cursor: Uint32Array,
  reversed: Uint32Array,
  progress: Progress,
): void {
  let begin = first[0];
  for (let v = 0; v < nodeCount; v++) {
    if ((v & 0x3ffff) === 0) progress.tick(v);
    const end = first[v + 1];
    for (let e = begin; e < end; e++) reversed[cursor[targets[e]]++] = v;
    begin = end;
  }
}

/** A graph from a list of edges; for tests and small graphs. */
export function csrOf(nodeCount: number, edges: readonly (readonly [number, number])[]): Csr {
  const first = new Uint32Array(nodeCount + 1);
  for (const [from] of edges) first[from + 1]++;
  for (let v = 0; v < nodeCount; v++) first[v + 1] += first[v];
  const cursor = first.slice();
  const targets = new Uint32Array(edges.length);
  for (const [from, to] of edges) targets[cursor[from]++] = to;
  return { nodeCount, first, targets };
}
