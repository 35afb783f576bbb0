// Units of .debug_info, and one DIE with its attributes, wherever it lies. DWARF 5 sections 7.5.1 and 7.5.5.
import { ByteReader } from "../base/byte-reader.js";
import { type DumpError, FormatError } from "../base/errors.js";
import { lastAtOrBefore } from "../base/search.js";
import type { Address } from "../base/units.js";
import { type Abbreviation, type AbbreviationTable, type Encoding, formStep, readAbbreviations, skipStep } from "./abbreviations.js";
import { DW_AT, DW_FORM, DW_LANG_Go, DW_UT } from "./constants.js";
import { MOST_ORIGINS, MOST_REREADS } from "./limits.js";

/** Bytes by section name; undefined when the file has none. */
export interface DwarfSections {
  section(name: string): Uint8Array | undefined;
}

/** One unit of .debug_info. Offsets are from the start of their section. */
export interface Unit extends Encoding {
  readonly offset: number;
  /** Of the unit's own DIE. */
  readonly firstDie: number;
  readonly end: number;
  readonly abbreviations: AbbreviationTable;
  isGo: boolean;
  /** Base of ranges and location lists: DW_AT_low_pc of the unit. */
  lowPc: Address;
  addrBase: number;
  strOffsetsBase: number;
  rnglistsBase: number;
  loclistsBase: number;
}

const EMPTY = new Uint8Array(0);

/** The sections, and DIEs in them by offset. */
export class Dies {
  readonly name: string;
  readonly info: Uint8Array;
  readonly units: Unit[] = [];
  private readonly sections: DwarfSections;
  private readonly cache = new Map<string, Uint8Array>();
  private readonly tables = new Map<string, AbbreviationTable>();
  /** Bytes of abbreviations read so far: units of damaged files could name overlapping tables without end. */
  private abbreviationBytes = 0;

  constructor(sections: DwarfSections, info: Uint8Array, name: string) {
    this.sections = sections;
    this.info = info;
    this.name = name;
  }

  /** A reader over a section, empty when there is none. @throws FormatError when offset is not in it. */
  reader(section: string, offset: number): ByteReader {
    const bytes = this.section(section);
    const reader = new ByteReader(bytes, `${this.name} ${section}`, offset);
    if (!(offset >= 0 && offset <= bytes.length)) throw reader.error(`the section ends at ${bytes.length}`);
    return reader;
  }

  section(section: string): Uint8Array {
    if (section === ".debug_info") return this.info;
    let bytes = this.cache.get(section);
    if (bytes === undefined) {
      bytes = this.sections.section(section) ?? EMPTY;
      this.cache.set(section, bytes);
    }
    return bytes;
  }

  error(offset: number, message: string): FormatError {
    return new FormatError(`${this.name} .debug_info`, offset, message);
  }

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
    const key = `${abbreviationsAt} ${version <= 2 ? 2 : 3} ${addressSize} ${offsetSize}`;
    let abbreviations = this.tables.get(key);
    if (abbreviations === undefined) {
      const table = this.reader(".debug_abbrev", abbreviationsAt);
      if (this.abbreviationBytes > MOST_REREADS * table.bytes.length) throw table.error("abbreviation tables overlap");
      try {
        abbreviations = readAbbreviations(table, { version, addressSize, offsetSize });
      } finally {
        this.abbreviationBytes += table.offset - abbreviationsAt;
      }
      this.tables.set(key, abbreviations);
    }
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

  /** The unit that holds an offset of .debug_info. */
  unitOf(offset: number): Unit | undefined {
    const unit = lastAtOrBefore(this.units, offset, (each) => each.offset);
    return unit !== undefined && offset >= unit.firstDie && offset < unit.end ? unit : undefined;
  }

  /** The DIE at an offset. @throws FormatError when there is none, or it is cut. */
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

  /** Entry of .debug_addr. @throws FormatError */
  indexedAddress(unit: Unit, index: number): Address {
    const reader = this.reader(".debug_addr", unit.addrBase + index * unit.addressSize);
    return unit.addressSize === 8 ? reader.u64() : reader.u32();
  }
}

const NULL_ENTRY: Abbreviation = { tag: 0, children: false, at: [], form: [], implicit: [], skip: new Int32Array(0) };

/** One DIE; attributes are decoded when asked for. Every accessor is undefined when the DIE lacks the attribute. */
export class Die {
  readonly dies: Dies;
  readonly unit: Unit;
  readonly offset: number;
  /** Where the next DIE (the first child, if it has any) begins. */
  readonly next: number;
  private readonly abbreviation: Abbreviation;
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
  get hasChildren(): boolean {
    return this.abbreviation.children;
  }
  has(at: number): boolean {
    return this.abbreviation.at.includes(at);
  }

  /** Index of the attribute, its form and a reader at its value; DW_FORM_indirect is resolved. */
  private open(at: number): { readonly form: number; readonly reader: ByteReader; readonly index: number } | undefined {
    const index = this.abbreviation.at.indexOf(at);
    if (index < 0) return undefined;
    const reader = this.dies.reader(".debug_info", this.positions[index]);
    let form = this.abbreviation.form[index];
    if (form === DW_FORM.indirect) form = reader.uleb();
    return { form, reader, index };
  }

  /** Form of the attribute. */
  form(at: number): number | undefined {
    return this.open(at)?.form;
  }

  /** An address, constant, flag or section offset, as a double; indexed addresses are looked up. */
  number(at: number): number | undefined {
    const value = this.open(at);
    if (value === undefined) return undefined;
    const { form, reader } = value;
    switch (form) {
      case DW_FORM.data1:
      case DW_FORM.flag:
        return reader.u8();
      case DW_FORM.data2:
        return reader.u16();
      case DW_FORM.data4:
        return reader.u32();
      case DW_FORM.data8:
        return reader.u64();
      case DW_FORM.addr:
        return this.unit.addressSize === 8 ? reader.u64() : reader.u32();
      case DW_FORM.sec_offset:
        return this.unit.offsetSize === 8 ? reader.u64() : reader.u32();
      case DW_FORM.udata:
      case DW_FORM.loclistx:
      case DW_FORM.rnglistx:
        return reader.uleb();
      case DW_FORM.sdata:
        return reader.sleb();
      case DW_FORM.flag_present:
        return 1;
      case DW_FORM.implicit_const:
        return this.abbreviation.implicit[value.index];
      case DW_FORM.addrx:
      case DW_FORM.GNU_addr_index:
        return this.dies.indexedAddress(this.unit, reader.uleb());
      case DW_FORM.addrx1:
      case DW_FORM.addrx2:
      case DW_FORM.addrx3:
      case DW_FORM.addrx4:
        return this.dies.indexedAddress(this.unit, littleEndian(reader, form - DW_FORM.addrx1 + 1));
      default:
        return undefined;
    }
  }

  /** Offset in .debug_info of the DIE referred to; undefined too for references into other files and type units. */
  reference(at: number): number | undefined {
    const value = this.open(at);
    if (value === undefined) return undefined;
    const { form, reader } = value;
    const base = this.unit.offset;
    switch (form) {
      case DW_FORM.ref_addr:
        return formStep(form, this.unit) === 8 ? reader.u64() : reader.u32();
      case DW_FORM.ref1:
        return base + reader.u8();
      case DW_FORM.ref2:
        return base + reader.u16();
      case DW_FORM.ref4:
        return base + reader.u32();
      case DW_FORM.ref8:
        return base + reader.u64();
      case DW_FORM.ref_udata:
        return base + reader.uleb();
      default:
        return undefined;
    }
  }

  /** Bytes of a block or expression. */
  block(at: number): Uint8Array | undefined {
    const value = this.open(at);
    if (value === undefined) return undefined;
    const { form, reader } = value;
    switch (form) {
      case DW_FORM.block1:
        return reader.slice(reader.u8());
      case DW_FORM.block2:
        return reader.slice(reader.u16());
      case DW_FORM.block4:
        return reader.slice(reader.u32());
      case DW_FORM.block:
      case DW_FORM.exprloc:
        return reader.slice(reader.uleb());
      default:
        return undefined;
    }
  }

  /** The bytes of a string with where they lie, without the NUL: names are compared far more often than shown. */
  stringBytes(at: number): Uint8Array | undefined {
    const value = this.open(at);
    if (value === undefined) return undefined;
    const { form, reader } = value;
    const word = () => (this.unit.offsetSize === 8 ? reader.u64() : reader.u32());
    switch (form) {
      case DW_FORM.string:
        return untilNul(reader);
      case DW_FORM.strp:
        return untilNul(this.dies.reader(".debug_str", word()));
      case DW_FORM.line_strp:
        return untilNul(this.dies.reader(".debug_line_str", word()));
      case DW_FORM.strx:
      case DW_FORM.GNU_str_index:
        return this.indexedString(reader.uleb());
      case DW_FORM.strx1:
      case DW_FORM.strx2:
      case DW_FORM.strx3:
      case DW_FORM.strx4:
        return this.indexedString(littleEndian(reader, form - DW_FORM.strx1 + 1));
      default:
        return undefined;
    }
  }

  private indexedString(index: number): Uint8Array {
    const { offsetSize, strOffsetsBase } = this.unit;
    const reader = this.dies.reader(".debug_str_offsets", strOffsetsBase + index * offsetSize);
    return untilNul(this.dies.reader(".debug_str", offsetSize === 8 ? reader.u64() : reader.u32()));
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

function untilNul(reader: ByteReader): Uint8Array {
  const end = reader.bytes.indexOf(0, reader.offset);
  if (end < 0) throw reader.error("string without end");
  return reader.bytes.subarray(reader.offset, end);
}

function littleEndian(reader: ByteReader, size: number): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < size; i++) {
    value += reader.u8() * scale;
    scale *= 256;
  }
  return value;
}
