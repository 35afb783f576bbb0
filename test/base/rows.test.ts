import { expect, test } from "vitest";
import { cut } from "../../src/base/rows.js";

test("0 asks for all rows, a number for the first so many", () => {
  const rows = ["a", "b", "c"];
  expect([cut(rows, 0), cut(rows, 2), cut(rows, 9)]).toEqual([rows, ["a", "b"], rows]);
});
