import { expect, test } from "vitest";
import { foldNodes, Rows, type TreeOptions } from "../../src/accounting/fold-nodes.js";
import { rowKeys } from "../../src/accounting/row-keys.js";
import { silent } from "../../src/base/progress.js";
import { NONE } from "../../src/base/units.js";
import { HeapBuilder, plainNames } from "../support/heap-builder.js";

const OPTIONS: TreeOptions = { depth: 8, min: 100, group: "none", top: 0 };

/** main.v holds a table of two parts, one large block and three small ones. */
function program(options: Partial<TreeOptions> = {}) {
  const heap = new HeapBuilder();
  const owner = heap.owner("global", "main.v");
  const table = heap.object(heap.types.add("main.Table", "struct", 48));
  const parts = heap.objects(heap.types.add("main.part", "struct", 32), 2);
  const block = heap.types.add("main.Block", "struct", 16);
  const small = heap.objects(block, 3);
  const large = heap.object(block, 1024);
  heap.owns(owner, table).points(table, parts[0]).points(table, parts[1]).points(table, large);
  for (const each of parts) heap.part(each, table);
  for (const each of small) heap.points(table, each);
  const sources = heap.build();
  const all = { ...OPTIONS, ...options };
  const rows = foldNodes(sources, rowKeys(sources, plainNames(sources), all.group), 0, all, silent);
  return rows.parent.map((above, row) => ({
    above,
    single: rows.node[row] !== NONE,
    count: rows.count[row],
    bytes: rows.bytes[row],
    retained: rows.retained[row],
  }));
}

test("large nodes have a row each, small ones one with others of their type, parts lie in their value's", () => {
  expect(program().toSorted((a, b) => b.retained - a.retained)).toEqual([
    { above: NONE, single: true, count: 0, bytes: 0, retained: 1184 },
    { above: 0, single: true, count: 1, bytes: 0, retained: 1184 },
    { above: 1, single: true, count: 1, bytes: 112, retained: 1184 },
    { above: 2, single: true, count: 1, bytes: 1024, retained: 1024 },
    { above: 2, single: false, count: 3, bytes: 48, retained: 48 },
  ]);
});

test("by type no node has a row of its own, and nothing is below the depth", () => {
  expect(program({ group: "type", depth: 2 }).map(({ above, single }) => [above, single])).toEqual([
    [NONE, true],
    [0, false],
    [1, false],
  ]);
});

test("bytes that move leave the rows above the one and enter those above the other, up to where both meet", () => {
  const rows = new Rows();
  const start = rows.add(NONE, NONE, 0, true);
  const [left, right] = [rows.add(start, 1, 1, true), rows.add(start, 2, 2, true)];
  const below = rows.add(left, 3, 3, true);
  [100, 60, 40, 50].forEach((bytes, row) => {
    rows.retained[row] = bytes;
  });
  rows.moveRetained(below, right, 30);
  expect(rows.retained).toEqual([100, 30, 70, 20]);
});
