import fc from "fast-check";
import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { NONE } from "../../src/base/units.js";
import { numberObjects } from "../../src/heap/objects.js";
import { PAGE } from "../../src/runtime/spans.js";
import type { MaskKind, PointerMasks } from "../../src/runtime/variants/pointer-masks.js";
import { MemoryBuilder } from "../support/memory-builder.js";
import { type SpanSpec, spansOf } from "../support/span-builder.js";

const masks = (kind: MaskKind): PointerMasks => ({ kindOf: () => kind, spanBits: () => false, typeMask: () => undefined });

/** Spans of random classes, gaps and allocation states. */
const heaps = fc.array(
  fc.record({
    gap: fc.nat(3),
    elementSize: fc.constantFrom(8, 16, 48, 112, 512, 1024, 8192),
    full: fc.boolean(),
    bits: fc.array(fc.boolean(), { maxLength: 1024 }),
    freeIndex: fc.nat(40),
  }),
  { minLength: 1, maxLength: 6 },
);

test("ids number the allocated slots of all spans in address order, and find() is their inverse", () => {
  fc.assert(
    fc.property(heaps, (rows) => {
      const memory = new MemoryBuilder(0x10000, 1 << 17);
      let base = 0xc000000000;
      const slots: number[] = [];
      const free: number[] = [];
      const specs = rows.map((row): SpanSpec => {
        base += row.gap * PAGE;
        const elements = Math.floor(PAGE / row.elementSize);
        const freeIndex = row.full ? elements : Math.min(row.freeIndex, elements);
        const bytes = new Uint8Array(Math.ceil(elements / 8));
        let count = 0;
        for (let slot = 0; slot < elements; slot++) {
          const bit = row.bits[slot] ?? false;
          if (bit) bytes[slot >> 3] |= 1 << (slot & 7);
          const address = base + slot * row.elementSize;
          if (slot < freeIndex || bit) {
            slots.push(address);
            count++;
          } else free.push(address);
        }
        const allocBits = memory.allocate(bytes.length);
        memory.bytes(allocBits, bytes);
        const spec = {
          base,
          pages: 1,
          elementSize: row.elementSize,
          elements,
          noscan: false,
          sizeClass: 5,
          freeIndex,
          allocBits,
          allocCount: count,
        };
        base += PAGE;
        return spec;
      });
      const findings = new Findings();
      const objects = numberObjects(memory.memory(), spansOf(specs), masks("bitmap"), findings);
      expect(findings.list()).toEqual([]);
      expect(objects.count).toBe(slots.length);
      expect(Array.from({ length: objects.count }, (_, id) => objects.addressOf(id))).toEqual(slots);
      for (const [id, address] of slots.entries()) {
        expect(objects.find(address)).toBe(id);
        expect(objects.find(address + objects.sizeOf(id) - 1)).toBe(id);
      }
      for (const address of free) expect(objects.find(address)).toBe(NONE);
      expect(objects.find(base)).toBe(NONE);
      expect(objects.bytes).toBe(slots.reduce((sum, _, id) => sum + objects.sizeOf(id), 0));
    }),
    { numRuns: 60 },
  );
});

test("a span that counts another number of slots than its bits say is a finding", () => {
  const memory = new MemoryBuilder(0x10000, 4096);
  const spec = {
    base: 0xc000000000,
    pages: 1,
    elementSize: 1024,
    elements: 8,
    noscan: true,
    sizeClass: 5,
    freeIndex: 8,
    allocBits: 0x10040,
    allocCount: 7,
  };
  const findings = new Findings();
  numberObjects(memory.memory(), spansOf([spec]), masks("none"), findings);
  expect(findings.list().map(({ code }) => code)).toEqual(["alloc-count"]);
});

test("allocation bits that were not dumped make a partial answer: slots past freeindex count as free", () => {
  const memory = new MemoryBuilder(0x10000, 4096);
  const spec = {
    base: 0xc000000000,
    pages: 1,
    elementSize: 1024,
    elements: 8,
    noscan: true,
    sizeClass: 5,
    freeIndex: 3,
    allocBits: 0x99990000,
    allocCount: 3,
  };
  const findings = new Findings();
  const objects = numberObjects(memory.memory(), spansOf([spec]), masks("none"), findings);
  expect(objects.count).toBe(3);
  expect(findings.list()).toMatchObject([{ code: "alloc-bits-missing", partial: true }]);
});
