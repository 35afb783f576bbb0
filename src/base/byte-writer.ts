// Bytes written one after the other into a buffer that grows: the counterpart of byte-reader.ts.

/** Bytes that grow. Every method but `done` returns the writer, so that the fields of one record stand in a chain. */
export class ByteWriter {
  /** Small, because most are for one message: V8 keeps arrays of so few bytes in its own heap. */
  private bytes = new Uint8Array(64);
  /** Bytes written so far. */
  length = 0;

  /** Makes room for so many bytes more; the buffer at least doubles, so that the copies stay a constant share of the work. */
  private room(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + size));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** One byte; of a larger number the lowest eight bits. */
  byte(value: number): this {
    this.room(1);
    this.bytes[this.length++] = value;
    return this;
  }

  /**
   * An unsigned LEB128 number: seven bits a byte, the lowest first. DWARF 5 section 7.6; encoding/binary Uvarint
   * @param value an integer below 2^53; anything below 0 is NONE and is written as 2^64-1, ten bytes
   */
  varint(value: number): this {
    this.room(10);
    if (value < 0) {
      for (let i = 0; i < 9; i++) this.bytes[this.length++] = 0xff;
      this.bytes[this.length++] = 1;
      return this;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
    return this;
  }

  /** Bytes as they are. */
  put(bytes: Uint8Array): this {
    this.room(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** A copy of what was written. */
  done(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}
