// Compressed files: written out to a temporary file that has no name any more when we read it.
import { closeSync, createReadStream, ftruncateSync, openSync, statfsSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { Decompress } from "fzstd";
import { DumpError, FormatError, ResourceError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { type ByteSource, CUT_SHORT } from "../base/source.js";
import { uint64 } from "../base/uint64.js";
import { type Bytes, counted, NONE } from "../base/units.js";
import { asDumpError, type OpenFile, openDescriptor } from "./file-source.js";
import { CHUNK, HOLE, LEAST_ROOM } from "./limits.js";

/** What a file's first bytes say. */
export type Compression = "none" | "gzip" | "zstd";

/** How a file is written out. */
export interface UnpackOptions {
  /** Folder of the temporary file; the system's when not given. */
  readonly folder?: string | undefined;
  /** true: a stream that breaks off gives what came out so far, and a finding; else a FormatError. */
  readonly keepPart: boolean;
}

/** What to do about a folder that is too small. */
const ROOM = { id: "room", compressed: true } as const;

/** The compression of a file by its first bytes: those that are undone here. RFC 1952, RFC 8878 */
export function compressionOf(source: ByteSource): Compression {
  const start = source.read(0, 4);
  const begins = (bytes: readonly number[]) => bytes.every((byte, i) => start[i] === byte);
  if (begins([0x1f, 0x8b])) return "gzip";
  return begins([0x28, 0xb5, 0x2f, 0xfd]) ? "zstd" : "none";
}

/**
 * The contents of a compressed file as a source named like the file. The temporary file is unlinked before the first byte is
 * written, so nothing is left behind however the process ends.
 *
 * @throws ResourceError when the folder has too little room
 * @throws FormatError when the stream is damaged (see keepPart)
 */
export async function unpack(
  path: string,
  packed: ByteSource,
  compression: "gzip" | "zstd",
  options: UnpackOptions,
  progress: Progress,
  findings: Findings,
): Promise<OpenFile> {
  const folder = options.folder ?? tmpdir();
  checkRoom(path, folder, compression === "zstd" ? (zstdContentSize(packed) ?? packed.size) : packed.size);
  const fd = openNameless(folder);
  const writer = new SparseWriter(fd, folder, path);
  progress.stage(`decompress ${path.split("/").pop()}`, packed.size);
  try {
    if (compression === "gzip") await throughStream(path, zlib.createGunzip(), writer, progress);
    else if (nativeZstd !== undefined) await throughStream(path, nativeZstd(), writer, progress);
    else throughFzstd(packed, writer, progress);
    writer.finish();
  } catch (error) {
    const damage = damageOf(error);
    if (damage === undefined || !options.keepPart || writer.size === 0) {
      closeSync(fd);
      throw damage === undefined ? error : new FormatError(path, NONE, `does not decompress: ${damage}`, CUT_SHORT);
    }
    writer.finish();
    findings.add(
      "compressed-damaged",
      `${path} breaks off or is damaged: what came out of it is read`,
      `${damage}, after ${counted(writer.size, "byte")}`,
      {
        partial: true,
      },
    );
  }
  return openDescriptor(fd, path);
}

/** Size of the contents as a zstd frame header states it; undefined when it does not (streams, as systemd-coredump writes them). RFC 8878, 3.1.1.1. */
export function zstdContentSize(packed: ByteSource): Bytes | undefined {
  const head = packed.read(0, 18);
  if (head.length < 6) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const descriptor = view.getUint8(4);
  const flag = descriptor >> 6;
  const isSingle = (descriptor >> 5) % 2 === 1;
  const at = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][descriptor % 4];
  const width = flag === 0 ? (isSingle ? 1 : 0) : 2 ** flag;
  if (width === 0 || at + width > head.length) return undefined;
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true) + 256;
  if (width === 4) return view.getUint32(at, true);
  return uint64(view, at);
}

// Node 22.15 and later; Node 20 has fzstd alone.
const nativeZstd = (zlib as unknown as { readonly createZstdDecompress?: () => Transform }).createZstdDecompress;

/** Decompresses with a stream of Node's zlib. */
async function throughStream(path: string, decompressor: Transform, writer: SparseWriter, progress: Progress): Promise<void> {
  const input = createReadStream(path, { highWaterMark: CHUNK });
  let own: unknown; // pipeline may report its aborted streams instead of what our own step threw
  const write = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) {
      try {
        writer.write(chunk);
        progress.tick(input.bytesRead);
      } catch (error) {
        own = error;
        throw error;
      }
    }
  };
  await pipeline(input, decompressor, write).catch((error: unknown) => {
    throw own ?? error;
  });
}

/** Decompresses zstd in JavaScript, where Node has no zstd of its own. */
function throughFzstd(packed: ByteSource, writer: SparseWriter, progress: Progress): void {
  const decompressor = new Decompress((chunk) => writer.write(chunk));
  for (let at = 0; at < packed.size; at += CHUNK) {
    const chunk = packed.read(at, CHUNK);
    decompressor.push(chunk, at + CHUNK >= packed.size);
    progress.tick(Math.min(packed.size, at + CHUNK));
  }
}

/** The words of a decompressor's error; undefined for anything else. */
function damageOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof DumpError) return undefined;
  const { code } = error as { readonly code?: unknown };
  if (typeof code === "number") return error.message; // fzstd
  if (typeof code === "string" && (code.startsWith("Z_") || code.startsWith("ZSTD_"))) return error.message;
  return undefined;
}

/** Opens a new file and removes its name at once: it lives as long as its descriptor. @throws ResourceError */
function openNameless(folder: string): number {
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
function checkRoom(path: string, folder: string, wanted: Bytes): void {
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
class SparseWriter {
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
      throw new ResourceError(`no space left in ${this.folder} while ${this.path} is decompressed`, ROOM);
    }
  }
}

/** Whether all bytes are 0. */
function isZero(bytes: Uint8Array): boolean {
  if (bytes.length === 0 || bytes[0] !== 0) return bytes.length === 0;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.length === 1 || buffer.compare(buffer, 1, buffer.length, 0, buffer.length - 1) === 0; // equal to itself moved by one
}
