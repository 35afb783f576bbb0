// Bytes that can be read only once, from one end to the other: standard input and pipes. A core is read at many places, so they are
// written to a temporary file first.
import { closeSync, createReadStream, fstatSync, readlinkSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Readable } from "node:stream";
import { isatty } from "node:tty";
import { FormatError, UsageError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { NONE } from "../base/units.js";
import { asDumpError, type OpenFile, openDescriptor, openFile } from "./file-source.js";
import { openNameless, SparseWriter, writeStream } from "./temporary.js";

/** The name that means standard input. */
const STDIN = "-";
const DEV_STDIN = "/dev/stdin";
/** What a core that came through a pipe is called in commands that ask more of it: whoever wants to saves it so. */
const SAVED = "piped.core";

/**
 * Opens a file, or all that comes through a pipe, as a source of that name.
 * @param folder of the temporary file; the system's when undefined
 * @throws NotFoundError, FormatError as openFile does; UsageError when standard input is a terminal; ResourceError when the folder is full
 */
export async function openNamed(path: string, folder: string | undefined, progress: Progress, findings: Findings): Promise<OpenFile> {
  if (path !== STDIN) return isPipe(path) ? writeOut(createReadStream(path), path, folder ?? tmpdir(), progress, findings) : openFile(path);
  if (isatty(0)) throw new UsageError("nothing is piped to standard input", "a file whose name is - is ./-");
  const stat = fstatSync(0);
  if (stat.isFile()) return openFile(DEV_STDIN);
  // A socket cannot be opened by that name; a pipe must be, because Node may have set its own descriptor to answer at once with nothing.
  return writeOut(stat.isSocket() ? process.stdin : createReadStream(DEV_STDIN), path, folder ?? tmpdir(), progress, findings);
}

/** A name by which a later command finds the same core: a file's own, also where it was standard input; of a pipe SAVED. */
export function lastingName(path: string): string {
  if (path !== STDIN && path !== DEV_STDIN) return isPipe(path) ? SAVED : path;
  try {
    return fstatSync(0).isFile() ? readlinkSync("/proc/self/fd/0") : SAVED;
  } catch {
    return SAVED;
  }
}

/** false too for what cannot be looked at: who opens it says why. */
function isPipe(path: string): boolean {
  try {
    const stat = statSync(path);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

async function writeOut(input: Readable, path: string, folder: string, progress: Progress, findings: Findings): Promise<OpenFile> {
  const fd = openNameless(folder);
  const writer = new SparseWriter(fd, folder, path);
  progress.stage(`read ${path === STDIN ? "standard input" : path}`, 0);
  try {
    await writeStream(input, undefined, writer, () => progress.tick(writer.size));
    writer.finish();
    if (writer.size === 0) throw new FormatError(path, NONE, "nothing came through the pipe", "did the command that writes to it fail?");
  } catch (error) {
    closeSync(fd);
    throw asDumpError(path, error);
  }
  findings.add(
    "core-piped",
    `what comes through a pipe can be read only once: save it, as ${SAVED}, to ask more of it; it was written to a temporary file, which is gone afterwards`,
    `in ${folder}`,
    { bytes: writer.size },
  );
  return openDescriptor(fd, path);
}
