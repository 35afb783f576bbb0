import { expect, test } from "vitest";
import { Generation } from "../../src/trace/generation.js";
import { MOST_DENSE } from "../../src/trace/limits.js";
import { StringTable } from "../../src/trace/tables.js";
import { clock, stacks, strings } from "./samples.js";

test("texts are found by id in whatever batch they came, also those of ids beyond the columns", () => {
  const table = new StringTable();
  const encode = (text: string) => new TextEncoder().encode(text);
  table.open(encode("abcdef"));
  table.set(1, 0, 3);
  table.set(300, 3, 3);
  table.open(encode("größer"));
  table.set(2, 0, 8);
  table.set(MOST_DENSE + 5, 0, 2);
  expect([0, 1, 2, 300, MOST_DENSE + 5].map((id) => table.get(id))).toEqual(["", "abc", "größer", "def", "gr"]);
  expect([0, 1, 2, 300, MOST_DENSE + 5].every((id) => table.has(id))).toBe(true);
  for (const id of [3, 299, 10_000, MOST_DENSE, MOST_DENSE + 6]) {
    expect(table.get(id)).toBeUndefined();
    expect(table.has(id)).toBe(false);
  }
});

test("a generation tells the frames of its stacks, innermost first, and ? for nothing", () => {
  const generation = new Generation(1, 26, "test");
  generation.add(clock(1, 26));
  generation.add(strings(1, { 1: "main.inner", 2: "main.go", 3: "main.outer" }));
  generation.add(
    stacks(1, {
      7: [
        [4096, 1, 2, 10],
        [8192, 3, 2, 20],
      ],
    }),
  );
  generation.finish();
  expect(generation.frames(7)).toEqual([
    { pc: 4096, function: "main.inner", file: "main.go", line: 10 },
    { pc: 8192, function: "main.outer", file: "main.go", line: 20 },
  ]);
  expect(generation.frames(0)).toEqual([]);
  expect(generation.frames(8)).toBeUndefined();
});

test("a generation that names a text it has not is refused, and one without a clock", () => {
  const unnamed = new Generation(3, 26, "test");
  unnamed.add(clock(3, 26));
  unnamed.add(stacks(3, { 7: [[4096, 1, 2, 10]] }));
  expect(() => unnamed.finish()).toThrow(/generation 3: found invalid func string ID 1 for pc 0x1000/);
  expect(() => new Generation(4, 22, "test").finish()).toThrow(/no frequency/);
});
