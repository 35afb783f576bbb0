/** The tracer's own state and its buffers, in a memory that a test makes: what is read, and what damage leaves of it. */
import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { Buffers, batchKey } from "../../src/recorder/buffers.js";
import { entryText, readTracer, type TracerState } from "../../src/recorder/tracer-state.js";
import { EV } from "../../src/trace/events.js";
import { encodeBatch } from "../../src/trace/wire.js";
import { TracerBuilder } from "../support/tracer-builder.js";
import { events, THREAD_A, THREAD_B } from "../trace/samples.js";

const UNMAPPED = 0xdead000000;
const encode = (text: string) => new TextEncoder().encode(text);

function read(program: TracerBuilder) {
  const findings = new Findings();
  const runtime = program.runtime();
  const state = readTracer(runtime, findings) as TracerState;
  return { runtime, state, findings };
}
function collect(program: TracerBuilder, generation: number, consumed = new Set<string>()) {
  const { runtime, state, findings } = read(program);
  const buffers = new Buffers(runtime, state, findings);
  return { batches: buffers.collect(generation, consumed), buffers, codes: findings.list().map((each) => each.code) };
}

test("the tracer's variable says where it is, and its fields which format it writes", () => {
  const program = new TracerBuilder();
  program.tracing({ gen: 3, lastNonZeroGen: 3, readerGen: 2, flushedGen: 2, endOfGenerationWritten: 1, reading: 0x10, full: 0x20 });
  program.tracing({ full: 0x30, cpuLogRead: 0x40 }, 1);
  const { state } = read(program);
  expect(state).toMatchObject({ generation: 3, lastGeneration: 3, readerGeneration: 2, flushedGeneration: 2, shutdown: false });
  expect(state).toMatchObject({ endHandedOut: true, reading: 0x10, full: [0x20, 0x30], cpuLogs: [0, 0x40], format: 26 });
  const formatOf = (...without: string[]) => read(new TracerBuilder(...without)).state.format;
  expect(formatOf("tracedM.trace.writing")).toBe(25);
  expect(formatOf("tracedM.trace.writing", "tracer.endOfGenerationWritten")).toBe(23);
  expect(formatOf("tracedM.trace.writing", "tracer.endOfGenerationWritten", "traceMapNode.children", "traceMap.root")).toBe(22);
  // The tracer of Go 1.21 has no such fields.
  expect(readTracer(new TracerBuilder("tracer.gen").runtime(), new Findings())).toBeUndefined();
  expect(readTracer(new TracerBuilder("traceBuf").runtime(), new Findings())).toBeUndefined();
});

test("tables are read to their last entry; a circle, a lost entry and an absurd length are told and cost no other entry", () => {
  const program = new TracerBuilder();
  const entries = { 1: encode("one"), 2: encode("two"), 3: encode("three"), 4: encode("four") };
  const [first, second, third] = program.table("stringTab", 1, 7, entries) as [number, number, number];
  const texts = () => {
    const { state, findings } = read(program);
    const { byId, lastId } = state.strings(1);
    return { texts: [...byId].map(([id, bytes]) => `${id} ${entryText(bytes)}`).sort(), lastId, findings: findings.list() };
  };
  expect(texts()).toEqual({ texts: ["1 one", "2 two", "3 three", "4 four"], lastId: 7, findings: [] });
  program.records.memory.word(third, first).word(second + 16, UNMAPPED);
  program.records.memory.word(second + 48, 2 ** 40);
  const damaged = texts();
  expect(damaged.texts).toEqual(["1 one", "3 three", "4 four"]);
  expect(damaged.findings).toMatchObject([{ code: "trace-table", count: 3, partial: true }]);
});

test("threads are found along the runtime's list; one whose record is lost ends it, a circle too, and both are told", () => {
  const program = new TracerBuilder();
  const last = program.thread(THREAD_A, [0x1000, 0x2000], { curg: 0x77 });
  program.thread(THREAD_B, [0, 0], { "trace.writing": 1 });
  const tids = () => {
    const { state, findings } = read(program);
    return [state.threads.map((each) => each.tid), findings.list().map((each) => each.code)];
  };
  expect(tids()).toEqual([[THREAD_B, THREAD_A], []]);
  expect(read(program).state.threads[1]).toMatchObject({
    writing: false,
    currentG: 0x77,
    buffers: [
      [0x1000, 0],
      [0x2000, 0],
    ],
  });
  expect(read(program).state.threads[0]?.writing).toBe(true);
  program.records.set("tracedM", last, { alllink: UNMAPPED });
  expect(tids()).toEqual([[THREAD_B, THREAD_A], ["trace-threads"]]);
  program.records.set("tracedM", last, { alllink: last });
  expect(tids()).toEqual([[THREAD_B, THREAD_A], ["trace-threads"]]);
});

test("batches of a generation come from the reader's hands, the queue and the threads, each once", () => {
  const program = new TracerBuilder();
  const inHand = program.buffer(2, THREAD_A, 1000, [[EV.HeapAlloc, 1, 1]]);
  const queued = program.buffer(2, THREAD_B, 1100, [[EV.HeapAlloc, 1, 2]]);
  const open = program.buffer(2, THREAD_A, 1200, [[EV.HeapAlloc, 1, 3]], { lastTime: 1250 });
  const stale = program.buffer(1, THREAD_B, 500, [[EV.HeapAlloc, 1, 4]]);
  program.tracing({ gen: 2, reading: inHand });
  program.tracing({ full: queued }, 0);
  // Thread B has just handed its buffer on and still points to it; the other one is of a generation that is over.
  program.thread(THREAD_B, [queued, stale]);
  program.thread(THREAD_A, [open, 0]);
  const { batches, buffers, codes } = collect(program, 2);
  expect(batches.map(({ from, m, data }) => [from, m, data[2]])).toEqual([
    ["reading", THREAD_A, 1],
    ["queued", THREAD_B, 2],
    ["thread", THREAD_A, 3],
  ]);
  expect(batches.map((each) => each.lastTime)).toEqual([1000, 1100, 1250]);
  // A buffer that was flushed keeps its bytes, an open one is encoded anew.
  expect(batches.map((each) => each.raw !== undefined)).toEqual([true, true, false]);
  expect([buffers.trimmed, codes]).toEqual([0, []]);
  // What the reader has passed on already is not taken out of its hands a second time.
  const [first] = batches;
  expect(collect(program, 2, new Set([batchKey(first)])).batches).toHaveLength(2);
  expect(encodeBatch(first)).toEqual(encodeBatch(events(2, THREAD_A, 1000, [[EV.HeapAlloc, 1, 1]])));
  expect(batchKey(first)).not.toBe(batchKey({ ...first, time: 1001 }));
});

test("an event that was being written is cut off, and what no batch has is left out with a finding", () => {
  const program = new TracerBuilder();
  const half = program.buffer(2, THREAD_A, 1000, [
    [EV.HeapAlloc, 1, 1],
    [EV.GoUnblock, 1, 2],
  ]);
  const odd = program.buffer(2, THREAD_B, 1000, [
    [EV.HeapAlloc, 1, 1],
    [200, 1],
  ]);
  program.tracing({ gen: 2 });
  program.thread(THREAD_A, [half, 0]);
  program.thread(THREAD_B, [odd, 0]);
  const { batches, buffers, codes } = collect(program, 2);
  expect(batches.map((each) => [...each.data])).toEqual([
    [EV.HeapAlloc, 1, 1],
    [EV.HeapAlloc, 1, 1],
  ]);
  expect([buffers.trimmed, codes]).toEqual([1, ["trace-event"]]);
});

test.each<[string, Readonly<Record<string, number>>]>([
  ["a position beyond the buffer", { pos: 10_000 }],
  ["a length that lies behind the data", { lenPos: 200 }],
  ["a header that ends elsewhere", { lenPos: 3 }],
])("%s is damage: the buffer is left out, and told", (_, fields) => {
  const program = new TracerBuilder();
  program.tracing({ gen: 2 });
  program.thread(THREAD_A, [program.buffer(2, THREAD_A, 1000, [[EV.HeapAlloc, 1, 1]], fields), 0]);
  program.thread(THREAD_B, [program.buffer(2, THREAD_B, 1000, [[EV.HeapAlloc, 1, 2]]), UNMAPPED]);
  expect(collect(program, 2)).toMatchObject({ batches: [{ m: THREAD_B }], codes: ["trace-buffer"] });
  expect(collect(program, 3)).toMatchObject({ batches: [], codes: ["trace-buffer"] });
});

test("a queue that is a circle or leads out of the core gives what it has, once", () => {
  const program = new TracerBuilder();
  const second = program.buffer(2, THREAD_B, 1100, [[EV.HeapAlloc, 1, 2]]);
  const first = program.buffer(2, THREAD_A, 1000, [[EV.HeapAlloc, 1, 1]], { link: second });
  program.tracing({ gen: 2, full: first });
  for (const link of [first, UNMAPPED]) {
    program.records.set("traceBuf", second, { link });
    expect(collect(program, 2)).toMatchObject({ batches: [{ m: THREAD_A }, { m: THREAD_B }], codes: ["trace-buffer"] });
  }
  // Buffers of the free list are nobody's, even where a thread points there.
  program.records.set("traceBuf", second, { link: 0 });
  program.tracing({ empty: first });
  expect(collect(program, 2).batches).toEqual([]);
});
