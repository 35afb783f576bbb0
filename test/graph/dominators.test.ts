import fc from "fast-check";
import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import { dominators } from "../../src/graph/dominators.js";
import { type Csr, csrOf, transpose } from "../../src/graph/graph.js";
import { retainedSizes } from "../../src/graph/retained.js";
import { iterativeDominators } from "../support/dominators.js";
import { graphs, list, reachedWithout } from "./graphs.js";

const treeOf = (csr: Csr) => dominators(csr, transpose(csr));

test("a diamond is dominated by its top", () => {
  expect([
    ...treeOf(
      csrOf(4, [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
      ]),
    ).parent,
  ]).toEqual([0, 0, 0, 0]);
});

test("a node dominates what becomes unreached without it", () => {
  fc.assert(
    fc.property(graphs, ({ nodeCount, edges, csr }) => {
      const { parent, order } = treeOf(csr);
      const reached = reachedWithout(nodeCount, edges, NONE);
      expect(new Set(order)).toEqual(reached);
      for (let v = 0; v < nodeCount; v++) {
        const chain = new Set<number>();
        for (let at = v; parent[at] !== NONE; at = parent[at]) {
          chain.add(at);
          if (parent[at] === at) break;
        }
        const expected = [...reached].filter((d) => reached.has(v) && !reachedWithout(nodeCount, edges, d).has(v));
        expect(chain).toEqual(new Set(expected));
      }
      const place = new Map([...order].map((node, i) => [node, i]));
      for (const node of order) if (node !== 0) expect(place.get(parent[node])).toBeLessThan(place.get(node) as number);
    }),
    { numRuns: 500 },
  );
});

test("another algorithm finds the same dominators", () => {
  fc.assert(
    fc.property(graphs, ({ csr }) => {
      expect([...iterativeDominators(csr)]).toEqual([...treeOf(csr).parent]);
    }),
    { numRuns: 500 },
  );
});

test("retained is the size of what becomes unreached", () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.nat(1000), { minLength: 14, maxLength: 14 }), ({ nodeCount, edges, csr }, given) => {
      const sizes = Float64Array.from(given.slice(0, nodeCount));
      const retained = retainedSizes(treeOf(csr), sizes);
      const reached = reachedWithout(nodeCount, edges, NONE);
      for (let v = 0; v < nodeCount; v++) {
        const left = reachedWithout(nodeCount, edges, v);
        const lost = [...reached].filter((node) => !left.has(node)).reduce((sum, node) => sum + sizes[node], 0);
        expect(retained[v]).toBe(reached.has(v) ? lost : 0);
      }
    }),
  );
});

test("a list of a million nodes does not overflow a stack, forwards or with back edges", () => {
  const nodeCount = 1_000_000;
  const forward = list(nodeCount);
  expect(retainedSizes(treeOf(forward), new Float64Array(nodeCount).fill(1))[1]).toBe(nodeCount - 1);
  const edges: [number, number][] = [];
  for (let v = 0; v + 1 < nodeCount; v++) edges.push([v, v + 1], [v + 1, v]);
  edges.push([0, nodeCount - 1]);
  const { parent } = treeOf(csrOf(nodeCount, edges));
  expect([parent[1], parent[500_000], parent[nodeCount - 1]]).toEqual([0, 0, 0]);
});
