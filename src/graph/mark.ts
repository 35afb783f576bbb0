// Which nodes are reached, without the way to them: a bit a node, swept in the order of ids.
import { type Progress, silent } from "../base/progress.js";
import { NONE, type NodeId } from "../base/units.js";
import type { Csr } from "./graph.js";
import { Worklist } from "./worklist.js";

/** The node's bit is set. */
export function isMarked(marks: Uint32Array, node: NodeId): boolean {
  return (marks[node >>> 5] & (1 << (node & 31))) !== 0;
}

/** Sets the node's bit. */
export function setMark(marks: Uint32Array, node: NodeId): void {
  marks[node >>> 5] |= 1 << (node & 31);
}

/**
 * Marks what a node reaches.
 * @returns [nodeCount / 32, rounded up] bit i % 32 of word i / 32
 */
export function mark(edges: Csr, from: NodeId, progress: Progress = silent): Uint32Array {
  const { nodeCount, first, targets } = edges;
  const seen = new Uint32Array((nodeCount >>> 5) + 1);
  const queue = new Worklist(nodeCount);
  setMark(seen, from);
  queue.push(from);
  let visited = 0;
  for (let node = queue.next(); node !== NONE; node = queue.next()) {
    if ((++visited & 0x3ffff) === 0) progress.tick(visited);
    const end = first[node + 1];
    for (let edge = first[node]; edge < end; edge++) {
      const target = targets[edge];
      const bit = 1 << (target & 31);
      const at = target >>> 5;
      if ((seen[at] & bit) !== 0) continue;
      seen[at] |= bit;
      if (first[target] !== first[target + 1]) queue.push(target);
    }
  }
  return seen;
}
