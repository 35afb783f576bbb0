import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_PC_VALUE, pcValueAt } from "../../src/runtime/pc-values.js";
import { encodePcValues, type PcValues } from "../support/pclntab-writer.js";

describe("pc-value tables", () => {
  // As in runtime/symtab_test.go's neighbourhood: deltas are zigzag, pcs count in instructions of the architecture.
  const table = Uint8Array.from([2, 4, 16, 10, 15, 1, 0]);

  it("give the value of the range that covers the pc", () => {
    const at = (pc: number) => pcValueAt(table, 0, 100, 1, pc)?.value;
    expect([at(100), at(103), at(104), at(113), at(114), at(115)]).toEqual([0, 0, 8, 8, 0, -1]);
  });

  it("count pcs in quanta", () => {
    expect(pcValueAt(table, 0, 0, 4, 15)).toEqual({ value: 0, end: 16 });
    expect(pcValueAt(table, 0, 0, 4, 16)).toEqual({ value: 8, end: 56 });
  });

  it("may begin with an unchanged value", () => {
    expect(pcValueAt(Uint8Array.from([0, 5, 4, 5, 0]), 0, 0, 1, 3)).toEqual({ value: -1, end: 5 });
    expect(pcValueAt(Uint8Array.from([0, 5, 4, 5, 0]), 0, 0, 1, 7)).toEqual({ value: 1, end: 10 });
  });

  it("ask for more bytes where they are cut", () => {
    for (let length = 0; length < table.length; length++) expect(pcValueAt(table.subarray(0, length), 0, 0, 1, 99)).toBeUndefined();
    expect(pcValueAt(table, 0, 0, 1, 99)).toBe(NO_PC_VALUE);
  });

  it("of any values are read as they were written", () => {
    const tables = fc
      .array(fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 100_000 })), {
        minLength: 1,
        maxLength: 30,
      })
      .map((pairs) => pairs.filter(([value], i) => value !== (i === 0 ? -1 : pairs[i - 1]?.[0])))
      .filter((pairs) => pairs.length > 0);
    fc.assert(
      fc.property(tables, fc.constantFrom(1, 4), fc.integer({ min: 0, max: 2 ** 40 }), (pairs, quantum, entry) => {
        let end = 0;
        const values: PcValues = pairs.map(([value, length]) => {
          end += length * quantum;
          return [value, end] as const;
        });
        const bytes = Uint8Array.from([9, 9, ...encodePcValues(values, quantum)]);
        let start = 0;
        for (const [value, until] of values) {
          for (const pc of [start, until - 1])
            expect(pcValueAt(bytes, 2, entry, quantum, entry + pc)).toEqual({ value, end: entry + until });
          start = until;
        }
        expect(pcValueAt(bytes, 2, entry, quantum, entry + end)).toBe(NO_PC_VALUE);
      }),
    );
  });

  it("never hang on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(1000), (bytes, pc) => {
        const found = pcValueAt(bytes, 0, 0, 1, pc);
        expect(found === undefined || found === NO_PC_VALUE || found.end > pc).toBe(true);
      }),
    );
  });
});
