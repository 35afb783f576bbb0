import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import { pointerKinds } from "../../src/heap/pointer-kinds.js";
import { FactsByType, fitsKey, KEY_HEADER, KEY_NOSCAN, KEY_SIZE } from "../../src/heap/type-facts.js";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import { layoutOf, SWISS_STRUCTS, TypeBuilder } from "../support/memory-builder.js";

function program() {
  const types = new TypeBuilder();
  types.add("int", "int", 8);
  return { types, facts: new FactsByType(types, mapsOf(layoutOf(SWISS_STRUCTS)), pointerKinds(types)) };
}

test("a value fits the slots that it gets: with a header those of eight bytes more", () => {
  const { types, facts } = program();
  const large = facts.of(types.add("main.Large", "struct", 1000));
  expect([large.slot, large.slotWithHeader]).toEqual([1024, 1024]);
  const exact = facts.of(types.add("main.Exact", "struct", 1024));
  expect([exact.slot, exact.slotWithHeader]).toEqual([1024, 1152]);
  expect([1024 * KEY_SIZE, 1024 * KEY_SIZE + KEY_HEADER, 1152 * KEY_SIZE + KEY_HEADER].map((key) => fitsKey(exact, key))).toEqual([
    true,
    false,
    true,
  ]);
});

test("a word fits a slot of 8 bytes as well as one that small values share", () => {
  const { types, facts } = program();
  const int = facts.of(types.byName("int"));
  expect([8, 16, 24].map((size) => fitsKey(int, size * KEY_SIZE + KEY_NOSCAN))).toEqual([true, true, false]);
});

test("the array of a type is made once; a timer knows what it is allocated as", () => {
  const { types, facts } = program();
  const whole = types.add("runtime.timeTimer", "struct", 96);
  expect(facts.of(types.add("time.Timer", "struct", 88)).whole).toBe(whole);
  expect(facts.of(types.add("time.Ticker", "struct", 88)).whole).toBe(NONE);
  expect(facts.arrayOf(whole)).toBe(facts.arrayOf(whole));
  expect(types.get(facts.arrayOf(whole)).name).toBe("[]runtime.timeTimer");
});

test("the runtime's own view of maps and channels is generic, in lists too; a program's is not", () => {
  const { types, facts } = program();
  const isGeneric = (name: string) => facts.of(types.add(name, "struct", 48)).isGeneric;
  const generic = ["runtime.hmap", "runtime.hchan", "internal/runtime/maps.Map", "[]*internal/runtime/maps.table"];
  const own = ["hash<int,int>", "hchan<int>", "map<int,int>", "[]*table<int,int>", "main.hmap"];
  expect([...generic, ...own].map(isGeneric)).toEqual([...generic.map(() => true), ...own.map(() => false)]);
});
