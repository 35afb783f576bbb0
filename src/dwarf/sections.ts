// The sections of debug information, and readers over them.
import { ByteReader } from "../base/byte-reader.js";
import { FormatError } from "../base/errors.js";
import type { Address } from "../base/units.js";
import type { AbbreviationTable, Encoding } from "./abbreviations.js";

/** Bytes by section name; undefined when the file has none. */
export interface DwarfSections {
  section(name: string): Uint8Array | undefined;
  /** Where in the executable a variable lies, when the debug information is of a build whose data lies elsewhere. */
  place?(address: Address): Address;
}

/**
 * One unit of .debug_info: what a compiler wrote for one package or one file of C. Offsets are from the start of their section.
 * DWARF 5 section 7.5.1
 */
export interface Unit extends Encoding {
  readonly offset: number;
  /** Offset of its own DIE, the root of the tree. */
  readonly firstDie: number;
  /** Where the next unit begins. */
  readonly end: number;
  readonly abbreviations: AbbreviationTable;
  /** DW_AT_language is DW_LANG_Go: no unit of C or of an assembler. */
  isGo: boolean;
  /** Base of ranges and location lists: DW_AT_low_pc of the unit. */
  lowPc: Address;
  /** Where its entries begin in .debug_addr, .debug_str_offsets, .debug_rnglists and .debug_loclists. */
  addrBase: number;
  strOffsetsBase: number;
  rnglistsBase: number;
  loclistsBase: number;
}

const EMPTY = new Uint8Array(0);

/** The sections of one file; each is asked for once. */
export class Sections {
  /** Of the file, for messages. */
  readonly name: string;
  /** The contents of .debug_info. */
  readonly info: Uint8Array;
  private readonly sections: DwarfSections;
  private readonly cache = new Map<string, Uint8Array>();

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

  /** The bytes of a section; none when the file has it not. */
  section(section: string): Uint8Array {
    if (section === ".debug_info") return this.info;
    let bytes = this.cache.get(section);
    if (bytes === undefined) {
      bytes = this.sections.section(section) ?? EMPTY;
      this.cache.set(section, bytes);
    }
    return bytes;
  }

  /** The executable's link-time address of a variable. */
  place(address: Address): Address {
    return this.sections.place?.(address) ?? address;
  }

  /** What is wrong at an offset of .debug_info. */
  error(offset: number, message: string): FormatError {
    return new FormatError(`${this.name} .debug_info`, offset, message);
  }

  /** A string of .debug_str, through the table of offsets. DWARF 5 section 7.26 @throws FormatError */
  indexedString(unit: Unit, index: number): Uint8Array {
    const { offsetSize, strOffsetsBase } = unit;
    const reader = this.reader(".debug_str_offsets", strOffsetsBase + index * offsetSize);
    return untilNul(this.reader(".debug_str", offsetSize === 8 ? reader.u64() : reader.u32()));
  }

  /** An entry of .debug_addr: a link-time address. DWARF 5 section 7.27 @throws FormatError */
  indexedAddress(unit: Unit, index: number): Address {
    const reader = this.reader(".debug_addr", unit.addrBase + index * unit.addressSize);
    return unit.addressSize === 8 ? reader.u64() : reader.u32();
  }
}

/** The bytes up to a NUL, without it. @throws FormatError when none comes */
export function untilNul(reader: ByteReader): Uint8Array {
  const end = reader.bytes.indexOf(0, reader.offset);
  if (end < 0) throw reader.error("string without end");
  return reader.bytes.subarray(reader.offset, end);
}
