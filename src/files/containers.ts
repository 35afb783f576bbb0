// What a file is that is neither ELF nor a trace, known by its first bytes; with the program that makes something readable of it, or
// that reads it.
import type { Advice, Opener, Unpacker } from "../base/advice.js";
import { UnsupportedError } from "../base/errors.js";
import type { ByteSource } from "../base/source.js";
import { looksLikeProfile } from "./profile.js";

/** A byte that may be any. */
const ANY = -1;

/** A kind of file that is known by its first bytes. */
interface Container {
  readonly bytes: readonly number[] | string | ((start: Uint8Array) => boolean);
  /** Where they stand. */
  readonly at?: number;
  /** What it is, for a sentence. */
  readonly name: string;
  readonly unpacker?: Unpacker;
  readonly opener?: Opener;
  /** A sentence, where no program helps. */
  readonly advice?: string;
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
  { bytes: "MDMP", name: "a minidump of Windows", opener: "delve" },
  { bytes: "PAGEDU64", name: "a memory dump of a Windows machine", opener: "windbg" },
  { bytes: "PAGEDUMP", name: "a memory dump of a 32-bit Windows machine", opener: "windbg" },
  { bytes: "KDUMP   ", name: "a dump of a kernel" },
  // MH_MAGIC_64, then cputype and cpusubtype, then MH_CORE. mach-o/loader.h
  { bytes: [0xcf, 0xfa, 0xed, 0xfe, ANY, ANY, ANY, ANY, ANY, ANY, ANY, ANY, 4, 0, 0, 0], name: "a core of macOS (Mach-O)", opener: "lldb" },
  { bytes: [0xcf, 0xfa, 0xed, 0xfe], name: "a program of macOS (Mach-O)" },
  // IMG_COMMON_MAGIC, IMG_SERVICE_MAGIC, INVENTORY_MAGIC, CORE_MAGIC. criu/include/magic.h
  { bytes: [0x19, 0x43, 0x56, 0x54], name: "an image of CRIU", opener: "criu" },
  { bytes: [0x40, 0x59, 0x10, 0x55], name: "an image of CRIU", opener: "criu" },
  { bytes: [0x16, 0x31, 0x31, 0x58], name: "an image of CRIU", opener: "criu" },
  { bytes: [0x47, 0x38, 0x05, 0x55], name: "an image of CRIU", opener: "criu" },
  // runtime/heapdump.go dumphdr
  {
    bytes: "go1.7 heap dump\n",
    name: "a heap dump by debug.WriteHeapDump",
    advice: "it names no types: take a core of the process instead",
  },
  { bytes: looksLikeProfile, name: "a profile of pprof", opener: "pprof" },
  { bytes: "JAVA PROFILE ", name: "a heap dump of Java", opener: "mat" },
  { bytes: "MZ", name: "a Windows executable" },
  { bytes: "#!", name: "a script" },
];

/** @throws UnsupportedError for files that hold something else than they are, and for what other systems and tools write */
export function refuseContainers(source: ByteSource): void {
  const start = source.read(0, 264);
  const found = CONTAINERS.find((each) => begins(start, each));
  if (!found) return;
  throw new UnsupportedError(
    source.name,
    found.name,
    "ELF cores of Linux as they are, and compressed as .zst or .gz",
    adviceOn(found, source.name),
  );
}

function begins(start: Uint8Array, { bytes, at = 0 }: Container): boolean {
  if (typeof bytes === "function") return bytes(start);
  const wanted = typeof bytes === "string" ? [...Buffer.from(bytes)] : bytes;
  return wanted.every((byte, i) => byte === ANY || start[at + i] === byte);
}

function adviceOn({ unpacker, opener, advice }: Container, path: string): Advice | undefined {
  if (unpacker) return { id: "unpack", with: unpacker, path };
  return opener ? { id: "open", with: opener, path } : advice;
}
