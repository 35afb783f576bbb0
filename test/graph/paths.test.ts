import fc from "fast-check";
import { expect, test } from "vitest";
import { csrOf, transpose } from "../../src/graph/graph.js";
import { pathsWithout, shortestPath, shortestPaths } from "../../src/graph/paths.js";
import { breadthFirst } from "../../src/graph/reachability.js";
import { distances, graphs, list } from "./graphs.js";

const pathsTo = (csr: ReturnType<typeof csrOf>, to: number, limit: number) =>
  shortestPaths(transpose(csr), breadthFirst(csr, 0).parent, 0, to, limit);

test("paths are real, simple, different, and the first is a shortest", () => {
  fc.assert(
    fc.property(graphs, fc.nat(13), fc.integer({ min: 1, max: 6 }), ({ nodeCount, edges, csr }, node, limit) => {
      const to = node % nodeCount;
      const paths = pathsTo(csr, to, limit);
      expect(paths.length).toBeLessThanOrEqual(limit);
      expect(new Set(paths.map(String)).size).toBe(paths.length);
      const distance = distances(nodeCount, edges)[to];
      expect((paths[0]?.length ?? Number.POSITIVE_INFINITY) - 1).toBe(distance);
      for (const path of paths) {
        expect([path[0], path.at(-1), new Set(path).size]).toEqual([0, to, path.length]);
        for (let i = 1; i < path.length; i++) expect(edges.some(([a, b]) => a === path[i - 1] && b === path[i])).toBe(true);
      }
    }),
  );
});

test("every owner that leads there has its path before a second path of any", () => {
  fc.assert(
    fc.property(graphs, fc.nat(13), ({ nodeCount, edges, csr }, node) => {
      const to = node % nodeCount;
      if (to === 0) return;
      const paths = pathsTo(csr, to, 1000);
      const owners = new Set(edges.filter(([a, b]) => a === 0 && b !== 0 && leads(b)).map(([, b]) => b));
      function leads(owner: number): boolean {
        const seen = new Set([owner]);
        for (let i = 0; i < nodeCount; i++) for (const [a, b] of edges) if (seen.has(a) && b !== 0) seen.add(b);
        return seen.has(to);
      }
      expect(new Set(paths.slice(0, owners.size).map((path) => path[1]))).toEqual(owners);
    }),
  );
});

test("two owners first, then the longer way of one", () => {
  // 1 and 2 are owners; 1 -> 3 -> 5, 1 -> 4 -> 3, 2 -> 5.
  const csr = csrOf(6, [
    [0, 1],
    [0, 2],
    [1, 3],
    [3, 5],
    [1, 4],
    [4, 3],
    [2, 5],
  ]);
  expect(pathsTo(csr, 5, 3)).toEqual([
    [0, 2, 5],
    [0, 1, 3, 5],
  ]);
  expect(pathsTo(csr, 3, 3)).toEqual([
    [0, 1, 3],
    [0, 1, 4, 3],
  ]);
});

test("with edges left out, each owner that still leads there has its shortest path", () => {
  const some = fc.array(fc.tuple(fc.nat(13), fc.nat(13)), { maxLength: 6 });
  fc.assert(
    fc.property(graphs, fc.nat(13), some, fc.integer({ min: 1, max: 20 }), ({ nodeCount, edges, csr }, node, left, limit) => {
      const to = node % nodeCount;
      const isLeftOut = ([a, b]: readonly [number, number]) => left.some(([c, d]) => a === c && b === d);
      const ignored = new Map(left.map(([, d]) => [d, new Set(left.filter(([, b]) => b === d).map(([a]) => a))]));
      const found = pathsWithout(transpose(csr), breadthFirst(csr, 0).parent, 0, to, ignored, limit);
      if (to === 0) {
        expect(found).toEqual([[0]]);
        return;
      }
      const kept = edges.filter((edge) => !isLeftOut(edge));
      const inner = kept.filter(([a, b]) => a !== 0 && b !== 0);
      const lengthFrom = (owner: number) => distances(nodeCount, [[0, owner], ...inner])[to] + 1;
      const owners = [...new Set(kept.filter(([a, b]) => a === 0 && b !== 0).map(([, b]) => b))];
      const lengths = owners
        .map(lengthFrom)
        .filter((length) => length < Number.POSITIVE_INFINITY)
        .sort((a, b) => a - b);
      expect(found.map((path) => path.length)).toEqual(lengths.slice(0, limit));
      for (const path of found) {
        expect(path.length).toBe(lengthFrom(path[1]));
        expect([path[0], path.at(-1), new Set(path).size]).toEqual([0, to, path.length]);
        for (let i = 1; i < path.length; i++) expect(kept.some(([a, b]) => a === path[i - 1] && b === path[i])).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

test("nothing leads to an unreached node", () => {
  const csr = csrOf(3, [
    [0, 1],
    [2, 1],
  ]);
  expect(pathsTo(csr, 2, 3)).toEqual([]);
  expect(shortestPath(breadthFirst(csr, 0).parent, 2)).toEqual([]);
});

test("varying a path of a million steps ends", () => {
  const csr = list(1_000_000);
  expect(pathsTo(csr, 999_999, 5)).toHaveLength(1);
});
