// Where bytes come from: a file, a section, a buffer of a test.

import { FormatError } from "./errors.js";
import type { Bytes } from "./units.js";
import { counted } from "./units.js";

/** What to do about a file that ends too early. */
export const CUT_SHORT =
  "the file is cut short: copy it again, and compare sizes (a core is cut by ulimit -c or a full disk where it is written)";

/** Random access to bytes. */
export interface ByteSource {
  readonly name: string;
  readonly size: Bytes;
  /** A fresh copy or a view of [offset, offset + length), shorter only at the end of the source. */
  read(offset: number, length: Bytes): Uint8Array;
  /** Fills out from offset; returns how many bytes were there. */
  readInto(offset: number, out: Uint8Array): number;
}

/** A source over bytes already in memory. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read: (offset, length) => bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length)),
    readInto(offset, out) {
      const part = bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + out.length, bytes.length));
      out.set(part);
      return part.length;
    },
  };
}

/** Exactly length bytes. @throws FormatError when the source ends before. */
export function readExactly(source: ByteSource, offset: number, length: Bytes, what: string): Uint8Array {
  const bytes = offset >= 0 && offset <= source.size ? source.read(offset, length) : new Uint8Array(0);
  if (bytes.length < length) {
    throw new FormatError(source.name, offset, `${what} needs ${counted(length, "byte")}, the file ends at ${source.size}`, CUT_SHORT);
  }
  return bytes;
}
