/** A goroutine as people read it, of a stopped program that a test makes; and its labels, in each form that they have had. */
import { describe, expect, test } from "vitest";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { labelReader } from "../../src/runtime/variants/labels.js";
import { goroutineReader, stateOf } from "../../src/stacks/goroutine-rows.js";
import { TypeBuilder } from "../support/memory-builder.js";
import { RecordBuilder } from "../support/record-builder.js";
import { StoppedProgram } from "../support/stopped-program.js";

function program(calls: readonly string[], fields: Partial<Goroutine> = {}) {
  const made = new StoppedProgram();
  const functions = new Map([...new Set(calls), "main.main"].map((name) => [name, made.add(name, 0x90, 0x90)]));
  const goroutine = Object.assign(
    made.stop(
      9,
      calls.map((name) => [name, 1] as const),
    ),
    { waitSince: 0, createdByPc: 0, parentId: 0, lockedM: 0 },
    fields,
  );
  const runtime = made.runtime({ types: new TypeBuilder() });
  return { reader: goroutineReader({ runtime }), goroutine, functions, runtime };
}

test("a row says where the goroutine is: in the program, not in the library it called", () => {
  const { reader, goroutine } = program(["runtime.gopark", "sync.(*Mutex).Lock", "main.work", "main.serve"]);
  const row = reader.row(goroutine);
  expect(row).toMatchObject({
    id: 9,
    status: "waiting",
    waitReason: "sync.Mutex.Lock",
    labels: {},
    system: false,
    locked: false,
    framesOmitted: 0,
  });
  expect(row.top).toMatchObject({ function: "main.work", file: "/src/app/main.go", line: 7, inlined: false });
  expect(row.frames.map((each) => each.function)).toEqual(["runtime.gopark", "sync.(*Mutex).Lock", "main.work", "main.serve"]);
  expect([row.waitNanoseconds, row.createdBy, row.thread]).toEqual([undefined, undefined, undefined]);
  expect([stateOf(row), stateOf({ status: "running", waitReason: "" })]).toEqual(["sync.Mutex.Lock", "running"]);
});

test("of a deep stack both ends are kept, and what is left out is counted", () => {
  const calls = Array.from({ length: 130 }, (_, i) => `main.f${i}`).slice(0, 12);
  const deep = Array.from({ length: 130 }, (_, i) => calls[i % 12]);
  const { reader, goroutine } = program(deep);
  const row = reader.row(goroutine);
  expect([row.frames.length, row.framesOmitted]).toEqual([100, 30]);
  expect([row.frames[49]?.function, row.frames[50]?.function, row.frames[99]?.function]).toEqual([deep[49], deep[80], deep[129]]);
});

test("who made it, and which thread it is bound to", () => {
  const { functions, ...made } = program(["main.work"]);
  const creator = functions.get("main.main");
  const pc = (creator?.entry ?? 0) + 4;
  const at = (fields: Partial<Goroutine>) => made.reader.creatorOf({ ...made.goroutine, ...fields });
  expect(at({ createdByPc: pc, parentId: 1 })).toEqual({ function: "main.main", file: "/src/app/main.go", line: 7, goroutine: 1 });
  expect(at({ createdByPc: pc })).not.toHaveProperty("goroutine");
  // The first goroutine was made by no go statement; code that nobody knows names nobody.
  expect([at({ createdByPc: pc, id: 1 }), at({ createdByPc: 0x10 }), at({ createdByPc: 0 })]).toEqual([undefined, undefined, undefined]);
  expect(made.reader.row({ ...made.goroutine, lockedM: 5, thread: { tid: 77 } } as unknown as Goroutine)).toMatchObject({
    locked: true,
    thread: 77,
  });
});

describe("labels", () => {
  /** A goroutine with a list of key and value in the set that g.labels points to. */
  function list(type: string, count: number, texts: readonly string[]) {
    const records = new RecordBuilder();
    const types = new TypeBuilder();
    const string = types.add("string", "string", 16);
    const label = types.add("label.Label", "struct", 32, {
      fields: [
        ["Key", 0, string],
        ["Value", 16, string],
      ],
    });
    const slice = types.add("[]label.Label", "slice", 24, { element: label });
    const inner = types.add("label.inner", "struct", 24, { fields: [["List", 0, slice]] });
    if (type !== "") types.add(type, "struct", 24, { fields: [["LabelSet", 0, inner]] });
    const array = records.memory.allocate(Math.max(1, texts.length) * 16);
    for (const [i, text] of texts.entries()) records.memory.string(array + i * 16, text);
    const set = records.memory.allocate(24);
    records.memory.words(set, array, count, count);
    const g = records.make("g", { labels: set });
    const { layout, memory } = records.source();
    const labels = () => labelReader({ types, layout, memory, process: { memory: records.memory.memory() } } as unknown as GoRuntime)(g);
    return { records, array, set, g, labels };
  }

  test.each(["internal/runtime/pprof/label.Set", "runtime/pprof.labelMap"])("of a list in %s", (type) => {
    expect(list(type, 2, ["path", "/a", "user", "7"]).labels()).toEqual([
      ["path", "/a"],
      ["user", "7"],
    ]);
  });

  test("of a program that does not use them, of no set, and of damage: what is there", () => {
    expect(list("", 1, ["a", "b"]).labels()).toEqual([]);
    const none = list("runtime/pprof.labelMap", 1, ["a", "b"]);
    none.records.set("g", none.g, { labels: 0 });
    expect(none.labels()).toEqual([]);
    none.records.set("g", none.g, { labels: 0xdead000000 });
    expect(none.labels()).toEqual([]);
    const absurd = list("runtime/pprof.labelMap", 2 ** 50, ["key", "value"]);
    expect(absurd.labels().length).toBeLessThanOrEqual(1000);
    expect(absurd.labels()[0]).toEqual(["key", "value"]);
    const lost = list("runtime/pprof.labelMap", 1, ["key", "value"]);
    lost.records.memory.word(lost.array + 16, 0xdead000000);
    expect(lost.labels()).toEqual([["key", ""]]);
  });
});
