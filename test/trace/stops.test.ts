import { expect, test } from "vitest";
import { EV } from "../../src/trace/events.js";
import type { TraceEvent } from "../../src/trace/order.js";
import { LastStops } from "../../src/trace/stops.js";

/** Events of [time, type, thread, P, goroutine or first argument]. */
function stopsOf(events: readonly (readonly [time: number, type: number, m: number, p: number, argument?: number])[]): LastStops {
  const stops = new LastStops();
  for (const [time, type, m, p, argument = 0] of events)
    stops.visit({
      time,
      type,
      m,
      p,
      g: argument,
      args: Float64Array.of(argument),
      generation: undefined,
      first: false,
    } as unknown as TraceEvent);
  return stops;
}

test("a freeze begins where the first of the Ps it stopped was stopped, with its goroutine", () => {
  const stops = stopsOf([
    [10, EV.ProcStop, 1, 0],
    [20, EV.ProcStart, 1, -1, 0],
    [30, EV.GoStop, 1, 0],
    [40, EV.GoStop, 2, 1],
    [50, EV.ProcStop, 2, 1],
    [60, EV.ProcStop, 1, 0],
  ]);
  expect(stops.first([0, 1])).toBe(30);
  expect(stops.first([1])).toBe(40);
  expect(stops.first([7])).toBe(undefined);
});

test("a P that started again has not stopped; what happens in between is no preemption", () => {
  const stops = stopsOf([
    [10, EV.GoStop, 1, 0],
    [20, EV.GoStart, 1, 0, 5],
    [30, EV.GoBlock, 1, 0],
    [40, EV.ProcStop, 1, 0],
    [50, EV.ProcStop, 2, 1],
    [60, EV.ProcStart, 2, -1, 1],
  ]);
  expect(stops.first([0, 1])).toBe(40);
  expect(stops.first([1])).toBe(undefined);
});

test("while the world is stopped for another reason no stop marks a crash", () => {
  expect(
    stopsOf([
      [5, EV.STWBegin, 1, 0, 3],
      [10, EV.ProcStop, 2, 1],
    ]).first([1]),
  ).toBe(undefined);
  expect(
    stopsOf([
      [5, EV.STWBegin, 1, 0, 3],
      [7, EV.STWEnd, 1, 0, 3],
      [10, EV.ProcStop, 2, 1],
    ]).first([1]),
  ).toBe(10);
});
