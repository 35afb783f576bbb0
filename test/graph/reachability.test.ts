import fc from "fast-check";
import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import { shortestPath } from "../../src/graph/paths.js";
import { breadthFirst } from "../../src/graph/reachability.js";
import { distances, graphs, list, reachedWithout } from "./graphs.js";

test("breadth first reaches what repeated relaxing reaches, by paths as short", () => {
  fc.assert(
    fc.property(graphs, ({ nodeCount, edges, csr }) => {
      const { parent, count } = breadthFirst(csr, 0);
      const distance = distances(nodeCount, edges);
      expect(count).toBe(reachedWithout(nodeCount, edges, NONE).size);
      for (let v = 0; v < nodeCount; v++) {
        const path = shortestPath(parent, v);
        expect(path.length - 1).toBe(distance[v] === Number.POSITIVE_INFINITY ? -1 : distance[v]);
        for (let i = 1; i < path.length; i++) expect(edges.some(([a, b]) => a === path[i - 1] && b === path[i])).toBe(true);
      }
    }),
  );
});

test("a list of a million nodes is one path of a million", () => {
  const { parent, count } = breadthFirst(list(1_000_000), 0);
  expect(count).toBe(1_000_000);
  expect(shortestPath(parent, 999_999)).toHaveLength(1_000_000);
});

test("progress is told and can cancel", () => {
  const stop = {
    stage() {},
    tick: () => {
      throw new Error("stop");
    },
  };
  expect(() => breadthFirst(list(1_000_000), 0, stop)).toThrow("stop");
});
