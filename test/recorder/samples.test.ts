/** The ring of CPU samples as a signal handler leaves it. runtime/profbuf.go */
import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { type Address, NONE } from "../../src/base/units.js";
import { unreadSamples } from "../../src/recorder/samples.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { layoutOf, MemoryBuilder } from "../support/memory-builder.js";

const LAYOUT = layoutOf({ profBuf: [64, { hdrsize: [0, 8], data: [8, 24], w: [32, 8], rNext: [40, 8] }] });

/** A buffer of so many words: read and write are counts of words, records lie from `read` on. */
function samplesOf(
  size: number,
  read: number,
  records: readonly (readonly number[])[],
  options: { headerWords?: number; written?: number } = {},
) {
  const make = new MemoryBuilder();
  const data = make.allocate(size * 8);
  let written = read;
  for (const record of records) {
    make.words(data + (written % size) * 8, ...record);
    written += record[0] === 0 ? size - (written % size) : (record[0] ?? 0);
  }
  const log: Address = make.allocate(64);
  make.words(log, options.headerWords ?? 3, data, size, size, options.written ?? written, read);
  const findings = new Findings();
  const memory = make.memory();
  const runtime = { process: { memory }, memory, layout: LAYOUT } as unknown as GoRuntime;
  return { samples: unreadSamples(runtime, log, findings), findings: findings.list() };
}

/** Length, time, P (its id * 2 + 1, 2: none), goroutine, thread, stack. */
const record = (time: number, p: number, g: number, m: number, ...stack: number[]) => [5 + stack.length, time, p, g, m, ...stack];

test("samples come in the order in which they were taken, with the stack as it is", () => {
  const { samples, findings } = samplesOf(64, 3, [record(100, 7, 21, 500, 0x1000, 0x2000), record(110, 2, 0, 501)]);
  expect(samples).toEqual([
    { time: 100, p: 3, g: 21, m: 500, stack: [0x1000, 0x2000] },
    { time: 110, p: NONE, g: 0, m: 501, stack: [] },
  ]);
  expect(findings).toEqual([]);
});

test("a record that did not fit before the end begins at the start again", () => {
  const { samples } = samplesOf(16, 9, [record(1, 1, 1, 1), [0], record(2, 1, 1, 1, 0x3000)]);
  expect(samples.map((each) => each.time)).toEqual([1, 2]);
});

test("records that are none of the tracer's are passed over", () => {
  expect(samplesOf(32, 0, [record(1, 0, 0, 0, 9), record(2, 1, 1, 1)]).samples.map((each) => each.time)).toEqual([2]);
});

test("damage ends the samples and is told; a buffer of another kind has none", () => {
  const damaged = samplesOf(32, 0, [record(1, 1, 1, 1), [3, 9, 9]]);
  expect(damaged.samples.map((each) => each.time)).toEqual([1]);
  expect(damaged.findings).toMatchObject([{ code: "trace-samples", partial: true }]);
  expect(samplesOf(32, 0, [record(1, 1, 1, 1)], { headerWords: 1 }).samples).toEqual([]);
  // What was written never comes: the ring is gone through once.
  expect(samplesOf(32, 0, [record(1, 1, 1, 1)], { written: 1_000_000 }).samples.length).toBeLessThanOrEqual(32);
});
