// Go string literals: bytes to a quoted text of printable characters, and back.

/** Bytes that Go writes with a letter of their own. */
const ESCAPES: Readonly<Record<number, string>> = {
  7: "\\a",
  8: "\\b",
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
};
/** And back, with the ' that only rune literals need. */
const NAMED: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, "'": 39, "\\": 92 };
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Characters a terminal would obey or hide: controls, formats, separators, surrogates, private use, unassigned. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/** A Go literal with double quotes, as strconv.Quote writes it: control characters escaped, bytes that are no UTF-8 as \xff. */
export function quoteBytes(bytes: Uint8Array): string {
  let text = '"';
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at];
    if (byte < 0x80) {
      text += ESCAPES[byte] ?? (byte < 32 || byte === 127 ? `\\x${byte.toString(16).padStart(2, "0")}` : String.fromCharCode(byte));
      at++;
      continue;
    }
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    const character = decodeStrictly(bytes.subarray(at, at + size));
    if (character === undefined) {
      text += `\\x${byte.toString(16)}`;
      at++;
      continue;
    }
    text += UNPRINTABLE.test(character) ? escapeRune(character) : character;
    at += size;
  }
  return `${text}"`;
}

/** UTF-8 without control characters but white space: what a person wrote or reads. A rune that is cut at the end counts for nothing. */
export function isText(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return text !== "" && !/[^\P{Cc}\t\n\r]/u.test(text);
  } catch {
    return false;
  }
}

/** The one character of some bytes; undefined when they are none, or more than one. */
function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    const text = strict.decode(bytes);
    return [...text].length === 1 ? text : undefined;
  } catch {
    return undefined;
  }
}

/** \u00ad, \U000e0001. */
function escapeRune(character: string): string {
  const rune = character.codePointAt(0) as number;
  return rune > 0xffff ? `\\U${rune.toString(16).padStart(8, "0")}` : `\\u${rune.toString(16).padStart(4, "0")}`;
}

/** The bytes of a Go literal in double quotes; undefined when it is none. */
export function unquote(literal: string): Uint8Array | undefined {
  if (literal.length < 2 || !literal.startsWith('"') || !literal.endsWith('"')) return undefined;
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (let at = 1; at < literal.length - 1; ) {
    const character = String.fromCodePoint(literal.codePointAt(at) as number);
    if (character === '"' || character === "\n") return undefined;
    if (character !== "\\") {
      bytes.push(...encoder.encode(character));
      at += character.length;
      continue;
    }
    const found = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abtnvfr"'\\]))/.exec(literal.slice(at, -1));
    if (!found) return undefined;
    const [whole, hexByte, short, long, octal, named] = found;
    if (named !== undefined) bytes.push(NAMED[named]);
    else if (hexByte !== undefined || octal !== undefined)
      bytes.push(hexByte ? Number.parseInt(hexByte, 16) : Number.parseInt(octal, 8) & 255);
    else {
      const rune = Number.parseInt(short ?? long, 16);
      if (rune > 0x10ffff) return undefined;
      bytes.push(...encoder.encode(String.fromCodePoint(rune)));
    }
    at += whole.length;
  }
  return Uint8Array.from(bytes);
}

/** Text from the dump that is safe to show: control characters escaped, no quotes round it. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escapeRune);
}
