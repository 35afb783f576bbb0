import { expect, test } from "vitest";
import { bytesSource } from "../../src/base/source.js";
import { readGenerations } from "../../src/trace/reader.js";
import { type Lane, timeline } from "../../src/trace/timeline.js";
import { file, twoThreads } from "./samples.js";

/** Ones that can be read more than once. */
const generations = (bytes: Uint8Array) => ({ [Symbol.iterator]: () => readGenerations(bytesSource("test", bytes)) });
const sum = (numbers: readonly number[]) => Math.round(numbers.reduce((a, b) => a + b, 0));
const failed = (error: unknown) => (error as Error).message;
const whole = file(26, [twoThreads(26)]);

test("the columns of a lane add up to the time in each state, however many there are", () => {
  const lane = (columns: number) => {
    const found = timeline(generations(whole), { part: 1, columns, top: 10 }, failed);
    return { found, two: found.goroutines.find((each) => each.id === 12) as Lane };
  };
  const { found, two } = lane(1);
  // Made ready at 10, runs from 30 to 40, waits until it is made ready at 110, runs again from 240 to 250; units of 64 ns.
  expect(sum(two.running)).toBe(20 * 64);
  expect(sum(two.waiting)).toBe(70 * 64);
  expect(sum(two.runnable)).toBe((20 + 130) * 64);
  for (const columns of [2, 7, 100]) {
    const more = lane(columns).two;
    expect(more.running).toHaveLength(columns);
    for (const state of ["running", "waiting", "runnable", "syscall"] as const) expect(sum(more[state])).toBe(sum(two[state]));
  }
  expect(found).toMatchObject({ total: 2, problem: "" });
  expect(found.procs.map((each) => each.id)).toEqual([0, 1]);
});

test("only the last part is looked at, and only so many lanes are kept", () => {
  const all = timeline(generations(whole), { part: 1, columns: 4, top: 10 }, failed);
  const half = timeline(generations(whole), { part: 0.5, columns: 4, top: 1 }, failed);
  expect(half.to).toBe(all.to);
  expect(half.to - half.from).toBe((all.to - all.from) / 2);
  expect(half.goroutines).toHaveLength(1);
  expect(half.total).toBe(2);
});

test("a trace that breaks off gives what came before, and the words why", () => {
  const cut = timeline(generations(whole.subarray(0, whole.length - 1)), { part: 1, columns: 4, top: 10 }, failed);
  expect(cut.problem).toMatch(/incomplete generation/);
  expect(cut.goroutines).toEqual([]);
});
