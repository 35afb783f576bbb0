/** A reader of protobuf messages that knows no schema: protobuf.dev/programming-guides/encoding. */

/** A field of a message, in the order of the bytes. */
export interface Field {
  readonly number: number;
  /** Of a varint (wire type 0); of bytes, text and messages (2). */
  readonly value: number | Uint8Array;
}

/** @throws Error where the bytes are no message to their end */
export function readMessage(bytes: Uint8Array): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 63) throw new Error(`no varint at ${at - 1}`);
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key % 8;
    if (wire === 0) fields.push({ number: (key - wire) / 8, value: varint() });
    else if (wire === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new Error(`a field of ${length} bytes at ${at} of ${bytes.length}`);
      fields.push({ number: (key - wire) / 8, value: bytes.subarray(at, at + length) });
      at += length;
    } else throw new Error(`wire type ${wire} at ${at}`);
  }
  return fields;
}

export function numberOf(fields: readonly Field[], number: number): number | undefined {
  const value = fields.find((each) => each.number === number)?.value;
  return typeof value === "number" ? value : undefined;
}

export function bytesOf(fields: readonly Field[], number: number): Uint8Array | undefined {
  const value = fields.find((each) => each.number === number)?.value;
  return typeof value === "object" ? value : undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

export function textOf(fields: readonly Field[], number: number): string | undefined {
  const bytes = bytesOf(fields, number);
  return bytes && utf8.decode(bytes);
}
