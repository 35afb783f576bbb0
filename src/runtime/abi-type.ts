// What one abi.Type record of the process says: the facts of its layout, for whoever reads types or pointer masks. internal/abi/type.go
import { type Address, type Bytes, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { KINDS } from "./go-types.js";
import { readField } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import { LARGEST_TYPE } from "./limits.js";

/** abi.KindMask: the kind's own five bits. */
export const KIND_MASK = 31;
/** abi.KindDirectIface until go1.25, abi.TFlagDirectIface since go1.26: the other's bit is never set. */
const DIRECT = 0x20;

/** Bits of abi.Type.TFlag: an uncommon type follows; the text has a star too many, for types T and *T share one; the type has a name. */
export const TFLAG_UNCOMMON = 1;
export const TFLAG_EXTRA_STAR = 2;
export const TFLAG_NAMED = 4;
/** Bit of an abi.Name's flags: an embedded field. */
export const NAME_EMBEDDED = 8;

/** Fixed part of an abi.Type. */
export interface AbiHeader {
  readonly size: Bytes;
  readonly pointerBytes: Bytes;
  readonly flags: number;
  readonly kind: number;
  readonly kindFlags: number;
  readonly gcData: Address;
}

/** Reads the fixed part; undefined when it cannot be a type. */
export function readAbiHeader(memory: AddressSpace, layout: Layout, address: Address): AbiHeader | undefined {
  const struct = layout.struct("abiType");
  if (!(address > 4096) || address % 8 !== 0 || memory.tryBytes(address, struct.size) === undefined) return undefined;
  const raw = readField(memory, struct, address, "Kind_");
  const header = {
    size: readField(memory, struct, address, "Size_"),
    pointerBytes: readField(memory, struct, address, "PtrBytes"),
    flags: readField(memory, struct, address, "TFlag"),
    kind: raw & KIND_MASK,
    kindFlags: raw - (raw & KIND_MASK),
    gcData: readField(memory, struct, address, "GCData"),
  };
  return header.kind < KINDS.length && header.pointerBytes <= header.size && header.size < LARGEST_TYPE ? header : undefined;
}

/** Whether an interface keeps values of the type in its data word. */
export function isDirect({ flags, kindFlags }: AbiHeader): boolean {
  return (flags & DIRECT) !== 0 || (kindFlags & DIRECT) !== 0;
}

/** Words behind the fixed part, the same in every release; their meaning depends on the kind. */
const BEHIND: Bytes = 48;
export const wordBehind = (type: Address, index: number): Address => type + BEHIND + index * WORD;

/** Of arrays, channels, pointers and slices: the element's type. Of maps: the key's. 0 when it was not dumped. */
export const elementOf = (memory: AddressSpace, type: Address): Address => memory.tryAddress(wordBehind(type, 0)) ?? 0;
export const mapKeyOf = elementOf;
export const mapValueOf = (memory: AddressSpace, type: Address): Address => memory.tryAddress(wordBehind(type, 1)) ?? 0;
/** Of maps: the type of a bucket, or of a group. */
export const mapBlockOf = (memory: AddressSpace, type: Address): Address => memory.tryAddress(wordBehind(type, 2)) ?? 0;
/** Of arrays. @throws MemoryFault */
export const lengthOf = (memory: AddressSpace, type: Address): number => memory.readUint(wordBehind(type, 2), 8);
/** Of interfaces. @throws MemoryFault */
export const methodCountOf = lengthOf;

/** Of structs: where their abi.StructFields lie, and how many; both 0 when they were not dumped. */
export function fieldsOf(memory: AddressSpace, type: Address): { readonly array: Address; readonly length: number } {
  return { array: memory.tryAddress(wordBehind(type, 1)) ?? 0, length: memory.tryAddress(wordBehind(type, 2)) ?? 0 };
}

/** Size of an abi.StructField: name, type, offset. */
export const FIELD: Bytes = 3 * WORD;

/** One field: addresses of its abi.Name and its type, and its offset. @throws MemoryFault */
export function fieldAt(memory: AddressSpace, field: Address): { readonly name: Address; readonly type: Address; readonly offset: Bytes } {
  return {
    name: memory.readAddress(field),
    type: memory.tryAddress(field + WORD) ?? 0,
    offset: memory.readUint(field + 2 * WORD, 8),
  };
}
