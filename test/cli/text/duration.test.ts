import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../cli/text/duration.js";

test("times are told in their largest unit", () => {
  expect(formatDuration(3 * 60e9 + 59e9)).toBe("3 minutes");
  expect(formatDuration(3_600e9)).toBe("1 hour");
  expect(formatDuration(2 * 86_400e9)).toBe("2 days");
  expect(formatDuration(1.5e9)).toBe("1 second");
  expect(formatDuration(2.5e6)).toBe("2 milliseconds");
  expect(formatDuration(0)).toBe("less than a millisecond");
});

test("durations are read as Go writes them", () => {
  expect(parseDuration("90")).toBe(90e9);
  expect(parseDuration("90s")).toBe(90e9);
  expect(parseDuration("1h30m")).toBe(5400e9);
  expect(parseDuration("1.5h")).toBe(5400e9);
  expect(parseDuration("250ms")).toBe(250e6);
  for (const wrong of ["", "m", "5 m", "-1s", "1y", "1..5s"]) expect(parseDuration(wrong)).toBe(undefined);
});
