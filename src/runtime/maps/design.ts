// What one of Go's map designs tells of maps, and what every design is made of: blocks of eight slots.
import type { Findings } from "../../base/findings.js";
import { type Address, type Bytes, hex, type TypeId } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import type { GoType, TypeTable } from "../go-types.js";

/** Where one entry's key and value lie; behind the pointer when the map stores them indirectly. */
export interface MapEntry {
  readonly key: Address;
  readonly value: Address;
}

/**
 * How keys and values lie in a block of eight slots: a bucket or a group.
 * Key i is at keys + i * keyStride, value i at values + i * valueStride, in bytes from the block's start.
 */
export interface MapBlock {
  readonly size: Bytes;
  readonly keys: Bytes;
  readonly keyStride: Bytes;
  readonly values: Bytes;
  readonly valueStride: Bytes;
  readonly indirectKey: boolean;
  readonly indirectValue: boolean;
}

/** What reading a map needs. */
export interface MapMemory {
  readonly memory: AddressSpace;
  readonly types: TypeTable;
  readonly findings?: Findings | undefined;
}

/** What a pointer between the parts of a map leads to: blocks, an array of tables, one table, or something without entries. */
export type MapPart = "blocks" | "directory" | "table" | "other";

/** The two things that a pointer of a map's header may lead to, where the header's type does not tell which. */
export interface Directory {
  /** One block. */
  readonly block: TypeId;
  /** An array of pointers to tables. */
  readonly tables: TypeId;
}

/** One of Go's map designs, in one program. A new design is a file with one of these and a row in designs.ts. */
export interface MapDesign {
  readonly name: string;
  readonly headerSize: Bytes;
  /** How blocks of this map type are laid out; undefined when neither rtype nor DWARF tells. */
  block(env: MapMemory, mapType: GoType): MapBlock | undefined;
  /** Number of entries as the header says. @throws MemoryFault */
  count(env: MapMemory, header: Address): number;
  entries(env: MapMemory, block: MapBlock, header: Address): Iterable<MapEntry>;
  /** Slots of the map's blocks, but of overflow buckets and of an old array that entries are being moved from. @throws MemoryFault */
  slots(env: MapMemory, header: Address): number;
  /** Slots that a map of as many entries has at most when nothing was ever deleted from it. */
  neededSlots(count: number): number;
  /** What the header's pointer at an offset leads to; undefined where no pointer of a map is. @throws MemoryFault */
  partOfHeader(env: MapMemory, header: Address, offset: Bytes): MapPart | undefined;
  /** The same of a part's pointer; of blocks, offset counts from the start of one. */
  partOfPart(part: MapPart, block: MapBlock | undefined, offset: Bytes): MapPart | undefined;
  /** What the header's pointer to its blocks may lead to, by the header's type; undefined where its type tells. */
  directory(types: TypeTable, header: TypeId): Directory | undefined;
  /** From the pointer to the newest blocks to the header's other pointers to parts. */
  readonly furtherPointers: readonly Bytes[];
  /** The header's type of a map type that only the process describes. @param rtype its abi.Type @param name of its parts, "string,int" */
  madeHeader(env: MapMemory, rtype: Address, name: string): TypeId;
}

/** Slots of a bucket and of a group, in every release. */
export const SLOTS = 8;
/** Keys and values above this are stored as pointers. runtime/map.go maxKeySize; internal/abi MapMaxKeyBytes */
export const MAX_INLINE: Bytes = 128;

/** Says that a map is not whole. */
export function damaged(env: MapMemory, header: Address, message: string): void {
  env.findings?.add("map", "a map was not read whole", `map ${hex(header)}: ${message}`);
}

/** An entry at a slot of a block, through the pointers of indirect keys and values. */
export function entryAt(env: MapMemory, block: MapBlock, at: Address, slot: number): MapEntry {
  const key = at + block.keys + slot * block.keyStride;
  const value = at + block.values + slot * block.valueStride;
  return {
    key: block.indirectKey ? env.memory.readAddress(key) : key,
    value: block.indirectValue ? env.memory.readAddress(value) : value,
  };
}

/** Bytes mapped without a gap from address on, at most wanted: what a count read from the file is held against. */
export function mappedFrom(memory: AddressSpace, address: Address, wanted: Bytes): Bytes {
  let at = address;
  while (at - address < wanted) {
    const mapping = memory.find(at);
    if (!mapping || mapping.end <= at) break;
    at = mapping.end;
  }
  return Math.min(wanted, at - address);
}

/** A pointer type that no program names. */
export function pointerTo(types: TypeTable, element: TypeId, name: string): TypeId {
  return types.synthetic({ name: `*${name}`, kind: "pointer", size: 8, rtype: 0, element: () => element });
}

/** A struct like another one, but for the type of one field; NONE when the program has no such struct. */
export function structLike(types: TypeTable, like: TypeId, name: string, field: string, type: () => TypeId): TypeId {
  if (like < 0) return like;
  const original = types.get(like);
  return types.synthetic({
    name,
    kind: "struct",
    size: original.size,
    rtype: 0,
    fields: () => original.fields.map((each) => (each.name === field ? { ...each, type: type() } : each)),
  });
}
