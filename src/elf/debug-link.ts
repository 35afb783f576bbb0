// What an ELF file says of its debug information: whether it holds any, and which other file does.
import { crc32 } from "node:zlib";
import { decodeText } from "../base/byte-reader.js";
import { DumpError } from "../base/errors.js";
import type { ByteSource } from "../base/source.js";
import type { Bytes } from "../base/units.js";
import { SHT_NOBITS } from "./constants.js";
import type { ElfImage } from "./elf.js";

/** The contents of .gnu_debuglink: the debug file's name, and the CRC-32 of all its bytes. */
export interface DebugLink {
  /** Without folders. */
  readonly name: string;
  readonly crc: number;
}

/** A file is read in pieces of this size. */
const PIECE: Bytes = 1024 * 1024;

/**
 * The link that `objcopy --add-gnu-debuglink` writes; undefined when there is none, or it is damaged.
 * Source: GDB manual, "Debugging Information in Separate Files": name, NUL, padding to 4, CRC.
 */
export function debugLinkOf(image: ElfImage): DebugLink | undefined {
  const bytes = orNothing(() => image.section(".gnu_debuglink"));
  const end = bytes?.indexOf(0) ?? -1;
  if (bytes === undefined || end < 1) return undefined;
  const crcAt = Math.ceil((end + 1) / 4) * 4;
  if (crcAt + 4 > bytes.length) return undefined;
  const name = decodeText(bytes.subarray(0, end));
  const crc = new DataView(bytes.buffer, bytes.byteOffset).getUint32(crcAt, true);
  return name.includes("/") || name === "." || name === ".." ? undefined : { name, crc };
}

/** The CRC-32 of a whole file, as .gnu_debuglink holds it. */
export function crcOf(source: ByteSource): number {
  let crc = 0;
  for (let at = 0; at < source.size; at += PIECE) crc = crc32(source.read(at, PIECE), crc);
  return crc;
}

/** Whether the file holds DWARF; false too when its section table is damaged. */
export function hasDebugInfo(image: ElfImage): boolean {
  const isInfo = (name: string) => name === ".debug_info" || name === ".zdebug_info";
  return sectionsOf(image).some(({ name, type, size }) => isInfo(name) && type !== SHT_NOBITS && size > 0);
}

/** Whether the file holds debug information and no code, as `objcopy --only-keep-debug` leaves it. */
export function isDebugOnly(image: ElfImage): boolean {
  return sectionsOf(image).some(({ name, type }) => name === ".text" && type === SHT_NOBITS);
}

function sectionsOf(image: ElfImage): ElfImage["sections"] {
  return orNothing(() => image.sections) ?? [];
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DumpError) return undefined;
    throw error;
  }
}
