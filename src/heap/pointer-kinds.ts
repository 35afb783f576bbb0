// What each pointer word of a type points to, as small integer codes that the typing loop can follow.
import { lastAtOrBefore } from "../base/search.js";
import { type Bytes, NONE, type TypeId, WORD } from "../base/units.js";
import type { GoType, TypeTable } from "../runtime/types.js";
import { TABLE_LIMIT } from "./limits.js";

/** Kinds of pointer words; the code of a word is kind + target * KIND_STEP. */
export const POINTER = {
  none: 0,
  /** Points at a value of the target type. */
  typed: 1,
  /** Points at an array of the target type. */
  array: 2,
  /** Points at the bytes of a string. */
  string: 3,
  /** Data word of an interface without methods; the word before is its abi.Type. */
  eface: 4,
  /** Data word of an interface with methods; the word before is its itab. */
  iface: 5,
  /** Points at a closure, whose first word is its code. */
  func: 6,
  /** A map's blocks, or an array of its tables. Target: the map's header struct, see MapDesign.directory. */
  directory: 7,
  /** Node of a hash trie: its first byte tells entry from indirect. Target: the node struct. */
  trieNode: 8,
  /** A pointer without a type. */
  unknown: 9,
} as const;
/** A power of two above every kind, so that loops take a code apart with bit operators. */
export const KIND_STEP = 16;

/** Structs and arrays around one word; only damaged types nest deeper. */
const DEEPEST = 64;

const EMPTY = new Int32Array(0);

/** Codes of the words of all types; each type's are worked out when they are first asked for. */
export interface PointerKinds {
  /** [size / 8] codes of a type's words; undefined for types too large for a table. */
  table(type: TypeId): Int32Array | undefined;
  /** The code of the word at an offset of one value; POINTER.none past its end. */
  codeAt(type: TypeId, offset: Bytes): number;
  hasPointers(type: TypeId): boolean;
}

export function pointerKinds(types: TypeTable): PointerKinds {
  const tables: (Int32Array | undefined)[] = [];
  const pointers = new Map<TypeId, boolean>();
  const codeAt = (id: TypeId, offset: Bytes): number => {
    const known = tables[id];
    return known ? (known[offset / WORD] ?? POINTER.none) : codeOf(types, id, offset);
  };

  const table = (id: TypeId): Int32Array | undefined => {
    const known = tables[id];
    if (known) return known;
    const size = types.get(id).size;
    if (size > TABLE_LIMIT) return undefined;
    const words = Math.floor(size / WORD);
    const out = words === 0 ? EMPTY : new Int32Array(words);
    for (let word = 0; word < words; word++) out[word] = codeAt(id, word * WORD);
    tables[id] = out;
    return out;
  };

  const hasPointers = (id: TypeId): boolean => {
    const known = pointers.get(id);
    if (known !== undefined) return known;
    // A type that is a part of itself, which only damage makes, is met again here and ends.
    pointers.set(id, false);
    const type = types.get(id);
    let answer: boolean;
    if (type.kind === "array") answer = type.count !== 0 && type.element !== NONE && hasPointers(type.element);
    else if (type.kind === "struct") {
      const { linkField } = type.role;
      answer = type.fields.some((field) => field.name !== linkField && hasPointers(field.type));
    } else answer = POINTER_KINDS.has(type.kind);
    pointers.set(id, answer);
    return answer;
  };

  return { table, codeAt, hasPointers };
}

/** Kinds of types whose values are or begin with a pointer. */
const POINTER_KINDS: ReadonlySet<GoType["kind"]> = new Set([
  "pointer",
  "string",
  "slice",
  "interface",
  "func",
  "map",
  "chan",
  "unsafe.Pointer",
]);

/** Goes down from a type to the field or element that the word lies in, and asks that. */
function codeOf(types: TypeTable, id: TypeId, offset: Bytes): number {
  let type = types.get(id);
  let at = offset;
  for (let depth = 0; depth < DEEPEST; depth++) {
    if (type.kind === "array") {
      if (type.element === NONE) return POINTER.none;
      const element = types.get(type.element);
      if (element.size === 0) return POINTER.none;
      at %= element.size;
      type = element;
    } else if (type.kind === "struct") {
      const hint = hintAt(types, type, at);
      if (hint !== undefined) return hint;
      const field = fieldAt(type, at);
      if (!field) return POINTER.none;
      at -= field.offset;
      type = types.get(field.type);
    } else return leafCode(types, type, at);
  }
  return POINTER.none;
}

/** Where the runtime knows more of a struct's word than its type says: the code of it. See TypeRole.pointerAt. */
function hintAt(types: TypeTable, type: GoType, offset: Bytes): number | undefined {
  const hint = type.role.pointerAt?.(types, type, offset);
  if (hint?.kind === "interface") return POINTER.eface;
  if (!hint || hint.target === NONE) return undefined;
  return hint.kind === "typed" ? pointerTo(types, hint.target) : codeWith(POINTER[hint.kind], hint.target);
}

/** Code of the word at an offset of a type that is no struct or array: one to three words wide. */
function leafCode(types: TypeTable, type: GoType, offset: Bytes): number {
  if (type.kind === "interface") {
    if (offset !== WORD) return POINTER.none;
    return type.hasMethods ? POINTER.iface : POINTER.eface;
  }
  if (offset !== 0) return POINTER.none;
  switch (type.kind) {
    case "pointer":
      return pointerTo(types, type.element);
    case "string":
      return POINTER.string;
    case "slice":
      return codeWith(POINTER.array, type.element);
    case "func":
      return POINTER.func;
    case "map":
    case "chan":
      return codeWith(POINTER.typed, type.header);
    case "unsafe.Pointer":
      return POINTER.unknown;
    default:
      return POINTER.none;
  }
}

function pointerTo(types: TypeTable, target: TypeId): number {
  const isNode = target !== NONE && types.get(target).role.kind === "trie node";
  return codeWith(isNode ? POINTER.trieNode : POINTER.typed, target);
}

function codeWith(kind: number, target: TypeId): number {
  return target === NONE ? POINTER.unknown : kind + target * KIND_STEP;
}

/** The last field that starts at or before the offset. */
function fieldAt(type: GoType, offset: Bytes) {
  return lastAtOrBefore(type.fields, offset, (each) => each.offset);
}
