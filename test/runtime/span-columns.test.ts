/** Span records of the runtime in columns: records that a test writes, of an old and a new release. */
import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { ARENA, PAGE, PAGES_PER_ARENA } from "../../src/runtime/arenas.js";
import { fillColumns, type SpanColumns, wordOf } from "../../src/runtime/span-columns.js";
import { layoutOf, MemoryBuilder, type Structs } from "../support/memory-builder.js";

const BASE = 3 * ARENA;
const MSPAN: Structs[string] = [
  128,
  {
    npages: [0, 8],
    freeindex: [8, 2],
    nelems: [10, 2],
    allocCount: [12, 2],
    spanclass: [14, 1],
    isUserArenaChunk: [15, 1],
    allocBits: [16, 8],
    gcmarkBits: [24, 8],
    sweepgen: [32, 4],
    allocCountBeforeCache: [36, 2],
    elemsize: [40, 8],
    limit: [48, 8],
    specials: [56, 8],
    largeType: [64, 8],
  },
];
const GREEN: Structs = { mspan: MSPAN, mheap: [64, { arenas: [0, 8] }], heapArena: [4096, { pageUseSpanInlineMarkBits: [1024, 1024] }] };

type Fields = Readonly<Record<string, number>>;
const SMALL = { npages: 1, nelems: 128, elemsize: 64 };

class Spans {
  /** One arena with records and the spans themselves. */
  readonly memory = new MemoryBuilder(BASE, 1 << 18);
  private readonly structs: Structs;
  private readonly records: { address: number; base: number }[] = [];
  readonly findings = new Findings();
  heap = 0;

  constructor(structs: Structs = { mspan: MSPAN, mheap: [64, { arenas: [0, 8] }], heapArena: [4096, {}] }) {
    this.structs = structs;
  }

  add(base: number, fields: Fields = SMALL): number {
    const address = this.memory.allocate(this.structs.mspan[0]);
    for (const [field, value] of Object.entries(fields)) {
      const [offset, width] = this.structs.mspan[1][field];
      if (width === 8) this.memory.word(address + offset, value);
      else this.memory.uint(address + offset, width as 1 | 2 | 4, value);
    }
    this.records.push({ address, base });
    return address;
  }

  lost(base: number): void {
    this.records.push({ address: 0x10, base });
  }

  read(): SpanColumns {
    const source = { memory: this.memory.memory(), layout: layoutOf(this.structs), heap: this.heap, arenaBaseOffset: 0 };
    return fillColumns(source, this.records, this.findings);
  }

  bases(): number[] {
    const { base, count } = this.read();
    return [...base.subarray(0, count)].map((each) => (each - BASE) / PAGE);
  }
}

test("each field is in the column of its name, at its own width", () => {
  const spans = new Spans();
  const fields = {
    ...{ npages: 2, freeindex: 300, nelems: 255, allocCount: 254, spanclass: 0x8b, isUserArenaChunk: 1, allocBits: 0x7f0011223344 },
    ...{ gcmarkBits: 0x7f0055667788, sweepgen: 0xfffffffe, allocCountBeforeCache: 0xbeef, elemsize: 64, limit: 0xc0ffee0010 },
    ...{ specials: 0x7f00cafe0000, largeType: 0x4a5b6c },
  };
  spans.add(BASE + PAGE, fields);
  const found = spans.read();
  const first = Object.fromEntries(
    Object.entries(found).flatMap(([name, column]) => (typeof column === "number" ? [] : [[name, column[0]]])),
  );
  expect([found.count, first]).toEqual([
    1,
    {
      ...{ base: BASE + PAGE, baseLow: (BASE + PAGE) % 2 ** 32, pages: 2, elementSize: 64, elements: 255, spanClass: 0x8b },
      // No more slots are given out than there are.
      ...{ freeIndex: 255, allocCount: 254, allocCountBeforeCache: 0xbeef, sweepgen: 0xfffffffe, limit: 0xc0ffee0010 },
      ...{ largeType: 0x4a5b6c, specials: 0x7f00cafe0000, inlineMarks: 0, userArena: 1, allocBits: 0x7f0011223344 },
      ...{ markBits: 0x7f0055667788, arenaRow: 0, pageSpan: 0 },
    },
  ]);
  expect(spans.findings.list()).toEqual([]);
});

test("a release without a field has 0 in its column", () => {
  const { largeType: _, isUserArenaChunk: __, ...older } = MSPAN[1];
  const spans = new Spans({ mspan: [128, older], mheap: [64, { arenas: [0, 8] }], heapArena: [4096, {}] });
  spans.add(BASE);
  const { largeType, userArena, elements } = spans.read();
  expect([largeType[0], userArena[0], elements[0]]).toEqual([0, 0, 128]);
});

test("every page leads to its span, in each arena that it reaches", () => {
  const spans = new Spans();
  spans.add(BASE + PAGE, { ...SMALL, npages: 2 });
  spans.add(BASE + 4 * PAGE);
  const { arenaRow, pageSpan } = spans.read();
  const row = arenaRow[BASE / ARENA] * PAGES_PER_ARENA;
  expect([...pageSpan.subarray(row, row + 6)]).toEqual([0, 1, 1, 0, 2, 0]);
  expect([arenaRow[BASE / ARENA], arenaRow[BASE / ARENA + 1], pageSpan.length]).toEqual([1, 0, 2 * PAGES_PER_ARENA]);
});

test("a span that goes over into the next arena is in both", () => {
  const memory = new MemoryBuilder(BASE + ARENA - 2 * PAGE, 4 * PAGE);
  const record = memory.allocate(128);
  memory
    .word(record, 3)
    .uint(record + 10, 2, 3)
    .word(record + 40, PAGE);
  const source = { memory: memory.memory(), layout: layoutOf(GREEN), heap: record + 64, arenaBaseOffset: 0 };
  const read = (base: number) => fillColumns(source, [{ address: record, base }], new Findings());
  const { arenaRow, pageSpan } = read(BASE + ARENA - PAGE);
  expect([arenaRow[BASE / ARENA], arenaRow[BASE / ARENA + 1]]).toEqual([1, 2]);
  expect(pageSpan[2 * PAGES_PER_ARENA - 1]).toBe(1);
  expect([...pageSpan.subarray(2 * PAGES_PER_ARENA, 2 * PAGES_PER_ARENA + 3)]).toEqual([1, 1, 0]);
  // Into an arena that is not mapped none goes.
  expect(read(BASE + 2 * ARENA - PAGE).count).toBe(0);
});

test.each<[string, (spans: Spans) => void]>([
  ["no size", (spans) => spans.add(BASE, { ...SMALL, elemsize: 0 })],
  ["a size that is no multiple of a word", (spans) => spans.add(BASE, { ...SMALL, elemsize: 12 })],
  ["more slots than its pages have", (spans) => spans.add(BASE, { ...SMALL, nelems: 129 })],
  ["a start that is none of a page", (spans) => spans.add(BASE + 8)],
  ["pages up to the end of all addresses", (spans) => spans.add(BASE, { ...SMALL, npages: 2 ** 40 })],
  ["pages that the next begins in", (spans) => spans.add(BASE, { ...SMALL, npages: 3 })],
])("a record with %s is left out and told, the others stay", (_, odd) => {
  const spans = new Spans();
  odd(spans);
  spans.add(BASE + 2 * PAGE);
  expect(spans.bases()).toEqual([2]);
  expect(spans.findings.list()).toMatchObject([{ code: "span-odd", count: 1, partial: true }]);
});

test("of two records of one span the second is left, and one that is not in the core is nobody's fault", () => {
  const spans = new Spans();
  spans.lost(BASE);
  spans.add(BASE + PAGE);
  spans.add(BASE + PAGE, { ...SMALL, nelems: 1 });
  const { count, elements } = spans.read();
  expect([count, elements[0]]).toEqual([1, 1]);
  expect(spans.findings.list()).toMatchObject([{ code: "span-odd", count: 1 }]);
});

test("inline mark bits are those of the page, of spans of objects of 16 to 512 bytes", () => {
  const spans = new Spans(GREEN);
  const memory = spans.memory;
  const [index, arena] = [memory.allocate(64), memory.allocate(4096)];
  spans.heap = memory.allocate(64);
  memory.word(spans.heap, index).word(index + (BASE / ARENA) * 8, arena);
  // Pages 1 to 3 and 9, of which one has large objects, one small ones.
  memory.bytes(arena + 1024, [0b1110, 0b10]);
  spans.add(BASE);
  spans.add(BASE + PAGE, { npages: 1, nelems: 512, elemsize: 16 });
  spans.add(BASE + 2 * PAGE, { npages: 1, nelems: 1, elemsize: 1024 });
  spans.add(BASE + 3 * PAGE, { npages: 1, nelems: 1024, elemsize: 8 });
  spans.add(BASE + 9 * PAGE, { npages: 1, nelems: 16, elemsize: 512 });
  const { inlineMarks, count } = spans.read();
  expect([...inlineMarks.subarray(0, count)]).toEqual([0, 1, 0, 0, 1]);
  memory.word(index + (BASE / ARENA) * 8, 0);
  expect([...spans.read().inlineMarks.subarray(0, count)]).toEqual([0, 0, 0, 0, 0]);
});

test("words are read with all their bits", () => {
  expect(wordOf(Uint8Array.of(9, 0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0, 0), 1)).toBe(0xaabbccddeeff);
  expect(wordOf(Uint8Array.of(0, 0, 0, 0x80, 0, 0, 0, 0), 0)).toBe(0x80000000);
});
