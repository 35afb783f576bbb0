/** The end of a generation that the program did not live to write: statuses, clock, samples, tables and types, in a memory that a test makes. */
import { describe, expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { NONE } from "../../src/base/units.js";
import { writeTypes } from "../../src/recorder/allocation-types.js";
import type { FoundBatch } from "../../src/recorder/buffers.js";
import { finishGeneration } from "../../src/recorder/finish.js";
import { ALLOC_FREE, Inventory, TYPES_BATCH } from "../../src/recorder/inventory.js";
import { coreProcStatus, coreStatus, frozenPs } from "../../src/recorder/scheduler.js";
import { StackExpander } from "../../src/recorder/stacks.js";
import { writeStatuses } from "../../src/recorder/statuses.js";
import { readTracer, type TracerState } from "../../src/recorder/tracer-state.js";
import type { Unfinished } from "../../src/recorder/unfinished.js";
import { EV, G_STATUS, P_STATUS, SPECS } from "../../src/trace/events.js";
import { Generation } from "../../src/trace/generation.js";
import { Ordering } from "../../src/trace/order.js";
import { type Batch, cursor, NO_THREAD, readVarint } from "../../src/trace/wire.js";
import { TracerBuilder } from "../support/tracer-builder.js";
import { clock, type Event, events, THREAD_A, twoThreads } from "../trace/samples.js";

const UNMAPPED = 0xdead000000;
const found = (batch: Batch): FoundBatch => ({ ...batch, raw: undefined, from: "thread", lastTime: batch.time });
const encode = (text: string) => new TextEncoder().encode(text);
const wordsOf = (...list: number[]) => new Uint8Array(BigUint64Array.from(list, BigInt).buffer);

function unfinished(program: TracerBuilder, more: Partial<Unfinished> = {}): Unfinished & { readonly findings: Findings } {
  const findings = new Findings();
  const runtime = program.runtime();
  const state = readTracer(runtime, findings) as TracerState;
  const expander = new StackExpander(runtime);
  const none = { batches: [], next: undefined, before: undefined, isTail: false, wallOffset: undefined };
  return { runtime, state, expander, format: 26, generation: 1, findings, ...none, ...more };
}

/** Events of batches: [thread, name, arguments...]. */
function told(batches: readonly FoundBatch[]): (readonly (string | number)[])[] {
  const out: (readonly (string | number)[])[] = [];
  for (const { m, data } of batches) {
    for (let at = 0; at < data.length; at = cursor.at) {
      const spec = SPECS[data[at] ?? 0];
      if (!spec) throw new Error(`no event ${data[at]}`);
      readVarint(data, at + 1, data.length);
      const values = spec.args.map(() => readVarint(data, cursor.at, data.length));
      out.push([m === NONE ? "none" : m, spec.name, ...values.map((each) => (each >= 2 ** 63 ? "none" : each))]);
    }
  }
  return out;
}

function statuses(program: TracerBuilder, more: Partial<Unfinished> = {}) {
  const given = unfinished(program, more);
  const written = writeStatuses(given, new Inventory(given.batches, given.findings), (words) => (words.length > 0 ? 9 : 0));
  return { ...written, told: told(written.batches), codes: given.findings.list().map((each) => each.code) };
}

describe("statuses in the tracer's words", () => {
  test("of goroutines: one that seems to wait only because it runs on another stack runs", () => {
    const program = new TracerBuilder();
    const of = (status: Parameters<TracerBuilder["goroutine"]>[1]["status"], waitReason = "", reason = 0) => {
      const made = program.goroutine(1, { status, waitReason, fields: { waitreason: reason } });
      return coreStatus(program.runtime(), made);
    };
    expect([of("runnable"), of("running"), of("copystack"), of("syscall"), of("waiting", "chan receive")]).toEqual([1, 2, 2, 3, 4]);
    expect([of("preempted"), of("leaked"), of("dead"), of("idle"), of("unknown")]).toEqual([4, 4, undefined, undefined, undefined]);
    // Go 1.22 has no table of such reasons.
    expect([of("waiting", "garbage collection"), of("waiting", "GC worker (idle)")]).toEqual([G_STATUS.running, G_STATUS.waiting]);
    const table = program.records.global("runtime.isWaitingForSuspendG", 0, 0);
    program.records.memory.uint(table + 5, 1, 1);
    expect([of("waiting", "", 5), of("waiting", "garbage collection", 4), of("waiting", "", 200)]).toEqual([2, 4, 4]);
  });

  test("of Ps, and which of them the freeze of a dying runtime stopped", () => {
    expect([0, 1, 2, 3, 4, 99].map(coreProcStatus)).toEqual([2, 1, 3, 2, undefined, undefined]);
    const program = new TracerBuilder();
    program.processor(0, 1, 0).processor(1, 3, 0).processor(2, 0, 0).processor(3, 3, 0);
    expect([...frozenPs(program.runtime())]).toEqual([]);
    const freezing = program.records.global("runtime.freezing", 0);
    expect([...frozenPs(program.runtime())]).toEqual([]);
    program.records.memory.uint(freezing, 1, 1);
    expect([...frozenPs(program.runtime())]).toEqual([1, 3]);
  });
});

describe("statuses of what has no event", () => {
  test("what runs is bound to its thread, Ps first; everything else belongs to no thread", () => {
    const program = new TracerBuilder();
    const a = program.thread(THREAD_A);
    program.processor(0, 1, a, { "trace.inSweep": 1 }).processor(1, 0, 0);
    program.goroutine(1, { status: "running", fields: { m: a } });
    program.goroutine(2, { status: "waiting", waitReason: "chan receive", fields: { inMarkAssist: 1 } });
    program.goroutine(3, { status: "dead" });
    program.goroutine(4, { status: "runnable" });
    const { told: written, goroutines, procs } = statuses(program);
    expect(written).toEqual([
      [THREAD_A, "ProcStatus", 0, P_STATUS.running],
      [THREAD_A, "GCSweepActive", 0],
      [THREAD_A, "GoStatus", 1, THREAD_A, G_STATUS.running],
      ["none", "ProcStatus", 1, P_STATUS.idle],
      ["none", "GoStatus", 2, "none", G_STATUS.waiting],
      ["none", "GCMarkAssistActive", 2],
      ["none", "GoStatus", 4, "none", G_STATUS.runnable],
    ]);
    expect([goroutines, procs]).toEqual([3, 2]);
  });

  test("what events tell is not told again; one that runs on a thread with events is only about to", () => {
    const program = new TracerBuilder();
    const a = program.thread(THREAD_A);
    program.processor(0, 1, a).processor(1, 0, 0);
    program.goroutine(1, { status: "waiting" });
    program.goroutine(12, { status: "waiting" });
    program.goroutine(5, { status: "running", fields: { m: a } });
    const { told: written } = statuses(program, { batches: twoThreads(26).map(found) });
    expect(written).toEqual([["none", "GoStatus", 5, "none", G_STATUS.runnable]]);
  });

  test("a P in a system call is told as such, by the status of its own or by its thread's goroutine", () => {
    for (const [status, format] of [
      [2, 22],
      [1, 26],
    ] as const) {
      const program = new TracerBuilder();
      const goroutine = program.goroutine(3, { status: "syscall" });
      const a = program.thread(THREAD_A, [0, 0], { curg: goroutine.address });
      program.records.set("tracedG", goroutine.address, { m: a });
      program.processor(0, status, a);
      expect(statuses(program, { format }).told).toEqual([
        [THREAD_A, "ProcStatus", 0, P_STATUS.syscall],
        [THREAD_A, "GoStatus", 3, THREAD_A, G_STATUS.syscall],
      ]);
    }
  });

  test("the generations before are believed, not the core: a later one cannot introduce anybody", () => {
    const before = new Ordering(() => {});
    const generation = new Generation(1, 26, "test");
    const first: readonly Event[] = [
      [EV.ProcStatus, 0, 0, 1],
      [EV.GoStatus, 0, 1, THREAD_A, 2],
      [EV.GoStatus, 0, 2, NO_THREAD, 4],
    ];
    for (const each of [clock(1, 26), events(1, THREAD_A, 1000, first)]) generation.add(each);
    generation.finish();
    before.run(generation);
    const program = new TracerBuilder();
    program.thread(THREAD_A);
    program.processor(0, 0, 0).processor(7, 0, 0);
    program.goroutine(1, { status: "runnable" });
    program.goroutine(2, { status: "runnable" });
    program.goroutine(3, { status: "waiting" });
    expect(statuses(program, { before, generation: 2 }).told).toEqual([
      [THREAD_A, "ProcStatus", 0, P_STATUS.running],
      [THREAD_A, "GoStatus", 1, THREAD_A, G_STATUS.running],
      ["none", "ProcStatus", 7, P_STATUS.idle],
      ["none", "GoStatus", 2, "none", G_STATUS.waiting],
    ]);
  });

  test("one that the next generation sees created was not there yet; one whose record is lost is told", () => {
    const program = new TracerBuilder();
    program.goroutine(8, { status: "runnable" });
    Object.assign(program.goroutine(9, { status: "runnable" }), { address: UNMAPPED });
    const next = [found(events(2, THREAD_A, 5000, [[EV.GoCreate, 1, 8, 0, 0]]))];
    expect(statuses(program, { next })).toMatchObject({ told: [], goroutines: 0, codes: ["trace-status"] });
  });

  test("what waits is told with its stack, along its frame pointers, in formats that have statuses with stacks", () => {
    const program = new TracerBuilder();
    const lo = program.records.memory.allocate(256);
    program.records.memory.words(lo + 32, lo + 64, 0x401010).words(lo + 64, 0, 0x402020);
    const fields = { "sched.pc": 0x400999, "sched.bp": lo + 32 };
    const goroutine = program.goroutine(2, { status: "waiting", stack: { lo, hi: lo + 256 }, fields });
    expect(statuses(program, { format: 22 }).told).toEqual([["none", "GoStatus", 2, "none", G_STATUS.waiting]]);
    expect(statuses(program).told).toEqual([["none", "GoStatusStack", 2, "none", G_STATUS.waiting, 9]]);
    const words = () => new StackExpander(program.runtime()).wordsOf(goroutine.address, 2, goroutine.stack);
    expect(words()).toEqual([0, 0x400999, 0x401010]);
    // A frame pointer that leads back ends the walk.
    program.records.memory.word(lo + 64, lo + 32);
    expect(words()).toEqual([0, 0x400999, 0x401010]);
  });
});

describe("a generation is ended", () => {
  /** Goroutine 1 runs on thread A; a table with a stack and two texts that no batch has yet. */
  const program = () => {
    const made = new TracerBuilder();
    made.tracing({ gen: 1 });
    made.table("stackTab", 1, 2, { 1: wordsOf(0, 0x401000) });
    made.table("stringTab", 1, 5, { 4: encode("main.work"), 5: encode("key") });
    const a = made.thread(THREAD_A);
    made.processor(0, 1, a);
    made.goroutine(1, { status: "running", fields: { m: a } });
    return made;
  };

  test.each([22, 25, 26] as const)("a reader of format 1.%i takes what was there and what was added", (format) => {
    const batches = [
      found(
        events(1, THREAD_A, 1000, [
          [EV.ProcStatus, 0, 0, 1],
          [EV.GoStatus, 0, 1, THREAD_A, 2],
          [EV.UserLog, 5, 0, 5, 4, 1],
        ]),
      ),
    ];
    const finished = finishGeneration(unfinished(program(), { format, batches, wallOffset: 1_700_000_000_000_000_000n }));
    expect(finished).toMatchObject({ goroutineStatuses: 0, procStatuses: 0, stacks: 1, strings: 2, samples: 0 });
    const generation = new Generation(1, format, "test");
    for (const each of [...batches, ...finished.batches]) generation.add(each);
    generation.finish();
    expect([generation.strings.get(4), generation.strings.get(5), generation.frames(1)?.length]).toEqual(["main.work", "key", 1]);
    const seen: number[] = [];
    new Ordering((event) => seen.push(event.type)).run(generation);
    expect(seen).toEqual([EV.ProcStatus, EV.GoStatus, EV.UserLog]);
    // The wall clock goes on where a generation before had it: 1000 units of 64 ns after its zero.
    if (format >= 25) expect(generation.clock?.wall).toBe(1_700_000_000_000_064_000n);
  });

  test("a clock that is there, or that a tail has elsewhere, is not written again", () => {
    const kinds = (more: Partial<Unfinished>) => finishGeneration(unfinished(program(), more)).batches.map((each) => each.data[0]);
    expect(kinds({})).toContain(EV.Sync);
    expect(kinds({ batches: [found(clock(1, 26))] })).not.toContain(EV.Sync);
    expect(kinds({ isTail: true })).not.toContain(EV.Sync);
    expect(kinds({ isTail: true, format: 22 })).toContain(EV.Frequency);
    const ending = program();
    ending.tracing({ gen: 2 });
    expect(finishGeneration(unfinished(ending, { isTail: true, format: 22 })).batches.map((each) => each.data[0])).not.toContain(
      EV.Frequency,
    );
  });

  test("samples that nobody has read out become events with stacks of their own", () => {
    const made = program();
    const data = made.records.memory.allocate(64 * 8);
    made.records.memory.words(data, 7, 1500, 1, 1, THREAD_A, 0x401000, 0x402000);
    const log = made.records.memory.allocate(64);
    made.records.memory.words(log, 3, data, 64, 64, 7, 0);
    made.tracing({ cpuLogRead: log }, 1);
    const { batches, samples } = finishGeneration(unfinished(made));
    expect(samples).toBe(1);
    const [batch] = batches.filter((each) => each.data[0] === EV.CPUSamples);
    const record = [...(batch?.data ?? [])].slice(1);
    cursor.at = 1;
    const numbers = [0, 1, 2, 3, 4].map(() => readVarint(Uint8Array.from(record), cursor.at, record.length));
    // Stack 3: the table's last id is 2.
    expect([record[0], ...numbers]).toEqual([EV.CPUSample, 1500, THREAD_A, 0, 1, 3]);
  });

  test("types that the experiment of allocations refers to are written once, with the last part of the package's path", () => {
    const made = program();
    const rtype = made.records.memory.allocate(48);
    made.records.memory.words(rtype, 32, 24);
    made.types.add("map[string]*example.com/app/store.User", "map", 8, { rtype });
    made.types.add("int", "int", 8, { rtype: UNMAPPED });
    const given = unfinished(made);
    const known = new Inventory([], given.findings);
    known.types.add(3);
    const table = new Map([
      [1, wordsOf(rtype)],
      [2, wordsOf(UNMAPPED)],
      [3, wordsOf(rtype)],
      [4, wordsOf(0x1234)],
      [5, new Uint8Array(0)],
    ]);
    const [batch, more] = writeTypes(given, known, table);
    expect([batch?.experiment, batch?.data[0], more]).toEqual([ALLOC_FREE, TYPES_BATCH, undefined]);
    const again = new Inventory(batch ? [batch] : [], given.findings);
    expect([...again.types]).toEqual([1, 2]);
    const data = batch?.data ?? new Uint8Array(0);
    cursor.at = 1;
    const next = () => readVarint(data, cursor.at, data.length);
    const entry = () => {
      const numbers = [next(), next(), next(), next(), next()];
      const from = cursor.at;
      cursor.at += numbers[4] ?? 0;
      return [...numbers.slice(0, 4), new TextDecoder().decode(data.subarray(from, cursor.at))];
    };
    expect([entry(), entry()]).toEqual([
      [1, rtype, 8, 24, "map[string]*store.User"],
      [2, UNMAPPED, 8, 0, "int"],
    ]);
  });
});
