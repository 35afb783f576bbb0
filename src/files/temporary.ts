// Temporary files: they have no name any more when the first byte is written, so nothing is left behind however the process ends.
import { ftruncateSync, openSync, statfsSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ResourceError } from "../base/errors.js";
import type { Bytes } from "../base/units.js";
import { asDumpError } from "./file-source.js";
import { HOLE, LEAST_ROOM } from "./limits.js";

/** What to do about a folder that is too small. */
const ROOM = { id: "room", compressed: true } as const;

/** Opens a new file and removes its name at once: it lives as long as its descriptor. @throws ResourceError */
export function openNameless(folder: string): number {
  const name = join(folder, `corescope-${process.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    const fd = openSync(name, "wx+", 0o600);
    unlinkSync(name);
    return fd;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ResourceError(`no temporary file can be made in ${folder} (${code ?? error})`, ROOM);
  }
}

/** @throws ResourceError when a folder has less room than wanted and a little more */
export function checkRoom(path: string, folder: string, wanted: Bytes): void {
  let free: Bytes;
  try {
    const stat = statfsSync(folder);
    free = stat.bavail * stat.bsize;
  } catch (error) {
    throw asDumpError(folder, error);
  }
  if (free >= wanted + LEAST_ROOM) return;
  throw new ResourceError(`${path} does not fit decompressed into ${folder}`, { ...ROOM, wanted, free });
}

/** Writes forward; blocks of zeros stay holes, because a core is mostly zeros and a disk need not hold them. */
export class SparseWriter {
  size: Bytes = 0;
  private readonly fd: number;
  private readonly folder: string;
  private readonly path: string;

  constructor(fd: number, folder: string, path: string) {
    this.fd = fd;
    this.folder = folder;
    this.path = path;
  }

  /** Appends bytes. @throws ResourceError when the disk is full */
  write(chunk: Uint8Array): void {
    // Cut at multiples of HOLE of the file, so that a run of zeros is found whatever the chunks are.
    for (let at = 0; at < chunk.length; ) {
      const length = Math.min(chunk.length - at, HOLE - (this.size % HOLE));
      const part = chunk.subarray(at, at + length);
      if (!isZero(part)) this.writeAll(part);
      this.size += length;
      at += length;
    }
  }

  /** Gives the file its length, also when it ends in a hole. */
  finish(): void {
    ftruncateSync(this.fd, this.size);
  }

  private writeAll(part: Uint8Array): void {
    try {
      for (let done = 0; done < part.length; ) done += writeSync(this.fd, part, done, part.length - done, this.size + done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOSPC" && code !== "EDQUOT" && code !== "EFBIG") throw error;
      throw new ResourceError(`no space left in ${this.folder} while ${this.path} is written there`, ROOM);
    }
  }
}

/** Writes what a stream gives, changed on the way or not. @param written called after each piece; what it throws ends the stream */
export async function writeStream(
  input: Readable,
  change: Transform | undefined,
  writer: SparseWriter,
  written: () => void,
): Promise<void> {
  let own: unknown; // pipeline may report its aborted streams instead of what our own step threw
  const write = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) {
      try {
        writer.write(chunk);
        written();
      } catch (error) {
        own = error;
        throw error;
      }
    }
  };
  await (change === undefined ? pipeline(input, write) : pipeline(input, change, write)).catch((error: unknown) => {
    throw own ?? error;
  });
}

/** Whether all bytes are 0. */
function isZero(bytes: Uint8Array): boolean {
  if (bytes.length === 0 || bytes[0] !== 0) return bytes.length === 0;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.length === 1 || buffer.compare(buffer, 1, buffer.length, 0, buffer.length - 1) === 0; // equal to itself moved by one
}
