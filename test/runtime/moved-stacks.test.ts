/** A pointer to where the stack was before it grew, in values of every kind. */
import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import { ARENA } from "../../src/runtime/arenas.js";
import { pointsToOldStack } from "../../src/runtime/moved-stacks.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { MemoryBuilder, TypeBuilder } from "../support/memory-builder.js";

test("only a pointer to memory of Go's without objects, outside the own stack, leads to where the stack was", () => {
  const memory = new MemoryBuilder();
  const types = new TypeBuilder();
  const int = types.add("int", "int", 8);
  const pointer = types.add("*int", "pointer", 8, { element: int });
  const any = types.add("any", "interface", 16);
  const struct = types.add("main.T", "struct", 24, {
    fields: [
      ["n", 0, int],
      ["any", 8, any],
    ],
  });
  const array = types.add("[3]main.T", "array", 72, { element: struct, count: 3 });
  const open = types.add("[]open", "array", 8, { element: pointer, count: -1 });
  const at = memory.allocate(72);
  const old = 3 * ARENA + 64;
  const object = 3 * ARENA + 8192;
  const arenaRow = new Int32Array(16);
  arenaRow[3] = 1;
  const spans = { arenaRow, find: (to: number) => (to >= object ? 0 : NONE) };
  const runtime = { types, spans } as unknown as GoRuntime;
  const own = { lo: 3 * ARENA + 1024, hi: 3 * ARENA + 2048 };
  const is = (type: number, offset: number, value: number) => {
    memory.words(at, 0, 0, 0, 0, 0, 0, 0, 0, 0).word(at + offset, value);
    return pointsToOldStack(runtime, memory.memory(), own, type, at);
  };
  expect([is(pointer, 0, old), is(pointer, 0, object), is(pointer, 0, own.lo), is(pointer, 0, own.hi), is(pointer, 0, 0)]).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
  // Memory that is not Go's may be C's; a number is no pointer, wherever it lies.
  expect([is(pointer, 0, 5 * ARENA), is(int, 0, old), is(struct, 0, old), is(struct, 16, old), is(struct, 8, old)]).toEqual([
    false,
    false,
    false,
    true,
    false,
  ]);
  expect([is(array, 48 + 16, old), is(array, 48, old), is(open, 0, old), is(NONE, 0, old)]).toEqual([true, false, false, false]);
  expect(pointsToOldStack(runtime, memory.memory(), own, pointer, 0xdead000000)).toBe(false);
});
