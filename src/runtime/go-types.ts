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
  readonly role: TypeRole;
}

/** What the runtime, or a package that it serves, uses a type for. */
export type RoleKind =
  | "none"
  | "map header"
  | "map part"
  | "channel"
  | "hash trie"
  | "trie node"
  | "trie indirect"
  | "trie entry"
  | "sync.Map"
  | "sync.Map part"
  | "atomic pointer"
  | "pool"
  | "timer"
  | "buffer"
  | "interface words";

/** What a pointer leads to where its declared type says less than the runtime knows. */
interface PointerHint {
  /** One value of the target, an array of them, a map's blocks or tables (see MapDesign.directory), or what the interface holds whose data word it is. */
  readonly kind: "typed" | "array" | "directory" | "interface";
  /** NONE: the declared type has to do. */
  readonly target: TypeId;
}

/** What is true of every type of one role. */
export interface RoleRules {
  readonly kind: RoleKind;
  /** The runtime's own view of a map or channel, which does not know keys and elements. */
  readonly isGeneric?: boolean;
  /** The larger type that values of this one are allocated in. */
  readonly allocatedAs?: string;
  /** Larger types that may hold a value of this one past their beginning, the likeliest first. */
  readonly insideOf?: readonly string[];
  /** A field that is a pointer only where another field is. */
  readonly linkField?: string;
  /** What the pointer at an offset leads to; undefined where its declared type has to do. */
  pointerAt?(types: TypeTable, type: GoType, offset: Bytes): PointerHint | undefined;
  /** Whether the pointer at an offset leads to a part of the value; undefined where that depends on what it leads to. */
  owns?(types: TypeTable, type: GoType, offset: Bytes): boolean | undefined;
}

/** The role of one type. */
export interface TypeRole extends RoleRules {
  /** What a Go programmer calls the type: "map[string]int" for map<string,int>; other names as they are. */
  readonly readable: string;
  /**
   * The value that objects of this type are parts of, for nothing else ever points to them: "map[string]int" for table<string,int>,
   * "sync.Map" for a trie's node; undefined for all other types.
   */
  readonly partOf: string | undefined;
}

/** All types that were met, by their ids. Ids are given in the order of first sight. */
export interface TypeTable {
  readonly count: number;
  /** Of NONE: a type of unknown kind and no size. In a damaged process any part of a type may be NONE. */
  get(id: TypeId): GoType;
  /** NONE when no type has that name. */
  byName(name: string): TypeId;
  /** The only type that a generic one was instantiated as; NONE when the process describes none, or more than one. @param name  without "[...]" */
  onlyInstantiation(name: string): TypeId;
  /** Interned from an abi.Type; NONE when there is none at the address. */
  byRtype(address: Address): TypeId;
  /** The dynamic type of an interface by its first word, an itab or an abi.Type; NONE when that leads to none. */
  interfaceTarget(word: Address, isItab: boolean): TypeId;
  /** Whether a word can only be an interface's first one: the address of a module's abi.Type, or of an itab of two of them. */
  firstWord(word: Address): "type" | "itab" | undefined;
  fromDwarf(type: DwarfType): TypeId;
  /** The type of an allocation of elements: "[]T". */
  arrayOf(element: TypeId): TypeId;
  /** A synthetic type that belongs to another one, made at first use. @param as  what it is to that one */
  derived(of: TypeId, as: string, make: () => TypeId): TypeId;
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
