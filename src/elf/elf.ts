// One ELF file, executable or core: header, segments, sections, symbols, notes, build ids.
import { FormatError } from "../base/errors.js";
import type { ByteSource } from "../base/source.js";
import { type Bytes, NONE } from "../base/units.js";
import { PT_LOAD, PT_NOTE, SHT_DYNSYM, SHT_NOTE, SHT_SYMTAB } from "./constants.js";
import { type ElfHeader, type ElfSegment, readHead } from "./header.js";
import { MOST_NOTE_BYTES } from "./limits.js";
import { type BuildIds, buildIdsOf, type ElfNote, parseNotes, scanBuildIds } from "./notes.js";
import { type ElfSection, readSection, readSections } from "./sections.js";
import { type ElfSymbol, readSymbols } from "./symbols.js";

export type { ElfSegment } from "./header.js";
export { type ElfNote, scanBuildIds } from "./notes.js";
export type { ElfSymbol } from "./symbols.js";

/** An ELF file. Headers are read by openElf, everything else on first use. */
export interface ElfImage {
  readonly source: ByteSource;
  readonly header: ElfHeader;
  readonly segments: readonly ElfSegment[];
  /** [] when there is no table; for a core also when the table was cut off. @throws FormatError when an executable's does not fit. */
  readonly sections: readonly ElfSection[];
  /**
   * Contents of the first section of that name, decompressed anew at each call; ".debug_x" is also found as ".zdebug_x".
   * undefined when absent or SHT_NOBITS. @throws FormatError, UnsupportedError (zstd).
   */
  section(name: string): Uint8Array | undefined;
  /** Of .symtab, else .dynsym; link-time addresses, file order; cached. */
  symbols(): readonly ElfSymbol[];
  /** Of the PT_NOTE segments, else of the SHT_NOTE sections; as many as the file holds; cached. */
  notes(): readonly ElfNote[];
  /** As `go tool buildid` prints it (slashes and all). */
  readonly goBuildId: string | undefined;
  /** Lower-case hex; also when the note is in no PT_NOTE segment. */
  readonly gnuBuildId: string | undefined;
}

/** Build id notes lie in the first page. */
const FIRST_PAGE: Bytes = 4096;

/**
 * Opens an ELF file.
 *
 * @throws FormatError when it is no ELF file or its headers do not fit into it
 * @throws UnsupportedError for 32-bit, big-endian, machines but amd64 and arm64, object files
 */
export function openElf(source: ByteSource): ElfImage {
  const head = readHead(source);
  const { header, segments } = head;
  let symbols: readonly ElfSymbol[] | undefined;
  let notes: readonly ElfNote[] | undefined;
  let ids: BuildIds | undefined;
  let sections: readonly ElfSection[] | undefined;

  const image: ElfImage = {
    source,
    header,
    segments,
    get sections() {
      sections ??= header.type === "CORE" ? coreSections() : readSections(source, head.sectionTable);
      return sections;
    },
    section(name) {
      const old = name.startsWith(".debug_") ? `.z${name.slice(1)}` : name;
      const section = image.sections.find((s) => s.name === name) ?? image.sections.find((s) => s.name === old);
      return section && readSection(source, section);
    },
    symbols() {
      symbols ??= readImageSymbols(image);
      return symbols;
    },
    notes() {
      notes ??= readNotes(image);
      return notes;
    },
    get goBuildId() {
      ids ??= readBuildIds(image);
      return ids.go;
    },
    get gnuBuildId() {
      ids ??= readBuildIds(image);
      return ids.gnu;
    },
  };

  // gcore writes the table at the end, where a cut takes it first; a core is readable without.
  function coreSections(): readonly ElfSection[] {
    return orWhenDamaged([], () => readSections(source, head.sectionTable));
  }
  return image;
}

function orWhenDamaged<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return otherwise;
    throw error;
  }
}

/** @throws FormatError when the image is no core, saying what it is. */
export function expectCore(image: ElfImage): void {
  if (image.header.type === "CORE") return;
  const what = image.header.type === "EXEC" ? "an executable" : "an executable or shared library";
  throw new FormatError(image.source.name, NONE, `is ${what}, not a core`, { id: "not-the-core", path: image.source.name });
}

/** @throws FormatError when the image is a core. */
export function expectExecutable(image: ElfImage): void {
  if (image.header.type !== "CORE") return;
  throw new FormatError(image.source.name, NONE, "is a core, not an executable", { id: "executable" });
}

function readImageSymbols(image: ElfImage): readonly ElfSymbol[] {
  const byType = (type: number) => image.sections.find((s) => s.type === type);
  const table = byType(SHT_SYMTAB) ?? byType(SHT_DYNSYM);
  const strings = table && image.sections[table.link];
  if (!table || !strings) return [];
  const symbols = readSection(image.source, table);
  const names = readSection(image.source, strings);
  return symbols && names ? readSymbols(symbols, names) : [];
}

function readNotes(image: ElfImage): readonly ElfNote[] {
  const segments = image.segments.filter((segment) => segment.type === PT_NOTE);
  const ranges = segments.length > 0 ? segments.map((s) => ({ offset: s.offset, size: s.fileSize })) : noteSections(image);
  return notesIn(image.source, ranges);
}

function readBuildIds(image: ElfImage): BuildIds {
  const fromNotes = buildIdsOf(image.notes());
  if (fromNotes.go !== undefined && fromNotes.gnu !== undefined) return fromNotes;
  const fromSections = buildIdsOf(orWhenDamaged([], () => notesIn(image.source, noteSections(image))));
  const first = image.segments.find((s) => s.type === PT_LOAD && s.offset === 0);
  const isCore = image.header.type === "CORE";
  const fromPage = first && !isCore ? scanBuildIds(image.source.read(0, Math.min(first.fileSize, FIRST_PAGE))) : undefined;
  return {
    go: fromNotes.go ?? fromSections.go ?? fromPage?.go,
    gnu: fromNotes.gnu ?? fromSections.gnu ?? fromPage?.gnu,
  };
}

function noteSections(image: ElfImage): { offset: number; size: Bytes }[] {
  return image.sections.filter((s) => s.type === SHT_NOTE).map((s) => ({ offset: s.offset, size: s.size }));
}

function notesIn(source: ByteSource, ranges: readonly { readonly offset: number; readonly size: Bytes }[]): ElfNote[] {
  const notes: ElfNote[] = [];
  let left = MOST_NOTE_BYTES;
  for (const range of ranges) {
    const size = Math.min(range.size, left, Math.max(0, source.size - range.offset));
    if (size <= 0) continue;
    left -= size;
    for (const note of parseNotes(source.read(range.offset, size))) notes.push(note);
  }
  return notes;
}
