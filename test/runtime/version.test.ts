import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { releases } from "../../scripts/make-dumps.mjs";
import { NEWEST_RELEASE, OLDEST_RELEASE, RELEASES } from "../../src/base/releases.js";
import { SIZE_CLASSES, slotSize } from "../../src/runtime/accounting.js";
import { forgetsAssignments, isKnownRelease, isTooOld, parseVersion } from "../../src/runtime/layout/version.js";

test("versions with experiments, before and since Go 1.26", () => {
  expect(parseVersion("go1.24.13 X:noswissmap")).toEqual({ version: "go1.24.13", experiments: ["noswissmap"] });
  expect(parseVersion("go1.27.2-X:nodwarf5,nogreenteagc")).toEqual({ version: "go1.27.2", experiments: ["nodwarf5", "nogreenteagc"] });
  expect(parseVersion("go1.26rc1")).toEqual({ version: "go1.26rc1", experiments: [] });
});

test("releases that were proved", () => {
  expect([`go1.${OLDEST_RELEASE}.13`, `go1.${NEWEST_RELEASE}rc1`].map(isKnownRelease)).toEqual([true, true]);
  expect([`go1.${NEWEST_RELEASE + 1}.0`, `go1.${OLDEST_RELEASE - 1}.1`, "go1.9", "devel", ""].map(isKnownRelease)).not.toContain(true);
});

test("README and the matrix of real crashes have the same range", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  expect(readme).toContain(`cores of programs built by ${RELEASES} for`);
  const minors = Array.from({ length: NEWEST_RELEASE - OLDEST_RELEASE + 1 }, (_, i) => OLDEST_RELEASE + i);
  expect(releases.map((release) => Number(release.split(".")[1]))).toEqual(minors);
});

test("releases that are read although nobody proved it, and those that are not", () => {
  expect(["go1.16.15", "go1.18.10", "go1.19"].map(isTooOld)).toEqual([true, true, true]);
  expect(["go1.20.14", "go1.21.13", "go1.28", "devel", ""].map(isTooOld)).toEqual([false, false, false, false, false]);
  expect(isKnownRelease("go1.20.14")).toBe(false);
});

test("a slot is the smallest class that holds the bytes, pages above", () => {
  for (const size of [1, 8, 9, 24, 25, 513, 32_768]) {
    expect(slotSize(size)).toBe(SIZE_CLASSES.find((each) => each >= size));
  }
  expect(slotSize(32_769)).toBe(40_960);
});

test("compilers before Go 1.24 forget assignments, later and unnamed ones are not known to", () => {
  expect(["go1.21.13", "go1.22rc1", "go1.23.12"].map(forgetsAssignments)).toEqual([true, true, true]);
  expect(["go1.24", "go1.27.2", "go2.1", "devel +abc"].map(forgetsAssignments)).toEqual([false, false, false, false]);
});
