import fc from "fast-check";
import { expect, test } from "vitest";
import { isMarked, mark } from "../../src/graph/mark.js";
import { breadthFirst } from "../../src/graph/reachability.js";
import { cpuSeconds } from "../support/cpu.js";
import { graphs, list, reachedWithout } from "./graphs.js";

test("marks are what brute force reaches", () => {
  fc.assert(
    fc.property(graphs, ({ nodeCount, edges, csr }) => {
      const marks = mark(csr, 0);
      const reached = reachedWithout(nodeCount, edges, -1);
      for (let node = 0; node < nodeCount; node++) expect(isMarked(marks, node)).toBe(reached.has(node));
    }),
  );
});

test("marks agree with breadth first on a graph of 100,000 nodes with edges both ways", () => {
  const nodeCount = 100_000;
  const first = new Uint32Array(nodeCount + 1);
  const targets: number[] = [];
  let seed = 1;
  for (let node = 0; node < nodeCount; node++) {
    first[node] = targets.length;
    for (let i = 0; i < node % 3; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      targets.push(seed % nodeCount);
    }
    if (node === 0) targets.push(nodeCount - 1);
  }
  first[nodeCount] = targets.length;
  const csr = { nodeCount, first, targets: Uint32Array.from(targets) };
  const marks = mark(csr, 0);
  const { parent } = breadthFirst(csr, 0);
  let wrong = 0;
  for (let node = 0; node < nodeCount; node++) if (isMarked(marks, node) !== parent[node] >= 0) wrong++;
  expect(wrong).toBe(0);
});

test("a list of a million nodes that runs backwards is one sweep", () => {
  const nodeCount = 1_000_000;
  const forwards = list(nodeCount);
  // Node 0 points at the last one, each at the one before.
  const targets = Uint32Array.from({ length: nodeCount }, (_, node) => (node === 0 ? nodeCount - 1 : node - 1));
  const first = Uint32Array.from({ length: nodeCount + 1 }, (_, node) => node);
  for (const csr of [forwards, { nodeCount, first, targets }]) {
    let marks: Uint32Array = new Uint32Array();
    const seconds = cpuSeconds(() => {
      marks = mark(csr, 0);
    });
    expect(seconds).toBeLessThan(20);
    expect([isMarked(marks, 1), isMarked(marks, nodeCount - 1)]).toEqual([true, true]);
  }
});
