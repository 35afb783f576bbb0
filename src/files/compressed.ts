// Compressed files: written out to a temporary file that has no name any more when we read it.
import { closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import { Decompress } from "fzstd";
import { DumpError, FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { type ByteSource, CUT_SHORT } from "../base/source.js";
import { uint64 } from "../base/uint64.js";
import { type Bytes, counted, NONE } from "../base/units.js";
import { type OpenFile, openDescriptor } from "./file-source.js";
import { CHUNK } from "./limits.js";
import { checkRoom, openNameless, SparseWriter, writeStream } from "./temporary.js";

/** What a file's first bytes say. */
export type Compression = "none" | "gzip" | "zstd";

/** How a file is written out. */
export interface UnpackOptions {
  /** Folder of the temporary file; the system's when not given. */
  readonly folder?: string | undefined;
  /** true: a stream that breaks off gives what came out so far, and a finding; else a FormatError. */
  readonly keepPart: boolean;
}

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
    if (compression === "gzip") await throughStream(packed, zlib.createGunzip(), writer, progress);
    else if (nativeZstd !== undefined) await throughStream(packed, nativeZstd(), writer, progress);
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
async function throughStream(packed: ByteSource, decompressor: Transform, writer: SparseWriter, progress: Progress): Promise<void> {
  let done = 0;
  function* chunks(): Generator<Uint8Array> {
    while (done < packed.size) {
      const chunk = packed.read(done, CHUNK);
      done += CHUNK;
      yield chunk;
    }
  }
  await writeStream(Readable.from(chunks()), decompressor, writer, () => progress.tick(Math.min(packed.size, done)));
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
