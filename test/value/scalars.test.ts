import fc from "fast-check";
import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import type { GoType } from "../../src/runtime/types.js";
import { readInterface, scalarText } from "../../src/value/scalars.js";
import { layoutOf, MemoryBuilder, SWISS_STRUCTS, TypeBuilder } from "../support/memory-builder.js";

function text(kind: GoType["kind"], size: number, write: (memory: MemoryBuilder, at: number) => unknown): string | undefined {
  const types = new TypeBuilder();
  const memory = new MemoryBuilder();
  const at = memory.allocate(16);
  write(memory, at);
  return scalarText(memory.memory(), types.get(types.add("T", kind, size)), at);
}

test("integers of every size, with and without a sign", () => {
  for (const size of [1, 2, 4] as const) {
    const most = 2 ** (size * 8) - 1;
    expect(text("uint", size, (memory, at) => memory.uint(at, size, most))).toBe(String(most));
    expect(text("int", size, (memory, at) => memory.uint(at, size, most))).toBe("-1");
    expect(text("int", size, (memory, at) => memory.uint(at, size, (most - 1) / 2))).toBe(String((most - 1) / 2));
  }
  expect(text("uint", 8, (memory, at) => memory.word(at, 2n ** 64n - 1n))).toBe("18446744073709551615");
  expect(text("int", 8, (memory, at) => memory.word(at, -(2n ** 63n)))).toBe("-9223372036854775808");
});

test("floats as strconv prints them with %v", () => {
  const cases: readonly [4 | 8, number, string][] = [
    [8, 1.5, "1.5"],
    [8, -0, "-0"],
    [8, 100_000, "100000"],
    [8, 1e6, "1e+06"],
    [8, 0.0001, "0.0001"],
    [8, 1.25e-7, "1.25e-07"],
    [8, 1e100, "1e+100"],
    [8, Number.NaN, "NaN"],
    [8, Number.POSITIVE_INFINITY, "+Inf"],
    [8, Number.NEGATIVE_INFINITY, "-Inf"],
    [4, Math.fround(0.1), "0.1"],
    [4, Math.fround(3.4028235e38), "3.4028235e+38"],
  ];
  for (const [size, value, printed] of cases) expect(text("float", size, (memory, at) => memory.float(at, size, value))).toBe(printed);
});

test("a float32's digits are read as that float32 again", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Math.fround(Number(text("float", 4, (memory, at) => memory.float(at, 4, value))))).toBe(value);
    }),
  );
});

test("complex numbers, bools and addresses; other kinds are no scalars", () => {
  expect(text("complex", 16, (memory, at) => memory.float(at, 8, 1).float(at + 8, 8, -2))).toBe("(1-2i)");
  expect(text("complex", 8, (memory, at) => memory.float(at, 4, 0).float(at + 4, 4, 0.5))).toBe("(0+0.5i)");
  expect(text("bool", 1, (memory, at) => memory.uint(at, 1, 1))).toBe("true");
  expect(text("pointer", 8, (memory, at) => memory.word(at, 0xc000012000))).toBe("0xc000012000");
  expect(text("func", 8, () => undefined)).toBe("nil");
  expect(text("string", 16, () => undefined)).toBeUndefined();
});

test("an interface holds a pointer itself, and anything else boxed; a word that is no type has none", () => {
  const types = new TypeBuilder();
  const memory = new MemoryBuilder();
  const int = types.add("int", "int", 8, { rtype: 0x1000 });
  const pointer = types.add("*int", "pointer", 8, { element: int, rtype: 0x1100 });
  const any = types.get(types.add("interface {}", "interface", 16));
  const [boxed, direct, odd, none] = [16, 16, 16, 16].map((size) => memory.allocate(size));
  memory.words(boxed, 0x1000, 0x5000).words(direct, 0x1100, 0x6000).words(odd, 0x7777, 0x5000);
  const env = { memory: memory.memory(), types, maps: mapsOf(layoutOf(SWISS_STRUCTS)) };
  expect(readInterface(env, any, boxed)).toEqual({ type: int, address: 0x5000, direct: false });
  expect(readInterface(env, any, direct)).toEqual({ type: pointer, address: direct + 8, direct: true });
  expect(readInterface(env, any, odd)).toEqual({ type: NONE, address: 0x5000, direct: false });
  expect(readInterface(env, any, none)).toBeUndefined();
});
