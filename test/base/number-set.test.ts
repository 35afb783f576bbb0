import fc from "fast-check";
import { expect, test } from "vitest";
import { NumberSet } from "../../src/base/number-set.js";

test("a set of numbers has what was added and nothing else", () => {
  const numbers = fc.array(fc.oneof(fc.maxSafeNat(), fc.nat(50), fc.constantFrom(0, 2 ** 32, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER)), {
    maxLength: 3000,
  });
  fc.assert(
    fc.property(numbers, numbers, (added, asked) => {
      const set = new NumberSet();
      const known = new Set<number>();
      for (const each of added) {
        set.add(each);
        known.add(each);
      }
      expect(set.size).toBe(known.size);
      for (const each of [...added, ...asked]) expect(set.has(each)).toBe(known.has(each));
    }),
    { numRuns: 50 },
  );
});

test("numbers in a row and numbers that differ in their high half alone do not crowd", () => {
  const set = new NumberSet();
  for (let i = 0; i < 100_000; i++) {
    set.add(i);
    set.add(i * 2 ** 30);
  }
  expect(set.size).toBe(200_000 - 1);
  expect([set.has(99_999), set.has(99_999 * 2 ** 30), set.has(100_000)]).toEqual([true, true, false]);
});
