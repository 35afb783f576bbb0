import fc from "fast-check";
import { expect, test } from "vitest";
import { markFurther } from "../../src/graph/further-mark.js";
import { csrOf } from "../../src/graph/graph.js";
import { isMarked, setMark } from "../../src/graph/mark.js";

const nodes = 40;
const node = fc.nat(nodes - 1);

/** Node by node, without a bitmap. */
function reached(edges: readonly (readonly [number, number])[], starts: readonly number[], cut: ReadonlySet<number>): Set<number> {
  const seen = new Set(starts.filter((each) => !cut.has(each)));
  for (let before = -1; before !== seen.size; ) {
    before = seen.size;
    for (const [from, to] of edges) if (seen.has(from) && !cut.has(to)) seen.add(to);
  }
  return seen;
}

test("marking in two steps reaches what marking from both does, nothing behind what was marked before, and tells once of what is watched", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(node, node), { maxLength: 120 }),
      fc.array(node),
      fc.array(node),
      fc.array(node),
      fc.array(node),
      (edges, one, two, before, watching) => {
        const seen = new Uint32Array((nodes >>> 5) + 1);
        for (const each of before) setMark(seen, each);
        const graph = csrOf(nodes, edges);
        const watched = new Uint32Array(seen.length);
        for (const each of watching) setMark(watched, each);
        const met = [...markFurther(graph, seen, one, watched), ...markFurther(graph, seen, two, watched)];
        const cut = new Set(before);
        const wanted = reached(edges, [...one, ...two], cut);
        for (let each = 0; each < nodes; each++) expect(isMarked(seen, each)).toBe(cut.has(each) || wanted.has(each));
        expect(met.sort((a, b) => a - b)).toEqual([...wanted].filter((each) => watching.includes(each)).sort((a, b) => a - b));
      },
    ),
  );
});
