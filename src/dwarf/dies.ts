// Units of .debug_info, and one DIE with its attributes, wherever it lies. DWARF 5 sections 7.5.1 to 7.5.5.
import type { ByteReader } from "../base/byte-reader.js";
import { type DumpError, FormatError } from "../base/errors.js";
import { lastAtOrBefore } from "../base/search.js";
import { type Abbreviation, type AbbreviationTable, type Encoding, formStep, readAbbreviations, skipStep } from "./abbreviations.js";
import { type Attribute, blockValue, numberValue, referenceValue, stringValue } from "./attributes.js";
import { DW_AT, DW_FORM, DW_LANG_Go, DW_UT } from "./constants.js";
import { MOST_ORIGINS, MOST_REREADS } from "./limits.js";
import { Sections, type Unit } from "./sections.js";

/** The sections, and DIEs in them by offset: a debugging information entry is read where it lies, when it is asked for. */
export class Dies extends Sections {
  /** The units read so far, ascending by offset; the scan fills them in. */
  readonly units: Unit[] = [];
  private readonly tables = new Map<string, AbbreviationTable>();
  /** Bytes of abbreviations read so far: units of damaged files could name overlapping tables without end. */
  private abbreviationBytes = 0;

  /**
   * Reads the header of the unit at the offset. `next` is where the next unit begins, also when this one is unreadable (`problem`).
   * @throws FormatError when not even the length can be believed.
   */
  readUnit(offset: number): { readonly next: number; readonly unit: Unit } | { readonly next: number; readonly problem: DumpError } {
    const reader = this.reader(".debug_info", offset);
    let length = reader.u32();
    let offsetSize: 4 | 8 = 4;
    if (length === 0xffffffff) {
      length = reader.u64();
      offsetSize = 8;
    } else if (length >= 0xfffffff0) throw reader.error("reserved unit length");
    const next = reader.offset + length;
    const end = Math.min(next, this.info.length);
    try {
      if (next > this.info.length) throw reader.error(`the unit ends at ${next}, the section at ${this.info.length}`);
      return { next, unit: this.unitBody(reader, offset, end, offsetSize) };
    } catch (problem) {
      if (problem instanceof FormatError) return { next, problem };
      throw problem;
    }
  }

  /** What follows the length of a unit, and the attributes of its own DIE that the others need. */
  private unitBody(reader: ByteReader, offset: number, end: number, offsetSize: 4 | 8): Unit {
    const version = reader.u16();
    if (version < 2 || version > 5) throw reader.error(`DWARF version ${version}`);
    const word = () => (offsetSize === 4 ? reader.u32() : reader.u64());
    let addressSize: number;
    let abbreviationsAt: number;
    if (version >= 5) {
      const kind = reader.u8();
      addressSize = reader.u8();
      abbreviationsAt = word();
      if (kind === DW_UT.skeleton || kind === DW_UT.split_compile) reader.slice(8);
      else if (kind === DW_UT.type || kind === DW_UT.split_type) reader.slice(8 + offsetSize);
    } else {
      abbreviationsAt = word();
      addressSize = reader.u8();
    }
    if (addressSize !== 8 && addressSize !== 4) throw reader.error(`addresses of ${addressSize} bytes`);
    const abbreviations = this.abbreviationsAt(abbreviationsAt, { version, addressSize, offsetSize });
    // Without DW_AT_*_base the first table after the section's header is meant.
    const header = offsetSize === 4 ? 8 : 16;
    const unit: Unit = {
      version,
      addressSize,
      offsetSize,
      offset,
      firstDie: reader.offset,
      end,
      abbreviations,
      isGo: false,
      lowPc: 0,
      addrBase: version >= 5 ? header : 0,
      strOffsetsBase: version >= 5 ? header : 0,
      rnglistsBase: header + 4,
      loclistsBase: header + 4,
    };
    const die = this.at(unit.firstDie, unit);
    unit.isGo = die.number(DW_AT.language) === DW_LANG_Go;
    unit.addrBase = die.number(DW_AT.addr_base) ?? die.number(DW_AT.GNU_addr_base) ?? unit.addrBase;
    unit.strOffsetsBase = die.number(DW_AT.str_offsets_base) ?? unit.strOffsetsBase;
    unit.rnglistsBase = die.number(DW_AT.rnglists_base) ?? unit.rnglistsBase;
    unit.loclistsBase = die.number(DW_AT.loclists_base) ?? unit.loclistsBase;
    unit.lowPc = die.number(DW_AT.low_pc) ?? 0;
    return unit;
  }

  /** The abbreviation table at an offset; units of one encoding share it. @throws FormatError when it is damaged */
  private abbreviationsAt(at: number, encoding: Encoding): AbbreviationTable {
    const { version, addressSize, offsetSize } = encoding;
    const key = `${at} ${version <= 2 ? 2 : 3} ${addressSize} ${offsetSize}`;
    let abbreviations = this.tables.get(key);
    if (abbreviations === undefined) {
      const table = this.reader(".debug_abbrev", at);
      if (this.abbreviationBytes > MOST_REREADS * table.bytes.length) throw table.error("abbreviation tables overlap");
      try {
        abbreviations = readAbbreviations(table, encoding);
      } finally {
        this.abbreviationBytes += table.offset - at;
      }
      this.tables.set(key, abbreviations);
    }
    return abbreviations;
  }

  /** The unit that holds an offset of .debug_info; undefined when the offset is in none, or in a unit's header. */
  unitOf(offset: number): Unit | undefined {
    const unit = lastAtOrBefore(this.units, offset, (each) => each.offset);
    return unit !== undefined && offset >= unit.firstDie && offset < unit.end ? unit : undefined;
  }

  /** The DIE at an offset. @param inUnit the unit that holds it, when it is known @throws FormatError when there is none, or it is cut. */
  at(offset: number, inUnit?: Unit): Die {
    const unit = inUnit ?? this.unitOf(offset);
    if (unit === undefined) throw this.error(offset, "no unit holds this DIE");
    const reader = this.reader(".debug_info", offset);
    const code = reader.uleb();
    if (code === 0) return new Die(this, unit, offset, NULL_ENTRY, [], reader.offset);
    const abbreviation = unit.abbreviations.get(code);
    if (abbreviation === undefined) throw reader.error(`abbreviation ${code} is not in the table`);
    const positions: number[] = [];
    let position = reader.offset;
    for (const form of abbreviation.form) {
      positions.push(position);
      const step = formStep(form, unit);
      position = step >= 0 ? position + step : skipStep(this.info, position, unit.end, step, unit);
      if (position > unit.end) throw this.error(offset, "the DIE is cut");
    }
    return new Die(this, unit, offset, abbreviation, positions, position);
  }
}

/** The entry of one zero byte that ends a list of children. */
const NULL_ENTRY: Abbreviation = { tag: 0, children: false, at: [], form: [], implicit: [], skip: new Int32Array(0) };

/** One DIE; attributes are decoded when asked for. Every accessor is undefined when the DIE lacks the attribute. */
export class Die {
  readonly dies: Dies;
  readonly unit: Unit;
  /** In .debug_info. */
  readonly offset: number;
  /** Where the next DIE (the first child, if it has any) begins. */
  readonly next: number;
  private readonly abbreviation: Abbreviation;
  /** Offsets of the values of its attributes, in the order of the abbreviation. */
  private readonly positions: readonly number[];

  constructor(dies: Dies, unit: Unit, offset: number, abbreviation: Abbreviation, positions: readonly number[], next: number) {
    this.dies = dies;
    this.unit = unit;
    this.offset = offset;
    this.abbreviation = abbreviation;
    this.positions = positions;
    this.next = next;
  }

  /** DW_TAG_*; 0 for the entry that ends a list of children. */
  get tag(): number {
    return this.abbreviation.tag;
  }
  /** Whether a list of children begins at `next`. */
  get hasChildren(): boolean {
    return this.abbreviation.children;
  }
  /** Whether the DIE has the attribute DW_AT_*. */
  has(at: number): boolean {
    return this.abbreviation.at.includes(at);
  }

  /** The attribute, ready to be decoded; DW_FORM_indirect is resolved: there the form stands before the value. */
  private open(at: number): Attribute | undefined {
    const { abbreviation } = this;
    const index = abbreviation.at.indexOf(at);
    if (index < 0) return undefined;
    const reader = this.dies.reader(".debug_info", this.positions[index]);
    let form = abbreviation.form[index];
    if (form === DW_FORM.indirect) form = reader.uleb();
    return { form, reader, implicit: abbreviation.implicit[index] };
  }

  /** DW_FORM_* of the attribute. */
  form(at: number): number | undefined {
    return this.open(at)?.form;
  }

  /** An address, constant, flag or section offset, as a double; indexed addresses are looked up. @throws FormatError */
  number(at: number): number | undefined {
    const attribute = this.open(at);
    return attribute && numberValue(attribute, this.unit, this.dies);
  }

  /** Offset in .debug_info of the DIE referred to; undefined too for references into other files and type units. */
  reference(at: number): number | undefined {
    const attribute = this.open(at);
    return attribute && referenceValue(attribute, this.unit);
  }

  /** Bytes of a block or expression. */
  block(at: number): Uint8Array | undefined {
    const attribute = this.open(at);
    return attribute && blockValue(attribute);
  }

  /** The bytes of a string where they lie, without the NUL: names are compared far more often than shown. @throws FormatError */
  stringBytes(at: number): Uint8Array | undefined {
    const attribute = this.open(at);
    return attribute && stringValue(attribute, this.unit, this.dies);
  }

  /** This DIE, then those its DW_AT_abstract_origin or DW_AT_specification lead to. */
  origins(): Die[] {
    const chain: Die[] = [this];
    let die: Die = this;
    for (let i = 0; i < MOST_ORIGINS; i++) {
      const origin = die.reference(DW_AT.abstract_origin) ?? die.reference(DW_AT.specification);
      if (origin === undefined) break;
      die = this.dies.at(origin);
      chain.push(die);
    }
    return chain;
  }
}
