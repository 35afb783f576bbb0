// Marking in steps: more starts are added to what is reached already.
import type { NodeId } from "../base/units.js";
import type { Csr } from "./graph.js";
import { isMarked, setMark } from "./mark.js";

/**
 * Marks what the starts reach, as far as it is not marked yet; nodes whose bit is set before are not followed.
 * @param seen [nodeCount / 32, rounded up] bit i % 32 of word i / 32; changed
 * @param watched of the same shape
 * @returns the watched nodes among those marked now
 */
export function markFurther(edges: Csr, seen: Uint32Array, starts: Iterable<NodeId>, watched: Uint32Array): NodeId[] {
  const { first, targets } = edges;
  const met: NodeId[] = [];
  let stack = new Uint32Array(1 << 8);
  let stacked = 0;
  for (const start of starts) {
    if (isMarked(seen, start)) continue;
    setMark(seen, start);
    stack[stacked++] = start;
    while (stacked > 0) {
      const node = stack[--stacked];
      if (isMarked(watched, node)) met.push(node);
      const end = first[node + 1];
      const room = stacked + end - first[node] + 1;
      if (room > stack.length) {
        const larger = new Uint32Array(Math.max(room, stack.length * 2));
        larger.set(stack);
        stack = larger;
      }
      for (let edge = first[node]; edge < end; edge++) {
        const target = targets[edge];
        const bit = 1 << (target & 31);
        if ((seen[target >>> 5] & bit) !== 0) continue;
        seen[target >>> 5] |= bit;
        stack[stacked++] = target;
      }
    }
  }
  return met;
}
