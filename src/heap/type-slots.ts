// What each pointer word of a type points to, as small integer codes that the typing loop can follow.
import { lastAtOrBefore } from "../base/search.js";
import { type Bytes, NONE, type TypeId, WORD } from "../base/units.js";
import type { GoType, TypeTable } from "../runtime/types.js";
import { TABLE_LIMIT } from "./limits.js";

/** Meaning of a pointer word; a code is kind + target * KINDS_STEP. */
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
  /** Swiss map directory: one group while dirLen is 0, else an array of tables. Target: the map's header struct. */
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

  /** Code of the word at offset of a type that is one or two words wide. */
  const leaf = (type: GoType, offset: Bytes): number => {
    switch (type.kind) {
      case "pointer": {
        if (offset !== 0) return SLOT.none;
        if (type.element === NONE) return SLOT.unknown;
        const element = types.get(type.element);
        return isTrieNode(element) ? code(SLOT.trieNode, type.element) : code(SLOT.typed, type.element);
      }
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
        const special = runtimeSlot(types, type, at);
        if (special !== undefined) return special;
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
      // DWARF gives every bucket a pointer to the next one; where keys and values have none it is a number. cmd/compile reflectdata.MapBucketType
      const isBucket = type.name.startsWith("bucket<");
      answer = type.fields.some((field) => !(isBucket && field.name === "overflow") && hasPointers(field.type));
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

/** Words whose declared type is unsafe.Pointer, or less than the truth, although the runtime knows better. */
function runtimeSlot(types: TypeTable, type: GoType, offset: Bytes): number | undefined {
  const { name } = type;
  const argument = (text: string, open: string, close: string): TypeId =>
    types.byName(text.slice(text.indexOf(open) + 1, text.lastIndexOf(close)));
  const at = (field: string) => type.fields.some((each) => each.name === field && each.offset === offset);
  const code = (kind: number, target: TypeId) => (target === NONE ? undefined : kind + target * SLOT_STEP);
  const pointee = (field: string): TypeId => {
    const found = type.fields.find((each) => each.name === field);
    return found ? types.get(found.type).element : NONE;
  };
  if (name.startsWith("map<")) return at("dirPtr") ? code(SLOT.directory, type.id) : undefined;
  if (name.startsWith("groupReference<")) return at("data") ? code(SLOT.array, pointee("data")) : undefined;
  // The type that the runtime allocates buckets by has an unsafe.Pointer for what is the next bucket.
  if (name.startsWith("map.bucket[") || name.startsWith("noalg.map.bucket[")) return at("overflow") ? code(SLOT.typed, type.id) : undefined;
  if (name.startsWith("hash<")) {
    if (at("buckets")) return code(SLOT.array, pointee("buckets"));
    if (at("oldbuckets")) return code(SLOT.array, pointee("oldbuckets"));
    return at("extra") ? code(SLOT.typed, overflowLists(types, type)) : undefined;
  }
  if (name.startsWith("hchan<")) return at("buf") ? code(SLOT.array, argument(name, "<", ">")) : undefined;
  if (name === "sync.eface") return at("val") ? SLOT.eface : undefined;
  if (name === "sync.Pool") return at("local") || at("victim") ? code(SLOT.array, types.byName("sync.poolLocal")) : undefined;
  if (name.includes("atomic.Pointer[") && offset === lastOffset(type)) {
    const target = atomicTarget(types, type);
    return code(target !== NONE && isTrieNode(types.get(target)) ? SLOT.trieNode : SLOT.typed, target);
  }
  return undefined;
}

/** By the map's header struct: what its extra points to. */
const knownLists = new WeakMap<TypeTable, Map<TypeId, TypeId>>();

/**
 * runtime.mapextra as this map has it: lists of the buckets that nothing but their chains would keep alive, and chains of
 * pointer-free buckets keep nothing. The executable says *runtime.bmap for each. runtime/map.go mapextra
 */
function overflowLists(types: TypeTable, header: GoType): TypeId {
  const known = knownLists.get(types) ?? new Map<TypeId, TypeId>();
  knownLists.set(types, known);
  const before = known.get(header.id);
  if (before !== undefined) return before;
  const generic = types.byName("runtime.mapextra");
  const pointer = header.fields.find((field) => field.name === "buckets")?.type ?? NONE;
  let made = generic;
  if (generic !== NONE && pointer !== NONE && types.get(pointer).element !== NONE) {
    const { size, fields } = types.get(generic);
    const list = types.synthetic({ name: `[]${types.get(pointer).name}`, kind: "slice", size: 3 * WORD, rtype: 0, element: () => pointer });
    const toList = types.synthetic({ name: `*[]${types.get(pointer).name}`, kind: "pointer", size: WORD, rtype: 0, element: () => list });
    const own = fields.map((field) => ({ ...field, type: field.name === "nextOverflow" ? pointer : toList }));
    made = types.synthetic({ name: header.name.replace("hash<", "mapextra<"), kind: "struct", size, rtype: 0, fields: () => own });
  }
  known.set(header.id, made);
  return made;
}

/** The node that HashTrieMap's entries and indirects begin with. internal/sync/hashtriemap.go; internal/concurrent until Go 1.23 */
function isTrieNode(type: GoType): boolean {
  return type.name.startsWith("internal/sync.node[") || type.name.startsWith("internal/concurrent.node[");
}

function lastOffset(type: GoType): Bytes {
  return type.fields.reduce((last, field) => Math.max(last, field.offset), 0);
}

/** T of an atomic.Pointer[T]: its first field is a [0]*T; the runtime's own has it in the name only. */
function atomicTarget(types: TypeTable, type: GoType): TypeId {
  const first = type.fields.find((field) => types.get(field.type).kind === "array");
  const pointer = first ? types.get(first.type).element : NONE;
  if (pointer !== NONE && types.get(pointer).kind === "pointer") return types.get(pointer).element;
  return types.byName(type.name.slice(type.name.indexOf("[") + 1, type.name.lastIndexOf("]")));
}
