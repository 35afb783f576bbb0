import fc from "fast-check";
import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { silent } from "../../src/base/progress.js";
import { NONE } from "../../src/base/units.js";
import { type EdgeWriter, INTERIOR, OFFSET_MASK } from "../../src/heap/edges.js";
import { eachPointer } from "../../src/heap/object-pointers.js";
import { numberObjects } from "../../src/heap/objects.js";
import { scanPointers } from "../../src/heap/pointers.js";
import { PAGE } from "../../src/runtime/spans.js";
import type { PointerMasks, TypeMask } from "../../src/runtime/variants/pointer-masks.js";
import { MemoryBuilder } from "../support/memory-builder.js";
import { type SpanSpec, spansOf } from "../support/span-builder.js";

const BASE = 0xc000000000;
const TYPE = 0x500000;
const hints = { image: { start: 0, end: 0 }, text: { start: 0, end: 0 }, headerType: () => {}, codePointer: () => {} };

function edges(nodes: number): EdgeWriter {
  return {
    first: new Uint32Array(nodes + 1),
    targets: new Uint32Array(4096),
    offsets: new Uint32Array(4096),
    before: new Uint16Array(4096),
    beforeAddresses: [0],
    count: 0,
  };
}

/** One page of 1 KiB objects with headers, one page of 64-byte objects with a bitmap that a test gives. */
function heap(mask: TypeMask, bitmap: readonly number[], fill: (memory: MemoryBuilder) => void, sweepgen?: number) {
  const memory = new MemoryBuilder(BASE, 4 * PAGE);
  const common = { pages: 1, noscan: false, allocBits: 0 } as const;
  const specs: SpanSpec[] = [
    { ...common, base: BASE, elementSize: 1024, elements: 8, sizeClass: 32, freeIndex: 8, allocCount: 8 },
    { ...common, base: BASE + PAGE, elementSize: 64, elements: 120, sizeClass: 6, freeIndex: 120, allocCount: 120 },
  ];
  const spans = spansOf(specs);
  if (sweepgen !== undefined) spans.sweepgen.fill(sweepgen);
  for (let slot = 0; slot < 8; slot++) memory.word(BASE + slot * 1024, mask.type);
  fill(memory);
  const masks: PointerMasks = {
    kindOf: (_, span) => (span === 0 ? "header" : "bitmap"),
    spanBits(_spans, _span, _bytes, out) {
      out.fill(0);
      for (const word of bitmap) out[word >>> 5] |= 1 << (word & 31);
      return true;
    },
    typeMask: (type) => (type === mask.type ? mask : undefined),
  };
  const space = memory.memory();
  const objects = numberObjects(space, spans, masks, new Findings());
  const out = edges(objects.count);
  const findings = new Findings();
  const counts = scanPointers(space, objects, masks, out, 0, hints, findings, silent);
  return { objects, out, counts, findings, space, masks };
}

test("a header's mask repeats over the whole slot, like shifted copies of the element's", () => {
  fc.assert(
    fc.property(
      fc
        .integer({ min: 1, max: 40 })
        .chain((words) => fc.tuple(fc.constant(words), fc.uniqueArray(fc.nat(words - 1), { maxLength: words }))),
      ([words, pointers]) => {
        const mask: TypeMask = { type: TYPE, size: words * 8, words: Uint32Array.from(pointers.sort((a, b) => a - b)) };
        // Every word of object 0 points at object 5.
        const { out } = heap(mask, [], (memory) => {
          for (let word = 1; word < 128; word++) memory.word(BASE + word * 8, BASE + 5 * 1024 + 8);
        });
        const expected: number[] = [];
        for (let element = 1; element < 128; element += words)
          for (const word of mask.words) if (element + word < 128) expected.push(element + word);
        expect(Array.from(out.offsets.subarray(out.first[0], out.first[1]))).toEqual(expected);
      },
    ),
    { numRuns: 40 },
  );
});

test("bitmap words point where they point; numbers in other words do not", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          object: fc.nat(119),
          word: fc.nat(7),
          target: fc.nat(127),
          inside: fc.constantFrom(0, 0, 8, 40),
          pointer: fc.boolean(),
        }),
        { maxLength: 30 },
      ),
      (rows) => {
        const unique = [...new Map(rows.map((row) => [row.object * 8 + row.word, row])).values()];
        const address = (target: number) => (target < 8 ? BASE + target * 1024 + 8 : BASE + PAGE + (target - 8) * 64);
        const mask: TypeMask = { type: TYPE, size: 8, words: new Uint32Array(0) };
        const bitmap = unique.filter((row) => row.pointer).map((row) => row.object * 8 + row.word);
        const { out, counts } = heap(mask, bitmap, (memory) => {
          for (const row of unique) memory.word(BASE + PAGE + row.object * 64 + row.word * 8, address(row.target) + row.inside);
        });
        const found: [number, number, number, boolean][] = [];
        for (let node = 8; node < 128; node++) {
          for (let edge = out.first[node]; edge < out.first[node + 1]; edge++) {
            found.push([node, out.offsets[edge] & OFFSET_MASK, out.targets[edge], out.offsets[edge] >= INTERIOR]);
          }
        }
        const wanted = unique
          .filter((row) => row.pointer)
          .map((row): [number, number, number, boolean] => [row.object + 8, row.word, row.target, row.inside !== 0])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(found).toEqual(wanted);
        expect(counts.badPointers).toBe(0);
      },
    ),
    { numRuns: 40 },
  );
});

test("pointers into a span's unused tail are counted and lead nowhere", () => {
  const mask: TypeMask = { type: TYPE, size: 8, words: new Uint32Array(0) };
  const { out, counts, findings } = heap(mask, [0], (memory) => memory.word(BASE + PAGE, BASE + PAGE + 120 * 64 + 8));
  expect(out.count).toBe(0);
  expect(counts.badPointers).toBe(1);
  expect(findings.list()).toMatchObject([{ code: "bad-pointer", count: 1 }]);
});

test.each([
  { ahead: -2, said: 0 },
  { ahead: -1, said: 0 },
  { ahead: 0, said: 1 },
  { ahead: 1, said: 0 },
  { ahead: 3, said: 1 },
])("a span $ahead sweeps ahead of the heap: $said bad pointers", ({ ahead, said }) => {
  const mask: TypeMask = { type: TYPE, size: 8, words: new Uint32Array(0) };
  const { counts } = heap(mask, [0], (memory) => memory.word(BASE + PAGE, BASE + PAGE + 120 * 64 + 8), 2 + ahead);
  expect(counts.badPointers).toBe(said);
});

test("a single object's pointers are the scan's", () => {
  const mask: TypeMask = { type: TYPE, size: 24, words: Uint32Array.of(0, 2) };
  const { objects, out, space, masks } = heap(mask, [3], (memory) => {
    for (let word = 1; word < 128; word++) memory.word(BASE + 1024 + word * 8, BASE + PAGE);
    memory.word(BASE + PAGE + 24, BASE + 8);
  });
  for (const id of [1, 8]) {
    const slots: number[] = [];
    eachPointer(space, objects, masks, id, (word) => slots.push(word));
    expect(slots).toEqual(Array.from(out.offsets.subarray(out.first[id], out.first[id + 1]), (slot) => slot & OFFSET_MASK));
    expect(slots.length).toBeGreaterThan(0);
  }
  expect(objects.find(BASE + PAGE + 120 * 64)).toBe(NONE);
});
