// Raw memory at an address, and the object it is in.
import type { AddressPlace } from "../base/address-place.js";
import { MemoryFault, UsageError } from "../base/errors.js";
import { type Hex, hex, NONE, parseAddress } from "../base/units.js";
import type { Dump } from "../dump.js";
import { isAddress, locate, namesPlace, needText, pointedBy } from "../naming/locate.js";
import { nameObject, placeOfAddress } from "../naming/object-names.js";
import { SCRATCH } from "../runtime/frame-variables.js";
import { MOST_BYTES_READ, MOST_OF_VALUE, USUAL_BYTES } from "./limits.js";
import type { Query } from "./query.js";

/** A length of less than 0 or more than 1 MiB is a UsageError, an address that is not in the dump a MemoryFault. */
export interface ReadArgs {
  /** An address, or an expression: what a pointer, slice, string or interface value leads to, else the value itself. */
  readonly address: string;
  /** 0: all of what an expression means, at most 256 bytes; 64 at an address. 0 when absent. */
  readonly length?: number;
}

/** registers: of a variable in registers, or in several pieces, which has no address. unknown: what was met when that was asked. */
export type BytesPlace = AddressPlace | { readonly kind: "registers" } | { readonly kind: "unknown"; readonly message: string };

/** The bytes, and where they belong: "24 bytes into 0xc000012000, main.Session, 64 bytes". */
export interface ReadResult {
  /** Of a variable in registers, or in several pieces, 0x0. */
  readonly address: Hex;
  /** Hexadecimal digits, two a byte; shorter than asked where the dump ends. */
  readonly bytes: string;
  /** The heap object with the address; offset in bytes from its beginning. Absent outside the heap. */
  readonly object?: { readonly address: Hex; readonly type: string; readonly bytes: number; readonly offset: number };
  /** What the bytes are in when it is no object; absent when it is one. */
  readonly where?: BytesPlace;
}

const EXAMPLE = { id: "example", query: "read", args: { address: "0xc000012000", length: 64 } } as const;

export const read: Query<ReadArgs, ReadResult> = {
  name: "read",
  summary: "bytes of memory, and the object they are in",
  run(dump, { address: text, length: wanted = 0 }) {
    if (!(wanted >= 0 && wanted <= MOST_BYTES_READ)) throw new UsageError(`${wanted}: read takes 1 to ${MOST_BYTES_READ} bytes`, EXAMPLE);
    const { address, length } = beginning(dump, needText(text, "read", "address"));
    if (typeof address !== "number")
      return {
        address: hex(0),
        bytes: Buffer.from(address).toString("hex"),
        where: { kind: "registers" },
      };
    const bytes = readWhatIsThere(dump, address, wanted || length);
    return { address: hex(address), bytes: Buffer.from(bytes).toString("hex"), ...describe(dump, address) };
  },
};

/** Where the bytes begin that a text means, and how many it means; the bytes themselves of a variable without an address. */
function beginning(dump: Dump, text: string): { readonly address: number | Uint8Array; readonly length: number } {
  if (isAddress(text)) return { address: parseAddress(text) as number, length: USUAL_BYTES };
  const place = locate(dump, text);
  const { types } = dump.runtime;
  const type = place.type === NONE ? undefined : types.get(place.type);
  const pointed = namesPlace(text) ? undefined : pointedBy(dump, place);
  const shown = (size: number) => (size > 0 ? Math.min(MOST_OF_VALUE, size) : USUAL_BYTES);
  if (pointed === undefined) {
    const length = shown(type?.size ?? 0);
    return { address: place.address >= SCRATCH ? place.memory.bytes(place.address, length) : place.address, length };
  }
  const { kind = "", element = NONE } = type ?? {};
  const size = element === NONE ? 0 : types.get(element).size;
  if (kind === "pointer") return { address: pointed, length: shown(size) };
  if (kind !== "slice" && kind !== "string") return { address: pointed, length: USUAL_BYTES };
  const count = place.memory.readUint(place.address + 8, 8);
  return { address: pointed, length: shown(count * (kind === "string" ? 1 : size)) };
}

/** As many bytes as there are from the address on. @throws MemoryFault when there is none */
function readWhatIsThere(dump: Dump, address: number, length: number): Uint8Array {
  const { memory } = dump.process;
  const whole = memory.tryBytes(address, length);
  if (whole) return whole;
  // How many bytes there are is found by halves: each power of two that still can be read is added.
  let have = 0;
  for (let step = 2 ** Math.floor(Math.log2(length)); step >= 1; step /= 2)
    if (have + step <= length && memory.tryBytes(address, have + step)) have += step;
  if (have > 0) return memory.bytes(address, have);
  throw new MemoryFault(address, length, memory.find(address) ? "not-dumped" : "unmapped");
}

/** Bytes can be read without Go; what they belong to needs it. */
function describe(dump: Dump, address: number): Pick<ReadResult, "object" | "where"> {
  try {
    const { objects } = dump.heap;
    const id = objects.find(address);
    if (id === NONE) return { where: placeOfAddress(dump, address) };
    const { evidence: _, ...object } = nameObject(dump, id);
    const offset = address - objects.addressOf(id);
    return { object: { ...object, offset } };
  } catch (error) {
    return { where: { kind: "unknown", message: error instanceof Error ? error.message : String(error) } };
  }
}
