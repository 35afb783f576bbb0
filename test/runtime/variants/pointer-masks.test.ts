/** Which words of heap objects are pointers, of both designs, in a memory that a test makes. */
import { describe, expect, test } from "vitest";
import { Findings } from "../../../src/base/findings.js";
import type { Address } from "../../../src/base/units.js";
import type { Layout } from "../../../src/runtime/layout/schema.js";
import { readPointerMasks } from "../../../src/runtime/variants/pointer-masks.js";
import { BUCKET_STRUCTS, layoutOf, MemoryBuilder, type Structs } from "../../support/memory-builder.js";
import { spansOf } from "../../support/span-builder.js";

const UNMAPPED = 0xdead000000;
const ARENA = 64 << 20;
const NEW: Structs = { ...BUCKET_STRUCTS, mspan: [8, { largeType: [0, 8] }], heapArena: [8, {}] };
const OLD: Structs = {
  ...BUCKET_STRUCTS,
  mspan: [8, {}],
  mheap: [8, { arenas: [0, 8] }],
  heapArena: [ARENA / 64 + ARENA / 4096, { bitmap: [0, ARENA / 64], noMorePtrs: [ARENA / 64, ARENA / 4096] }],
};
const KIND = { uint: 7, array: 17, interface: 20, pointer: 22, struct: 25 };
const ON_DEMAND = 0x10;
const PROGRAM = 0x40;

class Types {
  readonly memory = new MemoryBuilder();
  readonly findings = new Findings();

  /** An abi.Type; behind it the words of its kind. */
  type(kind: number, size: number, pointers: number, { data = 0, flags = 0 } = {}, ...behind: number[]): Address {
    const at = this.memory.allocate(48 + 3 * 8);
    this.memory
      .words(at, size, pointers)
      .uint(at + 20, 1, flags)
      .uint(at + 23, 1, kind);
    this.memory.word(at + 32, data).words(at + 48, ...behind);
    return at;
  }
  struct(size: number, pointers: number, ...fields: (readonly [type: Address, offset: number])[]): Address {
    const array = this.memory.allocate(fields.length * 24);
    for (const [i, [type, offset]] of fields.entries()) this.memory.words(array + i * 24, 0, type, offset);
    return this.type(KIND.struct, size, pointers, { data: this.memory.allocate(8), flags: ON_DEMAND }, 0, array, fields.length);
  }
  bits(...bytes: number[]): Address {
    const at = this.memory.allocate(bytes.length);
    this.memory.bytes(at, bytes);
    return at;
  }
  masks(structs: Structs = NEW, globals: Readonly<Record<string, Address>> = {}) {
    const layout = { ...layoutOf(structs), global: (name: string) => globals[name] } as unknown as Layout;
    return readPointerMasks({ memory: this.memory.memory(), layout, arenaBaseOffset: 0, findings: this.findings });
  }
  words(type: Address): readonly number[] | undefined {
    const found = this.masks().typeMask(type);
    return found && [...found.words];
  }
  get codes(): string[] {
    return this.findings.list().map((each) => each.code);
  }
}

const span = (base: Address, size: number, more: Partial<Parameters<typeof spansOf>[0][0]> = {}) =>
  spansOf([
    {
      base,
      pages: 1,
      elementSize: size,
      elements: Math.floor(8192 / size),
      noscan: false,
      sizeClass: 5,
      freeIndex: 0,
      allocBits: 0,
      allocCount: 0,
      ...more,
    },
  ]);

describe("masks of types", () => {
  test("lie at GCData: as bits, as a program, or in a slot once somebody has needed them", () => {
    const types = new Types();
    expect(types.words(types.type(KIND.struct, 80, 72, { data: types.bits(0b101, 1) }))).toEqual([0, 2, 8]);
    expect(types.words(types.type(KIND.array + PROGRAM, 24, 24, { data: types.bits(3, 0, 0, 0, 3, 0b110, 0) }))).toEqual([1, 2]);
    const slot = types.memory.allocate(8);
    types.memory.word(slot, types.bits(0b10));
    expect(types.words(types.type(KIND.struct, 16, 16, { data: slot, flags: ON_DEMAND }))).toEqual([1]);
    expect(types.words(types.type(KIND.struct, 16, 0))).toEqual([]);
    expect(types.codes).toEqual([]);
  });

  test("that nobody has needed yet are built from the type's parts", () => {
    const types = new Types();
    const number = types.type(KIND.uint, 8, 0);
    const pointer = types.type(KIND.pointer, 8, 8);
    const any = types.type(KIND.interface, 16, 16);
    const inner = types.struct(16, 16, [number, 0], [pointer, 8]);
    const array = types.type(KIND.array, 48, 48, { data: types.memory.allocate(8), flags: ON_DEMAND }, inner, 0, 3);
    expect(types.words(types.struct(72, 72, [any, 0], [array, 16], [pointer, 64]))).toEqual([1, 3, 5, 7, 8]);
    expect(types.words(array)).toEqual([1, 3, 5]);
  });

  test("of long arrays are their element's", () => {
    const types = new Types();
    const pointer = types.type(KIND.pointer, 8, 8, { data: types.bits(1) });
    expect(types.masks().typeMask(types.type(KIND.array, 2 ** 40, 2 ** 40, {}, pointer, 0, 2 ** 37))).toMatchObject({ size: 8 });
  });

  test("of a type that says it is far larger than its object are none: a mask of it could fill the memory", () => {
    const types = new Types();
    const pointer = types.type(KIND.pointer, 8, 8, { data: types.bits(1) });
    const large = types.type(KIND.struct, 2 ** 30, 2 ** 30, { data: types.bits(1) });
    expect(types.masks().typeMask(pointer, 1024)).toMatchObject({ size: 8 });
    expect(types.masks().typeMask(large, 1024)).toBeUndefined();
    expect(types.findings.list()).toEqual([]);
  });

  test("that are not in the core are every word that may be a pointer, and told; what is no type has none", () => {
    const types = new Types();
    for (const [type, count] of [
      [types.type(KIND.struct, 16, 16, { data: UNMAPPED }), 2],
      [types.type(KIND.struct, 32, 16, { data: UNMAPPED }), 2],
      [types.type(KIND.array + PROGRAM, 24, 24, { data: UNMAPPED }), 3],
      [types.type(KIND.struct, 16, 16, { data: types.memory.allocate(8), flags: ON_DEMAND }, 0, UNMAPPED, 2), 2],
      [types.type(KIND.array, 16, 16, { data: types.memory.allocate(8), flags: ON_DEMAND }, UNMAPPED, 0, 2), 2],
    ]) {
      expect(types.words(type)).toEqual([0, 1, 2].slice(0, count));
      expect(types.masks().typeMask(type)).toMatchObject({ conservative: true });
    }
    expect(types.findings.list()).toMatchObject([{ code: "mask-missing", partial: true }]);
    for (const type of [UNMAPPED, 12, types.type(31, 8, 8), types.type(KIND.struct, 12, 8), types.type(KIND.struct, 8, 16)])
      expect(types.words(type)).toBeUndefined();
  });

  test("of types that contain themselves, or of more elements than there are bytes, end", () => {
    const types = new Types();
    const own = types.struct(16, 16, [0, 0], [0, 0], [0, 0]);
    const fields = types.memory.memory().readAddress(own + 56);
    for (const field of [0, 1, 2]) types.memory.word(fields + field * 24 + 8, own);
    expect(types.words(own)).toEqual([0, 1]);
    const empty = types.type(KIND.struct, 0, 0);
    const many = types.type(KIND.array, 16, 16, { data: types.memory.allocate(8), flags: ON_DEMAND }, empty, 0, 2 ** 52);
    expect(types.words(many)).toEqual([]);
    const huge = types.type(KIND.struct, 2 ** 35, 2 ** 35, { data: UNMAPPED });
    expect(types.masks().typeMask(huge)).toMatchObject({ size: 8, words: Uint32Array.of(0), conservative: true });
  });
});

describe("spans", () => {
  test("of Go 1.22 and later have none, a bitmap, headers or one type, by class and size", () => {
    const masks = new Types().masks();
    const kinds = [
      span(ARENA, 64, { noscan: true }),
      span(ARENA, 64),
      span(ARENA, 512),
      span(ARENA, 576),
      span(ARENA, 8192, { sizeClass: 0 }),
    ].map((spans) => masks.kindOf(spans, 0));
    expect(kinds).toEqual(["none", "bitmap", "bitmap", "header", "large"]);
  });

  test("keep a bit for each word at their end, before the marks that some have there", () => {
    const types = new Types();
    const out = new Uint32Array(32);
    const bytes = new Uint8Array(8192);
    bytes[8192 - 128] = 0b1001;
    bytes[8192 - 128 - 128 + 4] = 0b110;
    expect(types.masks().spanBits(span(ARENA, 64), 0, bytes, out)).toBe(true);
    expect([out[0], out[1]]).toEqual([0b1001, 0]);
    const marked = { ...span(ARENA, 64), inlineMarks: Uint8Array.of(1) };
    expect(types.masks().spanBits(marked, 0, bytes, out)).toBe(true);
    expect([out[0], out[1]]).toEqual([0, 0b110]);
    expect(types.masks().spanBits(span(UNMAPPED - (UNMAPPED % 8192), 64), 0, undefined, out)).toBe(false);
  });

  test("of Go 1.21 have their bits in the arena's bitmap, up to the group that ends an object's pointers", () => {
    const memory = new MemoryBuilder(0xc000000000, 4 << 20);
    const types = Object.assign(new Types(), { memory });
    const record = memory.allocate(ARENA / 64 + ARENA / 4096);
    const l1 = memory.allocate(64 * 8);
    const heap = memory.allocate(8);
    memory.word(heap, l1).word(l1 + 3 * 8, record);
    const base = 3 * ARENA + 8192;
    const group = 8192 / 8 / 64;
    // Two objects of 128 words, all bits set; the first one ends in its first group of 64 words.
    memory.bytes(record + 8192 / 64, new Uint8Array(32).fill(0xff)).uint(record + ARENA / 64 + group / 8, 1, 0b0001);
    const masks = types.masks(OLD, { "runtime.mheap_": heap });
    const out = new Uint32Array(32);
    const spans = span(base, 1024);
    expect([masks.kindOf(spans, 0), masks.spanBits(spans, 0, undefined, out)]).toEqual(["bitmap", true]);
    expect([...out.subarray(0, 9)]).toEqual([~0 >>> 0, ~0 >>> 0, 0, 0, ~0 >>> 0, ~0 >>> 0, ~0 >>> 0, ~0 >>> 0, 0]);
    expect(masks.spanBits(span(5 * ARENA, 1024), 0, undefined, out)).toBe(false);
    expect(masks.typeMask(heap)).toBeUndefined();
  });
});
