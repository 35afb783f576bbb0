// Which nodes are reached, and from where first: breadth first over columns.

import { popcount } from "../base/bits.js";
import { type Progress, silent } from "../base/progress.js";
import { NONE, type NodeId } from "../base/units.js";
import type { Csr } from "./graph.js";
import { BATCH, TICK } from "./limits.js";

/** A breadth-first tree. */
export interface BreadthFirst {
  /** [nodeCount] the node before on a shortest path; NONE when unreached; the start's parent is itself. */
  readonly parent: Int32Array;
  /** How many nodes are reached, the start included. */
  readonly count: number;
}

const NO_EDGES: ReadonlySet<number> = new Set();

/**
 * Shortest paths, in edges, from one node to all.
 *
 * @param progress ticked with nodes expanded, about every 262,144
 * @param last     edges of nodes next to `from` that are used for what no path without them reaches
 * Memory: 8 1/4 bytes a node besides the graph.
 */
export function breadthFirst(edges: Csr, from: NodeId, progress: Progress = silent, last: ReadonlySet<number> = NO_EDGES): BreadthFirst {
  const { nodeCount, first, targets } = edges;
  const parent = new Int32Array(nodeCount).fill(NONE);
  // Two bits a node, small enough for a cache: seen, and has targets. Nodes without targets are never queued.
  const seen = new Uint32Array((nodeCount >>> 5) + 1);
  const inner = new Uint32Array((nodeCount >>> 5) + 1);
  markInner(nodeCount, first, inner);
  const queue = new Uint32Array(nodeCount);
  const begins = new Uint32Array(BATCH);
  const ends = new Uint32Array(BATCH);
  parent[from] = from;
  seen[from >>> 5] |= 1 << (from & 31);
  queue[0] = from;
  let head = 0;
  let tail = 1;
  let nextTick = TICK;
  const expandQueue = () => {
    while (head < tail) {
      const size = Math.min(BATCH, tail - head);
      loadBatch(queue, head, size, first, begins, ends);
      tail = visitBatch(queue, head, size, begins, ends, targets, parent, seen, inner, queue, tail);
      head += size;
      if (head >= nextTick) {
        progress.tick(head);
        nextTick += TICK;
      }
    }
  };
  if (last.size > 0) {
    loadBatch(queue, 0, 1, first, begins, ends);
    tail = visitBatch(queue, 0, 1, begins, ends, targets, parent, seen, inner, queue, tail);
    const neighbours = queue.slice(1, tail);
    const expandNeighbours = (wanted: boolean) => {
      for (let i = 0; i < neighbours.length; i++) {
        for (let e = first[neighbours[i]]; e < first[neighbours[i] + 1]; e++) {
          if (last.has(e) !== wanted) continue;
          begins[0] = e;
          ends[0] = e + 1;
          tail = visitBatch(neighbours, i, 1, begins, ends, targets, parent, seen, inner, queue, tail);
        }
      }
    };
    head = tail;
    expandNeighbours(false);
    expandQueue();
    expandNeighbours(true);
  }
  expandQueue();
  return { parent, count: countBits(seen) };
}

/** Whether a way leads from a node to another. Memory: a bit a node, and the nodes that are still to be looked at. */
export function reaches({ nodeCount, first, targets }: Csr, from: NodeId, to: NodeId): boolean {
  const seen = new Uint32Array((nodeCount >>> 5) + 1);
  const open = [from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (let e = first[node]; e < first[node + 1]; e++) {
      const target = targets[e];
      if (target === to) return true;
      const bit = 1 << (target & 31);
      if ((seen[target >>> 5] & bit) !== 0) continue;
      seen[target >>> 5] |= bit;
      open.push(target);
    }
  }
  return false;
}

function markInner(nodeCount: number, first: Uint32Array, inner: Uint32Array): void {
  let begin = first[0];
  for (let v = 0; v < nodeCount; v++) {
    const end = first[v + 1];
    if (end !== begin) inner[v >>> 5] |= 1 << (v & 31);
    begin = end;
  }
}

function loadBatch(queue: Uint32Array, head: number, size: number, first: Uint32Array, begins: Uint32Array, ends: Uint32Array): void {
  for (let i = 0; i < size; i++) {
    const node = queue[head + i];
    begins[i] = first[node];
    ends[i] = first[node + 1];
  }
}

/** Marks the unseen targets of a batch of nodes and appends those with targets to the queue; returns the new tail. */
function visitBatch(
  nodes: Uint32Array,
  head: number,
  size: number,
  begins: Uint32Array,
  ends: Uint32Array,
  targets: Uint32Array,
  parent: Int32Array,
  seen: Uint32Array,
  inner: Uint32Array,
  queue: Uint32Array,
  tailBefore: number,
): number {
  let tail = tailBefore;
  for (let i = 0; i < size; i++) {
    const node = nodes[head + i];
    const end = ends[i];
    for (let e = begins[i]; e < end; e++) {
      const target = targets[e];
      const bit = 1 << (target & 31);
      const bits = seen[target >>> 5];
      if ((bits & bit) !== 0) continue;
      seen[target >>> 5] = bits | bit;
      parent[target] = node;
      if ((inner[target >>> 5] & bit) !== 0) queue[tail++] = target;
    }
  }
  return tail;
}

function countBits(words: Uint32Array): number {
  let count = 0;
  for (let i = 0; i < words.length; i++) count += popcount(words[i]);
  return count;
}
