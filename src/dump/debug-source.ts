// Which file the debug information is read from: the executable itself, a file that is named, or one that is found by build id or link.
import { DumpError, FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { lazy } from "../base/lazy.js";
import type { Progress } from "../base/progress.js";
import { hex, NONE } from "../base/units.js";
import { type DebugInfo, readDebugInfo } from "../dwarf/dwarf.js";
import { SHT_SYMTAB } from "../elf/constants.js";
import { crcOf, type DebugLink, debugLinkOf, hasDebugInfo } from "../elf/debug-link.js";
import { type DebugMatch, matchDebug, type OtherProof } from "../elf/debug-match.js";
import { type ElfImage, openElf } from "../elf/elf.js";
import { absolutePath, type DebugPlace, debugPlaces } from "../files/debug-places.js";
import { fetchDebugInfo } from "../files/debuginfod.js";
import { type OpenFile, openExecutable } from "../files/files.js";
import type { DumpFiles } from "./types.js";

/** Debug information of an executable, and what was tried to find it. */
export interface DebugSource {
  /** The executable; with the symbols of the debug file when it has none of its own. */
  readonly executable: ElfImage | undefined;
  /** Of the file that has it; undefined when none was found. */
  readonly path: string | undefined;
  /** One sentence for each place that was looked at and did not have it; [] when the executable has its own. */
  readonly refused: readonly string[];
  /** undefined when there is none. @throws DumpError when it is damaged */
  read(): DebugInfo | undefined;
  close(): void;
}

/** Of a core without executable. */
export const NO_DEBUG: DebugSource = { executable: undefined, path: undefined, refused: [], read: () => undefined, close() {} };

/** What the search is about. */
export interface DebugSearch {
  readonly executable: ElfImage;
  /** Where the executable was when the program ran. */
  readonly paths: readonly string[];
  /** What the person named; `debug` is also a file without code that was named as the executable. */
  readonly files: DumpFiles;
  readonly progress: Progress;
  readonly findings: Findings;
}

/** A debug file that is right. */
interface Found {
  readonly file: OpenFile;
  readonly image: ElfImage;
  readonly match: DebugMatch;
}

/**
 * The debug information: of the named file, else of the executable, else of the first file that is of the executable's build.
 * @throws DumpError when the named file cannot be read; FormatError when it is not of the executable
 */
export async function findDebug(search: DebugSearch): Promise<DebugSource> {
  const { executable, files, findings } = search;
  if (files.debug !== undefined) return sourceOf(executable, await openNamed(search, files.debug), [], findings);
  if (hasDebugInfo(executable)) return sourceOf(executable, undefined, [], findings);
  const refused: string[] = [];
  return sourceOf(executable, await searchPlaces(search, refused), refused, findings);
}

function sourceOf(executable: ElfImage, found: Found | undefined, refused: readonly string[], findings: Findings): DebugSource {
  if (!found) {
    const read = () => readDebugInfo(executable, executable.source.name, findings);
    const path = hasDebugInfo(executable) ? executable.source.name : undefined;
    return { executable, path, refused, read, close() {} };
  }
  const { file, image, match } = found;
  const place = match.place.bind(match);
  return {
    executable: withSymbols(executable, image, place),
    path: image.source.name,
    refused,
    read: () => readDebugInfo({ section: (name) => image.section(name), place }, image.source.name, findings),
    close: () => file.close(),
  };
}

async function openNamed({ executable, files, progress, findings }: DebugSearch, path: string): Promise<Found> {
  const file = await openExecutable(path, files.tmpdir, progress, findings);
  try {
    const image = openElf(file.source);
    const match = matchDebug(executable, image, { link: linkProves(executable, image), rebuild: true });
    if ("refused" in match) {
      const advice = "it has to be its own debug file, or an unstripped build of the same sources, Go release and flags";
      throw new FormatError(path, NONE, `is not debug information of ${executable.source.name}: ${match.refused}`, advice);
    }
    if (!match.sameLines) {
      findings.add("debug-rebuilt", "the debug information is of a build with the same code, but other paths, names or lines", path);
    }
    return { file, image, match };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** @param refused  told what was tried in vain */
async function searchPlaces(search: DebugSearch, refused: string[]): Promise<Found | undefined> {
  const { executable, paths, files } = search;
  const link = debugLinkOf(executable);
  const names = {
    executables: [absolutePath(executable.source.name), ...paths],
    buildId: executable.gnuBuildId,
    link: link?.name,
    folders: files.debugFolders ?? [],
  };
  const missing: string[] = [];
  for (const place of debugPlaces(names, process.env)) {
    const found = await tryPlace(search, place, link);
    if (typeof found !== "string") return found;
    if (found === "") missing.push(place.path);
    else refuse(search, `${place.path}: ${found}`, refused);
  }
  if (missing.length > 0) refused.push(`not there: ${missing.join(", ")}`);
  if (link === undefined) refused.push("no name of a debug file in the executable (.gnu_debuglink)");
  if (executable.gnuBuildId === undefined) refused.push("no GNU build id in the executable: .build-id and debuginfod go by it");
  else if (files.debuginfod === true) return searchServers(search, executable.gnuBuildId, refused);
  return undefined;
}

async function searchServers(search: DebugSearch, buildId: string, refused: string[]): Promise<Found | undefined> {
  const open = (path: string) => tryPlace(search, { path, by: "build id" }, undefined);
  const check = async (path: string) => {
    const found = await open(path);
    if (typeof found === "string") return found;
    found.file.close();
    return undefined;
  };
  for (const { url, path, refused: why } of await fetchDebugInfo(buildId, process.env, check, search.progress)) {
    const found = path === undefined ? (why ?? "") : await open(path);
    if (typeof found !== "string") return found;
    refuse(search, `${url}: ${found}`, refused);
  }
  return undefined;
}

/** A file that is there and cannot be used is told, for the program is read without it. */
function refuse({ findings }: DebugSearch, why: string, refused: string[]): void {
  findings.add("debug-refused", "debug information was found that is not the executable's, or cannot be read: it is not used", why);
  refused.push(why);
}

/** The debug file at a place, or why it is none; "" when there is no file. */
async function tryPlace(search: DebugSearch, { path, by }: DebugPlace, link: DebugLink | undefined): Promise<Found | string> {
  const { executable, files, progress, findings } = search;
  let file: OpenFile | undefined;
  try {
    file = await openExecutable(path, files.tmpdir, progress, findings);
    const image = openElf(file.source);
    const isLinked = by === "debug link" && link !== undefined;
    const crc = isLinked ? crcOf(file.source) : 0;
    const proof: OtherProof = { link: isLinked && crc === link.crc };
    const match = isLinked && crc !== link.crc ? { refused: crcText(crc, link) } : matchDebug(executable, image, proof);
    if (!("refused" in match)) return { file, image, match };
    file.close();
    return match.refused;
  } catch (error) {
    file?.close();
    if (!(error instanceof DumpError) || error.code === "resource") throw error;
    return error.code === "not-found" ? "" : error.message.replace(`${path}: `, "");
  }
}

function linkProves(executable: ElfImage, debug: ElfImage): boolean {
  const link = debugLinkOf(executable);
  return link !== undefined && crcOf(debug.source) === link.crc;
}

function crcText(crc: number, link: DebugLink): string {
  return `its CRC-32 is ${hex(crc)}, .gnu_debuglink wants ${hex(link.crc)}`;
}

/** An executable without a symbol table, with that of its debug file. */
function withSymbols(executable: ElfImage, debug: ElfImage, place: DebugMatch["place"]): ElfImage {
  if (executable.sections.some(({ type }) => type === SHT_SYMTAB)) return executable;
  const symbols = lazy(() => debug.symbols().map((symbol) => ({ ...symbol, address: place(symbol.address) })));
  return Object.create(executable, { symbols: { value: symbols } }) as ElfImage;
}
