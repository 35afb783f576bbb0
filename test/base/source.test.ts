import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesSource, joinSources, readExactly, sliceSource } from "../../src/base/source.js";

test("joined parts read as their bytes one after the other, from anywhere and as long as there are any", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 9 })), fc.nat(60), fc.nat(60), (parts, offset, length) => {
      const whole = Buffer.concat(parts);
      const source = joinSources(
        "whole",
        parts.map((each) => bytesSource("part", each)),
      );
      expect(source.size).toBe(whole.length);
      expect(Buffer.from(source.read(offset, length))).toEqual(whole.subarray(offset, offset + length));
      const out = new Uint8Array(length);
      expect(source.readInto(offset, out)).toBe(whole.subarray(offset, offset + length).length);
    }),
  );
});

test("a part reads nothing beyond its end", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(20), fc.nat(20), fc.nat(20), fc.nat(20), (bytes, a, b, offset, length) => {
      const [from, to] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
      const source = sliceSource(bytesSource("whole", bytes), from, to);
      const wanted = bytes.subarray(from, to).subarray(offset, offset + length);
      expect(source.size).toBe(to - from);
      expect([...source.read(offset, length)]).toEqual([...wanted]);
      expect(source.readInto(offset, new Uint8Array(length))).toBe(wanted.length);
    }),
  );
});

test("a source that ends too early is told with what was wanted of it", () => {
  const source = bytesSource("short", new Uint8Array(4));
  expect(readExactly(source, 1, 3, "tail")).toHaveLength(3);
  expect(() => readExactly(source, 2, 3, "header")).toThrow("short: at offset 2: header needs 3 bytes, the file ends at 4");
  expect(() => readExactly(source, 9, 1, "header")).toThrow(/the file ends at 4/);
});
