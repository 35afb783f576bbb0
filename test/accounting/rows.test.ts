import { beforeEach, describe, expect, test } from "vitest";
import { histogramRows } from "../../src/accounting/histogram-rows.js";
import { mergePaths } from "../../src/accounting/merged-paths.js";
import { NO_GOROUTINE, ownerRows, retainedByName } from "../../src/accounting/retained-rows.js";
import { NONE, type ObjectId } from "../../src/base/units.js";
import { HeapBuilder, plainNames } from "../support/heap-builder.js";

/** main.list holds 3 Nodes one behind the other, each with a Value of 64 bytes; goroutine 7 holds the last one too, and garbage lies about. */
function list() {
  const heap = new HeapBuilder();
  const global = heap.owner("global", "main.list");
  const goroutine = heap.owner("goroutine", "goroutine 7", { goroutine: 7 });
  const node = heap.types.add("main.Node", "struct", 32);
  const value = heap.types.add("other/pkg.Value", "struct", 64);
  const nodes = heap.objects(node, 4) as [ObjectId, ObjectId, ObjectId, ObjectId];
  const values = heap.objects(value, 4);
  heap.object(NONE, 128);
  heap.owns(global, nodes[0]).owns(goroutine, nodes[2]);
  heap.points(nodes[0], nodes[1]).points(nodes[1], nodes[2]);
  nodes.forEach((each, index) => {
    heap.points(each, values[index]);
  });
  return { sources: heap.build(), nodes, values };
}

let now: ReturnType<typeof list>;
beforeEach(() => {
  now = list();
});

describe("histogram rows", () => {
  const pointer = (count: number) => ({ evidence: { "typed referrer": count } });
  test("count live objects by type", () => {
    expect(histogramRows(now.sources, { by: "type", garbage: false })).toMatchObject([
      { type: "main.Node", count: 3, bytes: 96, ...pointer(3) },
      { type: "other/pkg.Value", count: 3, bytes: 192, ...pointer(3) },
    ]);
  });
  test("and garbage, what is of no type too", () => {
    expect(histogramRows(now.sources, { by: "type", garbage: true }).map(({ type, bytes }) => [type, bytes])).toEqual([
      ["unknown", 128],
      ["main.Node", 32],
      ["other/pkg.Value", 64],
    ]);
  });
  test("by package and by size class", () => {
    expect(histogramRows(now.sources, { by: "package", garbage: false }).map(({ type, bytes }) => [type, bytes])).toEqual([
      ["main", 96],
      ["other/pkg", 192],
    ]);
    expect(histogramRows(now.sources, { by: "size-class", garbage: false }).map(({ type, count }) => [type, count])).toEqual([
      ["32 B", 3],
      ["64 B", 3],
    ]);
  });
});

describe("retained rows", () => {
  test("a type retains what its objects dominate, nested ones once", () => {
    expect(retainedByName(now.sources, "type", true)).toEqual(
      new Map([
        ["main.Node", 288],
        ["other/pkg.Value", 192],
        ["unknown", 0],
      ]),
    );
  });
  test("owners share out the live heap: what two hold is the shortest path's", () => {
    const names = plainNames(now.sources);
    const rows = ownerRows(now.sources, names, "owner").map(({ type, bytes, retainedBytes }) => [type, bytes, retainedBytes]);
    expect(rows).toEqual([
      ["main.list", 192, 192],
      ["goroutine 7", 96, 0],
    ]);
    expect(ownerRows(now.sources, names, "goroutine").map(({ type, bytes }) => [type, bytes])).toEqual([
      [NO_GOROUTINE, 192],
      ["goroutine 7", 96],
    ]);
  });
});

test("merged paths are by owner and type, a list is one level", () => {
  const merged = mergePaths(now.sources, plainNames(now.sources), now.values.slice(0, 3));
  expect(merged).toEqual([
    {
      owner: "main.list",
      type: "",
      count: 2,
      bytes: 128,
      children: [{ type: "main.Node", count: 2, bytes: 128, children: [{ type: "other/pkg.Value", count: 2, bytes: 128 }] }],
    },
    {
      function: "main.work",
      type: "",
      count: 1,
      bytes: 64,
      children: [{ type: "main.Node", count: 1, bytes: 64, children: [{ type: "other/pkg.Value", count: 1, bytes: 64 }] }],
    },
  ]);
});
