// What a Go type is to the rest of corescope, and the table of them.
import type { Address, Bytes, TypeId } from "../base/units.js";
import type { DwarfType } from "../dwarf/dwarf.js";

export type GoKind =
  | "bool"
  | "int"
  | "uint"
  | "float"
  | "complex"
  | "string"
  | "slice"
  | "array"
  | "struct"
  | "pointer"
  | "unsafe.Pointer"
  | "interface"
  | "func"
  | "map"
  | "chan"
  | "unknown";

export interface GoField {
  readonly name: string;
  readonly offset: Bytes;
  readonly type: TypeId;
  readonly embedded: boolean;
}

/** One Go type. element, key, fields and header are resolved at first use. */
export interface GoType {
  readonly id: TypeId;
  /** With the full import path: "main.User", "*main.User", "[]encoding/json.Decoder". */
  readonly name: string;
  readonly kind: GoKind;
  readonly size: Bytes;
  /** Of a pointer, slice, array, channel, or a map's value; NONE. */
  readonly element: TypeId;
  /** Of a map; NONE. */
  readonly key: TypeId;
  /** Of an array; -1 = as many as fit (the backing array of a slice). */
  readonly count: number;
  readonly fields: readonly GoField[];
  /** abi.Type in the process; 0 = none is known. */
  readonly rtype: Address;
  /** The struct behind a map or channel (hmap, map<K,V>, hchan<T>); NONE. */
  readonly header: TypeId;
  /** Of an interface: it has methods, so its first word is an itab. */
  readonly hasMethods: boolean;
  /** An interface keeps values of the type in its data word; others lie where that points. */
  readonly isDirect: boolean;
}

export interface TypeTable {
  readonly count: number;
  /** Of NONE: a type of unknown kind and no size. In a damaged process any part of a type may be NONE. */
  get(id: TypeId): GoType;
  /** NONE when no type has that name. */
  byName(name: string): TypeId;
  /** Interned from an abi.Type; NONE when there is none at the address. */
  byRtype(address: Address): TypeId;
  /** The dynamic type of an interface by its first word, an itab or an abi.Type; NONE when that leads to none. */
  interfaceTarget(word: Address, isItab: boolean): TypeId;
  fromDwarf(type: DwarfType): TypeId;
  /** The type of an allocation of elements: "[]T". */
  arrayOf(element: TypeId): TypeId;
  /** A type that only the runtime knows: closures, string bytes, tiny blocks. */
  synthetic(parts: TypeParts): TypeId;
}

/** What a type's row is made of; the lazy parts are functions until asked. */
export interface TypeParts {
  readonly name: string;
  readonly kind: GoKind;
  readonly size: Bytes;
  readonly rtype: Address;
  readonly count?: number;
  readonly hasMethods?: boolean;
  readonly element?: () => TypeId;
  readonly key?: () => TypeId;
  readonly header?: () => TypeId;
  readonly fields?: () => readonly GoField[];
}

/** reflect.Kind by number. internal/abi/type.go */
export const KINDS: readonly GoKind[] = [
  "unknown",
  "bool",
  "int",
  "int",
  "int",
  "int",
  "int",
  "uint",
  "uint",
  "uint",
  "uint",
  "uint",
  "uint",
  "float",
  "float",
  "complex",
  "complex",
  "array",
  "chan",
  "func",
  "interface",
  "map",
  "pointer",
  "slice",
  "string",
  "struct",
  "unsafe.Pointer",
];
