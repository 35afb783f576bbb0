import fc from "fast-check";
import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { addressWord, uint64 } from "../../src/base/uint64.js";
import { alignDown, alignUp, counted, formatBytes, formatShare, hex, NONE, parseAddress, parseBytes } from "../../src/base/units.js";
import { quoteWord } from "../../src/base/words.js";

test("addresses come back as they were printed", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (address) => parseAddress(hex(address)) === address));
  expect(["c000012000", "0XC000012000", " 0x10 "].map(parseAddress)).toEqual([0xc000012000, 0xc000012000, 16]);
  expect(["", "0x", "main", "0x123456789abcdef01", "-1", "0xffffffffffffffff"].map(parseAddress)).toEqual(new Array(6).fill(undefined));
  expect(hex(NONE)).toBe("0x?");
});

test("rounding leaves multiples alone, above 32 bits too", () => {
  expect([alignDown(0xc000001fff, 0x2000), alignUp(0xc000000001, 0x2000), alignUp(0xc000002000, 0x2000)]).toEqual([
    0xc000000000, 0xc000002000, 0xc000002000,
  ]);
});

test("sizes are read in the units that people write", () => {
  expect(["80", "512K", "1MiB", "2e3", "1.5G", "1 kb"].map(parseBytes)).toEqual([80, 524288, 1048576, 2000, 1610612736, 1024]);
  expect(["", "K", "1X", "-5"].map(parseBytes)).toEqual([undefined, undefined, undefined, undefined]);
  expect([0, 1023, 1024, 39_111_885, 1024 ** 4, -2048].map(formatBytes)).toEqual([
    "0 B",
    "1023 B",
    "1.0 KiB",
    "37.3 MiB",
    "1.0 TiB",
    "-2.0 KiB",
  ]);
});

test("a share never rounds to nothing or all when it is neither", () => {
  expect([formatShare(0, 0), formatShare(0, 9), formatShare(1, 1000), formatShare(999, 1000), formatShare(9, 9)]).toEqual([
    "-",
    "0%",
    "<1%",
    ">99%",
    "100%",
  ]);
  expect([counted(1, "goroutine"), counted(12_000, "goroutine"), counted(2, "entry", "entries")]).toEqual([
    "1 goroutine",
    "12,000 goroutines",
    "2 entries",
  ]);
});

test("words of 64 bits are exact below 2^53, and what is no address says so", () => {
  const view = new DataView(new ArrayBuffer(8));
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      view.setBigUint64(0, BigInt(value), true);
      expect(uint64(view, 0)).toBe(value);
      expect(addressWord(view, 0, NONE)).toBe(value);
    }),
  );
  view.setBigUint64(0, 2n ** 53n, true);
  expect(uint64(view, 0)).toBe(2 ** 53);
  expect(addressWord(view, 0, NONE)).toBe(NONE);
});

test("findings are counted by code, with the first example", () => {
  const findings = new Findings();
  findings.add("a", "first", "one");
  findings.add("a", "second", "two", { count: 4, partial: true });
  findings.add("b", "other", "", { partial: true });
  expect(findings.list()).toEqual([
    { code: "a", message: "first", example: "one", count: 5, partial: false },
    { code: "b", message: "other", example: "", count: 1, partial: true },
  ]);
});

test("words for a shell are quoted when they have to be", () => {
  expect(["core.1", "a b", "it's", "tab\there"].map(quoteWord)).toEqual(["core.1", "'a b'", "'it'\\''s'", "$'tab\\x09here'"]);
});
