// A regular file as a source of bytes, and the sentences for when it cannot be one.
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Advice } from "../base/advice.js";
import { type DumpError, FormatError, NotFoundError, ResourceError } from "../base/errors.js";
import type { ByteSource } from "../base/source.js";
import { NONE } from "../base/units.js";
import { MOST_AT_ONCE } from "./limits.js";

/** A source that holds a file descriptor. */
export interface OpenFile {
  readonly source: ByteSource;
  close(): void;
}

/**
 * Opens a regular file for reading.
 *
 * @throws NotFoundError when it is missing or may not be read
 * @throws FormatError when it is a directory, a device, or empty
 */
export function openFile(path: string): OpenFile {
  const fd = onPath(path, () => {
    const stat = statSync(path); // before open: opening a pipe would wait for its writer
    const pid = path.startsWith("/proc/") ? processOf(path) : undefined;
    if (pid !== undefined) throw new FormatError(path, NONE, "is of a process that lives, and no core", { id: "dump-process", pid });
    if (stat.isDirectory()) throw new FormatError(path, NONE, "is a directory, not a file", "name the core in it");
    if (!stat.isFile())
      throw new FormatError(
        path,
        NONE,
        "is not a regular file",
        "save it to a file first: a core is read at many places, and more than once",
      );
    if (stat.size === 0)
      throw new FormatError(path, NONE, "empty file", "was the disk full, or ulimit -c too small, when the core was written?");
    return openSync(path, "r");
  });
  return openDescriptor(fd, path);
}

/**
 * A source over an open descriptor. Its size is fixed now: of a file that becomes shorter while it is read, reads give less.
 * @param name for messages
 */
export function openDescriptor(fd: number, name: string): OpenFile {
  const { size } = fstatSync(fd);
  const readInto = (offset: number, out: Uint8Array): number => {
    const wanted = Math.max(0, Math.min(out.length, size - offset));
    let done = 0;
    while (done < wanted) {
      const got = onPath(name, () => readSync(fd, out, done, Math.min(wanted - done, MOST_AT_ONCE), offset + done));
      if (got === 0) break; // cut while we read
      done += got;
    }
    return done;
  };
  const read = (offset: number, length: number): Uint8Array => {
    const out = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    return out.subarray(0, readInto(offset, out));
  };
  // Closing twice would close whatever has the number by then.
  let isOpen = true;
  return {
    source: { name, size, read, readInto },
    close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

/** Runs a call of node:fs on path; its errors become NotFoundError, ResourceError or FormatError, with a sentence each. */
function onPath<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw asDumpError(path, error);
  }
}

/** The sentence for an error of node:fs; errors without a code are returned as they are. */
export function asDumpError(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const syscall = (error as NodeJS.ErrnoException | undefined)?.syscall;
  if (code === undefined || syscall === undefined) return error;
  return sentence(path, code);
}

/** What a code of errno means for a person who named a file. */
function sentence(path: string, code: string): DumpError {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ENAMETOOLONG":
      return new NotFoundError("file", path, alike(path), livingProcess(path));
    case "ELOOP":
      return new NotFoundError("file", path, [], "its links lead in a circle");
    case "EACCES":
    case "EPERM":
      return new NotFoundError("readable file", path, [], "permission denied; cores belong to the user whose program died");
    case "ENOSPC":
    case "EDQUOT":
      return new ResourceError(`${path}: no space left`, { id: "room", compressed: false });
    case "EMFILE":
    case "ENFILE":
      return new ResourceError(`${path}: too many open files`, "raise the limit: ulimit -n 4096");
    default:
      return new FormatError(path, NONE, `cannot be read (${code})`);
  }
}

/** The process that a number or a path below /proc means. */
function processOf(path: string): number | undefined {
  const [, pid] = /^(?:\/proc\/)?(\d+)(?:$|\/(?:mem|maps|smaps|task|$))/.exec(path) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** What to do when a person named a process and no file. */
function livingProcess(path: string): Advice | undefined {
  const pid = processOf(path);
  return pid !== undefined && existsSync(`/proc/${pid}`) ? { id: "dump-process", pid } : undefined;
}

/** Files of the same folder that a mistyped name may mean: with an ending more, or beginning alike. */
function alike(path: string): string[] {
  try {
    const name = basename(path);
    const all = readdirSync(dirname(path));
    const longer = all.filter((each) => each.startsWith(name));
    const begin = name.slice(0, Math.max(3, Math.ceil(name.length / 2)));
    const others = all.filter((each) => each.startsWith(begin) && !longer.includes(each));
    return [...longer, ...others].slice(0, 3).map((each) => join(dirname(path), each));
  } catch {
    return [];
  }
}
