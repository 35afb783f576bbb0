import { expect, test } from "vitest";
import { RUNTIME_GLOBALS } from "../../src/runtime/layout/schema-globals.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { comparedAccounts, knownVariables } from "../../src/runtime/self-checks.js";

const runtime = (parts: object) => parts as unknown as GoRuntime;

test("without statistics nothing is compared", () => {
  expect(comparedAccounts(runtime({ accounts: undefined }))).toBeUndefined();
});

test("variables are counted by the names that are read", () => {
  const known = new Set([RUNTIME_GLOBALS[0], RUNTIME_GLOBALS[2], "runtime.nobodyReadsThis"]);
  const layout = { global: (name: string) => (known.has(name) ? 0x1000 : undefined) };
  expect(knownVariables(runtime({ layout }))).toBe(2);
});
