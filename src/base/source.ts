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

/** The part [from, to) of a source, under its name; nothing is copied. */
export function sliceSource(source: ByteSource, from: number, to: number): ByteSource {
  const size = Math.max(0, to - from);
  return {
    name: source.name,
    size,
    read: (offset, length) => source.read(from + offset, Math.max(0, Math.min(length, size - offset))),
    readInto: (offset, out) => source.readInto(from + offset, out.subarray(0, Math.max(0, Math.min(out.length, size - offset)))),
  };
}

/** Sources one after the other, as one; nothing is copied until it is read. @param name of the whole, for messages */
export function joinSources(name: string, parts: readonly ByteSource[]): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const part of parts) {
    starts.push(size);
    size += part.size;
  }
  const readInto = (offset: number, out: Uint8Array): number => {
    let done = 0;
    for (let i = 0; i < parts.length && done < out.length; i++) {
      const part = parts[i];
      const at = offset + done - starts[i];
      if (at < 0 || at >= part.size) continue;
      const got = part.readInto(at, out.subarray(done, done + Math.min(out.length - done, part.size - at)));
      done += got;
      if (got === 0) break;
    }
    return done;
  };
  return {
    name,
    size,
    readInto,
    read(offset, length) {
      const out = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      return out.subarray(0, readInto(offset, out));
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
