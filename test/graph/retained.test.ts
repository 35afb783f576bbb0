import fc from "fast-check";
import { expect, test } from "vitest";
import type { Dominators } from "../../src/graph/dominators.js";
import { retainedByGroup, retainedSizes, sumUp, treeChildren } from "../../src/graph/retained.js";

/** A random tree: node 0 is the root, every other's parent is below it. */
const trees = fc.array(fc.nat(), { minLength: 1, maxLength: 40 }).map((numbers): Dominators => {
  const parent = Int32Array.from(numbers, (number, node) => (node === 0 ? 0 : number % node));
  return { parent, order: Uint32Array.from(numbers, (_, node) => node) };
});

/** Whether a dominates b, or is it. */
const isAbove = ({ parent }: Dominators, a: number, b: number): boolean => {
  for (let node = b; ; node = parent[node] ?? 0) {
    if (node === a) return true;
    if (node === 0) return false;
  }
};

test("children are those whose parent a node is, ascending", () => {
  fc.assert(
    fc.property(trees, ({ parent }) => {
      const { first, children } = treeChildren(parent);
      for (let node = 0; node < parent.length; node++) {
        const wanted = [...parent.keys()].filter((each) => each !== 0 && parent[each] === node);
        expect([...children.subarray(first[node], first[node + 1])]).toEqual(wanted);
      }
    }),
  );
});

test("a group retains the union of what its members dominate", () => {
  fc.assert(
    fc.property(trees, fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 40, maxLength: 40 }), (tree, groups) => {
      const count = tree.parent.length;
      const sizes = Float64Array.from({ length: count }, (_, node) => node + 1);
      const retained = retainedSizes(tree, sizes);
      const group = Int32Array.from(groups.slice(0, count));
      const found = retainedByGroup(tree, retained, group, 3);
      for (let one = 0; one < 3; one++) {
        const members = [...group.keys()].filter((node) => group[node] === one);
        const union = [...sizes.keys()].filter((node) => members.some((member) => isAbove(tree, member, node)));
        expect(found[one]).toBe(union.reduce((sum, node) => sum + (sizes[node] ?? 0), 0));
      }
    }),
  );
});

test("sums leave nodes alone that nobody reaches", () => {
  const values = Float64Array.of(1, 2, 4);
  sumUp({ parent: Int32Array.of(0, 0, -1), order: Uint32Array.of(0, 1) }, values);
  expect([...values]).toEqual([3, 2, 4]);
});
