// Which words of a type lead to parts of the value that the word lies in.
//
// A word leads to a part when the role of its struct says that it owns what it points to (a channel's buffer), or when the
// role of the type it points to says that such objects are only ever parts (a map's groups). See runtime/roles.ts.
import { type Bytes, NONE, type TypeId, WORD } from "../base/units.js";
import type { GoType, RoleKind, TypeRole, TypeTable } from "../runtime/go-types.js";
import { KIND_STEP, POINTER, type PointerKinds } from "./pointer-kinds.js";

/** A value inside another one, as a field or element: what it is called and where it begins. */
export interface InnerValue {
  readonly name: string;
  readonly start: Bytes;
}

/** The words of one type. */
export interface PartWords {
  /** Bytes after which the words repeat: the type's size, the element's of an array. */
  readonly stride: Bytes;
  /** [stride / 8] PART_WORD.none, .own, or .inner + index into inner. */
  readonly words: Int32Array;
  readonly inner: readonly InnerValue[];
  /** What the type's own value is called. */
  readonly name: string;
}

/** Entries of PartWords.words. */
export const PART_WORD = {
  none: 0,
  /** To a part of the very value that the object is, or is a part of. */
  own: 1,
  /** To a part of a value that lies in the object. */
  inner: 2,
} as const;

/** Structs larger than this have no words looked at. */
const LARGEST: Bytes = 1 << 20;

/** Plans by type, each worked out when it is first asked for: most types have none. */
export class PartWordsByType {
  /** By TypeId; null: no word of it. */
  private readonly known: (PartWords | null | undefined)[] = [];
  /** By TypeId: mayHold's answers. */
  private readonly holds = new Map<TypeId, boolean>();
  private readonly types: TypeTable;
  private readonly kinds: PointerKinds;

  constructor(types: TypeTable, kinds: PointerKinds) {
    this.types = types;
    this.kinds = kinds;
  }

  /** null when no word of the type leads to a part. */
  of(type: TypeId): PartWords | null {
    const known = this.known[type];
    if (known !== undefined) return known;
    const made = this.workOut(type);
    this.known[type] = made;
    return made;
  }

  /** Of an array the element's words: they repeat. */
  private workOut(type: TypeId): PartWords | null {
    let element = this.types.get(type);
    while (element.kind === "array" && element.element !== NONE && element.size > 0) element = this.types.get(element.element);
    const isArray = element.id !== type;
    if (element.size < WORD || element.size > LARGEST || !this.mayHold(element.id)) return null;
    const whole = this.types.get(type);
    const isWhole = whole.role.partOf !== undefined || (!isArray && isValue(whole.role));
    const words = new Int32Array(Math.floor(element.size / WORD));
    const inner: InnerValue[] = [];
    for (let word = 0; word < words.length; word++) {
      const found = this.wordOf(element, word * WORD, isWhole);
      if (found === undefined) continue;
      if (found === PART_WORD.own) {
        words[word] = PART_WORD.own;
        continue;
      }
      let index = inner.findIndex((each) => each.start === found.start);
      if (index === NONE) index = inner.push(found) - 1;
      words[word] = PART_WORD.inner + index;
    }
    if (!words.some((each) => each !== PART_WORD.none)) return null;
    return { stride: element.size, words, inner, name: whole.role.partOf ?? whole.role.readable };
  }

  /** @param isWhole  the object of this type is a value of several objects, or a part of one */
  private wordOf(element: GoType, offset: Bytes, isWhole: boolean): InnerValue | typeof PART_WORD.own | undefined {
    const code = this.kinds.codeAt(element.id, offset);
    const kind = code % KIND_STEP;
    if (code === POINTER.none || kind === POINTER.unknown) return undefined;
    const value = this.valueAt(element, offset);
    const isBuffer = value?.buffer === true;
    if (!isBuffer && !this.leadsToPart(element, offset, code)) return undefined;
    if (isWhole) return PART_WORD.own;
    return value && { name: value.name, start: value.start };
  }

  /** What owns() says comes first: a role may own some of its pointers only. */
  private leadsToPart(element: GoType, offset: Bytes, code: number): boolean {
    const kind = code % KIND_STEP;
    if (kind === POINTER.directory) return true;
    if (kind !== POINTER.typed && kind !== POINTER.array && kind !== POINTER.trieNode) return false;
    const owns = element.kind === "struct" ? element.role.owns?.(this.types, element, offset) : undefined;
    return owns ?? this.types.get((code - kind) / KIND_STEP).role.partOf !== undefined;
  }

  /** The outermost value of several objects that the offset lies in. */
  private valueAt(element: GoType, offset: Bytes): (InnerValue & { readonly buffer: boolean }) | undefined {
    let type = element;
    let start = 0;
    for (let depth = 0; depth < 64; depth++) {
      if (isValue(type.role)) {
        const buffer = type.role.kind === "buffer" && type.role.owns?.(this.types, type, offset - start) === true;
        return { name: type.role.readable, start, buffer };
      }
      let next: TypeId = NONE;
      if (type.kind === "array" && type.element !== NONE) {
        const { size } = this.types.get(type.element);
        if (size === 0) return undefined;
        start += Math.floor((offset - start) / size) * size;
        next = type.element;
      } else if (type.kind === "struct") {
        const field = type.fields.findLast((each) => start + each.offset <= offset && this.types.get(each.type).size > 0);
        if (!field) return undefined;
        start += field.offset;
        next = field.type;
      }
      if (next === NONE) return undefined;
      type = this.types.get(next);
    }
    return undefined;
  }

  /** Quick: whether any word of the type can lead to a part. */
  private mayHold(id: TypeId): boolean {
    const known = this.holds.get(id);
    if (known !== undefined) return known;
    this.holds.set(id, false);
    const type = this.types.get(id);
    let answer = isValue(type.role) || type.role.partOf !== undefined;
    if (type.kind === "array") answer ||= type.element !== NONE && this.mayHold(type.element);
    else if (type.kind === "struct") answer ||= type.fields.some((field) => this.mayHold(field.type));
    this.holds.set(id, answer);
    return answer;
  }
}

/** What may be made of several objects, by the object or field that a program holds. */
const VALUES: ReadonlySet<RoleKind> = new Set(["map header", "channel", "sync.Map", "hash trie", "buffer"]);

function isValue({ kind, isGeneric }: TypeRole): boolean {
  return VALUES.has(kind) && isGeneric !== true;
}
