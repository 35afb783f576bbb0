// The files of a dump: the core, its executable and the images that it had mapped, found, opened and held against each other.
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import type { ByteSource } from "../base/source.js";
import { isDebugOnly } from "../elf/debug-link.js";
import { type ElfImage, expectExecutable, openElf } from "../elf/elf.js";
import { type OpenFile, openFiles } from "../files/files.js";
import {
  acceptExecutable,
  executableCandidates,
  findLoadBias,
  imageCandidates,
  type LoadedImage,
  type ProcessParts,
  readCore,
  verifyBuild,
} from "../process/process.js";
import { type DebugSource, findDebug } from "./debug-source.js";
import type { DumpFiles } from "./types.js";

/** What the files of a dump are, before one is laid over the other. */
export interface DumpImages {
  readonly parts: ProcessParts;
  readonly executable: ElfImage;
  /** Where its debug information is read from. */
  readonly debug: DebugSource;
  readonly others: readonly LoadedImage[];
  /** Closes all files. */
  close(): void;
}

/**
 * Opens the files.
 * @param file the core, opened already; closed with the others
 * @throws DumpError: not found, not ELF, not a core, of another build; a named debug file that is not of the executable
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
  const partsOf = (source: ByteSource): ProcessParts => {
    // The core's notes name the executable and the libraries, so it is read before they are searched for.
    core ??= readCore(elf(source), findings);
    return core;
  };
  const opened = await openFiles(
    { core: file, executable: files.executable, tmpdir: files.tmpdir },
    {
      candidates(source) {
        const parts = partsOf(source);
        return { executable: executableCandidates(parts), others: imageCandidates(parts) };
      },
      matches: (source, file) => isExecutable(file, elf) && verifyBuild(partsOf(source), elf(file)).match !== "different",
      isDebugOnly: (file) => isExecutable(file, elf) && isDebugOnly(elf(file)),
    },
    progress,
    findings,
  );
  try {
    const parts = partsOf(opened.core);
    const executable = elf(opened.executable);
    acceptExecutable(parts, executable, files.force ?? false, findings);
    const others = opened.others.flatMap(({ source }) => {
      // A library of another build would put wrong names and bytes where its pages are missing: none are better.
      if (verifyBuild(parts, elf(source)).match === "different") {
        findings.add("image-mismatch", "a shared library or plugin is of another build than the core's and was not used", source.name);
        return [];
      }
      // Without a load bias its addresses mean nothing in this process.
      const bias = findLoadBias(parts, elf(source));
      return bias === undefined ? [] : [{ image: elf(source), bias }];
    });
    const named = files.debug ?? (opened.isDebugNamed ? files.executable : undefined);
    const paths = executableCandidates(parts);
    const debug = await findDebug({ executable, paths, files: { ...files, debug: named }, progress, findings });
    const close = () => {
      debug.close();
      opened.close();
    };
    return { parts, executable: debug.executable, debug, others, close };
  } catch (error) {
    opened.close();
    throw error;
  }
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
