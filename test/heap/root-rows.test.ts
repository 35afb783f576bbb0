import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import { Rows, WHAT } from "../../src/heap/root-rows.js";

test("a row is of no type unless it was told just before", () => {
  const rows = new Rows();
  rows.add(0, 0x10, 0x100, 1, true, 3, "global");
  rows.in(7, 24);
  rows.add(0, 0x18, 0x108, 2, false, 4, "conservative", 5);
  rows.add(1, 0x20, 0x110, 3, true, 5, "special");
  expect([rows.type, rows.offset]).toEqual([
    [NONE, 7, NONE],
    [0, 24, 0],
  ]);
  expect([rows.certain, rows.frame, rows.what.map((each) => WHAT[each])]).toEqual([
    [1, 0, 1],
    [NONE, 5, NONE],
    ["global", "conservative", "special"],
  ]);
});

test("rows of one owner come together, in the order in which they were found, every column with them", () => {
  const rows = new Rows();
  for (const [index, owner] of [2, 0, 2, 1, 0].entries()) {
    rows.in(index, index * 8);
    rows.add(owner, 0x1000 + index, 0x2000 + index, index, index % 2 === 0, index * 16, "special", index);
  }
  rows.sortByOwner();
  const order = [1, 4, 3, 0, 2];
  expect(rows.owner).toEqual([0, 0, 1, 2, 2]);
  expect([rows.object, rows.type, rows.frame]).toEqual([order, order, order]);
  expect(rows.slot).toEqual(order.map((each) => 0x1000 + each));
  expect(rows.value).toEqual(order.map((each) => 0x2000 + each));
  expect(rows.code).toEqual(order.map((each) => each * 16));
  expect(rows.offset).toEqual(order.map((each) => each * 8));
  expect(rows.certain).toEqual([0, 1, 0, 1, 1]);
});
