import { expect, test } from "vitest";
import { editDistance } from "../../src/base/spelling.js";

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["sessions", "sessions", 0],
  ["session", "sessions", 1],
  ["sesions", "sessions", 1],
  ["sassions", "sessions", 1],
  ["kitten", "sitting", 3],
])("%j and %j are %d letters apart", (a, b, letters) => {
  expect(editDistance(a, b)).toBe(letters);
  expect(editDistance(b, a)).toBe(letters);
  expect(editDistance(a, b, 1)).toBe(Math.min(letters, 2));
});
