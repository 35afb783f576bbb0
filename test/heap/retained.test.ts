import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import { HeapBuilder } from "../support/heap-builder.js";

/** main.a holds x, which holds y and z; main.b holds z too; garbage points to y. */
function shared() {
  const heap = new HeapBuilder();
  const type = heap.types.add("main.T", "struct", 64);
  const [a, b] = [heap.owner("global", "main.a"), heap.owner("global", "main.b")];
  const [x, y, z, garbage] = heap.objects(type, 4);
  heap.owns(a, x).owns(b, z).points(x, y).points(x, z).points(garbage, y);
  const { heap: made, retention } = heap.build();
  const node = made.graph.nodeOfObject;
  return { made, retention, owners: [made.graph.nodeOfOwner(a), made.graph.nodeOfOwner(b)], nodes: [x, y, z, garbage].map(node) };
}

test("a node retains what every path from the roots goes through it to; what two hold neither retains", () => {
  const { retention, owners, nodes } = shared();
  const of = (each: number) => [retention.retained[each], retention.objects[each]];
  expect(nodes.map(of)).toEqual([
    [128, 2],
    [64, 1],
    [64, 1],
    [0, 0],
  ]);
  expect(owners.map(of)).toEqual([
    [128, 2],
    [0, 0],
  ]);
  expect(of(0)).toEqual([192, 3]);
  expect(retention.dominators.parent[nodes[2]]).toBe(0);
  expect(retention.dominators.parent[nodes[3]]).toBe(NONE);
});

test("marking again without a node gives what it retains", () => {
  const { made, retention } = shared();
  for (let node = 0; node < made.graph.referents.nodeCount; node++) expect(retention.recount(node)).toBe(retention.retained[node]);
});

test("a group retains what its members do, those inside each other once", () => {
  const { made, retention, nodes } = shared();
  const group = new Int32Array(made.graph.referents.nodeCount).fill(NONE);
  for (const node of [nodes[0], nodes[1]]) group[node] = 0;
  group[nodes[2]] = 1;
  expect([...retention.retainedByGroup(group, 2)]).toEqual([128, 64]);
});

test("referrers are the pointers turned round, those of garbage too", () => {
  const { retention, nodes } = shared();
  const { first, targets } = retention.referrers;
  expect([...targets.subarray(first[nodes[1]], first[nodes[1] + 1])].sort()).toEqual([nodes[0], nodes[3]].sort());
});
