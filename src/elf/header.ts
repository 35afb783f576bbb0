// The ELF header and the program headers: elfy's reading of them, bounded by the file and corrected where elfy errs.
import elfy from "elfy";
import { ARCHES, type ArchName } from "../base/arch.js";
import { FormatError, UnsupportedError } from "../base/errors.js";
import { type ByteSource, CUT_SHORT, readExactly } from "../base/source.js";
import { uint64 } from "../base/uint64.js";
import { type Address, type Bytes, counted, NONE } from "../base/units.js";
import { EHDR_SIZE, PF_R, PF_W, PF_X, PHDR_SIZE, PN_XNUM, PT_LOAD, PT_NOTE, PT_PHDR } from "./constants.js";

/** One program header: what is mapped. Sizes and offsets in bytes; values of 2^53 and more are exact when multiples of 4096. */
export interface ElfSegment {
  /** PT_LOAD 1, PT_NOTE 4 ... */
  readonly type: number;
  /** PF_X 1, PF_W 2, PF_R 4. */
  readonly flags: number;
  readonly offset: number;
  readonly address: Address;
  readonly fileSize: Bytes;
  readonly memorySize: Bytes;
}

/** The ELF header's part that is the same for all readers. */
export interface ElfHeader {
  readonly type: "EXEC" | "DYN" | "CORE";
  readonly machine: ArchName;
  readonly entry: Address;
  /** Where the program headers lie in the file. */
  readonly programHeaderOffset: number;
}

/** Where the section table is said to be, unchecked; count and nameIndex as in the header (0 and 0xffff mean: ask section 0). */
export interface SectionTablePlace {
  readonly offset: number;
  readonly count: number;
  readonly entrySize: Bytes;
  readonly nameIndex: number;
}

/** What header.ts reads of a file. */
export interface ElfHead {
  readonly header: ElfHeader;
  readonly segments: readonly ElfSegment[];
  readonly sectionTable: SectionTablePlace;
}

const TYPES: Readonly<Record<string, ElfHeader["type"]>> = { exec: "EXEC", dyn: "DYN", core: "CORE" };
const SEGMENT_TYPES: Readonly<Record<string, number>> = { load: PT_LOAD, note: PT_NOTE, phdr: PT_PHDR };
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;

/**
 * Reads the ELF header and all program headers.
 *
 * @throws FormatError when it is no ELF file or the headers do not fit into it
 * @throws UnsupportedError for 32-bit, big-endian, other machines, other file types
 * Source: gABI chapters 4 and 5; PN_XNUM: Linux fs/binfmt_elf.c fill_extnum_info.
 */
export function readHead(source: ByteSource): ElfHead {
  const ident = Buffer.from(source.read(0, EHDR_SIZE));
  checkIdent(source, ident);
  const parser = new elfy.Parser();
  const raw = parser.parseHeader(ident);
  const type = TYPES[raw.type ?? ""];
  if (type === undefined) throw new UnsupportedError(`${source.name}: ELF file type`, raw.type ?? "unknown", "executables and cores");
  const number = ident.readUInt16LE(18);
  const machine = Object.values(ARCHES).find((arch) => arch.elfMachine === number)?.name;
  if (machine === undefined)
    throw new UnsupportedError(`${source.name}: machine`, raw.machine ?? "unknown", Object.keys(ARCHES).join(" and "));

  const sectionTable = { offset: raw.shoff, count: raw.shnum, entrySize: raw.shentsize, nameIndex: raw.shstrndx };
  const header: ElfHeader = { type, machine, entry: raw.entry, programHeaderOffset: raw.phoff };
  if (raw.phoff === 0 || raw.phnum === 0) return { header, segments: [], sectionTable };
  if (raw.phentsize < PHDR_SIZE)
    throw new FormatError(source.name, 54, `program header entries of ${counted(raw.phentsize, "byte")}, ${PHDR_SIZE} wanted`);

  const count = raw.phnum === PN_XNUM ? extendedCount(source, raw.phoff, sectionTable) : raw.phnum;
  const table = readExactly(source, raw.phoff, count * raw.phentsize, `table of ${count} program headers`);
  // elfy wants header and table in one buffer and takes offset 0 for "no table": put the table right after a header's room.
  const window = Buffer.alloc(EHDR_SIZE + table.length);
  window.set(table, EHDR_SIZE);
  const programs = parser.parsePrograms(window, { ...raw, phoff: EHDR_SIZE, phnum: count });
  const segments = programs.map((program, i) => ({
    type: SEGMENT_TYPES[program.type ?? ""] ?? window.readUInt32LE(EHDR_SIZE + i * raw.phentsize), // elfy does not name every type
    flags: (program.flags.r ? PF_R : 0) + (program.flags.w ? PF_W : 0) + (program.flags.x ? PF_X : 0),
    offset: program.offset,
    address: program.vaddr,
    fileSize: program.filesz,
    memorySize: program.memsz,
  }));
  return { header, segments, sectionTable };
}

function checkIdent(source: ByteSource, ident: Uint8Array): void {
  if (source.size === 0) throw new FormatError(source.name, NONE, "empty file");
  const isElf = ident[0] === 0x7f && ident[1] === 0x45 && ident[2] === 0x4c && ident[3] === 0x46;
  if (!isElf) {
    const start = [...ident.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new FormatError(
      source.name,
      NONE,
      `not an ELF file (starts with ${start}${readableStart(ident)})`,
      "wanted is the core of a Linux process, or a Go execution trace",
    );
  }
  if (ident.length > 4 && ident[4] !== ELFCLASS64) {
    throw new UnsupportedError(`${source.name}: ELF class`, ident[4] === 1 ? "32-bit" : `number ${ident[4]}`, "64-bit");
  }
  if (ident.length > 5 && ident[5] !== ELFDATA2LSB) {
    throw new UnsupportedError(`${source.name}: byte order`, ident[5] === 2 ? "big-endian" : `number ${ident[5]}`, "little-endian");
  }
  if (ident.length < EHDR_SIZE)
    throw new FormatError(source.name, NONE, `ELF header needs ${EHDR_SIZE} bytes, the file ends at ${ident.length}`, CUT_SHORT);
}

/** ", <html>" for a file that begins with text: often it says what went wrong when it was copied. */
function readableStart(start: Uint8Array): string {
  const text = /^[\x20-\x7e]{4,}/.exec(String.fromCharCode(...start.subarray(0, 24)))?.[0];
  return text === undefined ? "" : `, ${JSON.stringify(text)}`;
}

/** The count of program headers that PN_XNUM stands for: sh_info of section 0; when that was cut off, the room before the first segment's bytes. */
function extendedCount(source: ByteSource, tableOffset: number, sections: SectionTablePlace): number {
  const zero = sections.offset > 0 ? source.read(Math.min(sections.offset, source.size), 48) : new Uint8Array(0);
  if (zero.length === 48) return new DataView(zero.buffer, zero.byteOffset, 48).getUint32(44, true);
  const first = readExactly(source, tableOffset, PHDR_SIZE, "first program header");
  const view = new DataView(first.buffer, first.byteOffset, PHDR_SIZE);
  const bytesAt = uint64(view, 8);
  const count = (bytesAt - tableOffset) / PHDR_SIZE;
  if (Number.isInteger(count) && count >= PN_XNUM && bytesAt <= source.size) return count;
  throw new FormatError(source.name, sections.offset, "the count of program headers is in section 0, which is not in the file");
}
