import { expect, test } from "vitest";
import { type AccumulationTree, accumulationTree, childrenOf, ROW, type Row } from "../../src/accounting/accumulation-tree.js";
import type { ObjectId } from "../../src/base/units.js";
import { HeapBuilder, plainNames } from "../support/heap-builder.js";

/** main.server holds a map of 6 sessions, the last one large, and 2 small caches; four goroutines of one function hold a block each. */
function served() {
  const heap = new HeapBuilder();
  const server = heap.owner("global", "main.server");
  const goroutines = Array.from({ length: 4 }, (_, index) => heap.owner("goroutine", `goroutine ${index + 7}`, { goroutine: index + 7 }));
  const types = {
    map: heap.types.add("map<int,*main.Session>", "struct", 48),
    group: heap.types.add("[]noalg.map.group[int]*main.Session", "array", 128),
    session: heap.types.add("main.Session", "struct", 64),
    bytes: heap.types.add("[]uint8", "array", 1024),
    cache: heap.types.add("main.Cache", "struct", 32),
  };
  const map = heap.object(types.map);
  const group = heap.object(types.group);
  const sessions = heap.objects(types.session, 6);
  const [large] = heap.objects(types.bytes, 1, 8192) as [ObjectId];
  const caches = heap.objects(types.cache, 2);
  const blocks = heap.objects(types.bytes, 4, 1024);
  heap
    .owns(server, map, ...caches)
    .points(map, group)
    .points(sessions[5], large)
    .part(group, map);
  for (const session of sessions) heap.points(group, session);
  goroutines.forEach((owner, index) => {
    heap.owns(owner, blocks[index]);
  });
  return { sources: heap.build(), map, sessions };
}

const options = { depth: 8, min: 1, group: "none", top: 0 } as const;

/** A row as "kind label members bytes retained", the rows below it indented. */
function drawn(tree: AccumulationTree, row: Row = 0, indent = ""): string[] {
  const kind = Object.entries(ROW).find(([, value]) => value === tree.kind[row])?.[0];
  const facts = [kind, tree.label(row), tree.members[row], tree.bytes[row], tree.retained[row]].filter((each) => each !== "");
  return [`${indent}${facts.join(" ")}`, ...childrenOf(tree, row).flatMap((child) => drawn(tree, child, `${indent}  `))];
}

test("parts of a map are the map's row, alike objects and goroutines of one function are one", () => {
  const { sources } = served();
  expect(drawn(accumulationTree(sources, plainNames(sources), 0, options))).toEqual([
    "all 0 0 12912",
    "  owner global variables 1 0 8816",
    "    object map[int]*main.Session 1 176 8752",
    // One far larger than the others: none is folded.
    "      object main.Session 1 64 8256",
    "        object []uint8 1 8192 8192",
    ...Array.from({ length: 5 }, () => "      object main.Session 1 64 64"),
    "    object main.Cache 1 32 32",
    "    object main.Cache 1 32 32",
    "  owners goroutine main.work 4 0 4096",
    "    objects []uint8 4 4096 4096",
  ]);
});

test("what is smaller than the least is folded by type, what is beyond the top is the rest", () => {
  const { sources } = served();
  const names = plainNames(sources);
  expect(drawn(accumulationTree(sources, names, 1, { ...options, min: 100 }))).toEqual([
    "owner global variables 1 0 8816",
    "  object map[int]*main.Session 1 176 8752",
    "    object main.Session 1 64 8256",
    "      object []uint8 1 8192 8192",
    "    objects main.Session 5 320 320",
    "  rest 2 64 64",
  ]);
  expect(drawn(accumulationTree(sources, names, 0, { ...options, depth: 1, top: 1 }))).toEqual([
    "all 0 0 12912",
    "  owner global variables 1 0 8816",
    "  rest 4 0 4096",
  ]);
});

test("by package, types of one are one row", () => {
  const { sources } = served();
  const rows = drawn(accumulationTree(sources, plainNames(sources), 0, { ...options, group: "package" }));
  expect(rows).toEqual([
    "all 0 0 12912",
    "  owners global variables of main 1 0 8816",
    "    objects main 9 624 8816",
    "      objects (builtin) 1 8192 8192",
    "  owners goroutine main.work 4 0 4096",
    "    objects (builtin) 4 4096 4096",
  ]);
});

test("rows are columns of ids: the node of a single object, a member of several", () => {
  const { sources, map } = served();
  const tree = accumulationTree(sources, plainNames(sources), 0, options);
  const [server] = childrenOf(tree, 0);
  const [first] = childrenOf(tree, server);
  expect(sources.heap.graph.objectOfNode(tree.node[first])).toBe(map);
  // Level after level: a row's children stand behind all rows of its level.
  for (let row = 1; row < tree.rowCount; row++) expect(tree.firstChild[row]).toBeGreaterThanOrEqual(tree.firstChild[row - 1]);
});
