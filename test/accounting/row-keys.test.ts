import { expect, test } from "vitest";
import { type Grouping, rowKeys } from "../../src/accounting/row-keys.js";
import { NONE, type NodeId } from "../../src/base/units.js";
import { HeapBuilder, plainNames } from "../support/heap-builder.js";

function keysOf(grouping: Grouping) {
  const heap = new HeapBuilder();
  heap.owner("global", "main.a");
  heap.owner("global", "main.b");
  heap.owner("goroutine", "goroutine 7", { goroutine: 7 });
  heap.owner("register", "goroutine 8", { goroutine: 8 });
  heap.owner("finalizer", "finalizer of 0xc000012000");
  const [t, u] = [heap.types.add("main.T", "struct", 32), heap.types.add("main.U", "struct", 32)];
  heap.objects(t, 2);
  heap.object(u);
  heap.object(NONE, 32);
  const sources = heap.build();
  const keys = rowKeys(sources, plainNames(sources), grouping);
  const { graph, objects } = sources.heap;
  return {
    labels: (count: number, first: NodeId) => Array.from({ length: count }, (_, index) => keys.label(keys.of(first + index))),
    keys,
    owners: 1,
    objects: graph.nodeOfObject(0),
    count: objects.count,
  };
}

test("every variable is a key of its own, goroutines of one function are alike", () => {
  const { keys, labels, owners } = keysOf("none");
  expect(keys.of(0)).toBe(NONE);
  expect(labels(5, owners)).toEqual(["global variables", "global variables", "goroutine main.work", "goroutine main.work", "finalizer"]);
  expect(keys.of(owners)).not.toBe(keys.of(owners + 1));
  expect(keys.of(owners + 2)).toBe(keys.of(owners + 3));
});

test("objects have the key of their type, or of its package", () => {
  for (const [grouping, names] of [
    ["type", ["main.T", "main.T", "main.U", "unknown"]],
    ["package", ["main", "main", "main", "(unknown)"]],
  ] as const) {
    const { keys, labels, objects, count } = keysOf(grouping);
    expect(labels(count, objects)).toEqual(names);
    expect(keys.of(objects)).toBe(keys.of(objects + 1));
    expect(keys.of(objects) === keys.of(objects + 2)).toBe(grouping === "package");
  }
});

test("by package, the variables of one package are alike", () => {
  const { keys, labels, owners } = keysOf("package");
  expect(labels(2, owners)).toEqual(["global variables of main", "global variables of main"]);
  expect(keys.of(owners)).toBe(keys.of(owners + 1));
});
