// Where answers go: a stream, or a file that is whole or not there.
import { once } from "node:events";
import { createWriteStream, existsSync, linkSync, lstatSync, realpathSync, renameSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { ResourceError, UsageError } from "../src/base/errors.js";
import type { Output, World } from "./command.js";

/** Writes pieces one after the other, never more than one in flight. */
export async function print(out: Output, pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    await new Promise<void>((resolve, reject) => {
      out.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Whether a path names something; to tell a core from a mistyped command. */
export function pathExists(path: string): boolean {
  return existsSync(path);
}

/** Whether writing to a path would replace a file; devices and pipes are written to. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Refuses a directory, and a file that is there unless it may be replaced. Pipes and devices are no files. */
export function checkTarget(path: string, overwrite: boolean): void {
  if (path === "-") return;
  const known = lstatSync(path, { throwIfNoEntry: false }) && (statSync(path, { throwIfNoEntry: false }) ?? "nowhere");
  if (known === "nowhere") throw new UsageError(`-o ${path}: it is a link to nothing`, "give another name, or remove the link first");
  if (known?.isDirectory()) throw new UsageError(`-o ${path}: it is a directory`, `for example: -o ${join(path, "out")}`);
  if (known?.isFile() && !overwrite) throw alreadyThere(path);
}

/** The refusal to replace a file. */
function alreadyThere(path: string): UsageError {
  return new UsageError(`-o ${path}: the file exists and is left as it is`, "give another name, or add --overwrite to replace it");
}

/**
 * Writes beside the file and then gives it its name, so that it is whole or not there. A pipe or device is written as it is; "-" is stdout.
 * @throws UsageError when the file exists and may not be replaced
 */
export async function writeFile(path: string, chunks: Iterable<Uint8Array>, world: Pick<World, "out">, overwrite = false): Promise<void> {
  if (path === "-") {
    for (const chunk of chunks) await new Promise<void>((resolve, reject) => world.out.write(chunk, (e) => (e ? reject(e) : resolve())));
    return;
  }
  checkTarget(path, overwrite);
  const known = statSync(path, { throwIfNoEntry: false });
  const place = known?.isFile() ? realpathSync(path) : path; // of a link, what it leads to is replaced
  // Beside the file, since a rename over file systems is a copy; with the process's id, since two may write at once.
  const target = known && !known.isFile() ? path : `${place}.${process.pid}.tmp`;
  const discard = () => {
    if (target !== path && existsSync(target)) unlinkSync(target);
  };
  // Ctrl-C leaves no half file: it is removed, and the signal raised again with its default action.
  const interrupted = () => {
    discard();
    process.kill(process.pid, "SIGINT");
  };
  process.once("SIGINT", interrupted);
  try {
    const stream = createWriteStream(target);
    // An error of the stream comes as an event, at any time: it ends the writing at once.
    const failed = new Promise<never>((_, reject) => stream.once("error", reject));
    const finished = (async () => {
      for (const chunk of chunks) if (!stream.write(chunk)) await once(stream, "drain");
      stream.end();
      await once(stream, "close");
    })();
    await Promise.race([failed, finished]);
    if (target !== path) giveName(target, place, overwrite);
  } catch (error) {
    discard();
    if (!(error instanceof Error && "syscall" in error)) throw error; // of what makes the bytes, not of the disk
    throw new ResourceError(`-o ${path}: ${error.message}`, "give another name with -o, in a folder with room that may be written");
  } finally {
    process.removeListener("SIGINT", interrupted);
  }
}

/** A file that has come to be meanwhile is not replaced either: a link to a name that exists fails, a rename does not. */
function giveName(from: string, to: string, overwrite: boolean): void {
  if (!overwrite) {
    try {
      linkSync(from, to);
      unlinkSync(from);
      return;
    } catch (error) {
      // EEXIST, or a file system without links.
      if ((error as NodeJS.ErrnoException).code === "EEXIST" || existsSync(to)) throw alreadyThere(to);
    }
  }
  renameSync(from, to);
}
