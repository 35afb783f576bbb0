// The section table and what sections hold, decompressed.

import { inflateSync } from "node:zlib";
import { FormatError, UnsupportedError } from "../base/errors.js";
import { type ByteSource, readExactly } from "../base/source.js";
import { uint64 } from "../base/uint64.js";
import type { Address, Bytes } from "../base/units.js";
import { counted } from "../base/units.js";
import { CHDR_SIZE, ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD, SHDR_SIZE, SHF_COMPRESSED, SHN_XINDEX, SHT_NOBITS } from "./constants.js";
import type { SectionTablePlace } from "./header.js";
import { BEST_RATIO } from "./limits.js";

/** One section header. */
export interface ElfSection {
  readonly name: string;
  readonly type: number;
  /** As a double; SHF_COMPRESSED 0x800. */
  readonly flags: number;
  readonly address: Address;
  readonly offset: number;
  /** Bytes in the file, compressed or not; in memory for SHT_NOBITS. */
  readonly size: Bytes;
  /** Index of a related section: the string table of a symbol table. */
  readonly link: number;
}

/**
 * The section table; [] when the file has none.
 *
 * @throws FormatError when the table does not fit into the file
 * Source: gABI chapter 4, Sections.
 */
export function readSections(source: ByteSource, place: SectionTablePlace): readonly ElfSection[] {
  if (place.offset === 0) return [];
  if (place.entrySize < SHDR_SIZE) {
    if (place.count === 0) return [];
    throw new FormatError(source.name, 58, `section header entries of ${place.entrySize} bytes, ${SHDR_SIZE} wanted`);
  }
  const zero = viewOf(readExactly(source, place.offset, SHDR_SIZE, "section header 0"));
  const count = place.count === 0 ? uint64(zero, 32) : place.count;
  const nameIndex = place.nameIndex === SHN_XINDEX ? zero.getUint32(40, true) : place.nameIndex;
  const view = viewOf(readExactly(source, place.offset, count * place.entrySize, `table of ${count} section headers`));

  const names = nameIndex > 0 && nameIndex < count ? nameTable(source, view, nameIndex * place.entrySize) : Buffer.alloc(0);
  const sections: ElfSection[] = [];
  for (let i = 0; i < count; i++) {
    const at = i * place.entrySize;
    sections.push({
      name: nameAt(names, view.getUint32(at, true)),
      type: view.getUint32(at + 4, true),
      flags: uint64(view, at + 8),
      address: uint64(view, at + 16),
      offset: uint64(view, at + 24),
      size: uint64(view, at + 32),
      link: view.getUint32(at + 40, true),
    });
  }
  return sections;
}

/** A NUL-terminated name; "" when it starts outside the table, cut at the table's end. */
export function nameAt(names: Buffer, offset: number): string {
  if (offset >= names.length) return "";
  const end = names.indexOf(0, offset);
  return names.toString("utf8", offset, end < 0 ? names.length : end);
}

/**
 * The contents of a section as the linker made them; undefined for SHT_NOBITS.
 *
 * @throws FormatError when they are not in the file or do not inflate
 * @throws UnsupportedError for zstd and unknown compressions
 * Source: gABI chapter 4, Compressed Sections; ".zdebug_": binutils, "ZLIB" and a big-endian size before the stream.
 */
export function readSection(source: ByteSource, section: ElfSection): Uint8Array | undefined {
  if (section.type === SHT_NOBITS) return undefined;
  const bytes = readExactly(source, section.offset, section.size, `section ${section.name}`);
  if (Math.floor(section.flags / SHF_COMPRESSED) % 2 === 1) {
    if (bytes.length < CHDR_SIZE)
      throw new FormatError(source.name, section.offset, `section ${section.name} is too short for a compression header`);
    const view = viewOf(bytes);
    const kind = view.getUint32(0, true);
    if (kind !== ELFCOMPRESS_ZLIB) {
      const found = kind === ELFCOMPRESS_ZSTD ? "zstd" : `kind ${kind}`;
      throw new UnsupportedError(`${source.name}: compression of section ${section.name}`, found, "zlib", {
        id: "unpack",
        with: "objcopy",
        path: source.name,
      });
    }
    return inflate(source, section, bytes.subarray(CHDR_SIZE), uint64(view, 8));
  }
  const isOldStyle = section.name.startsWith(".zdebug_") && bytes.length >= 12 && bytes[0] === 0x5a && bytes[1] === 0x4c;
  if (isOldStyle) {
    const view = viewOf(bytes);
    return inflate(source, section, bytes.subarray(12), view.getUint32(4) * 0x100000000 + view.getUint32(8));
  }
  return bytes;
}

function inflate(source: ByteSource, section: ElfSection, packed: Uint8Array, size: Bytes): Uint8Array {
  if (size > packed.length * BEST_RATIO + 64) {
    throw new FormatError(
      source.name,
      section.offset,
      `section ${section.name} claims ${counted(size, "byte")} from ${packed.length} compressed`,
    );
  }
  if (size === 0) return new Uint8Array(0);
  let bytes: Uint8Array;
  try {
    const inflated = inflateSync(packed, { maxOutputLength: size });
    bytes = new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.byteLength);
  } catch (error) {
    throw new FormatError(source.name, section.offset, `section ${section.name} does not inflate: ${(error as Error).message}`);
  }
  if (bytes.length !== size) {
    throw new FormatError(
      source.name,
      section.offset,
      `section ${section.name} inflates to ${counted(bytes.length, "byte")}, its header says ${size}`,
    );
  }
  return bytes;
}

function nameTable(source: ByteSource, table: DataView, at: number): Buffer {
  if (table.getUint32(at + 4, true) === SHT_NOBITS) return Buffer.alloc(0);
  const bytes = readExactly(source, uint64(table, at + 24), uint64(table, at + 32), "section names");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
