import fc from "fast-check";
import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import {
  BY_GUESS,
  BY_HEADER,
  BY_REFERRER,
  EVIDENCE,
  pack,
  RANK,
  RANK_MASK,
  RANK_SHIFT,
  TYPE_SHIFT,
  unpack,
} from "../../src/heap/evidence.js";

test("type, rank and evidence come out of a word as they were put in", () => {
  fc.assert(
    fc.property(fc.integer({ min: NONE, max: 2 ** 23 }), fc.nat(RANK_MASK), fc.nat(EVIDENCE.length - 1), (type, rank, evidence) => {
      const word = pack(type, rank, evidence);
      expect([word >> TYPE_SHIFT, (word >> RANK_SHIFT) & RANK_MASK]).toEqual([type, rank]);
      const column = unpack(Int32Array.of(word));
      expect([column.type[0], column.evidenceOf(0)]).toEqual([type, EVIDENCE[evidence]]);
    }),
  );
});

test("what is below NONE, a candidate that nothing confirmed, is no type", () => {
  expect(unpack(Int32Array.of(pack(-7, 0, 0))).type[0]).toBe(NONE);
});

test("stronger evidence is larger", () => {
  expect(RANK.guess < RANK.loose && RANK.loose < RANK.array && RANK.array < RANK.exact && RANK.exact < RANK.header).toBe(true);
  expect([BY_GUESS, BY_REFERRER, BY_HEADER].map((each) => EVIDENCE[each])).toEqual(["guess", "typed referrer", "malloc header"]);
});
