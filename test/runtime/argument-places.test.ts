import { expect, test } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import { argumentPlaces } from "../../src/runtime/argument-places.js";
import { TypeBuilder } from "../support/memory-builder.js";

function setup() {
  const types = new TypeBuilder();
  const int = types.add("int", "int", 8);
  const text = types.add("string", "string", 16);
  const pointer = types.add("*T", "pointer", 8, { element: int });
  const flag = types.add("bool", "bool", 1);
  const pair = types.add("[2]*T", "array", 16, { element: pointer, count: 2 });
  const float = types.add("float64", "float", 8);
  return { types, int, text, pointer, flag, pair, float };
}

const named = (type: number, i: number) => ({ name: `p${i}`, type });

test("register arguments have spill slots in order, aligned", () => {
  const { types, flag, text, pointer } = setup();
  const places = argumentPlaces(types, [flag, text, flag, pointer].map(named), [], ARCHES.amd64);
  expect(places.map(({ name, offset }) => [name, offset])).toEqual([
    ["p0", 0],
    ["p1", 8],
    ["p2", 24],
    ["p3", 32],
  ]);
});

test("what does not fit into registers lies on the stack, below the spill slots", () => {
  const { types, int, text, pointer, pair, float } = setup();
  // Nine integer registers for a to i; j, k, l, the string, the pointer and the array go to the stack, the float does not.
  const parameters = [...Array.from({ length: 12 }, () => int), text, pointer, pair, float].map(named);
  const offsets = new Map(argumentPlaces(types, parameters, [], ARCHES.amd64).map(({ name, offset }) => [name, offset]));
  expect([9, 10, 11, 12, 13, 14].map((i) => offsets.get(`p${i}`))).toEqual([0, 8, 16, 24, 40, 48]);
  expect([0, 1, 8, 15].map((i) => offsets.get(`p${i}`))).toEqual([64, 72, 128, 136]);
  const wide = new Map(argumentPlaces(types, parameters, [], ARCHES.arm64).map(({ name, offset }) => [name, offset]));
  expect([wide.get("p14"), wide.get("p0"), wide.get("p13")]).toEqual([0, 16, 16 + 14 * 8]);
});

test("results on the stack come between", () => {
  const { types, pair, int } = setup();
  const places = argumentPlaces(types, [int].map(named), [pair].map(named), ARCHES.amd64);
  expect(places).toMatchObject([{ offset: 16 }]);
});
