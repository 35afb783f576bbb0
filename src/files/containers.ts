// What a file is that is neither ELF nor a trace, known by its first bytes; with the program that makes something readable of it.
import type { Unpacker } from "../base/advice.js";
import { UnsupportedError } from "../base/errors.js";
import type { ByteSource } from "../base/source.js";

/** A kind of file that is known by its first bytes. */
interface Container {
  readonly bytes: readonly number[] | string;
  /** Where they stand. */
  readonly at?: number;
  /** What it is, for a sentence. */
  readonly name: string;
  /** Absent: nothing makes a core of it. */
  readonly unpacker?: Unpacker;
}

const CONTAINERS: readonly Container[] = [
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], name: "a file compressed by xz", unpacker: "xz" },
  { bytes: [0x5d, 0x00, 0x00], name: "a file compressed by lzma", unpacker: "lzma" },
  { bytes: [0x04, 0x22, 0x4d, 0x18], name: "a file compressed by lz4", unpacker: "lz4" },
  { bytes: [0x02, 0x21, 0x4c, 0x18], name: "a file compressed by lz4", unpacker: "lz4" },
  { bytes: "BZh", name: "a file compressed by bzip2", unpacker: "bzip2" },
  { bytes: "LZIP", name: "a file compressed by lzip", unpacker: "lzip" },
  { bytes: [0x89, 0x4c, 0x5a, 0x4f], name: "a file compressed by lzop", unpacker: "lzop" },
  { bytes: [0x1f, 0x9d], name: "a file compressed by compress", unpacker: "compress" },
  { bytes: [0x50, 0x4b, 0x03, 0x04], name: "a zip archive", unpacker: "zip" },
  { bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], name: "a 7z archive", unpacker: "7z" },
  { bytes: "Rar!", name: "a rar archive", unpacker: "rar" },
  { bytes: "ustar", at: 257, name: "a tar archive", unpacker: "tar" },
  { bytes: "!<arch>", name: "an ar archive", unpacker: "ar" },
  { bytes: "070701", name: "a cpio archive", unpacker: "cpio" },
  { bytes: "ProblemType:", name: "a crash report of apport", unpacker: "apport" },
  { bytes: "MDMP", name: "a minidump" },
  { bytes: "KDUMP   ", name: "a dump of a kernel" },
  { bytes: [0xcf, 0xfa, 0xed, 0xfe], name: "a Mach-O file (macOS)" },
  { bytes: "MZ", name: "a Windows executable" },
  { bytes: "#!", name: "a script" },
];

/** @throws UnsupportedError for files that hold something else than they are, and for cores of other systems */
export function refuseContainers(source: ByteSource): void {
  const start = source.read(0, 264);
  const found = CONTAINERS.find(({ bytes, at = 0 }) => {
    const wanted = typeof bytes === "string" ? Buffer.from(bytes) : Uint8Array.from(bytes);
    return Buffer.compare(start.subarray(at, at + wanted.length), wanted) === 0;
  });
  if (!found) return;
  throw new UnsupportedError(
    source.name,
    found.name,
    "ELF cores of Linux as they are, and compressed as .zst or .gz",
    found.unpacker && { id: "unpack", with: found.unpacker, path: source.name },
  );
}
