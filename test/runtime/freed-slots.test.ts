// Lists of freed objects as a P has them, and what damage makes of them.
import { describe, expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { readFreedSlots } from "../../src/runtime/freed-slots.js";
import type { Layout } from "../../src/runtime/layout/schema.js";
import { layoutOf, MemoryBuilder } from "../support/memory-builder.js";
import { spansOf } from "../support/span-builder.js";

const BASE = 0xc000000000;
/** A span of one page, and behind it the records. */
const [ALLP, ARRAY, P, CACHE] = [0x2000, 0x2100, 0x2200, 0x2300].map((offset) => BASE + offset);
const SIZE = 64;
/** Of the span, without pointers. */
const CLASS = 4;
const LISTS = 64;

/** A slot's address. */
const at = (slot: number) => BASE + slot * SIZE;

/** @param links  first word of each slot in the list */
function read(first: number, links: Readonly<Record<number, number>>, flushGen = 2) {
  const memory = new MemoryBuilder(BASE, 0x4000);
  memory.words(ALLP, ARRAY, 1, 1).words(ARRAY, P).words(P, CACHE).words(CACHE, flushGen);
  memory.words(CACHE + LISTS + (CLASS * 2 + 1) * 8, first);
  for (const [slot, next] of Object.entries(links)) memory.words(at(Number(slot)), next);
  const layout: Layout = {
    ...layoutOf({ processorCache: [8, { mcache: [0, 8] }], mcache: [LISTS + 136 * 8, { flushGen: [0, 4], reusableNoscan: [LISTS, 8] }] }),
    global: () => ALLP,
  };
  const slots = { elementSize: SIZE, elements: 128, freeIndex: 128, allocBits: 0, allocCount: 128 };
  const spans = spansOf([{ base: BASE, pages: 1, ...slots, noscan: true, sizeClass: CLASS }]);
  const findings = new Findings();
  const freed = readFreedSlots({ layout, memory: memory.memory() }, spans, findings);
  return { slots: [...(freed.get(0) ?? [])], odd: findings.list().map(({ code, example }) => [code, Number(example)]) };
}

describe("freed objects", () => {
  test("are linked by their first words", () => {
    expect(read(at(3), { 3: at(0), 0: at(7) })).toEqual({ slots: [3, 0, 7], odd: [] });
    expect(read(0, {})).toEqual({ slots: [], odd: [] });
  });

  test("are none of a P that has not been at the last sweep", () => {
    expect(read(at(3), {}, 0)).toEqual({ slots: [], odd: [] });
  });

  test("end where a list is damaged: no slot, outside the heap, in a circle", () => {
    for (const odd of [at(3) + 8, 0x1234, at(3)]) expect(read(at(3), { 3: odd })).toEqual({ slots: [3], odd: [["freed-damaged", odd]] });
  });
});

test("releases without such lists have none", () => {
  const layout = layoutOf({});
  expect(readFreedSlots({ layout, memory: new MemoryBuilder(BASE, 64).memory() }, spansOf([]), new Findings()).size).toBe(0);
});
