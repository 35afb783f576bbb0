import fc from "fast-check";
import { expect, test } from "vitest";
import { type csrOf, transpose } from "../../src/graph/graph.js";
import { graphs } from "./graphs.js";

const edgesOf = (csr: ReturnType<typeof csrOf>): [number, number][] => {
  const edges: [number, number][] = [];
  for (let v = 0; v < csr.nodeCount; v++) for (let e = csr.first[v]; e < csr.first[v + 1]; e++) edges.push([v, csr.targets[e]]);
  return edges;
};
const sorted = (edges: readonly (readonly [number, number])[]) => edges.map(([a, b]) => a * 100 + b).sort((a, b) => a - b);

test("a graph of edges holds exactly those edges", () => {
  fc.assert(
    fc.property(graphs, ({ edges, csr }) => {
      expect(sorted(edgesOf(csr))).toEqual(sorted(edges));
    }),
  );
});

test("transposing turns every edge round", () => {
  fc.assert(
    fc.property(graphs, ({ edges, csr }) => {
      expect(sorted(edgesOf(transpose(csr)))).toEqual(sorted(edges.map(([a, b]) => [b, a])));
    }),
  );
});

test("transposing twice gives the graph with sorted targets", () => {
  fc.assert(
    fc.property(graphs, ({ csr }) => {
      expect(edgesOf(transpose(transpose(csr)))).toEqual(edgesOf(csr).sort(([a, b], [c, d]) => a - c || b - d));
    }),
  );
});

test("spare room behind the last edge is not an edge", () => {
  const csr = { nodeCount: 2, first: Uint32Array.of(0, 1, 1), targets: Uint32Array.of(1, 7, 9) };
  expect(edgesOf(transpose(csr))).toEqual([[1, 0]]);
});
