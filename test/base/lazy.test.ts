import { expect, test } from "vitest";
import { lazy } from "../../src/base/lazy.js";

test("what is lazy is computed once, also when it is undefined, and again after a throw", () => {
  let calls = 0;
  const value = lazy(() => {
    calls++;
    if (calls === 1) throw new Error("not yet");
    return undefined;
  });
  expect(calls).toBe(0);
  expect(value).toThrow("not yet");
  expect([value(), value(), calls]).toEqual([undefined, undefined, 2]);
});
