import { expect, test } from "vitest";
import { EXIT, explain } from "../../cli/exit.js";
import { FormatError, MemoryFault, NotFoundError, ResourceError, UnsupportedError, UsageError } from "../../src/base/errors.js";
import { Cancelled } from "../../src/base/progress.js";

test.each([
  [new NotFoundError("object at", "0x10"), 1],
  [new NotFoundError("file", "/srv/core"), 3],
  [new NotFoundError("executable", "./server"), 3],
  [new UsageError("no"), 2],
  [new FormatError("core", 16, "not an ELF file"), 3],
  [new UnsupportedError("machine", "riscv", "amd64, arm64"), 3],
  [new MemoryFault(0xc000000000, 8, "not-dumped"), 3],
  [new ResourceError("disk full"), 5],
  [Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", errno: -28, syscall: "write" }), 5],
  [Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT", errno: -2, syscall: "open" }), 3],
  [new RangeError("Array buffer allocation failed"), 5],
  [new Cancelled(), 130],
  [new TypeError("undefined is not a function"), 70],
  ["thrown text", 70],
])("%s has exit code %i", (error, code) => {
  expect(explain(error).code).toBe(code);
});

test("a closed pipe is quiet", () => {
  const error = Object.assign(new Error("write EPIPE"), { code: "EPIPE", errno: -32, syscall: "write" });
  expect(explain(error)).toEqual({ code: EXIT.ok, lines: [] });
});

test("an expected error is a sentence and what to do, without a stack trace", () => {
  const { lines } = explain(new FormatError("core", 0, "not an \u001b[31mELF file", "pass a core file"));
  expect(lines).toEqual(["error: core: at offset 0: not an \\x1b[31mELF file", "  pass a core file"]);
});

test("a bug asks for a report and shows its stack only when debugging", () => {
  const error = new TypeError("x is undefined");
  expect(explain(error).lines.join("\n")).toContain("report");
  expect(explain(error).lines.join("\n")).not.toContain("exit.test");
  expect(explain(error, true).lines.join("\n")).toContain("exit.test");
});

test("an error of Node itself is a bug, not a damaged file", () => {
  expect(explain(Object.assign(new TypeError("bad argument"), { code: "ERR_INVALID_ARG_TYPE" })).code).toBe(EXIT.bug);
});
