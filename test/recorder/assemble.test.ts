/** A whole trace out of a memory that a test makes: pieces put together, read back, and what damage leaves of it. */
import { expect, test } from "vitest";
import { FormatError, UnsupportedError } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { bytesSource } from "../../src/base/source.js";
import { assembleTrace, wholeSource } from "../../src/recorder/assemble.js";
import { scanPrefix } from "../../src/recorder/prefix.js";
import { extractTrace, lastGenerationAlone } from "../../src/recorder/recorder.js";
import { readTracer, type TracerState } from "../../src/recorder/tracer-state.js";
import { EV, SPECS } from "../../src/trace/events.js";
import { type TraceFormat, writeHeader } from "../../src/trace/format.js";
import { Ordering } from "../../src/trace/order.js";
import { readGenerations } from "../../src/trace/reader.js";
import { TracerBuilder } from "../support/tracer-builder.js";
import { clock, type Event, events, file, THREAD_A, THREAD_B, twoThreads } from "../trace/samples.js";

const BEGIN: readonly Event[] = [
  [EV.ProcStatus, 0, 0, 1],
  [EV.GoStatus, 0, 1, THREAD_A, 2],
];

/** A program that died in its first generation: thread A has events, goroutine 2 has none. */
function firstGeneration(): TracerBuilder {
  const program = new TracerBuilder();
  program.tracing({ gen: 1, lastNonZeroGen: 1 });
  program.thread(THREAD_A, [0, program.buffer(1, THREAD_A, 1000, [...BEGIN, [EV.HeapAlloc, 10, 4096]])]);
  program.goroutine(1, { status: "running" });
  program.goroutine(2, { status: "waiting", waitReason: "chan receive" });
  return program;
}

function extract(program: TracerBuilder, prefix?: Uint8Array) {
  const findings = new Findings();
  const trace = extractTrace(program.runtime(), findings, { prefix: prefix && bytesSource("app.trace", prefix) });
  if (!trace.found) throw new Error(trace.reason);
  return { trace, codes: findings.list().map((each) => each.code) };
}

function namesOf(source: Parameters<typeof readGenerations>[0]): string[] {
  const names: string[] = [];
  const ordering = new Ordering((event) => names.push(`${event.m} ${SPECS[event.type]?.name}`));
  for (const generation of readGenerations(source)) ordering.run(generation);
  return names;
}

test("a program that was not tracing has no trace, and is told why", () => {
  const never = extractTrace(new TracerBuilder().runtime(), new Findings());
  expect(never).toMatchObject({ found: false, reason: "never started" });
  const stopped = extractTrace(new TracerBuilder().tracing({ lastNonZeroGen: 4 }).runtime(), new Findings());
  expect(stopped).toMatchObject({ found: false, reason: "stopped", lastGeneration: 4 });
  expect(extractTrace(new TracerBuilder("tracer.gen").runtime(), new Findings())).toMatchObject({ found: false, reason: "old tracer" });
});

test("the first generation, all of it in memory, becomes a trace that is read back", () => {
  const { trace, codes } = extract(firstGeneration());
  expect(trace).toMatchObject({ format: 26, keep: 0, stopping: false, cutEvents: 0, inTracer: [], stale: [], trimmed: undefined });
  expect(trace.destination).toEqual({ kind: "unknown", name: "" });
  expect(trace.generations).toMatchObject([{ number: 1, from: "in flight", statuses: 1 }]);
  expect(trace.read).toMatchObject({ generations: 1, events: 4 });
  expect([...(trace.read?.statuses ?? [])]).toEqual([
    [1, 2],
    [2, 4],
  ]);
  expect(codes).toEqual([]);
});

test("a goroutine whose last change of state is not in the trace is named, and a thread inside the tracer", () => {
  const program = firstGeneration();
  const waiting = program.goroutine(12, { status: "runnable" });
  program.thread(
    THREAD_B,
    [
      0,
      program.buffer(1, THREAD_B, 1000, [
        [EV.ProcStatus, 0, 1, 1],
        [EV.GoStatus, 0, 12, THREAD_B, 2],
      ]),
    ],
    {
      "trace.writing": 1,
      curg: waiting.address,
    },
  );
  const { trace } = extract(program);
  expect(trace.stale).toEqual([{ goroutine: 12, status: 1, traceStatus: 2 }]);
  expect(trace.inTracer).toEqual([{ tid: THREAD_B, goroutine: 12 }]);
});

test("a file that the program was writing goes on where it ends; a batch that is cut in it is left out", () => {
  const program = new TracerBuilder();
  program.tracing({ gen: 2, lastNonZeroGen: 2, readerGen: 2, flushedGen: 1 });
  program.thread(THREAD_A, [
    program.buffer(2, THREAD_A, 30_000, [
      [EV.ProcStatus, 0, 0, 1],
      [EV.GoStatus, 0, 1, THREAD_A, 2],
      [EV.HeapAlloc, 10, 1],
    ]),
    0,
  ]);
  const written = file(26, [twoThreads(26)]);
  const { trace, codes } = extract(program, written);
  expect(trace.generations.map(({ number, from }) => [number, from])).toEqual([
    [1, "passed on"],
    [2, "in flight"],
  ]);
  expect([trace.keep, codes]).toEqual([written.length, []]);
  const whole = trace.whole as NonNullable<typeof trace.whole>;
  expect(whole.read(0, written.length)).toEqual(written);
  expect(whole.size).toBe(written.length + trace.tail.size);
  expect(namesOf(whole).slice(-1)).toEqual([`${THREAD_A} HeapAlloc`]);

  const cut = extract(program, Uint8Array.of(...written, EV.EventBatch, 2, 100));
  expect([cut.trace.keep, cut.codes]).toEqual([written.length, ["trace-cut"]]);
  expect(() => extract(program, new TextEncoder().encode("a log file, no trace at all"))).toThrow(FormatError);
});

test("without what was passed on there is only a tail, and no whole trace", () => {
  const program = firstGeneration();
  program.tracing({ readerGen: 1 });
  const { trace } = extract(program);
  expect([trace.whole, trace.read, trace.keep]).toEqual([undefined, undefined, 0]);
  expect(trace.tail.size).toBeGreaterThan(0);
});

test("while tracing is being stopped the last generation is ended all the same", () => {
  const program = firstGeneration();
  program.tracing({ gen: 0, shutdown: 1 });
  expect(extract(program).trace).toMatchObject({ stopping: true, stale: [], generations: [{ number: 1, from: "in flight" }] });
});

test("a generation whose buffers and tables were flushed needs nothing", () => {
  const program = new TracerBuilder();
  program.tracing({ gen: 2, lastNonZeroGen: 2, readerGen: 1, flushedGen: 1 });
  const findings = new Findings();
  const runtime = program.runtime();
  const state = readTracer(runtime, findings) as TracerState;
  const given = scanPrefix(bytesSource("app.trace", file(26, [twoThreads(26)])), 26, findings);
  const result = assembleTrace(runtime, state, 26, given, false, findings);
  expect(result.generations).toMatchObject([{ number: 1, from: "completed", statuses: 0, stacks: 0, strings: 0, batches: 5 }]);
  expect(result.keep).toBe(given.keep);
  expect(namesOf(wholeSource(result, writeHeader(26)))).toHaveLength(10);
});

test.each<TraceFormat>([25, 26])("what a lost thread should have told is trimmed and told, format 1.%i", (format) => {
  const program = new TracerBuilder(...(format === 25 ? ["tracedM.trace.writing"] : []));
  program.tracing({ gen: 1, lastNonZeroGen: 1 });
  // Thread B runs a goroutine that a thread without a buffer made.
  program.thread(THREAD_B, [
    0,
    program.buffer(1, THREAD_B, 1000, [
      [EV.ProcStatus, 0, 1, 1],
      [EV.GoStart, 30, 12, 1],
      [EV.HeapAlloc, 10, 1],
    ]),
  ]);
  const { trace, codes } = extract(program);
  expect(trace.format).toBe(format);
  expect(trace.trimmed).toMatchObject({ events: 2 });
  expect(codes).toEqual(["trace-trimmed"]);
  expect(trace.read?.events).toBe(1);
});

test("batches that contradict each other are left out, and told; what they defined comes from the runtime's own tables", () => {
  const program = firstGeneration();
  const text = [EV.String, 1, 1, 65];
  const [first, second] = [text, [...text, EV.String, 2, 1, 66]].map((list) =>
    program.buffer(1, -1, 1000, [[EV.Strings, ...list] as unknown as Event]),
  );
  program.records.set("traceBuf", first, { link: second });
  program.tracing({ full: first }, 1);
  program.table("stringTab", 1, 2, { 1: Uint8Array.of(65), 2: Uint8Array.of(66) });
  const { trace, codes } = extract(program);
  expect(codes).toEqual(["trace-batch"]);
  expect(trace.read?.events).toBe(4);
  const [generation] = readGenerations(trace.whole as NonNullable<typeof trace.whole>);
  expect([generation?.strings.get(1), generation?.strings.get(2)]).toEqual(["A", "B"]);
});

test("a damaged batch in what was passed on is left out of the whole trace too", () => {
  const program = new TracerBuilder();
  program.tracing({ gen: 1, lastNonZeroGen: 1, readerGen: 1 });
  program.thread(THREAD_A, [0, program.buffer(1, THREAD_A, 12_000, [[EV.HeapAlloc, 10, 1]])]);
  const good = twoThreads(26);
  const { trace, codes } = extract(program, file(26, [[...good, good[3]]]).slice(0, -1));
  expect(codes).toEqual(["trace-batch"]);
  expect(trace.read).toMatchObject({ generations: 1, events: 11 });
});

test("a trace without one event is an error, and no trace", () => {
  const empty = new TracerBuilder().tracing({ gen: 1, lastNonZeroGen: 1 });
  expect(() => extractTrace(empty.runtime(), new Findings())).toThrow(FormatError);
});

test("the last generation stands alone where it says all statuses, and is refused where it does not", () => {
  const alone = lastGenerationAlone(bytesSource("t", file(26, [[clock(1, 26), events(1, THREAD_A, 1000, BEGIN)]])), 26, new Findings());
  expect(namesOf(alone)).toHaveLength(2);
  const second = bytesSource("t", file(26, [twoThreads(26), twoThreads(26, 0, 2)]));
  expect(() => lastGenerationAlone(second, 26, new Findings())).toThrow(UnsupportedError);
  expect(() => lastGenerationAlone(bytesSource("t", writeHeader(26)), 26, new Findings())).toThrow(FormatError);
});
