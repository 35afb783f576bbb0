// A core without its executable: notes, registers and what memory the core itself holds.
import { DumpError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { openElf } from "../elf/elf.js";
import { openCore } from "../files/files.js";
import { readCore } from "../process/process.js";
import type { DumpImages } from "./images.js";
import type { DumpFiles } from "./types.js";

/**
 * The files of a dump whose executable could not be had.
 * @param failure  why; thrown again when the file is no core, or when room is what is missing
 */
export async function openAlone(files: DumpFiles, failure: unknown, progress: Progress, findings: Findings): Promise<DumpImages> {
  if (!(failure instanceof DumpError) || failure.code === "resource") throw failure;
  const file = await openCore(files.core, files.tmpdir, progress, findings);
  try {
    const parts = readCore(openElf(file.source), findings);
    const debug = { path: undefined, refused: [] };
    const report = { producer: parts.producer, failure, executable: undefined, debug, images: [] };
    const read = () => {
      throw failure;
    };
    return { parts, executable: undefined, missing: undefined, debug: { ...debug, read }, others: [], report, close: () => file.close() };
  } catch (error) {
    file.close();
    throw error instanceof DumpError ? failure : error;
  }
}
