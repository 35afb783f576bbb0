/** Finalizers, cleanups and weak handles, in the records and queues of a memory that a test makes. */
import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import type { Address } from "../../src/base/units.js";
import type { Layout } from "../../src/runtime/layout/schema.js";
import { readSpecials } from "../../src/runtime/specials.js";
import { layoutOf, MemoryBuilder } from "../support/memory-builder.js";
import { spansOf } from "../support/span-builder.js";

const UNMAPPED = 0xdead000000;
const BASE = 0xc000000000;
const STRUCTS = {
  special: [24, { next: [0, 8], offset: [8, 8], kind: [16, 1] }],
  specialfinalizer: [48, { fn: [24, 8], ot: [40, 8] }],
  specialCleanup: [48, { fn: [24, 8], cleanup: [24, 24] }],
  specialprofile: [32, { b: [24, 8] }],
  specialWeakHandle: [32, { handle: [24, 8] }],
  cleanupFn: [24, { call: [0, 8], fn: [8, 8], arg: [16, 8] }],
  finblock: [16 + 2 * 32, { alllink: [0, 8], cnt: [8, 4], fin: [16, 64] }],
  finalizer: [32, { fn: [0, 8], arg: [8, 8], fint: [16, 8], ot: [24, 8] }],
  cleanupQueue: [8, { all: [0, 8] }],
  cleanupBlock: [16 + 2 * 24, { alllink: [0, 8], n: [8, 4], cleanups: [16, 48] }],
} as const;

class Program {
  readonly memory = new MemoryBuilder();
  private readonly globals: Record<string, Address> = {};

  special(kind: number, offset: number, next: Address, ...words: number[]): Address {
    const at = this.memory.allocate(48);
    this.memory.words(at, next, offset, kind).words(at + 24, ...words);
    return at;
  }
  block(next: Address, count: number, ...words: number[]): Address {
    const at = this.memory.allocate(80);
    this.memory
      .word(at, next)
      .uint(at + 8, 4, count)
      .words(at + 16, ...words);
    return at;
  }
  global(name: string, value: Address): this {
    this.globals[name] = this.memory.allocate(8);
    this.memory.word(this.globals[name], value);
    return this;
  }
  /** @param specials of two spans with slots of 64 bytes */
  read(specials: readonly Address[], without: readonly string[] = []) {
    const layout = {
      ...layoutOf(Object.fromEntries(Object.entries(STRUCTS).filter(([name]) => !without.includes(name)))),
      global: (name: string) => this.globals[name],
      constant: (name: string) =>
        ({ "runtime._KindSpecialProfile": 3, "runtime._KindSpecialWeakHandle": 5, "runtime._KindSpecialCleanup": 7 })[name],
    } as unknown as Layout;
    const slots = { elementSize: 64, elements: 128, noscan: false, sizeClass: 5, freeIndex: 128, allocBits: 0, allocCount: 128 };
    const spans = spansOf([0, 1].map((each) => ({ base: BASE + each * 8192, pages: 1, ...slots })));
    const findings = new Findings();
    const table = { ...spans, specials: Float64Array.from([0, 1], (span) => specials[span] ?? 0) };
    const { roots: found, sampled } = readSpecials(this.memory.memory(), layout, table, findings);
    return { found, sampled: [...sampled], codes: findings.list().map((each) => [each.code, each.partial]) };
  }
}

test("each kind of special says whose it is and which of its words are roots", () => {
  const program = new Program();
  const weak = program.special(5, 200, 0, 0x77);
  const cleanup = program.special(7, 128, weak, 0x10, 0x20, 0x30);
  // Set through a pointer to byte 8 of the second slot.
  const finalizer = program.special(1, 72, cleanup, 0x55, 0, 0x66);
  const profile = program.special(3, 256, finalizer, 0x99);
  const { found, sampled, codes } = program.read([profile]);
  expect(sampled).toEqual([[BASE + 256, 0x99]]);
  expect(program.read([profile], ["specialprofile"]).sampled).toEqual([]);
  expect(found).toEqual([
    { kind: "finalizer", object: BASE + 64, pointerType: 0x66, pointers: [{ slot: finalizer + 24, value: 0x55, role: "fn" }] },
    {
      kind: "cleanup",
      object: BASE + 128,
      pointerType: 0,
      pointers: ["call", "fn", "arg"].map((role, i) => ({ slot: cleanup + 24 + i * 8, value: 0x10 * (i + 1), role })),
    },
    { kind: "weak-handle", object: BASE + 192, pointerType: 0, pointers: [{ slot: weak + 24, value: 0x77, role: "handle" }] },
  ]);
  expect(codes).toEqual([]);
  // Before Go 1.26 a cleanup is one closure.
  const before = program.read([cleanup], ["cleanupFn"]).found[0];
  expect(before?.pointers).toEqual([{ slot: cleanup + 24, value: 0x10, role: "fn" }]);
});

test("chains that are circles, run into each other or out of the core end, and that is told", () => {
  const program = new Program();
  const own = program.special(1, 0, 0, 0x55);
  program.memory.word(own, own);
  expect(program.read([own])).toMatchObject({ found: [{ object: BASE }], codes: [["special-damaged", true]] });
  expect(program.read([own, own]).found).toHaveLength(1);
  const lost = program.special(1, 0, UNMAPPED, 0x55);
  expect(program.read([lost, program.special(1, 64, 0, 0x56)])).toMatchObject({
    found: [{ object: BASE }, { object: BASE + 8192 + 64 }],
    codes: [["special-damaged", true]],
  });
});

test("a special of which only the beginning is in the core costs no other", () => {
  const program = new Program();
  const end = program.memory.start + (1 << 20);
  program.memory.words(end - 24, 0, 64, 1);
  expect(program.read([end - 24, program.special(1, 0, 0, 0x55)])).toMatchObject({
    found: [{ object: BASE + 8192 }],
    codes: [["special-damaged", true]],
  });
});

test("the queues of what was due give their entries, block by block", () => {
  const program = new Program();
  const finalizers = program.block(program.block(0, 1, 1, 2, 3, 4), 2, 11, 12, 13, 14, 21, 22, 23, 24);
  program.global("runtime.allfin", finalizers).global("runtime.gcCleanups", program.block(0, 1, 31, 32, 33));
  const { found, codes } = program.read([]);
  expect(found.map(({ kind, pointerType, pointers }) => [kind, pointerType, ...pointers.map((each) => each.value)])).toEqual([
    ["finalizer-queue", 14, 11, 12, 13, 14],
    ["finalizer-queue", 24, 21, 22, 23, 24],
    ["finalizer-queue", 4, 1, 2, 3, 4],
    ["cleanup-queue", 0, 31, 32, 33],
  ]);
  expect(codes).toEqual([]);
});

test("a queue that is a circle, leads out of the core or counts more than a block has is told, and each entry comes once", () => {
  const program = new Program();
  const block = program.block(0, 1, 1, 2, 3, 4);
  program.global("runtime.allfin", block).global("runtime.gcCleanups", program.block(0, 1, 31, 32, 33));
  program.memory.word(block, block);
  expect(program.read([])).toMatchObject({
    found: [{ kind: "finalizer-queue" }, { kind: "cleanup-queue" }],
    codes: [["queue-damaged", true]],
  });
  program.memory.word(block, UNMAPPED);
  expect(program.read([])).toMatchObject({
    found: [{ kind: "finalizer-queue" }, { kind: "cleanup-queue" }],
    codes: [["queue-damaged", true]],
  });
  program.memory.word(block, 0).uint(block + 8, 4, 1e9);
  expect(program.read([]).found).toHaveLength(3);
});

test("a queue's count that is too small or too large is told: behind the last entry there is nothing", () => {
  const codes = (count: number) => {
    const program = new Program();
    const fn = program.memory.allocate(8);
    program.global("runtime.allfin", program.block(0, count, fn, fn, 0, 0, 0, 0, 0, 0));
    return program.read([]).codes;
  };
  expect(codes(1)).toEqual([]);
  expect(codes(0)).toEqual([["queue-damaged", true]]);
  expect(codes(3)).toEqual([["queue-damaged", true]]);
});
