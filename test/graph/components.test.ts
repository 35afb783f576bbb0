import fc from "fast-check";
import { expect, test } from "vitest";
import { cyclicComponents } from "../../src/graph/components.js";
import { graphs } from "./graphs.js";

/** Nodes that reach each other, by closing the relation. */
function byReaching(nodeCount: number, edges: readonly (readonly [number, number])[]): number[][] {
  const reaches = Array.from({ length: nodeCount }, () => new Uint8Array(nodeCount));
  for (const [from, to] of edges) reaches[from][to] = 1;
  for (let via = 0; via < nodeCount; via++)
    for (let from = 0; from < nodeCount; from++)
      if (reaches[from][via]) for (let to = 0; to < nodeCount; to++) reaches[from][to] |= reaches[via][to];
  const found: number[][] = [];
  for (let node = 0; node < nodeCount; node++) {
    const together = Array.from({ length: nodeCount }, (_, other) => other).filter((other) => reaches[node][other] && reaches[other][node]);
    if (together[0] === node) found.push(together);
  }
  return found;
}

test("nodes are in one component when they reach each other", () => {
  fc.assert(
    fc.property(graphs, ({ nodeCount, edges }) => {
      const targets: number[][] = Array.from({ length: nodeCount }, () => []);
      for (const [from, to] of edges) targets[from].push(to);
      const found = cyclicComponents(targets).map((each) => each.sort((a, b) => a - b));
      expect(found.sort((a, b) => a[0] - b[0])).toEqual(byReaching(nodeCount, edges));
    }),
  );
});

test("a circle of 200,000 is found without recursion", () => {
  const count = 200_000;
  const [circle, ...others] = cyclicComponents(Array.from({ length: count }, (_, node) => [(node + 1) % count]));
  expect([circle.length, others.length]).toEqual([count, 0]);
});
