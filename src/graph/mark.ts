// Which nodes are reached, without the way to them: a bit a node, swept in the order of ids.
import type { NodeId } from "../base/units.js";
import type { Csr } from "./graph.js";

/** The node's bit is set. */
export function isMarked(marks: Uint32Array, node: NodeId): boolean {
  return (marks[node >>> 5] & (1 << (node & 31))) !== 0;
}

/**
 * Marks what a node reaches. Nodes ahead of the sweep wait in a bitmap, where neighbours share words; those behind it are
 * followed at once from a stack, so that chains which run backwards need no sweep of their own.
 *
 * @returns [nodeCount / 32, rounded up] bit i % 32 of word i / 32
 */
export function mark(edges: Csr, from: NodeId): Uint32Array {
  const { nodeCount, first, targets } = edges;
  const words = (nodeCount >>> 5) + 1;
  const seen = new Uint32Array(words);
  const ahead = new Uint32Array(words);
  let stack = new Uint32Array(1 << 12);
  seen[from >>> 5] |= 1 << (from & 31);
  ahead[from >>> 5] |= 1 << (from & 31);
  let lowest = from >>> 5;
  while (lowest < words) {
    const start = lowest;
    lowest = words;
    for (let word = start; word < words; word++) {
      while (ahead[word] !== 0) {
        const low = ahead[word] & -ahead[word];
        ahead[word] ^= low;
        const position = word * 32 + 31 - Math.clz32(low);
        stack[0] = position;
        for (let stacked = 1; stacked > 0; ) {
          const node = stack[--stacked];
          const end = first[node + 1];
          const room = stacked + end - first[node];
          if (room > stack.length) stack = grown(stack, room);
          for (let edge = first[node]; edge < end; edge++) {
            const target = targets[edge];
            const bit = 1 << (target & 31);
            const at = target >>> 5;
            if ((seen[at] & bit) !== 0) continue;
            seen[at] |= bit;
            if (target > position) ahead[at] |= bit;
            else stack[stacked++] = target;
          }
        }
      }
    }
  }
  return seen;
}

function grown(stack: Uint32Array<ArrayBuffer>, size: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(size, stack.length * 2));
  larger.set(stack);
  return larger;
}
