import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteReader } from "../../src/base/byte-reader.js";
import { ByteWriter } from "../../src/base/byte-writer.js";
import { messageField, numberField, textField } from "../../src/base/protobuf.js";
import { NONE } from "../../src/base/units.js";
import { bytesOf, numberOf, readMessage, textOf } from "../support/protobuf.js";

test("numbers that were written are read again, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat()), (values) => {
      const writer = new ByteWriter();
      for (const value of values) writer.varint(value);
      const reader = new ByteReader(writer.done(), "test");
      for (const value of values) expect(reader.uleb()).toBe(value);
      expect(reader.done).toBe(true);
      expect(writer.length).toBe(reader.offset);
    }),
  );
});

test("no id is 2^64-1", () => {
  const bytes = new ByteWriter().varint(NONE).done();
  expect(bytes).toHaveLength(10);
  expect(new ByteReader(bytes, "test").uleb()).toBe(2 ** 64);
});

test("what is done is a copy: writing on does not change it", () => {
  const writer = new ByteWriter().byte(1);
  const before = writer.done();
  writer.put(new Uint8Array(1000).fill(7)).byte(0x102);
  expect([...before]).toEqual([1]);
  expect(writer.done()).toHaveLength(1002);
  expect(writer.done().at(-1)).toBe(2);
});

test("a reader tells where it ran out", () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3), "short", 1);
  expect(reader.u8()).toBe(2);
  expect(() => reader.u32()).toThrow("short: at offset 2: 4 bytes wanted, 1 left");
  expect(() => new ByteReader(new Uint8Array(12).fill(0x80), "long").uleb()).toThrow(/longer than 10 bytes/);
  expect(() => new ByteReader(Uint8Array.of(65, 66), "text").cstring()).toThrow(/without end/);
  expect(new ByteReader(Uint8Array.of(65, 66, 0, 67), "text").cstring()).toBe("AB");
});

test("fields of messages come back by their numbers", () => {
  const inner = new ByteWriter();
  textField(inner, 2, "größer");
  const outer = new ByteWriter();
  numberField(outer, 1, 1.6);
  numberField(outer, 1, -5);
  messageField(outer, 60, inner.done());
  const fields = readMessage(outer.done());
  expect(fields.map((field) => field.number)).toEqual([1, 1, 60]);
  expect(numberOf(fields, 1)).toBe(2);
  expect(textOf(readMessage(bytesOf(fields, 60) as Uint8Array), 2)).toBe("größer");
});
