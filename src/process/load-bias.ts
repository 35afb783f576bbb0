// Where an image was loaded: the difference between its addresses in the process and in its file.
import type { Address, Bytes } from "../base/units.js";
import { PT_LOAD, PT_PHDR } from "../elf/constants.js";
import type { ElfImage } from "../elf/elf.js";
import { AT_ENTRY, AT_PHDR } from "./auxv.js";
import { type MappedFile, type ProcessParts, withoutDeleted } from "./parts.js";

const PAGE = 4096;
/** Elf64_Ehdr. */
const HEADER_SIZE = 64;

/**
 * The load bias of the executable: process address minus address in the file; 0 for ET_EXEC.
 *
 * Candidates are AT_ENTRY, AT_PHDR, the entry point that a note tells and every mapping of a file's start (in this order); the first where the
 * core's memory begins with the image's own ELF header wins, else the first. A library of Go code inside a C program is found so, too.
 *
 * @param evidence  "proved": only where the image's ELF header is in memory; for images that are not the main one
 */
export function loadBiasOf(
  { memory, auxv, files, entry: said }: ProcessParts,
  image: ElfImage,
  evidence: "likely" | "proved" = "likely",
): Address | undefined {
  if (image.header.type === "EXEC") return 0;
  const first = image.segments.find((segment) => segment.type === PT_LOAD);
  if (first === undefined) return undefined;
  const headerAt = first.address - first.offset;

  const entry = auxv.get(AT_ENTRY);
  const programHeaders = auxv.get(AT_PHDR);
  const ownProgramHeaders =
    image.segments.find((segment) => segment.type === PT_PHDR)?.address ?? headerAt + image.header.programHeaderOffset;
  const candidates = [
    entry === undefined ? undefined : entry - image.header.entry,
    programHeaders === undefined ? undefined : programHeaders - ownProgramHeaders,
    said === undefined ? undefined : said - image.header.entry,
    ...ofSameName(files, image.source.name).map((file) => file.start - headerAt),
  ].filter((bias): bias is number => bias !== undefined && bias >= 0 && bias % PAGE === 0);

  // Libraries of one size may have one header: what follows it, with the build ids, tells them apart.
  const begins = (bias: Address, size: Bytes) => sameBytes(memory.tryBytes(bias + headerAt, size), image.source.read(0, size));
  const alike = candidates.filter((bias) => begins(bias, HEADER_SIZE));
  const proved = alike.length > 1 ? (alike.find((bias) => begins(bias, PAGE)) ?? alike[0]) : alike[0];
  return proved ?? (evidence === "likely" ? candidates[0] : undefined);
}

/** Where the ELF header of the main executable lies in the process, without knowing the executable. */
export function mainHeaderAddress({ memory, auxv, files }: ProcessParts): Address | undefined {
  const programHeaders = auxv.get(AT_PHDR);
  const isHeader = (at: Address) => memory.tryBytes(at, 4)?.join(" ") === "127 69 76 70";
  const page = programHeaders === undefined ? undefined : programHeaders - (programHeaders % PAGE);
  if (page !== undefined && isHeader(page)) return page;
  return files.find((file) => file.offset === 0 && isHeader(file.start))?.start;
}

/**
 * Where the main executable was when the process lived: the mapped file that holds the program headers or the entry point, else the
 * first one mapped from its start. undefined when no files are listed.
 */
export function mainExecutablePath({ auxv, files }: ProcessParts): string | undefined {
  const holding = (address: Address | undefined) => files.find((f) => address !== undefined && f.start <= address && address < f.end);
  const file = holding(auxv.get(AT_PHDR)) ?? holding(auxv.get(AT_ENTRY)) ?? files.find((f) => f.offset === 0);
  return file && withoutDeleted(file.path);
}

/** Beginnings of mapped files, those called as the image first: one library may be mapped under two names. */
function ofSameName(files: readonly MappedFile[], path: string): readonly MappedFile[] {
  const first = files.filter((file) => file.offset === 0);
  const isCalled = (file: MappedFile) => withoutDeleted(file.path).split("/").pop() === path.split("/").pop();
  return [...first.filter(isCalled), ...first.filter((file) => !isCalled(file))];
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
