// Regular expressions over names of packages, whole and short.
import { expect, test } from "vitest";
import { UsageError } from "../../src/base/errors.js";
import { PackageNames } from "../../src/base/package-names.js";
import type { Snapshot } from "../../src/heap/snapshot.js";
import { namePattern, parseRegExp } from "../../src/naming/patterns.js";

test("a name is meant by its whole and by its short form", () => {
  const names = new PackageNames([{ path: "example.com/shop/server", name: "server" }]);
  const snapshot = { runtime: { names } } as unknown as Snapshot;
  const whole = "example.com/shop/server.(*Store).Add";
  expect(namePattern(snapshot, "^server\\.")(whole)).toBe(true);
  expect(namePattern(snapshot, "shop/server")(whole)).toBe(true);
  expect(namePattern(snapshot, "^Store")(whole)).toBe(false);
});

test("what is no regular expression is wrong usage, with advice", () => {
  expect(() => parseRegExp("main.(User")).toThrow(UsageError);
  expect(parseRegExp("main\\.User").test("main.User")).toBe(true);
});
