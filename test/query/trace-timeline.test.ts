import { beforeAll, describe, expect, test } from "vitest";
import { silent } from "../../src/base/progress.js";
import type { Dump } from "../../src/dump.js";
import { traceSummary } from "../../src/query/trace-summary.js";
import { traceTimeline } from "../../src/query/trace-timeline.js";
import type { Lane, Timeline } from "../../src/trace/trace.js";
import { openFixture } from "../support/dump-cache.js";

const states = ["running", "runnable", "syscall", "waiting"] as const;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe("the time line of a trace", () => {
  let dump: Dump;
  beforeAll(async () => {
    dump = await openFixture("demo-1.26-amd64");
  });
  const context = () => ({ progress: silent, findings: dump.findings });
  const lanes = (part: number, columns: number, top = 1000) =>
    traceTimeline.run(dump, { part, columns, top }, context()).timeline as Timeline;

  test("the columns of a lane add up to what the summary says of it", () => {
    const { summary } = traceSummary.run(dump, { top: 0 }, context());
    for (const columns of [1, 7, 240]) {
      const { goroutines, procs, total, from, to } = lanes(1, columns);
      expect([from, to]).toEqual([summary?.first, summary?.last]);
      expect(total).toBeGreaterThan(3);
      for (const lane of goroutines) {
        const times = summary?.goroutines.find((each) => each.id === lane.id);
        for (const state of states) expect(sum(lane[state]), `g${lane.id} ${state}`).toBeCloseTo(times?.[state] ?? Number.NaN, 0);
        expect(lane.function).toBe(times?.function);
      }
      expect(procs.map((lane) => lane.id)).toEqual(summary?.procs.map((each) => each.id));
      for (const lane of procs)
        expect(sum(lane.running) + sum(lane.syscall)).toBeCloseTo(summary?.procs.find((each) => each.id === lane.id)?.running ?? -1, 0);
    }
  });

  test("no column holds more than its time, and the last part of the time is the last columns", () => {
    const all = lanes(1, 64);
    const half = lanes(0.5, 32);
    const width = (all.to - all.from) / 64;
    const inColumn = (lane: Lane, at: number) => states.reduce((total, state) => total + lane[state][at], 0);
    for (const lane of [...all.procs, ...all.goroutines])
      for (let at = 0; at < 64; at++) expect(inColumn(lane, at)).toBeLessThanOrEqual(width * 1.0001 + 1);
    for (const lane of half.goroutines) {
      const whole = all.goroutines.find((each) => each.id === lane.id) as Lane;
      for (const state of states) for (const [at, ns] of lane[state].entries()) expect(ns).toBeCloseTo(whole[state][at + 32], -1);
    }
    expect(sum(half.collecting)).toBeLessThanOrEqual(sum(all.collecting));
  });

  test("the busiest goroutines are the ones shown", () => {
    const some = lanes(1, 10, 2);
    expect(some.goroutines).toEqual(lanes(1, 10).goroutines.slice(0, 2));
    const busy = (lane: Lane) => sum(lane.running) + sum(lane.runnable) + sum(lane.syscall);
    const [first, second] = some.goroutines as [Lane, Lane];
    expect(busy(first)).toBeGreaterThanOrEqual(busy(second));
  });
});
