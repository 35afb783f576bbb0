// What each pointer word of a type points to, as small integer codes that the typing loop can follow.
import { lastAtOrBefore } from "../base/search.js";
import { type Bytes, NONE, type TypeId, WORD } from "../base/units.js";
import type { GoType, TypeTable } from "../runtime/types.js";
import { TABLE_LIMIT } from "./limits.js";

/** Meaning of a pointer word; a code is kind + target * SLOT_STEP. */
export const SLOT = {
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
export const SLOT_STEP = 16;

const EMPTY = new Int32Array(0);

export interface TypeSlots {
  /** Codes of a type's words; undefined for types too large for a table. */
  table(type: TypeId): Int32Array | undefined;
  codeAt(type: TypeId, offset: Bytes): number;
  hasPointers(type: TypeId): boolean;
}

export function typeSlots(types: TypeTable): TypeSlots {
  const tables: (Int32Array | undefined)[] = [];
  const pointers = new Map<TypeId, boolean>();

  const code = (kind: number, target: TypeId): number => (target === NONE ? SLOT.unknown : kind + target * SLOT_STEP);
  const pointerTo = (target: TypeId): number =>
    code(target !== NONE && types.get(target).role.kind === "trie node" ? SLOT.trieNode : SLOT.typed, target);

  /** Where the runtime knows more of a struct's word than its type says. */
  const hinted = (type: GoType, offset: Bytes): number | undefined => {
    const hint = type.role.pointerAt?.(types, type, offset);
    if (hint?.kind === "interface") return SLOT.eface;
    if (!hint || hint.target === NONE) return undefined;
    return hint.kind === "typed" ? pointerTo(hint.target) : code(SLOT[hint.kind], hint.target);
  };

  /** Code of the word at offset of a type that is one or two words wide. */
  const leaf = (type: GoType, offset: Bytes): number => {
    switch (type.kind) {
      case "pointer":
        return offset === 0 ? pointerTo(type.element) : SLOT.none;
      case "string":
        return offset === 0 ? SLOT.string : SLOT.none;
      case "slice":
        return offset === 0 ? code(SLOT.array, type.element) : SLOT.none;
      case "interface":
        return offset === WORD ? (type.hasMethods ? SLOT.iface : SLOT.eface) : SLOT.none;
      case "func":
        return offset === 0 ? SLOT.func : SLOT.none;
      case "map":
      case "chan":
        return offset === 0 ? code(SLOT.typed, type.header) : SLOT.none;
      case "unsafe.Pointer":
        return offset === 0 ? SLOT.unknown : SLOT.none;
      default:
        return SLOT.none;
    }
  };

  const codeAt = (id: TypeId, offset: Bytes): number => {
    const known = tables[id];
    if (known) return known[offset / WORD] ?? SLOT.none;
    let type = types.get(id);
    let at = offset;
    for (let depth = 0; depth < 64; depth++) {
      if (type.kind === "array") {
        if (type.element === NONE) return SLOT.none;
        const element = types.get(type.element);
        if (element.size === 0) return SLOT.none;
        at %= element.size;
        type = element;
      } else if (type.kind === "struct") {
        const hint = hinted(type, at);
        if (hint !== undefined) return hint;
        const field = fieldAt(type, at);
        if (!field) return SLOT.none;
        at -= field.offset;
        type = types.get(field.type);
      } else return leaf(type, at);
    }
    return SLOT.none;
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
    pointers.set(id, false);
    const type = types.get(id);
    let answer: boolean;
    if (type.kind === "array") answer = type.count !== 0 && type.element !== NONE && hasPointers(type.element);
    else if (type.kind === "struct") {
      const { linkField } = type.role;
      answer = type.fields.some((field) => field.name !== linkField && hasPointers(field.type));
    } else answer = ["pointer", "string", "slice", "interface", "func", "map", "chan", "unsafe.Pointer"].includes(type.kind);
    pointers.set(id, answer);
    return answer;
  };

  return { table, codeAt, hasPointers };
}

/** The last field that starts at or before the offset and is not empty. */
function fieldAt(type: GoType, offset: Bytes) {
  const { fields } = type;
  return lastAtOrBefore(fields, offset, (each) => each.offset);
}
