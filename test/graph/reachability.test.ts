import fc from "fast-check";
import { expect, test } from "vitest";
import { silent } from "../../src/base/progress.js";
import { NONE } from "../../src/base/units.js";
import { shortestPath } from "../../src/graph/paths.js";
import { breadthFirst, reaches } from "../../src/graph/reachability.js";
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

test("edges named last are used for what nothing else reaches", () => {
  fc.assert(
    fc.property(graphs, fc.infiniteStream(fc.boolean()), ({ nodeCount, csr }, coins) => {
      const neighbours = [...csr.targets.subarray(csr.first[0], csr.first[1])].filter((node) => node !== 0);
      const last = new Set<number>();
      const rest: [number, number][] = [];
      for (let v = 0; v < nodeCount; v++)
        for (let e = csr.first[v]; e < csr.first[v + 1]; e++)
          if (neighbours.includes(v) && coins.next().value) last.add(e);
          else rest.push([v, csr.targets[e]]);
      const { parent, count } = breadthFirst(csr, 0, silent, last);
      expect(count).toBe(breadthFirst(csr, 0).count);
      const without = distances(nodeCount, rest);
      for (let v = 0; v < nodeCount; v++)
        if (without[v] < Number.POSITIVE_INFINITY) expect(shortestPath(parent, v)).toHaveLength(without[v] + 1);
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

test("a way from one node to another is found where there is one", () => {
  fc.assert(
    fc.property(graphs, fc.nat(), ({ nodeCount, csr }, number) => {
      const from = number % nodeCount;
      for (let to = 0; to < nodeCount; to++) {
        // To itself by a circle only: by way of what it points to.
        const next = [...csr.targets.subarray(csr.first[from], csr.first[from + 1])];
        expect(reaches(csr, from, to)).toBe(next.some((node) => node === to || breadthFirst(csr, node).parent[to] !== NONE));
      }
    }),
    { numRuns: 30 },
  );
});
