import { expect, test } from "vitest";
import { fatalErrorText, linesBeforeThrow } from "../../src/runtime/death.js";

test("the text of the last throw, with the lines that belong to it", () => {
  const backlog = "hello\nruntime: bad stack\nfatal error: all is lost\nsecond line\n";
  expect(fatalErrorText(backlog)).toBe("all is lost\nsecond line");
  expect(linesBeforeThrow(backlog)).toEqual(["runtime: bad stack"]);
  expect(fatalErrorText("hello\n")).toBeUndefined();
  expect(linesBeforeThrow("hello\n")).toEqual([]);
});

test.each([
  ["the later one begins when the earlier one panics", "fatal error: concurrent map writes\nfatal error: ", "concurrent map writes"],
  ["the earlier one is told whole", "runtime: a\nfatal error: one\nfatal error: \nfatal error: ", "one"],
  ["both were told", "fatal error: one\nfatal error: two\n", "two"],
  ["both begin before either is told", "fatal error: fatal error: concurrent map writes\n", "concurrent map writes"],
  ["neither was told", "fatal error: fatal error: ", undefined],
])("of two threads that throw at once, %s", (_what, backlog, text) => {
  expect(fatalErrorText(backlog)).toBe(text);
});
