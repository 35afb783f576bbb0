// The files of a dump: the core, its executable and the images that it had mapped, found, opened and held against each other.
import type { NotFoundError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import type { ByteSource } from "../base/source.js";
import { isDebugOnly } from "../elf/debug-link.js";
import { type ElfImage, expectExecutable, openElf } from "../elf/elf.js";
import { type OpenedFiles, type OpenFile, openFiles } from "../files/files.js";
import {
  acceptExecutable,
  executableCandidates,
  findLoadBias,
  imageCandidates,
  isGoImage,
  type LoadedImage,
  mainExecutablePath,
  type ProcessParts,
  readCore,
  verifyBuild,
} from "../process/process.js";
import { type DebugSource, findDebug, NO_DEBUG } from "./debug-source.js";
import { type GoImage, goImageOf, tellGoImage } from "./go-image.js";
import type { DumpFiles, FilesReport, ImageReport } from "./types.js";

/** What the files of a dump are, before one is laid over the other. */
export interface DumpImages {
  readonly parts: ProcessParts;
  /** What the Go of the process is in: its executable, or a library in a program of another language. undefined: the core is alone. */
  readonly executable: ElfImage | undefined;
  /** What to say of the executable where it is missing. */
  readonly missing: NotFoundError | undefined;
  /** Where its debug information is read from. */
  readonly debug: Pick<DebugSource, "refused" | "read">;
  readonly others: readonly LoadedImage[];
  readonly report: FilesReport;
  /** Closes all files. */
  close(): void;
}

/**
 * Opens the files: the core, and what is found of the others.
 * @param file the core, opened already; closed with the others
 * @throws DumpError: a named file is not found, not ELF, not a core, of another build; a named debug file that is not of the executable
 */
export async function openImages(file: OpenFile, files: DumpFiles, progress: Progress, findings: Findings): Promise<DumpImages> {
  // A file is parsed once, though it is asked for by several steps.
  const images = new Map<ByteSource, ElfImage>();
  const elf = (source: ByteSource): ElfImage => {
    const image = images.get(source) ?? openElf(source);
    images.set(source, image);
    return image;
  };
  let core: ProcessParts | undefined;
  let library: GoImage | undefined;
  const partsOf = (source: ByteSource): ProcessParts => {
    // The core's notes name the executable and the libraries, so it is read before they are searched for.
    if (core === undefined) {
      core = readCore(elf(source), findings);
      library = goImageOf(core, files);
    }
    return core;
  };
  const isWanted = (file: ByteSource) => isExecutable(file, elf) && (library === undefined || isGoImage(elf(file)));
  const opened = await openFiles(
    { core: file, executable: files.executable, tmpdir: files.tmpdir },
    {
      candidates(source) {
        const parts = partsOf(source);
        const others = imageCandidates(parts).filter((path) => path !== library?.path);
        return { executable: library?.places ?? executableCandidates(parts), others, around: library && mainExecutablePath(parts) };
      },
      matches: (source, file) => isWanted(file) && verifyBuild(partsOf(source), elf(file)).match !== "different",
      roleOf(source, file) {
        partsOf(source);
        if (isExecutable(file, elf) && isDebugOnly(elf(file))) return "debug";
        return library && (files.image !== undefined || !isWanted(file)) ? "other" : "executable";
      },
    },
    progress,
    findings,
  );
  try {
    const parts = partsOf(opened.core);
    const executable = opened.executable && elf(opened.executable);
    if (library && opened.executable && opened.executable.name !== files.executable) tellGoImage(library, files.image, findings);
    if (executable) acceptExecutable(parts, executable, files.force ?? false, findings);
    else if (files.debug !== undefined && opened.missing) throw opened.missing;
    const { others, images } = placeOthers(opened, parts, elf, findings);
    const named = files.debug ?? (opened.isDebugNamed ? files.executable : undefined);
    const paths = library?.places ?? executableCandidates(parts);
    const debug = executable ? await findDebug({ executable, paths, files: { ...files, debug: named }, progress, findings }) : NO_DEBUG;
    const close = () => {
      debug.close();
      opened.close();
    };
    const report = reportOf(parts, opened.missing, executable, debug, images);
    return { parts, executable: debug.executable, missing: opened.missing, debug, others, report, close };
  } catch (error) {
    opened.close();
    throw error;
  }
}

function reportOf(
  parts: ProcessParts,
  failure: NotFoundError | undefined,
  executable: ElfImage | undefined,
  debug: DebugSource,
  images: readonly ImageReport[],
): FilesReport {
  const { producer } = parts;
  return {
    producer,
    failure,
    executable: executable && { path: executable.source.name, build: verifyBuild(parts, executable) },
    debug,
    images,
  };
}

/** The mapped images where they were loaded, those of another build left out; and what came of each. */
function placeOthers(opened: OpenedFiles, parts: ProcessParts, elf: (source: ByteSource) => ElfImage, findings: Findings) {
  const images: ImageReport[] = opened.missingImages.map((path) => ({ path, status: "missing" }));
  const others: LoadedImage[] = [];
  for (const { source, path } of opened.others) {
    // A library of another build would put wrong names and bytes where its pages are missing: none are better.
    const isOther = verifyBuild(parts, elf(source)).match === "different";
    if (isOther)
      findings.add("image-mismatch", "a shared library or plugin is of another build than the core's and was not used", source.name);
    // Without a load bias its addresses mean nothing in this process.
    const bias = isOther ? undefined : findLoadBias(parts, elf(source));
    images.push({ path, status: isOther ? "other build" : bias === undefined ? "not placed" : "used" });
    if (bias !== undefined) others.push({ image: elf(source), bias });
  }
  return { others, images: images.toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** Whether a file may be what ran: a candidate that is no ELF executable is passed over, not an error. */
function isExecutable(source: ByteSource, elf: (source: ByteSource) => ElfImage): boolean {
  try {
    expectExecutable(elf(source));
    return true;
  } catch {
    return false;
  }
}
