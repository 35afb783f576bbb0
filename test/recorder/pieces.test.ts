/** The steps of ending a generation that need no core: what batches say, new ids, the tables, the bytes that were passed on. */
import { expect, test } from "vitest";
import { ByteWriter } from "../../src/base/byte-writer.js";
import { Findings } from "../../src/base/findings.js";
import { bytesSource } from "../../src/base/source.js";
import { BatchMaker } from "../../src/recorder/batch-maker.js";
import type { FoundBatch } from "../../src/recorder/buffers.js";
import { Inventory } from "../../src/recorder/inventory.js";
import { BATCH_ROOM } from "../../src/recorder/limits.js";
import { consecutive, isEvents, loadBatches, scanPrefix } from "../../src/recorder/prefix.js";
import { readBack } from "../../src/recorder/read-back.js";
import { LOGICAL_STACK } from "../../src/recorder/stacks.js";
import { StackIds, StringIds, writeStacks, writeStrings } from "../../src/recorder/tables.js";
import type { TraceMap } from "../../src/recorder/tracer-state.js";
import type { Unfinished } from "../../src/recorder/unfinished.js";
import { parseTrace } from "../../src/recorder/written-trace.js";
import { EV } from "../../src/trace/events.js";
import { Generation } from "../../src/trace/generation.js";
import { type Batch, NO_THREAD } from "../../src/trace/wire.js";
import { clock, events, file, stacks, strings, THREAD_A, THREAD_B, twoThreads } from "../trace/samples.js";

const found = (batch: Batch): FoundBatch => ({ ...batch, raw: undefined, from: "thread", lastTime: batch.time });
const inventory = (...batches: Batch[]) => new Inventory(batches.map(found), new Findings());
const encode = (text: string) => new TextEncoder().encode(text);

/** The runtime's table with entries of words. */
const words = (...list: number[]) => {
  const bytes = new Uint8Array(list.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of list.entries()) view.setBigUint64(i * 8, BigInt(word), true);
  return bytes;
};
const table = (lastId: number, entries: Readonly<Record<number, Uint8Array>>): TraceMap => ({
  lastId,
  byId: new Map(Object.entries(entries).map(([id, bytes]) => [Number(id), bytes])),
});

test("an inventory knows what batches define and what they name", () => {
  const known = inventory(...twoThreads(26));
  expect(known).toMatchObject({ hasSync: true, mostString: 5, mostStack: 1 });
  expect([...known.goroutines]).toEqual([1, 12]);
  expect([...known.procs]).toEqual([0, 1]);
  expect([...known.threads]).toEqual([THREAD_A, THREAD_B]);
  expect([...known.usedStacks]).toEqual([1]);
  expect([...known.usedStrings].sort()).toEqual([1, 2, 3, 4, 5]);
  expect(known.isNew(12)).toBe(true);
  expect(known.isNew(1)).toBe(false);
  // Thread B ends at 1000 + 10,000 + 250.
  expect(known.lastTime).toBe(11_250);
});

test("an inventory of damaged batches keeps what came before the damage, and tells", () => {
  const findings = new Findings();
  const batch = events(1, THREAD_A, 1000, [
    [EV.GoStatus, 0, 7, THREAD_A, 1],
    [99, 0],
  ]);
  expect([...new Inventory([found(batch)], findings).goroutines]).toEqual([7]);
  expect(findings.list()).toMatchObject([{ code: "trace-event", partial: true }]);
});

test("stacks and texts get the id they have, or one that nobody has", () => {
  const ids = new StackIds(table(4, { 4: words(0, 10, 20), 9: words(0, 30) }), 7);
  expect([ids.of([]), ids.of([0, 10, 20]), ids.of([0, 30]), ids.of([0, 40]), ids.of([0, 40]), ids.of([0, 50])]).toEqual([
    0, 4, 9, 10, 10, 11,
  ]);
  expect([...ids.added]).toEqual([
    [10, [0, 40]],
    [11, [0, 50]],
  ]);
  const known = inventory(strings(1, { 3: "known" }));
  const texts = table(3, { 2: encode("elsewhere"), 3: encode("known") });
  expect(["", "known", "elsewhere", "new"].map((text) => new StringIds(texts, known, false).of(encode(text)))).toEqual([0, 3, 2, 4]);
  // A tail cannot name what only the part before it may define.
  expect(["known", "elsewhere"].map((text) => new StringIds(texts, known, true).of(encode(text)))).toEqual([3, 4]);
});

test("the tables define what batches name and lack, and each thing once", () => {
  const findings = new Findings();
  const batches = [events(1, THREAD_A, 1000, [[EV.GoBlock, 0, 8, 5]]), strings(1, { 1: "main.f" }), stacks(1, { 2: [[4096, 1, 1, 3]] })];
  const known = inventory(...batches);
  const frames = (list: readonly number[]) =>
    list.slice(1).map((pc) => ({ pc, function: encode("main.g"), file: encode("main.go"), line: 7 }));
  const given = { generation: 1, isTail: false, findings, expander: { frames } } as unknown as Unfinished;
  const stackTable = table(3, { 2: words(0, 4096), 3: words(0, 8192) });
  const stringTable = table(1, { 1: encode("main.f") });
  const stackIds = new StackIds(stackTable, known.mostStack);
  const stringIds = new StringIds(stringTable, known, false);
  expect(stackIds.of([LOGICAL_STACK, 1, 2])).toBe(4);
  const written = writeStacks(given, known, stackTable, stackIds, stringIds);
  const texts = writeStrings(given, known, stringTable, stringIds);
  expect([written.count, texts.count]).toEqual([2, 3]);

  const generation = new Generation(1, 26, "test");
  for (const each of [clock(1, 26), ...batches, ...written.batches, ...texts.batches]) generation.add(each);
  generation.finish();
  expect(generation.frames(3)).toEqual([{ pc: 8192, function: "main.g", file: "main.go", line: 7 }]);
  expect(generation.frames(4)?.map((frame) => frame.pc)).toEqual([1, 2]);
  expect(generation.frames(5)).toEqual([]);
  expect(generation.strings.get(8)).toBe("?");
  expect(findings.list().map((finding) => [finding.code, finding.example])).toEqual([
    ["trace-stack", "stack 5"],
    ["trace-string", "string 8"],
  ]);
});

test("a full batch is followed by another of its kind", () => {
  const maker = new BatchMaker(3, NO_THREAD, 50, EV.Strings);
  const half = new Uint8Array(BATCH_ROOM / 2 + 1);
  for (let i = 0; i < 5; i++) maker.record().put(half);
  const made = maker.flush();
  expect(made.map((batch) => batch.data.length)).toEqual([2, 2, 1].map((count) => 1 + count * half.length));
  for (const batch of made) expect(batch).toMatchObject({ generation: 3, m: NO_THREAD, time: 50, from: "made" });
  expect(made.every((batch) => batch.data[0] === EV.Strings && !isEvents(batch))).toBe(true);
  expect(new BatchMaker(3, THREAD_A, 50, undefined).flush()).toEqual([]);
});

test("what was passed on is found generation by generation, up to the batch that is cut", () => {
  const whole = file(26, [twoThreads(26), twoThreads(26, 0, 2)]);
  const cut = bytesSource("cut", whole.subarray(0, whole.length - 3));
  const findings = new Findings();
  const prefix = scanPrefix(cut, 26, findings);
  expect(prefix.generations.map(({ number, endMark }) => [number, endMark])).toEqual([
    [1, true],
    [2, false],
  ]);
  expect(findings.list()).toMatchObject([{ code: "trace-cut", partial: false }]);
  const [first] = prefix.generations;
  expect(loadBatches(cut, first?.from ?? 0, first?.to ?? 0).map((batch) => batch.data)).toEqual(twoThreads(26).map((batch) => batch.data));
  expect(prefix.keep).toBe(prefix.generations[1]?.to);
});

test("what lies before a gap is left out, and told", () => {
  const source = bytesSource("gap", file(26, [twoThreads(26, 0, 1), twoThreads(26, 0, 3), twoThreads(26, 0, 4)]));
  const of = (first: number) => {
    const findings = new Findings();
    const prefix = consecutive(scanPrefix(source, 26, new Findings()), first, findings);
    return [prefix?.generations.map((each) => each.number), findings.list().map((finding) => finding.code)];
  };
  expect(of(5)).toEqual([[3, 4], ["trace-gap"]]);
  expect(of(7)).toEqual([[], ["trace-gap"]]);
});

test("a buffer that was being written to gives its whole batches; one that is no trace is refused", () => {
  const whole = file(25, [twoThreads(25), twoThreads(25, 0, 2)]);
  const findings = new Findings();
  const parsed = parseTrace(whole.slice(0, whole.length - 1), "*bytes.Buffer", findings);
  expect(parsed?.format).toBe(25);
  expect(parsed?.generations.map(({ number, complete, batches }) => [number, complete, batches.length])).toEqual([
    [1, true, 5],
    [2, false, 4],
  ]);
  expect(findings.list()).toMatchObject([{ code: "trace-cut" }]);
  expect(parseTrace(whole.slice(0, 10), "*bytes.Buffer", findings)).toBeUndefined();
  expect(() => parseTrace(new ByteWriter().put(encode("a log of something else")).done(), "*bytes.Buffer", findings)).toThrow(
    /no Go execution trace/,
  );
});

test("a trace read back tells its events, its times and how every goroutine ended", () => {
  const read = readBack(bytesSource("test", file(26, [twoThreads(26)])));
  expect(read).toMatchObject({ generations: 1, events: 10 });
  expect([...read.statuses]).toEqual([[1, 2]]);
  expect(read.last).toBeGreaterThan(read.first);
});
