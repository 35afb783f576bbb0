// Each kind of type, read from its DIE.
import { decodeText } from "../base/byte-reader.js";
import type { Bytes } from "../base/units.js";
import { DW_AT, DW_ATE } from "./constants.js";
import type { Die, Dies } from "./dies.js";
import type { DwarfField, DwarfType } from "./dwarf-type.js";
import { MOST_NESTED_TYPES } from "./limits.js";
import { nameBytes } from "./names.js";

/** What a type asks for when it leads to other DIEs; damage becomes a finding there, and an answer all the same. */
export interface TypeReader {
  readonly dies: Dies;
  /** The type that an attribute refers to; undefined when the DIE has it not. */
  link(die: Die, at: number): DwarfType | undefined;
  /** DW_AT_type, or void. */
  typeOf(die: Die): DwarfType;
  /** Fields of a struct DIE. */
  fields(die: Die): readonly DwarfField[];
  /** Elements of an array DIE. */
  count(die: Die): number;
  /** Runs read; on damage the value instead of it. */
  safely<T>(read: () => T, instead: T): T;
}

/** Go writes pointer types without a size: on amd64 and arm64 it is 8. */
const POINTER_SIZE: Bytes = 8;

/** DW_TAG_member. DWARF 5 section 5.7.6 */
export class Field implements DwarfField {
  readonly offset: Bytes;
  readonly embedded: boolean;
  private readonly types: TypeReader;
  private readonly die: Die;
  private text: string | undefined;

  /** @throws FormatError when the member's place cannot be read */
  constructor(types: TypeReader, die: Die) {
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

/** What all kinds share. Name and size are read when first asked for: most types are never looked at. */
abstract class TypeBase {
  readonly offset: number;
  readonly goKind: number;
  readonly runtimeType: number;
  protected readonly types: TypeReader;
  protected readonly die: Die;
  private text: string | undefined;
  private bytes: Bytes | undefined;

  constructor(types: TypeReader, die: Die) {
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

  /** The size when there is no DW_AT_byte_size. */
  protected impliedSize(): Bytes {
    return 0;
  }
}

/** DW_TAG_base_type, DW_TAG_enumeration_type. DWARF 5 sections 5.1 and 5.8 */
export class BaseType extends TypeBase {
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

/** DW_TAG_pointer_type and the references of C++. */
export class PointerType extends TypeBase {
  readonly kind = "pointer";
  get target(): DwarfType | undefined {
    return this.types.link(this.die, DW_AT.type);
  }
  protected override impliedSize(): Bytes {
    return POINTER_SIZE;
  }
}

/** DW_TAG_structure_type, unions and classes of C and C++; strings, slices and interfaces of Go. */
export class StructType extends TypeBase {
  readonly kind = "struct";
  private list: readonly DwarfField[] | undefined;
  get fields(): readonly DwarfField[] {
    this.list ??= this.types.fields(this.die);
    return this.list;
  }
  /** Of a slice: what it is a slice of. */
  get element(): DwarfType | undefined {
    return this.types.link(this.die, DW_AT.go_elem);
  }
}

/** DW_TAG_array_type. Go writes its size, C the bounds only. */
export class ArrayType extends TypeBase {
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

/** DW_TAG_typedef, const and volatile: another name for a type. Named types, maps and channels of Go. */
export class TypedefType extends TypeBase {
  readonly kind = "typedef";
  get target(): DwarfType {
    return this.types.typeOf(this.die);
  }
  /** Of a map. */
  get key(): DwarfType | undefined {
    return this.types.link(this.die, DW_AT.go_key);
  }
  get element(): DwarfType | undefined {
    return this.types.link(this.die, DW_AT.go_elem);
  }
  /** Of a type parameter: its place in the dictionary that the function was given. */
  get dictionaryIndex(): number {
    return this.types.safely(() => this.die.number(DW_AT.go_dict_index), undefined) ?? -1;
  }
  protected override impliedSize(): Bytes {
    return impliedSize(this);
  }
}

/** DW_TAG_subroutine_type: a function value of Go. Parameters are not read. */
export class FunctionType extends TypeBase {
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
