// A core and its executable, made by hand: no program ever ran.
import { Findings } from "../../src/base/findings.js";
import { bytesSource } from "../../src/base/source.js";
import { type ElfImage, openElf } from "../../src/elf/elf.js";
import { assembleProcess, type Process, type ProcessParts, readCore } from "../../src/process/process.js";
import {
  auxv,
  buildIdNotes,
  type ElfToWrite,
  fileList,
  join,
  note,
  pattern,
  prpsinfo,
  prstatus,
  type SegmentToWrite,
  siginfo,
  writeElf,
} from "../support/elf-writer.js";

export const NT_FILE = 0x46494c45;
export const NT_SIGINFO = 0x53494749;
export const TEXT = 0x400000;
export const DATA = 0x500000;
export const HEAP = 0xc000000000;
export const registers = Array.from({ length: 27 }, (_, i) => BigInt(0x1000 + i));

/** An executable: a text segment of 3 pages less 100 bytes that covers the headers and the build ids, a data segment. */
export function executableBytes(options: { type?: "EXEC" | "DYN"; go?: string; gnuSeed?: number; base?: number } = {}): Uint8Array {
  const base = options.base ?? TEXT;
  const ids = buildIdNotes(options.go ?? "go/build/id", pattern(20, options.gnuSeed ?? 1));
  const head = writeElf({
    type: options.type ?? "EXEC",
    entry: base + 0x1234,
    segments: [
      { type: 1, flags: 5, address: base, offset: 0, fileSize: 3 * 4096 - 100, memorySize: 3 * 4096 - 100 },
      { type: 1, flags: 6, address: base + 0x100000, offset: 3 * 4096, fileSize: 4096, memorySize: 8192 },
      { type: 0x6474e551, bytes: join(ids.go, ids.gnu) },
    ],
  });
  const bytes = pattern(4 * 4096, 77);
  bytes.set(head);
  return bytes;
}

interface CoreOptions {
  readonly machine?: "amd64" | "arm64";
  readonly owner?: string;
  readonly bias?: number;
  readonly more?: readonly SegmentToWrite[];
  readonly firstPage?: Uint8Array;
  readonly elf?: ElfToWrite;
  readonly notes?: readonly Uint8Array[];
}
export function coreBytes(executable: Uint8Array, options: CoreOptions = {}): Uint8Array {
  const owner = options.owner ?? "CORE";
  const bias = options.bias ?? 0;
  const machine = options.machine ?? "amd64";
  const notes = options.notes ?? [
    note(owner, 1, prstatus(machine, 101, 6, registers)),
    note(owner, 3, prpsinfo(100, "prog", "./prog -v 7")),
    note(owner, NT_SIGINFO, siginfo(6, -6, 100)),
    note(
      owner,
      6,
      auxv([
        [3, TEXT + bias + 64],
        [6, 4096],
        [9, TEXT + bias + 0x1234],
      ]),
    ),
    note(owner, NT_FILE, fileList([{ start: TEXT + bias, end: TEXT + bias + 3 * 4096, offset: 0, path: "/srv/bin/prog (deleted)" }])),
    note("LINUX", 0x202, pattern(100, 1)),
    note(
      owner,
      1,
      prstatus(
        machine,
        102,
        6,
        registers.map((r) => r + 0x100n),
      ),
    ),
  ];
  return writeElf({
    type: "CORE",
    machine,
    segments: [
      { type: 4, bytes: join(...notes) },
      { type: 1, flags: 5, address: TEXT + bias, bytes: options.firstPage ?? executable.subarray(0, 4096), memorySize: 3 * 4096 },
      { type: 1, flags: 6, address: DATA + bias, bytes: pattern(8192, 2) },
      { type: 1, flags: 6, address: HEAP, bytes: pattern(8192, 3) },
      { type: 1, flags: 0, address: HEAP + 8192, memorySize: 0x10000 },
      ...(options.more ?? []),
      { type: 1, flags: 1, address: 0xffffffffff600000, bytes: pattern(4096, 4) },
    ],
    ...options.elf,
  });
}
export const open = (bytes: Uint8Array, name = "file"): ElfImage => openElf(bytesSource(name, bytes));
export const parts = (core: Uint8Array, findings = new Findings()): ProcessParts => readCore(open(core, "core"), findings);

export function assemble(core: Uint8Array, executable: Uint8Array, findings = new Findings()): Process {
  return assembleProcess(parts(core, findings), { executable: open(executable, "exe"), others: [] }, findings);
}
