import { expect, test } from "vitest";
import type { Address, TypeId } from "../../src/base/units.js";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import { keyMatcher, matchElsewhere, passes } from "../../src/value/key-matcher.js";
import { layoutOf, MemoryBuilder, SWISS_STRUCTS, TypeBuilder } from "../support/memory-builder.js";

const types = new TypeBuilder();
const memory = new MemoryBuilder();
const int32 = types.add("int32", "int", 4, { rtype: 0x1000 });
const uint8 = types.add("uint8", "uint", 1);
const text = types.add("string", "string", 16, { rtype: 0x1100 });
const any = types.add("interface {}", "interface", 16);
const float = types.add("float64", "float", 8);
const pair = types.add("main.Pair", "struct", 24, {
  fields: [
    ["ID", 0, int32],
    ["Name", 8, text],
  ],
});
const env = { memory: memory.memory(), types, maps: mapsOf(layoutOf(SWISS_STRUCTS)) };

/** Which of the keys a text's matcher lets pass; undefined: no key of the type has it. */
function matched(type: TypeId, key: string, at: readonly Address[]): readonly number[] | undefined {
  const matcher = keyMatcher(env, type, key);
  if (!matcher) return undefined;
  const near = at.flatMap((address, row) => (passes(env.memory, matcher.near, address) ? [row] : []));
  return matchElsewhere(env.memory, matcher.far, { rows: near, at: near.map((row) => at[row]) }).rows;
}

test("numbers are matched by their bytes, in whatever base they are written", () => {
  const at = [0, -2, 255].map((value) => {
    const address = memory.allocate(8);
    memory.uint(address, 4, value >>> 0);
    return address;
  });
  expect(matched(int32, "-2", at)).toEqual([1]);
  expect(matched(int32, "0xff", at)).toEqual([2]);
  expect(keyMatcher(env, int32, "7")?.isWhole).toBe(true);
  // No int32, no uint8, no number.
  expect([matched(int32, "2147483648", at), matched(uint8, "-1", at), matched(int32, '"a"', at)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("strings are matched by their length and then by the bytes they point to", () => {
  const at = ["one", "two", "", "longer"].map((value) => {
    const address = memory.allocate(16);
    memory.string(address, value);
    return address;
  });
  expect(matched(text, '"two"', at)).toEqual([1]);
  expect(matched(text, '""', at)).toEqual([2]);
  expect(matched(text, '"six"', at)).toEqual([]);
});

test("a struct has all that its fields must have", () => {
  const at = (
    [
      [1, "a"],
      [2, "a"],
      [2, "b"],
    ] as const
  ).map(([id, name]) => {
    const address = memory.allocate(24);
    memory.uint(address, 4, id).string(address + 8, name);
    return address;
  });
  expect(matched(pair, 'main.Pair{ID: 2, Name: "a"}', at)).toEqual([1]);
  expect(matched(pair, 'main.Other{ID: 2, Name: "a"}', at)).toBeUndefined();
});

test("an interface's key is matched by its type and then by its value; nil by no type", () => {
  const [number, string, nil] = [16, 16, 16].map((size) => memory.allocate(size));
  const [boxed, boxedText] = [memory.allocate(8), memory.allocate(16)];
  memory.uint(boxed, 4, 7).string(boxedText, "7").words(number, 0x1000, boxed).words(string, 0x1100, boxedText);
  expect(matched(any, "int32(7)", [number, string, nil])).toEqual([0]);
  expect(matched(any, '"7"', [number, string, nil])).toEqual([1]);
  expect(matched(any, "nil", [number, string, nil])).toEqual([2]);
});

test("where the text does not tell bytes every key passes, and the text is not wholly told", () => {
  const at = memory.allocate(8);
  expect(matched(float, "NaN", [at])).toEqual([0]);
  const { near, far, isWhole } = keyMatcher(env, float, "NaN") ?? {};
  expect([near, far, isWhole]).toEqual([[], [], true]);
  expect(keyMatcher(env, text, "?")?.isWhole).toBe(false);
});
