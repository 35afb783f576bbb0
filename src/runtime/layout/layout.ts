// Where things lie in this binary's runtime: offsets of fields, addresses of globals, values of constants.

import { UnsupportedError } from "../../base/errors.js";
import { RELEASES } from "../../base/releases.js";
import type { Address, Bytes } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import type { GlobalName } from "./schema-globals.js";

/** One field we rely on. The key of the row is its dotted path unless names gives others, tried in order. */
interface FieldSpec {
  readonly optional?: boolean;
  readonly names?: readonly string[];
}

/** One struct we rely on: candidates for its name, newest first, and its fields. */
export interface StructSpec {
  readonly names: readonly string[];
  readonly optional?: boolean;
  readonly fields: Readonly<Record<string, FieldSpec>>;
}

/** A struct as it is in this binary; F are the schema's names of its fields. */
export interface StructLayout<F extends string = string> {
  readonly name: string;
  readonly size: Bytes;
  has(field: F): boolean;
  /** @throws UnsupportedError naming struct and field when this release has no such field. */
  offset(field: F): Bytes;
  /** Size of the field; of one that is an atomic or a box, of the value in it. @throws as offset does */
  width(field: F): Bytes;
}

/** The runtime's layout, whatever it was read from. S is the schema's table of structs. */
export interface RuntimeLayout<S extends Readonly<Record<string, StructSpec>> = Readonly<Record<string, StructSpec>>> {
  readonly from: "dwarf" | "built-in";
  hasStruct(name: keyof S & string): boolean;
  /** @throws UnsupportedError when this release has no such struct. */
  struct<N extends keyof S & string>(name: N): StructLayout<keyof S[N]["fields"] & string>;
  /** Address in the process, load bias included; undefined when the binary has no such variable. */
  global(name: GlobalName): Address | undefined;
  /** Elements of a variable that never changes, by the release: for where its memory is missing. undefined when no table tells. */
  texts(name: GlobalName): readonly string[] | undefined;
  /** Value of a constant, undefined when DWARF does not have it. */
  constant(name: string): number | undefined;
}

/** A layout of resolved fields; release: the Go they are of, for what is said of a field that is not there. */
export function structLayout<F extends string>(
  name: string,
  size: Bytes,
  fields: ReadonlyMap<string, { readonly offset: Bytes; readonly width: Bytes }>,
  release = "",
): StructLayout<F> {
  const find = (field: string) => {
    const found = fields.get(field);
    if (found) return found;
    throw new UnsupportedError("Go runtime layout", `${release === "" ? "" : `${release}, `}${name} without the field ${field}`, RELEASES);
  };
  return {
    name,
    size,
    has: (field) => fields.has(field),
    offset: (field) => find(field).offset,
    width: (field) => find(field).width,
  };
}

/**
 * A variable that cannot be done without.
 * @throws UnsupportedError when the binary has none, or it was not found
 */
export function globalIn(layout: Pick<RuntimeLayout, "global">, name: GlobalName): Address {
  const found = layout.global(name);
  if (found === undefined) throw new UnsupportedError("Go runtime", `no ${name}`, RELEASES);
  return found;
}

/**
 * One integer field of a struct in the process, by its own width (1, 2, 4 or 8 bytes), unsigned.
 * @throws MemoryFault when it was not dumped
 */
export function readField<F extends string>(memory: AddressSpace, struct: StructLayout<F>, address: Address, field: NoInfer<F>): number {
  return memory.readUint(address + struct.offset(field), struct.width(field) as 1 | 2 | 4 | 8);
}

/** The same, or fallback when the release has no such field. */
export function readFieldOr<F extends string>(
  memory: AddressSpace,
  struct: StructLayout<F>,
  address: Address,
  field: NoInfer<F>,
  fallback: number,
): number {
  return struct.has(field) ? readField(memory, struct, address, field) : fallback;
}

/** A Go slice header {array, len, cap}. */
export function readSlice(
  memory: AddressSpace,
  address: Address,
): { readonly array: Address; readonly length: number; readonly capacity: number } {
  return { array: memory.readAddress(address), length: memory.readUint(address + 8, 8), capacity: memory.readUint(address + 16, 8) };
}
