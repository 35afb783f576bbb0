// Where bytes enter: the core and the executable it came from, found, decompressed and opened.
//
// The core is named. It knows the path of its executable, but is often looked at on another machine: so the executable is looked for at
// that path, then by its name beside the core, then as "exe" beside the core, each also compressed. The first of the right build wins.
import { basename, dirname, join } from "node:path";
import { type DumpError, NotFoundError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { goCommandOf } from "../base/go-command.js";
import type { Progress } from "../base/progress.js";
import type { ByteSource } from "../base/source.js";
import { compressionOf, unpack } from "./compressed.js";
import { refuseContainers } from "./containers.js";
import { type OpenFile, openFile } from "./file-source.js";
import { openNamed } from "./piped.js";

export type { OpenFile } from "./file-source.js";
export { lastingName, openNamed } from "./piped.js";

/** What the person named. */
export interface FileNames {
  /** Opened already, and closed with the others. */
  readonly core: OpenFile;
  /** --exe; when absent it is searched for. */
  readonly executable?: string | undefined;
  /** Folder for decompressed copies; the system's when absent. */
  readonly tmpdir?: string | undefined;
}

/** What only a reader of ELF knows; src/dump gives it, since files do not know their contents. */
export interface ImageFinder {
  /**
   * Paths at which the executable may be, best first; others: mapped images that are worth having (plugins); around: of the program
   * around it, when it is a library.
   */
  candidates(core: ByteSource): {
    readonly executable: readonly string[];
    readonly others: readonly string[];
    readonly around?: string | undefined;
  };
  /** false when the file is surely of another build, or no executable at all; the search goes on then. Not asked about --exe. */
  matches(core: ByteSource, executable: ByteSource): boolean;
  /** What a file that is named as the executable is: debug information without code, or the program around a library that is searched for. */
  roleOf(core: ByteSource, file: ByteSource): "executable" | "debug" | "other";
}

/** Open files of one dump; others: images that the process had mapped, by the paths it knew them by. close ends all. */
export interface OpenedFiles {
  readonly core: ByteSource;
  /** undefined: none was named, and none is at any of the places. */
  readonly executable: ByteSource | undefined;
  /** What to say where it is missing; undefined when it is there. */
  readonly missing: NotFoundError | undefined;
  /** What --exe names holds debug information only: the executable was searched for. */
  readonly isDebugNamed: boolean;
  readonly others: readonly { readonly source: ByteSource; readonly path: string }[];
  /** Of the images, those that were not found. */
  readonly missingImages: readonly string[];
  close(): void;
}

/**
 * Opens the core, then its executable: the named one, else the first of the right build among the candidates, as they are and beside
 * the core; so too when the named one holds debug information only. When all that exist are of another build, the first of those: who asked must check, and can tell both ids.
 * When none exists, the core alone.
 *
 * @throws NotFoundError, FormatError, UsageError, ResourceError with one sentence each
 */
export async function openFiles(names: FileNames, finder: ImageFinder, progress: Progress, findings: Findings): Promise<OpenedFiles> {
  const opened: OpenFile[] = [];
  const close = () => {
    for (const file of opened) file.close();
  };
  // What is open is remembered, so that a failure later closes it.
  const keep = (file: OpenFile) => {
    opened.push(file);
    return file.source;
  };
  try {
    const core = keep(await unpacked(names.core, names.tmpdir, true, progress, findings));
    const candidates = finder.candidates(core);
    const named = names.executable === undefined ? undefined : await openPacked(names.executable, names.tmpdir, false, progress, findings);
    const role = named && finder.roleOf(core, named.source);
    const others: { source: ByteSource; path: string }[] = [];
    const missingImages: string[] = [];
    if (role === "debug") named?.close();
    if (role === "other" && named) others.push({ source: keep(named), path: named.source.name });
    const executable =
      named && role === "executable" ? named : await findExecutable(names, core, candidates.executable, finder, progress, findings);
    const missing = executable instanceof NotFoundError ? executable : undefined;
    // Debug information is held against the executable: without one, nothing proves that it is of this program.
    if (missing && role === "debug") throw missing;
    const source = executable instanceof NotFoundError ? undefined : keep(executable);
    const { around } = candidates;
    const wanted = around === undefined || role === "other" ? candidates.others : [around, ...candidates.others];
    for (const path of wanted) {
      const file = await tryOpen(places(path, core.name), names.tmpdir, progress, findings);
      if (file) others.push({ source: keep(file), path });
      else {
        missingImages.push(path);
        findings.add("image-missing", "a mapped image was not found; its read-only memory is not known", path);
      }
    }
    return { core, executable: source, missing, isDebugNamed: role === "debug", others, missingImages, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Opens the core alone: for commands that need no executable. Truncated compressed cores give what they hold, and a finding. */
export function openCore(path: string, tmpdir: string | undefined, progress: Progress, findings: Findings): Promise<OpenFile> {
  return openPacked(path, tmpdir, true, progress, findings);
}

/** Opens an executable, compressed or not. */
export function openExecutable(path: string, tmpdir: string | undefined, progress: Progress, findings: Findings): Promise<OpenFile> {
  return openPacked(path, tmpdir, false, progress, findings);
}

/** Opens a file and undoes its compression. @param keepPart of one that breaks off, gives what came out so far and a finding */
async function openPacked(
  path: string,
  tmpdir: string | undefined,
  keepPart: boolean,
  progress: Progress,
  findings: Findings,
): Promise<OpenFile> {
  return unpacked(await openNamed(path, tmpdir, progress, findings), tmpdir, keepPart, progress, findings);
}

/** The file itself, or its contents when it is compressed: then, and when it is neither ELF nor a trace, it is closed. */
async function unpacked(
  file: OpenFile,
  tmpdir: string | undefined,
  keepPart: boolean,
  progress: Progress,
  findings: Findings,
): Promise<OpenFile> {
  const { source } = file;
  try {
    const compression = compressionOf(source);
    if (compression === "none") {
      refuseContainers(source);
      return file;
    }
    const contents = await unpack(source.name, source, compression, { folder: tmpdir, keepPart }, progress, findings);
    file.close();
    try {
      refuseContainers(contents.source); // a .tar.gz
    } catch (error) {
      contents.close();
      throw error;
    }
    return contents;
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * The first file of the right build among the candidates, as they are and beside the core; when all that exist are of another build,
 * the first of those; when none exists, what to say then: it names all places
 */
async function findExecutable(
  names: FileNames,
  core: ByteSource,
  candidates: readonly string[],
  finder: ImageFinder,
  progress: Progress,
  findings: Findings,
): Promise<OpenFile | NotFoundError> {
  const looked = [...new Set([...candidates.flatMap((path) => places(path, core.name)), ...beside("exe", core.name)])];
  let other: OpenFile | undefined;
  for (const path of looked) {
    const file = await tryOpen([path], names.tmpdir, progress, findings);
    if (file === undefined) continue;
    if (finder.matches(core, file.source)) {
      other?.close();
      return file;
    }
    if (other === undefined) other = file;
    else file.close();
  }
  if (other !== undefined) return other;
  const wanted = candidates[0] ?? "of this core";
  const goCommand = goCommandOf(wanted);
  const debugOnly = names.executable === undefined ? {} : { debugOnly: names.executable };
  return new NotFoundError("executable", wanted, [], { id: "executable", looked, ...(goCommand ? { goCommand } : {}), ...debugOnly });
}

/** The path as it is, then its name beside the core; each also compressed. */
function places(path: string, core: string): string[] {
  const own = path.startsWith("/") ? packedNames(path) : [];
  return [...own, ...beside(basename(path), core)];
}

/** A name in the folder of the core. */
function beside(name: string, core: string): string[] {
  return packedNames(join(dirname(core), name));
}

/** A path, and what it is called when it is compressed. */
function packedNames(path: string): string[] {
  return [path, `${path}.zst`, `${path}.gz`];
}

/** The first that opens; what cannot be opened or is damaged is passed over, lack of room is not. */
async function tryOpen(
  paths: readonly string[],
  tmpdir: string | undefined,
  progress: Progress,
  findings: Findings,
): Promise<OpenFile | undefined> {
  for (const path of paths) {
    try {
      return await unpacked(openFile(path), tmpdir, false, progress, findings);
    } catch (error) {
      const { code } = error as DumpError;
      if (code !== "not-found" && code !== "format" && code !== "unsupported") throw error;
    }
  }
  return undefined;
}
