// What a file is that is neither ELF nor a trace, known by its first bytes; with the command that makes something readable of it.
import { UnsupportedError } from "../base/errors.js";
import type { ByteSource } from "../base/source.js";
import { quoteWord } from "../base/words.js";

/** A kind of file that is known by its first bytes. */
interface Container {
  readonly bytes: readonly number[] | string;
  /** Where they stand. */
  readonly at?: number;
  /** What it is, for a sentence. */
  readonly name: string;
  /** What to type, FILE for the file. */
  readonly command: string;
}

const CONTAINERS: readonly Container[] = [
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], name: "a file compressed by xz", command: "xz -dk FILE" },
  { bytes: [0x5d, 0x00, 0x00], name: "a file compressed by lzma", command: "xz -dk --format=lzma FILE" },
  { bytes: [0x04, 0x22, 0x4d, 0x18], name: "a file compressed by lz4", command: "lz4 -dk FILE" },
  { bytes: [0x02, 0x21, 0x4c, 0x18], name: "a file compressed by lz4", command: "lz4 -dk FILE" },
  { bytes: "BZh", name: "a file compressed by bzip2", command: "bzip2 -dk FILE" },
  { bytes: "LZIP", name: "a file compressed by lzip", command: "lzip -dk FILE" },
  { bytes: [0x89, 0x4c, 0x5a, 0x4f], name: "a file compressed by lzop", command: "lzop -dk FILE" },
  { bytes: [0x1f, 0x9d], name: "a file compressed by compress", command: "uncompress -k FILE" },
  { bytes: [0x50, 0x4b, 0x03, 0x04], name: "a zip archive", command: "unzip FILE" },
  { bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], name: "a 7z archive", command: "7z x FILE" },
  { bytes: "Rar!", name: "a rar archive", command: "unrar x FILE" },
  { bytes: "ustar", at: 257, name: "a tar archive", command: "tar -xf FILE" },
  { bytes: "!<arch>", name: "an ar archive", command: "ar x FILE" },
  { bytes: "070701", name: "a cpio archive", command: "cpio -i < FILE" },
  { bytes: "ProblemType:", name: "a crash report of apport", command: "apport-unpack FILE report && corescope overview report/CoreDump" },
  { bytes: "MDMP", name: "a minidump", command: "" },
  { bytes: "KDUMP   ", name: "a dump of a kernel", command: "" },
  { bytes: [0xcf, 0xfa, 0xed, 0xfe], name: "a Mach-O file (macOS)", command: "" },
  { bytes: "MZ", name: "a Windows executable", command: "" },
  { bytes: "#!", name: "a script", command: "" },
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
    found.command === "" ? undefined : found.command.replace("FILE", () => quoteWord(source.name)),
  );
}
