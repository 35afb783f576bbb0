import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import { InterfaceTypes } from "../../src/heap/interface-types.js";
import { pointerKinds } from "../../src/heap/pointer-kinds.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { TypeBuilder } from "../support/memory-builder.js";

test("the data word points to the value, or is it where the value is a pointer", () => {
  const types = new TypeBuilder();
  const t = types.add("main.T", "struct", 16, { rtype: 0x1000 });
  const pointer = types.add("*main.T", "pointer", 8, { element: t, rtype: 0x1010 });
  const header = types.add("map<int,int>", "struct", 48);
  types.add("map[int]int", "map", 8, { header, rtype: 0x1020 });
  types.add("func()", "func", 8, { rtype: 0x1030 });
  types.add("unsafe.Pointer", "unsafe.Pointer", 8, { rtype: 0x1040 });
  const wrapped = types.add("main.Wrapped", "struct", 8, { rtype: 0x1050, fields: [["p", 0, pointer]] });
  const number = types.add("main.Number", "struct", 8, { rtype: 0x1060, fields: [["n", 0, types.add("int", "int", 8)]] });
  types.itabs.set(0x9000, 0x1010);
  const known = new InterfaceTypes({ types } as unknown as GoRuntime, pointerKinds(types));
  const unknown = { kind: "unknown", type: NONE };
  const typed = (type: number) => ({ kind: "typed", type });
  expect([0x1000, 0x1010, 0x1020, 0x1030, 0x1040, 0x1050, 0x1060, 0x7777].map((word) => known.of(word, false))).toEqual([
    typed(t),
    typed(t),
    typed(header),
    { kind: "func", type: NONE },
    unknown,
    typed(t),
    typed(number),
    unknown,
  ]);
  expect(known.of(0x9000, true)).toEqual(typed(t));
  expect(types.get(wrapped).isDirect).toBe(true);
});
