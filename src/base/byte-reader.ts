// A little-endian cursor over bytes; a short read is a FormatError with its offset.

import { FormatError } from "./errors.js";
import { uint64 } from "./uint64.js";
import { counted } from "./units.js";

const utf8 = new TextDecoder("utf-8");

/** Reads forward; offset is public so that a parser may jump. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly name: string;
  offset: number;
  private readonly view: DataView;

  /** @param name what is read, for messages */
  constructor(bytes: Uint8Array, name: string, offset = 0) {
    this.bytes = bytes;
    this.name = name;
    this.offset = offset;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** At the end, or behind it after a jump. */
  get done(): boolean {
    return this.offset >= this.bytes.length;
  }

  /** The offset of so many bytes, which are read by that. @throws FormatError when there are fewer */
  private take(size: number): number {
    const at = this.offset;
    if (at < 0 || at + size > this.bytes.length) throw this.error(`${counted(size, "byte")} wanted, ${this.bytes.length - at} left`);
    this.offset = at + size;
    return at;
  }

  /** An error at the present offset, to be thrown. */
  error(message: string): FormatError {
    return new FormatError(this.name, this.offset, message);
  }

  u8(): number {
    return this.bytes[this.take(1)];
  }
  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }
  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }
  i32(): number {
    return this.view.getInt32(this.take(4), true);
  }
  /** As a double; exact below 2^53 and for multiples of 4096. */
  u64(): number {
    return uint64(this.view, this.take(8));
  }
  bigU64(): bigint {
    return this.view.getBigUint64(this.take(8), true);
  }

  /** Unsigned LEB128 as a double. DWARF 5 section 7.6. */
  uleb(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw this.error("LEB128 longer than 10 bytes");
  }

  /** Signed LEB128 as a double. DWARF 5 section 7.6. */
  sleb(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.u8();
      // The last byte's sign first: the sum would pass 2^53 before it is taken off.
      if (byte < 0x80) return value + (byte & 0x40 ? byte - 0x80 : byte) * scale;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    throw this.error("LEB128 longer than 10 bytes");
  }

  /** The next bytes, not copied. @throws FormatError when there are fewer */
  slice(size: number): Uint8Array {
    const at = this.take(size);
    return this.bytes.subarray(at, at + size);
  }

  /** A NUL-terminated string. */
  cstring(): string {
    const end = this.bytes.indexOf(0, this.offset);
    if (end < 0) throw this.error("string without end");
    const text = utf8.decode(this.bytes.subarray(this.offset, end));
    this.offset = end + 1;
    return text;
  }
}

/** UTF-8 text of bytes; invalid sequences become U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
