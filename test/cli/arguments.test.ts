import { describe, expect, test } from "vitest";
import { operandLength, operandPlace, optionBytes, optionChoice, optionPattern, optionTop } from "../../cli/arguments.js";
import { UsageError } from "../../src/base/errors.js";

describe("numbers", () => {
  test("--top takes counts only", () => {
    expect([optionTop({}), optionTop({ top: "0" }), optionTop({ top: "812" })]).toEqual([20, 0, 812]);
    for (const top of ["-1", "1.5", "many", "", "0x10", "9".repeat(30)]) expect(() => optionTop({ top })).toThrow(UsageError);
  });
  test("sizes take units", () => {
    expect([optionBytes({}, "min"), optionBytes({ min: "1MiB" }, "min"), optionBytes({ min: "512K" }, "min")]).toEqual([
      0, 1048576, 524288,
    ]);
    for (const min of ["big", "-5", "1e400", ""]) expect(() => optionBytes({ min }, "min")).toThrow(UsageError);
  });
  test("lengths are between 1 and the most", () => {
    expect([operandLength("64", 4096), operandLength("0x40", 4096), operandLength("4K", 4096)]).toEqual([64, 64, 4096]);
    for (const text of ["0", "4097", "-1", "x", "1e300"]) expect(() => operandLength(text, 4096)).toThrow(UsageError);
  });
});

test("addresses come with or without 0x", () => {
  expect([operandPlace("0xC000012000"), operandPlace("c000012000")]).toEqual(["0xc000012000", "0xc000012000"]);
  expect([operandPlace(" main.x "), operandPlace("(*main.T)(0x10).a")]).toEqual(["main.x", "(*main.T)(0x10).a"]);
  for (const text of ["", "  "]) expect(() => operandPlace(text)).toThrow(UsageError);
});

test("patterns are checked before a core is opened", () => {
  expect(optionPattern({ type: "^main[.]" }, "type")).toBe("^main[.]");
  expect(() => optionPattern({ type: "map[" }, "type")).toThrow(UsageError);
});

test("choices name what may be chosen", () => {
  expect(optionChoice({}, "sort", ["bytes", "count"])).toBe("bytes");
  expect(() => optionChoice({ sort: "size" }, "sort", ["bytes", "count"])).toThrow("not one of bytes, count");
});
