import { describe, expect, test } from "vitest";
import { suspectText } from "../../cli/views/suspects.js";
import { NONE, type ObjectId } from "../../src/base/units.js";
import { caseOf } from "../../src/diagnosis/case.js";
import { diagnose } from "../../src/diagnosis/diagnose.js";
import type { RuleId } from "../../src/diagnosis/figures.js";
import { RULES, rulesOf } from "../../src/diagnosis/rules.js";
import { seePoints } from "../../src/diagnosis/seen-points.js";
import type { Suspect } from "../../src/diagnosis/suspect.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { HeapBuilder, plainNames } from "../support/heap-builder.js";
import { layoutOf } from "../support/memory-builder.js";

/** Findings about the heap; rules about goroutines and the process have nothing to look at. */
function findings(heap: HeapBuilder, runtime: Partial<GoRuntime> = {}): readonly Suspect[] {
  const sources = heap.build(runtime);
  return diagnose(caseOf(sources, plainNames(sources)));
}

/** What one rule alone says of each point. */
function said(id: RuleId, heap: HeapBuilder, runtime: Partial<GoRuntime> = {}): unknown[] {
  const sources = heap.build(runtime);
  const from = caseOf(sources, plainNames(sources));
  const rule = rulesOf("point").find((each) => each.id === id);
  return seePoints(from).map((seen) => rule?.evidence(seen, from)?.figures);
}

/** A holder with many objects of a type behind an array. */
function many(name: string, type: string, count = 300, size = 64): { heap: HeapBuilder; ids: ObjectId[]; array: ObjectId } {
  const heap = new HeapBuilder();
  const owner = heap.owner("global", name);
  const array = heap.object(heap.types.add(`[]*${type}`, "array", 8, { count: -1 }), count * 8);
  heap.owns(owner, array);
  const ids = heap.objects(heap.types.add(type, "struct", size), count);
  for (const id of ids) heap.points(array, id);
  return { heap, ids, array };
}

test("every rule is in the list once, and looks at one kind of thing", () => {
  expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  const kinds = ["point", "goroutines", "waste", "process"] as const;
  expect(kinds.reduce((sum, at) => sum + rulesOf(at).length, 0)).toBe(RULES.length);
});

test("what piles up is told with its holder, and every byte once", () => {
  const { heap } = many("main.sessions", "main.Session");
  const [found, ...rest] = findings(heap);
  expect(rest).toEqual([]);
  expect(found).toMatchObject({
    rule: "accumulation",
    subject: { kind: "object", id: 0, expression: "0xc000000000" },
    bytes: 300 * 64 + 2400,
    share: 1,
    figures: { type: "[]*main.Session", members: { count: 300, type: "main.Session" } },
    parts: [{ type: "main.Session", count: 300, bytes: 300 * 64 }],
    next: { query: "dominators", args: { of: "0xc000000000" } },
  });
});

test("one object that takes nearly all is a large one", () => {
  const heap = new HeapBuilder();
  heap.owns(heap.owner("global", "main.blob"), heap.object(heap.types.add("[]uint8", "array", 1, { count: -1 }), 65536));
  expect(findings(heap)).toMatchObject([{ rule: "large-object", figures: { type: "[]uint8", isBlock: true, isRuntimes: false } }]);
});

test("objects that several hold are asked for by type, with those who reach them", () => {
  const heap = new HeapBuilder();
  const type = heap.types.add("main.Shared", "struct", 64);
  const ids = heap.objects(type, 300);
  for (const name of ["main.a", "main.b"]) heap.owns(heap.owner("global", name), ...ids);
  expect(findings(heap)).toMatchObject([
    {
      rule: "equal-objects",
      subject: { kind: "objects" },
      figures: { count: 300, type: "main.Shared", owners: ["main.a", "main.b"] },
      next: { query: "why", args: { type: "^main\\.Shared$", merge: true } },
    },
  ]);
});

test("what only a register holds, and what is small and the runtime's own, is no finding", () => {
  const heap = new HeapBuilder();
  const type = heap.types.add("[]uint8", "array", 1, { count: -1 });
  heap.owns(heap.owner("register", "goroutine 1", { goroutine: 1 }), heap.object(type, 65536));
  heap.owns(heap.owner("global", "runtime.trace"), ...heap.objects(type, 2, 32768));
  const sources = heap.build();
  expect(diagnose(caseOf(sources, { ...plainNames(sources), expression: () => "runtime.trace.buffer" }))).toEqual([]);
});

describe("contexts", () => {
  /** Contexts with a Context field that leads to a parent, which knows them in a map. */
  function derived(count: number): HeapBuilder {
    const heap = new HeapBuilder();
    const owner = heap.owner("global", "main.root");
    const context = heap.types.add("context.Context", "interface", 16);
    const cancel = heap.types.add("context.cancelCtx", "struct", 96, { fields: [["Context", 0, context]] });
    const parent = heap.object(cancel);
    const children = heap.object(heap.types.add("map<context.canceler,struct {}>", "struct", 48));
    heap.owns(owner, parent).points(parent, children, 56);
    for (const id of heap.objects(cancel, count)) heap.points(children, id).points(id, parent, 8);
    return heap;
  }
  test("by the hundred are told with their parent", () => {
    expect(findings(derived(300))).toMatchObject([
      { rule: "contexts-never-cancelled", figures: { count: 300, parent: "0xc000000000" }, bytes: 300 * 96 + 48 },
    ]);
  });
  test("a few are none", () => {
    expect(said("contexts-never-cancelled", derived(90))).toEqual([undefined]);
  });
});

test("timers are told by what they call, and points of one cause are one finding", () => {
  const heap = new HeapBuilder();
  const timer = heap.types.add("time.Timer", "struct", 96);
  const closure = heap.types.add("func main.(*Server).retry.func1", "func", 32);
  for (const name of ["runtime.p0", "runtime.p1"]) {
    const list = heap.object(heap.types.add(`[]timers${name}`, "array", 8, { count: -1 }), 2400);
    heap.owns(heap.owner("global", name), list);
    const closures = heap.objects(closure, 300);
    for (const [index, id] of heap.objects(timer, 300).entries()) heap.points(list, id).points(id, closures[index]);
    // What captures nothing has no object that tells of it.
    for (const id of heap.objects(timer, 50)) heap.points(list, id);
  }
  const [found] = findings(heap);
  expect(found).toMatchObject({
    rule: "timers-never-stopped",
    figures: { count: 700, calls: 600, closure: "main.(*Server).retry.func1", maker: "main.(*Server).retry" },
    bytes: 2 * (2400 + 300 * 128 + 50 * 96),
  });
  expect(suspectText(found).title).toMatch(/^700 timers, 600 of them set by main\.\(\*Server\)\.retry, are pending and hold /);
});

test("of timers half of which call something else, no function is said to be called by all", () => {
  const heap = new HeapBuilder();
  const timer = heap.types.add("time.Timer", "struct", 96);
  const closure = heap.types.add("func main.retry.func1", "func", 32);
  const list = heap.object(heap.types.add("[]timers", "array", 8, { count: -1 }), 2400);
  heap.owns(heap.owner("global", "runtime.p0"), list);
  const closures = heap.objects(closure, 300);
  for (const [index, id] of heap.objects(timer, 700).entries()) {
    heap.points(list, id);
    if (index < 300) heap.points(id, closures[index]);
  }
  const [found] = findings(heap);
  expect(suspectText(found).title).toMatch(/^700 timers are pending and hold /);
});

test("callbacks are told by their function, and where it was written", () => {
  const { heap } = many("main.hooks", "func main.on.func1");
  const functions = { byName: (name: string) => ({ name, entry: 1 }), lineAt: () => ({ file: "/src/main.go", line: 12 }) };
  expect(findings(heap, { functions: functions as unknown as GoRuntime["functions"] })).toMatchObject([
    { rule: "callbacks", figures: { count: 300, function: "main.on.func1", file: "/src/main.go", line: 12 } },
  ]);
});

describe("a channel", () => {
  const layout = layoutOf({
    hchan: [
      96,
      {
        qcount: [0, 8],
        dataqsiz: [8, 8],
        buf: [16, 8],
        closed: [28, 4],
        elemtype: [32, 8],
        recvx: [48, 8],
        "recvq.first": [56, 8],
        "sendq.first": [72, 8],
      },
    ],
  });
  function channel(length: number, sender: number): HeapBuilder {
    const heap = new HeapBuilder();
    const chan = heap.object(heap.types.add("hchan<int>", "struct", 96));
    const buffer = heap.object(heap.types.add("[]int", "array", 8, { count: -1 }), 8000);
    heap.owns(heap.owner("global", "main.jobs"), chan).points(chan, buffer);
    heap.memory.words(heap.addressOf(chan), length, 1000).word(heap.addressOf(chan) + 72, sender);
    return heap;
  }
  test("that is full weighs more than one with room", () => {
    const [full] = findings(channel(1000, 7), { layout });
    const [half] = findings(channel(500, 0), { layout });
    expect(full).toMatchObject({
      rule: "full-channel",
      figures: { state: { length: 1000, capacity: 1000, isFull: true, haveSendersToWait: true } },
    });
    expect(half).toMatchObject({ rule: "full-channel", figures: { state: { length: 500, isFull: false, haveSendersToWait: false } } });
    expect(full?.score).toBeCloseTo((half?.score ?? 0) * 3);
  });
});

test("a pool is told by the pool", () => {
  const heap = new HeapBuilder();
  const pool = heap.object(heap.types.add("[]sync.poolLocal", "array", 128, { count: -1 }), 1024);
  heap.owns(heap.owner("global", "main.buffers"), pool);
  for (const id of heap.objects(heap.types.add("[4096]uint8", "array", 4096), 20)) heap.points(pool, id);
  expect(findings(heap)).toMatchObject([{ rule: "sync-pool", figures: { pool: "0xc000000000", isVictim: false } }]);
});

test("the queue of finalizers is told with the function that holds it up", () => {
  const heap = new HeapBuilder();
  heap.owns(heap.owner("finalizer-queue", "finalizer queue"), ...heap.objects(heap.types.add("main.File", "struct", 64), 300));
  const unwound = () => ({ frames: [{ fn: 1, symbolPc: 1 }] });
  const goroutine = { startPc: 1, unwound, waitReason: "chan receive", status: "waiting", system: true };
  const inlined = [
    { name: "reflect.Value.call", file: "value.go", line: 1 },
    { name: "main.close", file: "/src/main.go", line: 7 },
  ];
  const functions = { find: () => ({ name: "runtime.runFinalizers" }), inlinedAt: () => inlined };
  const specials = ["finalizer-queue", "finalizer", "finalizer-queue", "cleanup-queue"].map((kind) => ({ kind }));
  const runtime = { goroutines: { all: [goroutine] }, functions, specials } as unknown as Partial<GoRuntime>;
  const stuck = { function: "main.close", file: "/src/main.go", line: 7, state: "chan receive" };
  expect(said("finalizer-backlog", heap, runtime)).toEqual([{ queued: 3, stuck }]);
});

test("objects of unknown type pile up as nothing", () => {
  const heap = new HeapBuilder();
  const list = heap.object(NONE, 4096);
  heap.owns(heap.owner("global", "main.list"), list);
  for (const id of heap.objects(NONE, 300)) heap.points(list, id);
  expect(said("accumulation", heap)).toEqual([expect.not.objectContaining({ members: expect.anything() })]);
});
