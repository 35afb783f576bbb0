// Types, made from their DIEs when first asked for; one object per DIE.
import { decodeText } from "../base/byte-reader.js";
import { DumpError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import type { Bytes } from "../base/units.js";
import { DW_AT, DW_ATE, DW_TAG } from "./constants.js";
import type { Die, Dies } from "./dies.js";
import { MOST_CHILDREN, MOST_NESTED_TYPES } from "./limits.js";
import { nameBytes } from "./names.js";
import { reportDamage } from "./scan.js";

interface Common {
  /** Of the DIE in .debug_info; -1 for `void` and for what damage hides. Same offset, same object. */
  readonly offset: number;
  /** With the full import path, "internal/abi.Type"; "" for C's unnamed types. */
  readonly name: string;
  readonly size: Bytes;
  /** reflect.Kind; 0 unknown (C types, and pointers the linker made). */
  readonly goKind: number;
  /**
   * DW_AT_go_runtime_type: offset of the descriptor from moduledata.types, 0 = none kept.
   * Go 1.21 and 1.22 write the absolute link-time address for `uintptr`; it is given as it stands.
   */
  readonly runtimeType: number;
}

/** A field of a struct; unexported fields of anonymous structs have qualified names ("runtime.base"). */
export interface DwarfField {
  readonly name: string;
  readonly offset: Bytes;
  readonly type: DwarfType;
  readonly embedded: boolean;
}

/**
 * A type. Links to other types are made when read (types are recursive), and never throw: a link that damage broke
 * leads to an empty struct named "?" and a finding "dwarf-damaged".
 */
export type DwarfType = Common &
  (
    | { readonly kind: "base"; readonly encoding: "bool" | "int" | "uint" | "float" | "complex" }
    /** target undefined: unsafe.Pointer, void*. */
    | { readonly kind: "pointer"; readonly target: DwarfType | undefined }
    /** element: DW_AT_go_elem of slices. */
    | { readonly kind: "struct"; readonly fields: readonly DwarfField[]; readonly element: DwarfType | undefined }
    | { readonly kind: "array"; readonly element: DwarfType; readonly count: number }
    /** key, element: of maps and channels. dictionaryIndex: of `.paramN` in shaped functions, else -1. C's const and volatile are typedefs. */
    | {
        readonly kind: "typedef";
        readonly target: DwarfType;
        readonly key: DwarfType | undefined;
        readonly element: DwarfType | undefined;
        readonly dictionaryIndex: number;
      }
    | { readonly kind: "function" }
  );

const POINTER_SIZE: Bytes = 8;

const VOID: DwarfType = { kind: "struct", offset: -1, name: "void", size: 0, goKind: 0, runtimeType: 0, fields: [], element: undefined };
const DAMAGED: DwarfType = { ...VOID, name: "?" };

/** Types by the offset of their DIE. */
export class Types {
  readonly dies: Dies;
  private readonly findings: Findings;
  private readonly byOffset = new Map<number, DwarfType>();

  constructor(dies: Dies, findings: Findings) {
    this.dies = dies;
    this.findings = findings;
  }

  /** @throws FormatError when no type DIE is there. */
  at(offset: number): DwarfType {
    const known = this.byOffset.get(offset);
    if (known !== undefined) return known;
    const die = this.dies.at(offset);
    const type = this.make(die);
    if (type === undefined) throw this.dies.error(offset, `DW_TAG 0x${die.tag.toString(16)} is no type`);
    this.byOffset.set(offset, type);
    return type;
  }

  /** The type an attribute refers to; undefined when it has none; the "?" struct when it cannot be read. */
  link(die: Die, at: number): DwarfType | undefined {
    try {
      if (!die.has(at)) return undefined;
      const offset = die.reference(at);
      if (offset === undefined) throw this.dies.error(die.offset, `a reference of DW_FORM ${die.form(at)} leads out of .debug_info`);
      return this.at(offset);
    } catch (error) {
      return this.damaged(error, DAMAGED);
    }
  }

  /** DW_AT_type, or void. */
  typeOf(die: Die): DwarfType {
    return this.link(die, DW_AT.type) ?? VOID;
  }

  private damaged<T>(error: unknown, instead: T): T {
    if (!(error instanceof DumpError)) throw error;
    reportDamage(this.findings, error);
    return instead;
  }

  /** Children of a DIE that have the tag, without their children. */
  private children(die: Die, tags: readonly number[]): Die[] {
    const found: Die[] = [];
    if (!die.hasChildren) return found;
    try {
      let position = die.next;
      for (let depth = 1; depth > 0; ) {
        const child = this.dies.at(position, die.unit);
        position = child.next;
        if (child.tag === 0) {
          if (this.dies.info[child.offset] !== 0 || position > die.unit.end) throw this.dies.error(child.offset, "children without end");
          depth--;
          continue;
        }
        if (depth === 1 && tags.includes(child.tag)) found.push(child);
        if (found.length > MOST_CHILDREN) throw this.dies.error(die.offset, "too many children");
        if (child.hasChildren) depth++;
      }
    } catch (error) {
      return this.damaged(error, found);
    }
    return found;
  }

  private make(die: Die): DwarfType | undefined {
    switch (die.tag) {
      case DW_TAG.base_type:
      case DW_TAG.enumeration_type:
        return new BaseType(this, die);
      case DW_TAG.pointer_type:
      case DW_TAG.reference_type:
      case DW_TAG.rvalue_reference_type:
        return new PointerType(this, die);
      case DW_TAG.structure_type:
      case DW_TAG.class_type:
      case DW_TAG.union_type:
      case DW_TAG.unspecified_type:
        return new StructType(this, die);
      case DW_TAG.array_type:
        return new ArrayType(this, die);
      case DW_TAG.typedef:
      case DW_TAG.const_type:
      case DW_TAG.volatile_type:
      case DW_TAG.restrict_type:
      case DW_TAG.atomic_type:
        return new TypedefType(this, die);
      case DW_TAG.subroutine_type:
        return new FunctionType(this, die);
      default:
        return undefined;
    }
  }

  /** Fields of a struct DIE. */
  fields(die: Die): readonly DwarfField[] {
    const fields: DwarfField[] = [];
    for (const member of this.children(die, [DW_TAG.member])) {
      try {
        fields.push(new Field(this, member));
      } catch (error) {
        this.damaged(error, undefined);
      }
    }
    return fields;
  }

  /** Elements of an array DIE; several dimensions (C) are one array of their product. */
  count(die: Die): number {
    let count = 1;
    for (const range of this.children(die, [DW_TAG.subrange_type])) {
      const upper = range.number(DW_AT.upper_bound);
      const length = range.number(DW_AT.count) ?? (upper === undefined ? 0 : upper + 1);
      // A C array without bound ("char x[]") has an upper bound of -1 as data8 or none.
      count *= Number.isSafeInteger(length) && length >= 0 ? length : 0;
    }
    return Number.isSafeInteger(count) ? count : 0;
  }

  /** Runs read; on damage the value instead of it, and a finding. */
  safely<T>(read: () => T, instead: T): T {
    try {
      return read();
    } catch (error) {
      return this.damaged(error, instead);
    }
  }
}

class Field implements DwarfField {
  readonly offset: Bytes;
  readonly embedded: boolean;
  private readonly types: Types;
  private readonly die: Die;
  private text: string | undefined;

  constructor(types: Types, die: Die) {
    this.types = types;
    this.die = die;
    // DWARF 2 wrote DW_OP_plus_uconst N; nothing we read does. Bit fields give the byte they begin in.
    this.offset = die.number(DW_AT.data_member_location) ?? Math.floor((die.number(DW_AT.data_bit_offset) ?? 0) / 8);
    this.embedded = (die.number(DW_AT.go_embedded_field) ?? 0) !== 0;
  }

  get name(): string {
    this.text ??= decodeText(nameBytes(this.types.dies, this.die.offset) ?? new Uint8Array(0));
    return this.text;
  }
  get type(): DwarfType {
    return this.types.typeOf(this.die);
  }
}

abstract class TypeBase {
  readonly offset: number;
  readonly goKind: number;
  readonly runtimeType: number;
  protected readonly types: Types;
  protected readonly die: Die;
  private text: string | undefined;
  private bytes: Bytes | undefined;

  constructor(types: Types, die: Die) {
    this.types = types;
    this.die = die;
    this.offset = die.offset;
    this.goKind = die.number(DW_AT.go_kind) ?? 0;
    this.runtimeType = die.number(DW_AT.go_runtime_type) ?? 0;
  }

  get name(): string {
    this.text ??= decodeText(nameBytes(this.types.dies, this.offset) ?? new Uint8Array(0));
    return this.text;
  }

  get size(): Bytes {
    this.bytes ??= this.types.safely(() => this.die.number(DW_AT.byte_size) ?? this.impliedSize(), 0);
    return this.bytes;
  }

  /** When there is no DW_AT_byte_size. */
  protected impliedSize(): Bytes {
    return 0;
  }
}

class BaseType extends TypeBase {
  readonly kind = "base";
  get encoding(): "bool" | "int" | "uint" | "float" | "complex" {
    switch (this.types.safely(() => this.die.number(DW_AT.encoding), undefined)) {
      case DW_ATE.boolean:
        return "bool";
      case DW_ATE.float:
        return "float";
      case DW_ATE.complex_float:
        return "complex";
      case DW_ATE.signed:
      case DW_ATE.signed_char:
        return "int";
      default:
        return "uint";
    }
  }
}

class PointerType extends TypeBase {
  readonly kind = "pointer";
  get target(): DwarfType | undefined {
    return this.types.link(this.die, DW_AT.type);
  }
  protected override impliedSize(): Bytes {
    return POINTER_SIZE;
  }
}

class StructType extends TypeBase {
  readonly kind = "struct";
  private list: readonly DwarfField[] | undefined;
  get fields(): readonly DwarfField[] {
    this.list ??= this.types.fields(this.die);
    return this.list;
  }
  get element(): DwarfType | undefined {
    return this.types.link(this.die, DW_AT.go_elem);
  }
}

class ArrayType extends TypeBase {
  readonly kind = "array";
  private elements: number | undefined;
  get element(): DwarfType {
    return this.types.typeOf(this.die);
  }
  get count(): number {
    this.elements ??= this.types.safely(() => this.types.count(this.die), 0);
    return this.elements;
  }
  protected override impliedSize(): Bytes {
    return impliedSize(this);
  }
}

class TypedefType extends TypeBase {
  readonly kind = "typedef";
  get target(): DwarfType {
    return this.types.typeOf(this.die);
  }
  get key(): DwarfType | undefined {
    return this.types.link(this.die, DW_AT.go_key);
  }
  get element(): DwarfType | undefined {
    return this.types.link(this.die, DW_AT.go_elem);
  }
  get dictionaryIndex(): number {
    return this.types.safely(() => this.die.number(DW_AT.go_dict_index), undefined) ?? -1;
  }
  protected override impliedSize(): Bytes {
    return impliedSize(this);
  }
}

class FunctionType extends TypeBase {
  readonly kind = "function";
}

/** Follows typedefs and arrays to a type that has a size; 0 when they go round in a circle. */
function impliedSize(type: ArrayType | TypedefType): Bytes {
  let count = 1;
  let at: DwarfType = type;
  for (let depth = 0; depth < MOST_NESTED_TYPES; depth++) {
    if (at.kind === "typedef") at = at.target;
    else if (at.kind === "array") {
      count *= at.count;
      at = at.element;
    } else return at.size * count;
  }
  return 0;
}
