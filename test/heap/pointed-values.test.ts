import { describe, expect, it } from "vitest";
import { NONE, type TypeId } from "../../src/base/units.js";
import { PointedValues } from "../../src/heap/pointed-values.js";
import { pointerKinds } from "../../src/heap/pointer-kinds.js";
import { pathTo, type StackValue, ValueIndex } from "../../src/heap/stack-value.js";
import { StackValues } from "../../src/heap/stack-values.js";
import type { FrameVariable } from "../../src/runtime/frame-variables.js";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import type { FrameMap, StackObject } from "../../src/runtime/stack-maps.js";
import type { InnerPointer } from "../../src/runtime/stack-roots.js";
import type { Frame } from "../../src/runtime/unwind.js";
import { layoutOf, MemoryBuilder, TypeBuilder } from "../support/memory-builder.js";

/** Of a main.Row { Title string; Item *main.Item; Count int }, in words: its first and third are pointers. */
const ROW = 4;

/**
 * One frame of 64 words of locals; at its start a deferred closure that has captured rows []main.Row, one *main.Row and
 * other *main.Other, whose pointers lie where a main.Row has them.
 */
function world() {
  const builder = new MemoryBuilder();
  const types = new TypeBuilder();
  const int = types.add("int", "int", 8);
  const string = types.add("string", "string", 16);
  const item = types.add("main.Item", "struct", 8, { fields: [["N", 0, int]] });
  const pointer = types.add("*main.Item", "pointer", 8, { element: item });
  const fields = (...list: [string, number, TypeId][]) => ({ fields: list });
  const row = types.add("main.Row", "struct", ROW * 8, fields(["Title", 0, string], ["Item", 16, pointer], ["Count", 24, int]));
  const rows = types.add("[]main.Row", "slice", 24, { element: row });
  const rowPointer = types.add("*main.Row", "pointer", 8, { element: row });
  const other = types.add("main.Other", "struct", ROW * 8, fields(["First", 0, rowPointer], ["Item", 16, pointer], ["Count", 24, int]));
  const otherPointer = types.add("*main.Other", "pointer", 8, { element: other });
  const captured = fields(["F", 0, int], ["rows", 8, rows], ["one", 32, rowPointer], ["other", 40, otherPointer]);
  const closure = types.add("func main.deferred", "struct", 48, captured);
  const base = builder.allocate(64 * 8);
  const g = builder.allocate(64);
  const record = builder.allocate(48);
  builder
    .word(g, record)
    .word(record + 24, base)
    .word(base, 0x1000);
  const frame = { fn: { name: "runtime.test" }, sp: base, varp: base + 64 * 8, argp: base + 66 * 8, conservative: false } as Frame;
  const objects: StackObject[] = [];
  const map = { locals: new Int32Array(0), args: new Int32Array(0), objects, known: true as boolean } satisfies FrameMap;
  const goroutine = {
    address: g,
    status: "running",
    stack: { lo: base, hi: base + 66 * 8 },
    unwound: () => ({ frames: [frame] }),
  } as unknown as Goroutine;
  const layout = layoutOf({ g: [64, { _defer: [0, 8] }], _defer: [48, { heap: [0, 1], sp: [8, 8], fn: [24, 8], link: [32, 8] }] });
  const runtime = () =>
    ({
      process: { memory: builder.memory() },
      memory: builder.memory(),
      types,
      layout,
      goroutines: { stackMaps: { at: () => map } },
      closureType: (pc: number) => (pc === 0x1000 ? closure : NONE),
    }) as unknown as GoRuntime;
  const words = (...at: number[]) => Int32Array.from(at, (each) => each * 8);
  const seed: StackValue = { address: base, size: 48, type: closure };
  return {
    base,
    types: { row },
    map,
    words,
    /** The slice at the start of the frame. */
    slice(at: number, length: number, capacity: number): InnerPointer {
      builder.words(base + 8, base + at * 8, length, capacity);
      return { slot: base + 8, value: base + at * 8, frame: 0 };
    },
    one: (at: number): InnerPointer => ({ slot: base + 32, value: base + at * 8, frame: 0 }),
    other: (at: number): InnerPointer => ({ slot: base + 40, value: base + at * 8, frame: 0 }),
    object(at: number, size: number, ...pointers: number[]) {
      map.objects.push({ offset: (at - 64) * 8, size: size * 8, pointers: words(...pointers) });
    },
    find: (...inner: InnerPointer[]) => new PointedValues(runtime(), pointerKinds(types), goroutine).find(inner, [seed]),
    values: (...inner: InnerPointer[]) => new StackValues(runtime(), pointerKinds(types), goroutine, inner),
    seed,
  };
}

describe("what a slice on a stack points to", () => {
  it("are elements of its type when the stack object's mask repeats theirs", () => {
    const w = world();
    w.object(8, 3 * ROW, 0, 2, 4, 6, 8, 10);
    const [found] = w.find(w.slice(8, 1, 3));
    expect(found).toMatchObject({ address: w.base + 64, size: 3 * ROW * 8, type: w.types.row });
    expect(found?.via).toMatchObject({ slot: w.base + 8, from: w.seed, variable: undefined });
  });

  it("may begin at an element inside", () => {
    const w = world();
    w.object(8, 3 * ROW, 0, 2, 4, 6, 8, 10);
    expect(w.find(w.slice(8 + ROW, 1, 2))).toMatchObject([{ address: w.base + (8 + ROW) * 8, size: 2 * ROW * 8 }]);
  });

  it("may lie in locals that are no stack object", () => {
    const w = world();
    w.map.locals = w.words(-56, -54, -52, -50);
    expect(w.find(w.slice(8, 2, 2))).toMatchObject([{ address: w.base + 64, size: 2 * ROW * 8, type: w.types.row }]);
    expect(w.find(w.slice(8, 2, 3))).toEqual([]);
  });

  it("has no type where the mask, or the size, says otherwise", () => {
    const shifted = world();
    shifted.object(8, 3 * ROW, 0, 2, 4, 6, 8, 10);
    expect(shifted.find(shifted.slice(9, 1, 2))).toEqual([]);
    expect(shifted.find(shifted.slice(8, 1, 4))).toEqual([]);
    const missing = world();
    missing.object(8, 3 * ROW, 0, 2, 4, 8, 10);
    expect(missing.find(missing.slice(8, 3, 3))).toEqual([]);
    const more = world();
    more.object(8, 3 * ROW, 0, 2, 3, 4, 6, 8, 10);
    expect(more.find(more.slice(8, 3, 3))).toEqual([]);
  });

  it("has no type in a frame without a valid stack map", () => {
    const w = world();
    w.object(8, 3 * ROW, 0, 2, 4, 6, 8, 10);
    w.map.known = false;
    expect(w.find(w.slice(8, 1, 3))).toEqual([]);
  });
});

describe("the value at a slot", () => {
  it("is told when all that lead to it agree", () => {
    const w = world();
    w.object(8, 3 * ROW, 0, 2, 4, 6, 8, 10);
    const second = w.base + (8 + ROW) * 8;
    const agreed = w.values(w.slice(8, 1, 3), w.one(8 + ROW));
    expect(agreed.recordedAt(w.base)).toEqual(w.seed);
    expect(agreed.pointedAt(second + 16)).toMatchObject({ type: w.types.row });
    expect(agreed.offsetIn(agreed.pointedAt(second + 16) as StackValue, second + 16)).toBe(16);
    // The first word is a string to one of them, a pointer to the other; the third is the same to both.
    const torn = w.values(w.slice(8, 1, 3), w.other(8 + ROW));
    expect(torn.pointedAt(second)).toBeUndefined();
    expect(torn.pointedAt(second + 16)).toBeDefined();
    expect(torn.pointedAt(w.base + 64)).toMatchObject({ type: w.types.row });
  });

  it("is found among values that lie in each other", () => {
    const value = (address: number, size: number): StackValue => ({ address, size, type: 0 });
    const all = [value(100, 400), value(108, 8), value(200, 40), value(600, 8)];
    const index = new ValueIndex(all);
    for (let slot = 96; slot < 616; slot += 4)
      expect(index.at(slot)).toEqual(all.filter((each) => slot >= each.address && slot < each.address + each.size));
  });

  it("is reached from the variable that the first of the pointers is in", () => {
    const local = { variable: { name: "c" } as FrameVariable, offset: 8 };
    const frame = {} as Frame;
    const first: StackValue = { address: 100, size: 8, type: 0, via: { variable: { frame, local }, from: undefined, slot: 16 } };
    const second: StackValue = { address: 200, size: 8, type: 0, via: { variable: undefined, from: first, slot: 100 } };
    expect(pathTo(second)).toEqual({ frame, local, through: [first, second] });
    expect(pathTo({ ...second, via: { variable: undefined, from: undefined, slot: 100 } })).toBeUndefined();
    expect(pathTo(undefined)).toBeUndefined();
  });
});
