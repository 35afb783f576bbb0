import fc from "fast-check";
import { expect, test } from "vitest";
import { popcount } from "../../src/base/bits.js";
import { lastAtOrBefore, partitionPoint } from "../../src/base/search.js";
import { addressWord, uint64 } from "../../src/base/uint64.js";

const ascending = fc.array(fc.integer({ min: -20, max: 20 })).map((all) => all.sort((a, b) => a - b));

test("the partition point is the number of those before", () => {
  fc.assert(
    fc.property(ascending, fc.integer({ min: -21, max: 21 }), (all, at) => {
      expect(partitionPoint(all.length, (index) => all[index] < at)).toBe(all.filter((each) => each < at).length);
      const rows = all.map((start, index) => ({ start, index }));
      expect(lastAtOrBefore(rows, at, (row) => row.start)).toBe(rows.findLast((row) => row.start <= at));
    }),
  );
});

test("popcount counts the ones", () => {
  fc.assert(
    fc.property(fc.integer(), (word) => {
      expect(popcount(word)).toBe((word >>> 0).toString(2).replaceAll("0", "").length);
    }),
  );
});

test("words of 64 bits are what BigInt reads; those that no double holds are no addresses", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(3), (word, at) => {
      const view = new DataView(new ArrayBuffer(12));
      view.setBigUint64(at, word, true);
      expect(uint64(view, at)).toBe(Number(word));
      expect(addressWord(view, at, -1)).toBe(word < 2n ** 53n ? Number(word) : -1);
    }),
  );
});
