/** What lies at an address, in words: of an address and of a fault. */
import { expect, test } from "vitest";
import { placeText } from "../../../cli/text/address.js";

test("each place has its words", () => {
  const address = "0xc000012000";
  expect(placeText({ kind: "global", address, name: "main.users", offset: 0 })).toBe(`${address} is in the global variable main.users`);
  expect(placeText({ kind: "global", address, name: "main.users", offset: 1 })).toMatch(/main.users, 1 byte in$/);
  expect(placeText({ kind: "mapping", address, path: "", dumped: false })).toBe(
    `${address} is in anonymous memory, which is not in the core`,
  );
  expect(placeText({ kind: "mapping", address, path: "/lib/libc.so.6", dumped: true })).toMatch(/libc.so.6, outside the Go heap$/);
  expect(placeText({ kind: "nil", address: "0x0", offset: 0 })).toBe("a nil pointer");
  expect(placeText({ kind: "nil", address: "0x10", offset: 16 })).toBe("16 bytes behind a nil pointer: a field or element of nil");
  expect(placeText({ kind: "stack-guard", address, goroutine: 18 })).toBe("just below the stack of goroutine 18: its guard");
  expect(placeText({ kind: "not-told" })).toContain("non-canonical");
});
