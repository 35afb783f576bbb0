import fc from "fast-check";
import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import { LONG, longChains } from "../../src/graph/chains.js";
import type { Dominators } from "../../src/graph/dominators.js";

/** Trees of nodes numbered from the top: each hangs below one of the few before it, so that they grow deep. */
const trees = fc.record({
  steps: fc.array(fc.nat(4), { minLength: 1, maxLength: 90 }),
  kinds: fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 1, maxLength: 5 }),
  start: fc.nat(3),
  min: fc.integer({ min: 1, max: 30 }),
  first: fc.integer({ min: 1, max: 3 }),
});

function treeOf(steps: readonly number[]): { tree: Dominators; retained: Float64Array } {
  const parent = Int32Array.from([0, ...steps.map((step, i) => Math.max(0, i - (step < 3 ? 0 : step)))]);
  const retained = new Float64Array(parent.length).fill(1);
  for (let node = parent.length - 1; node > 0; node--) retained[parent[node]] += retained[node];
  return { tree: { parent, order: Uint32Array.from(parent.keys()) }, retained };
}

test("the links of a long chain are those that a search finds", () => {
  fc.assert(
    fc.property(trees, ({ steps, kinds, start, min, first }) => {
      const { tree, retained } = treeOf(steps);
      const { parent } = tree;
      const kind = Int32Array.from({ length: Math.max(0, parent.length - first) }, (_, i) => kinds[i % kinds.length]);
      const above = (node: number): number => {
        for (let at = parent[node], step = 0; step < 16; at = parent[at], step++) {
          if (at < first || at === start) return NONE;
          if (kind[at - first] === kind[node - first]) return at;
        }
        return NONE;
      };
      const nodes = [...parent.keys()].filter((node) => node >= first && node !== start && kind[node - first] >= 0);
      const inLong = new Set<number>();
      for (const node of nodes.filter((each) => retained[each] >= min)) {
        const chain = [node];
        for (let at = above(node); at !== NONE; at = above(at)) chain.push(at);
        if (chain.length > LONG) for (const each of chain) inLong.add(each);
      }
      const linkAbove = longChains(tree, start, retained, min, { first, kind, count: 4 });
      for (const node of parent.keys()) {
        const link = nodes.includes(node) ? above(node) : NONE;
        const expected = link !== NONE && inLong.has(link) ? link : NONE;
        if (expected !== NONE) inLong.add(node);
        expect(linkAbove(node)).toBe(expected);
      }
    }),
    { numRuns: 2000 },
  );
});
