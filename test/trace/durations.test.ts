import { expect, test } from "vitest";
import { addPause, addTime, beginSpan, type Durations, endSpan, named, type Spans, stateTimes } from "../../src/trace/durations.js";
import { MOST_NAMES } from "../../src/trace/limits.js";

test("time goes to the state it was spent in, and waiting to its reason", () => {
  const times = stateTimes("waiting", "chan receive", 100);
  addTime(times, 130);
  times.state = "running";
  addTime(times, 150);
  times.state = "waiting";
  times.reason = "sleep";
  addTime(times, 155);
  times.reason = "chan receive";
  addTime(times, 160);
  expect(times.totals).toEqual({ running: 20, runnable: 0, waiting: 40, syscall: 0, gone: 0 });
  expect([...times.waits]).toEqual([
    ["chan receive", { ns: 35, count: 2 }],
    ["sleep", { ns: 5, count: 1 }],
  ]);
});

test("a clock that goes back adds nothing", () => {
  const times = stateTimes("running", "", 100);
  addTime(times, 90);
  expect(times.totals.running).toBe(0);
});

test("spans are counted by name, those that took most first, and what has not ended is open", () => {
  const table = new Map<string, Spans>();
  for (const name of ["a", "b", "b"]) beginSpan(table, name);
  endSpan(table, "a", 5);
  endSpan(table, "b", 7);
  expect(named(table)).toEqual([
    { name: "b", count: 2, open: 1, total: 7, longest: 7 },
    { name: "a", count: 1, open: 0, total: 5, longest: 5 },
  ]);
});

test("names beyond the bound are one", () => {
  const table = new Map<string, Spans>();
  for (let i = 0; i < MOST_NAMES + 10; i++) beginSpan(table, `task ${i}`);
  expect(table.size).toBe(MOST_NAMES + 1);
  expect(table.get("other names")?.count).toBe(10);
});

test("pauses keep the longest", () => {
  const table = new Map<string, Durations>();
  for (const ns of [3, 9, 4]) addPause(table, "GC", ns);
  expect(table.get("GC")).toEqual({ count: 3, total: 16, longest: 9 });
});
