// Random graphs and brute-force twins.
import fc from "fast-check";
import { type Csr, csrOf } from "../../src/graph/graph.js";

export type Edges = readonly (readonly [number, number])[];

/** A graph of 1 to 14 nodes with loops, parallel edges and unreached parts. */
export const graphs = fc
  .integer({ min: 1, max: 14 })
  .chain((nodeCount) =>
    fc
      .array(fc.tuple(fc.nat(nodeCount - 1), fc.nat(nodeCount - 1)), { maxLength: nodeCount * 3 })
      .map((edges): { nodeCount: number; edges: Edges; csr: Csr } => ({ nodeCount, edges, csr: csrOf(nodeCount, edges) })),
  );

/** What 0 reaches when `without` is taken away. */
export function reachedWithout(nodeCount: number, edges: Edges, without: number): Set<number> {
  const seen = new Set<number>(without === 0 ? [] : [0]);
  for (let round = 0; round < nodeCount; round++) {
    for (const [from, to] of edges) if (seen.has(from) && to !== without) seen.add(to);
  }
  return seen;
}

/** Distance from 0 of each node, by relaxing every edge; Infinity when unreached. */
export function distances(nodeCount: number, edges: Edges): number[] {
  const distance = new Array<number>(nodeCount).fill(Number.POSITIVE_INFINITY);
  distance[0] = 0;
  for (let round = 0; round < nodeCount; round++) {
    for (const [from, to] of edges) distance[to] = Math.min(distance[to], distance[from] + 1);
  }
  return distance;
}

/** 0 -> 1 -> 2 ... */
export function list(nodeCount: number): Csr {
  const first = Uint32Array.from({ length: nodeCount + 1 }, (_, v) => Math.min(v, nodeCount - 1));
  return { nodeCount, first, targets: Uint32Array.from({ length: nodeCount - 1 }, (_, v) => v + 1) };
}
