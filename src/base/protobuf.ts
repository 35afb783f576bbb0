// Fields of protobuf messages, as they are written: a tag, then the value. protobuf.dev/programming-guides/encoding
import type { ByteWriter } from "./byte-writer.js";

/** Wire type of fields whose length stands before them: texts and messages. */
const LENGTH_DELIMITED = 2;
const encoder = new TextEncoder();

/** A field of an integer type that is not zigzag encoded. @param value rounded to an integer; below 0 becomes 0 */
export function numberField(to: ByteWriter, field: number, value: number): void {
  to.varint(field * 8).varint(value < 0 ? 0 : Math.round(value));
}

/** A field that is a message, whose bytes are given. */
export function messageField(to: ByteWriter, field: number, bytes: Uint8Array): void {
  to.varint(field * 8 + LENGTH_DELIMITED)
    .varint(bytes.length)
    .put(bytes);
}

/** A field of type string. */
export function textField(to: ByteWriter, field: number, value: string): void {
  messageField(to, field, encoder.encode(value));
}
