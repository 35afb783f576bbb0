import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../cli/text/duration.js";

test("times are told in one unit, cut off and not rounded up", () => {
  expect(formatDuration(3 * 60e9 + 59e9)).toBe("3.9 min");
  expect(formatDuration(3_600e9)).toBe("60.0 min");
  expect(formatDuration(7_199_999e6)).toBe("119.9 min");
  expect(formatDuration(5 * 3_600e9)).toBe("5.0 h");
  expect(formatDuration(2 * 86_400e9)).toBe("2.0 days");
  expect(formatDuration(119.9999e9)).toBe("119.999 s");
  expect(formatDuration(999_999_999)).toBe("999.9 ms");
  expect(formatDuration(2.5e6)).toBe("2.500 ms");
  expect(formatDuration(-20_480)).toBe("-20.4 µs");
  expect(formatDuration(-64)).toBe("-64 ns");
  expect(formatDuration(0)).toBe("0 ns");
  expect(formatDuration(-0.2)).toBe("0 ns");
});

test("durations are read as Go writes them", () => {
  expect(parseDuration("90")).toBe(90e9);
  expect(parseDuration("90s")).toBe(90e9);
  expect(parseDuration("1h30m")).toBe(5400e9);
  expect(parseDuration("1.5h")).toBe(5400e9);
  expect(parseDuration("250ms")).toBe(250e6);
  expect(parseDuration("200us")).toBe(200e3);
  expect(parseDuration("1.5µs")).toBe(1500);
  expect(parseDuration("300ns")).toBe(300);
  for (const wrong of ["", "m", "5 m", "-1s", "1y", "1..5s"]) expect(parseDuration(wrong)).toBe(undefined);
});
