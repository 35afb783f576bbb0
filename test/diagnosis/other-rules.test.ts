import { expect, test } from "vitest";
import { type Case, caseOf } from "../../src/diagnosis/case.js";
import type { RuleId } from "../../src/diagnosis/figures.js";
import { groupGoroutines } from "../../src/diagnosis/goroutine-groups.js";
import { rulesOf } from "../../src/diagnosis/rules.js";
import { suspectOf } from "../../src/diagnosis/suspect.js";
import { groupWaste, type WasteHolder } from "../../src/diagnosis/waste-holders.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { HeapBuilder, plainNames } from "../support/heap-builder.js";

const MB = 2 ** 20;

/** 1 MiB live and 3 MiB of garbage, with accounts to change. */
function process(accounts: object, more: object = {}): Case {
  const heap = new HeapBuilder(4 * MB);
  const block = heap.types.add("main.Block", "struct", 64);
  heap.owns(heap.owner("global", "main.block"), heap.object(block, MB));
  heap.objects(block, 3, MB);
  const gc = { gogc: 100, nextGoal: 2 * MB, memoryLimit: undefined, cycles: 7, heapMarked: MB };
  const all = { heapInuse: 4 * MB, heapFree: 0, heapReleased: 0, stackInuse: 0, sys: 8 * MB, gc, ...accounts };
  const sources = heap.build({ accounts: all, memoryClasses: { classes: [], others: [] }, ...more } as unknown as Partial<GoRuntime>);
  return caseOf(sources, plainNames(sources));
}

function said(id: RuleId, from: Case) {
  return rulesOf("process")
    .find((rule) => rule.id === id)
    ?.evidence(from, from);
}

const gc = (facts: object) => ({ gc: { gogc: 100, nextGoal: 2 * MB, cycles: 7, heapMarked: MB, ...facts } }) as object;

test("garbage is told where the pacer would not allow it, and weighs more with GOGC=off", () => {
  expect(said("garbage", process({}))).toMatchObject({
    bytes: 3 * MB,
    whole: { kind: "allocated", bytes: 4 * MB },
    figures: { gc: { gogc: 100, nextGoal: 2 * MB } },
    parts: [{ type: "main.Block", count: 3 }],
  });
  expect(said("garbage", process({}))?.weight).toBeUndefined();
  expect(said("garbage", process(gc({ gogc: -1 })))?.weight).toBe(2);
  expect(said("garbage", process(gc({ nextGoal: 4 * MB })))).toBeUndefined();
});

test("free heap is told when it is more than what is in use", () => {
  expect(said("free-heap", process({ heapFree: 3 * MB }))).toBeUndefined();
  expect(said("free-heap", process({ heapFree: 5 * MB, heapReleased: MB }))).toMatchObject({
    bytes: 5 * MB,
    figures: { liveBytes: MB, spanBytes: 4 * MB, releasedBytes: MB },
  });
  expect(said("free-heap", process({ heapFree: 9 * MB }))?.weight).toBe(2);
});

test("holes are told beyond what the collector counts on", () => {
  expect(said("fragmentation", process({ heapInuse: 12 * MB }))).toMatchObject({ bytes: 8 * MB, rank: 8 / 12 });
  expect(said("fragmentation", process({ heapInuse: 12 * MB, ...gc({ nextGoal: 12 * MB }) }))).toBeUndefined();
});

test("native memory is told when it is more than Go's", () => {
  const native = (bytes: number) => ({
    memoryClasses: { classes: [], others: [{ name: "[heap]", bytes }] },
  });
  expect(said("native-memory", process({}, native(3 * MB)))).toBeUndefined();
  expect(said("native-memory", process({}, native(60 * MB)))).toMatchObject({
    bytes: 60 * MB,
    whole: { kind: "native and Go", bytes: 64 * MB },
    figures: { goBytes: 4 * MB },
    parts: [{ type: "[heap]", count: 1, bytes: 60 * MB }],
  });
});

test("the limit of memory is told when it is near", () => {
  expect(said("gc-at-its-limit", process(gc({ memoryLimit: 16 * MB })))).toBeUndefined();
  const found = said("gc-at-its-limit", process(gc({ memoryLimit: 7 * MB })));
  expect(found).toMatchObject({ bytes: 8 * MB, rank: 1, figures: { collections: 7, markedBytes: MB } });
});

/** Goroutines of 8 KiB of stack in one line; the first `holders` of them hold 64 KiB each. */
function crowd(count: number, holders: number): Case {
  const heap = new HeapBuilder(8 * MB);
  const all = Array.from({ length: count }, (_, id) => ({ id, system: false, stack: { lo: id * 8192, hi: (id + 1) * 8192 } }));
  const block = heap.types.add("main.Block", "struct", 64);
  for (let id = 0; id < holders; id++) heap.owns(heap.owner("goroutine", `goroutine ${id}`, { goroutine: id }), heap.object(block, 65536));
  const accounts = { heapInuse: MB, heapFree: 0, stackInuse: MB };
  const sources = heap.build({ goroutines: { all }, accounts } as unknown as Partial<GoRuntime>);
  return caseOf(sources, plainNames(sources));
}

test.each([
  [200, 0, "goroutine-stacks", 2.5],
  [20, 20, "blocked-goroutines", 1.5],
  [1, 1, "goroutine", undefined],
] as const)("%i goroutines in one line, %i of them with heap, are %s", (count, holders, id, weight) => {
  const from = crowd(count, holders);
  const [group, ...rest] = groupGoroutines(from);
  if (!group) throw new Error("no group");
  expect(rest).toEqual([]);
  const found = rulesOf("goroutines").flatMap((rule) => {
    const evidence = rule.evidence(group, from);
    return evidence ? [{ rule: rule.id, weight: evidence.weight, ...evidence.figures }] : [];
  });
  expect(found).toMatchObject([
    { rule: id, weight, count, heapBytes: holders * 65536, stackBytes: count * 8192, entries: ["main.main"], function: "main.work" },
  ]);
});

test("each kind of waste has its rule, and a little of it is none", () => {
  const from = process({});
  const holder: WasteHolder = { kind: "map slack", holder: "main.m", paths: ["map[int]int"], bytes: MB, count: 3, example: 0 };
  const rules = (seen: WasteHolder) => rulesOf("waste").filter((rule) => rule.evidence(seen, from));
  const kinds = ["pinned array", "slice capacity", "map slack", "duplicate strings"] as const;
  expect(kinds.flatMap((kind) => rules({ ...holder, kind }).map(({ id }) => id))).toEqual([
    "pinned-array",
    "slice-capacity",
    "map-slack",
    "duplicate-strings",
  ]);
  expect(rules({ ...holder, bytes: MB / 100 })).toEqual([]);
});

test("what fields of one holder waste in one way is one", () => {
  const heap = new HeapBuilder();
  const byte = heap.types.add("uint8", "uint", 1);
  const slice = heap.types.add("[]uint8", "slice", 24, { element: byte });
  const session = heap.types.add("main.Session", "struct", 48, {
    fields: [
      ["In", 0, slice],
      ["Out", 24, slice],
    ],
  });
  const array = heap.types.add("[]uint8", "array", 1, { element: byte, count: -1 });
  const id = heap.object(session);
  heap.owns(heap.owner("global", "main.session"), id);
  for (const offset of [0, 24]) {
    const buffer = heap.object(array, 4096);
    heap.points(id, buffer, offset).memory.words(heap.addressOf(id) + offset + 8, 64, 4096);
  }
  const sources = heap.build();
  const from = caseOf(sources, { ...plainNames(sources), expression: () => "main.session.buffers[3].Data" });
  expect(groupWaste(from)).toMatchObject([
    { kind: "slice capacity", holder: "main.session.buffers", paths: ["main.Session.In", "main.Session.Out"], bytes: 2 * 4032, count: 2 },
  ]);
});

test("a measure of nothing, or of more than there is, is no finding; only a limit may be passed", () => {
  const evidence = {
    subject: { kind: "process" },
    figures: { goBytes: 1 },
    next: { query: "mappings", args: {} },
    parts: [
      { bytes: 600, count: 20, type: "main.T" },
      { bytes: 600, count: 20, type: "main.TooMuch" },
      { bytes: 100, count: 0, type: "main.None" },
    ],
  } as const;
  const of = (bytes: number, kind: "live heap" | "memory limit") =>
    suspectOf("native-memory", { ...evidence, bytes, whole: { kind, bytes: 4000 } }, 1);
  expect(of(0, "live heap")).toEqual([]);
  expect(of(5000, "live heap")).toEqual([]);
  expect(of(5000, "memory limit")).toMatchObject([{ share: 1 }]);
  expect(of(1000, "live heap")).toMatchObject([{ share: 0.25, parts: [{ type: "main.T" }] }]);
});
