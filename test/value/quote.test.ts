import fc from "fast-check";
import { expect, test } from "vitest";
import { isText, printable, quoteBytes, unquote } from "../../src/value/quote.js";

const text = (literal: string) => quoteBytes(new TextEncoder().encode(literal));

test("quoting any bytes and back gives the same bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void expect(unquote(quoteBytes(bytes))).toEqual(bytes)));
});

test("quoting any text and back gives the same text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 30 }), (string) => {
      const bytes = new TextEncoder().encode(string);
      expect(unquote(quoteBytes(bytes))).toEqual(bytes);
    }),
  );
});

test("nothing quoted can move a terminal", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(quoteBytes(bytes)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
  expect(printable("a\x1b[31m\u202eb\n")).toBe("a\\u001b[31m\\u202eb\\u000a");
});

test("strings look as Go's %q prints them", () => {
  expect(text('a"b\\c\n\t\x00\x7f\x1b')).toBe('"a\\"b\\\\c\\n\\t\\x00\\x7f\\x1b"');
  expect(text("Grüße 世界 🎉")).toBe('"Grüße 世界 🎉"');
  expect(text("\u202e\ufeff\u{e0001}")).toBe('"\\u202e\\ufeff\\U000e0001"');
  expect(quoteBytes(Uint8Array.of(0xff, 0x41, 0xc3))).toBe('"\\xffA\\xc3"');
});

test("what is no Go string is not unquoted", () => {
  for (const wrong of ['"', "abc", '"a', 'a"', '"a"b"', '"\\q"', '"\\x1"', '"\\U00110000"', '"\\"', '"a\nb"'])
    expect(unquote(wrong)).toBeUndefined();
  expect(unquote('"\\101\\x42\\u0043\\a"')).toEqual(Uint8Array.of(65, 66, 67, 7));
});

test("text is UTF-8 of characters that are seen; a rune cut at the end is no fault, zeros and other controls are none", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(['{"a":1}\n', "名字", "a\tb\r\n"].map((text) => isText(bytes(text)))).toEqual([true, true, true]);
  expect(isText(bytes("名字").subarray(0, 5))).toBe(true);
  expect(
    [Uint8Array.of(), Uint8Array.of(0x61, 0), Uint8Array.of(0xff, 0x61), Uint8Array.of(0x1b, 0x5b), bytes("é").subarray(0, 1)].map(isText),
  ).toEqual(Array(5).fill(false));
});
