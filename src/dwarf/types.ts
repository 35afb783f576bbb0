// Types, made from their DIEs when first asked for; one object per DIE.
//
// Types are recursive, and a program has tens of thousands of which a question needs a few. So a type holds its DIE only, and a link to
// another type is followed when it is read. Damage is met there and then, in the middle of somebody's question: it becomes a finding,
// and the link leads to an empty struct named "?".
import { DumpError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { DW_AT, DW_TAG } from "./constants.js";
import type { Die, Dies } from "./dies.js";
import type { DwarfField, DwarfType } from "./dwarf-type.js";
import { MOST_CHILDREN } from "./limits.js";
import { reportDamage } from "./scan.js";
import { ArrayType, BaseType, Field, FunctionType, PointerType, StructType, TypedefType, type TypeReader } from "./type-kinds.js";

/** Where no type is named: C's void. */
const VOID: DwarfType = { kind: "struct", offset: -1, name: "void", size: 0, goKind: 0, runtimeType: 0, fields: [], element: undefined };
/** What stands in for a type that damage hides. */
const DAMAGED: DwarfType = { ...VOID, name: "?" };

/** Types by the offset of their DIE; one object for each. */
export class Types implements TypeReader {
  readonly dies: Dies;
  private readonly findings: Findings;
  /** What was made already. */
  private readonly byOffset = new Map<number, DwarfType>();

  constructor(dies: Dies, findings: Findings) {
    this.dies = dies;
    this.findings = findings;
  }

  /** The type whose DIE lies at an offset of .debug_info. @throws FormatError when none lies there. */
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

  /** The finding of what damage hides, and what is answered instead. Errors of other kinds are thrown on. */
  private damaged<T>(error: unknown, instead: T): T {
    if (!(error instanceof DumpError)) throw error;
    reportDamage(this.findings, error);
    return instead;
  }

  /** Children of a DIE that have one of the tags; their own children are stepped over. Damage ends the list. */
  private children(die: Die, tags: readonly number[]): Die[] {
    const found: Die[] = [];
    if (!die.hasChildren) return found;
    try {
      let position = die.next;
      // There is no way to the next sibling but through the children of each.
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

  /** The type of a DIE by its tag; undefined when the tag is of no type. */
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

  /** Fields of a struct DIE, in its order; damaged ones are left out. */
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
