// What a core's notes say about the process, read once: threads, signal, auxiliary vector, mapped files.
import { ARCHES, type Arch } from "../base/arch.js";
import { decodeText } from "../base/byte-reader.js";
import type { Findings } from "../base/findings.js";
import { uint64 } from "../base/uint64.js";
import { type Address, counted } from "../base/units.js";
import { NT_AUXV, NT_FILE, NT_PRPSINFO, NT_PRSTATUS, NT_SIGINFO } from "../elf/constants.js";
import type { ElfImage } from "../elf/elf.js";
import { readAuxv } from "./auxv.js";
import type { MappedFile, ProgramName, Thread } from "./parts.js";
import { producerOf } from "./producers/producers.js";
import { readRegisters } from "./registers.js";
import { readSignalInfo, type SignalInfo } from "./signal-info.js";

/** The notes of a core. What it does not tell is empty or undefined. */
export interface CoreNotes {
  /** Who wrote the core, as its notes look. */
  readonly producer: string;
  /** The one that took the signal first. */
  readonly threads: readonly Thread[];
  readonly auxv: ReadonlyMap<number, number>;
  /** NT_FILE, ascending. */
  readonly files: readonly MappedFile[];
  readonly program: ProgramName | undefined;
  /** undefined: the process did not die of one. */
  readonly signal: SignalInfo | undefined;
  /** The main executable's entry point, of a note that only some producers write. */
  readonly entry: Address | undefined;
}

/** Reads the notes; what is cut short in them is told and left out. */
export function readNotes(core: ElfImage, findings: Findings): CoreNotes {
  const all = core.notes();
  const producer = producerOf(all);
  const bodies = (type: number) => all.filter((note) => note.type === type && producer.owners.includes(note.owner)).map(({ body }) => body);
  const [auxv] = bodies(NT_AUXV);
  const [files] = bodies(NT_FILE);
  const [program] = bodies(NT_PRPSINFO);
  const arch = ARCHES[core.header.machine];
  const threads = producer.order(bodies(NT_PRSTATUS).flatMap((body) => readThread(arch, body, findings) ?? []));
  const infos = bodies(NT_SIGINFO).flatMap((body) => readSignalInfo(body) ?? []);
  return {
    producer: producer.name,
    threads,
    auxv: auxv ? readAuxv(auxv) : new Map(),
    files: files ? readFiles(files, findings) : [],
    program: program && readProgram(program),
    signal: producer.signal(infos, threads),
    entry: producer.entry(all),
  };
}

/** NT_PRSTATUS: struct elf_prstatus. Linux include/uapi/linux/elfcore.h */
function readThread(arch: Arch, body: Uint8Array, findings: Findings): Thread | undefined {
  const registers = readRegisters(arch, body);
  if (registers === undefined) {
    findings.add("note-damaged", "a thread's registers are cut short in the core; the thread is left out", counted(body.length, "byte"), {
      partial: true,
    });
    return undefined;
  }
  const view = viewOf(body);
  return { tid: view.getInt32(32, true), signal: view.getInt16(12, true), registers };
}

/** NT_PRPSINFO: struct elf_prpsinfo. */
function readProgram(body: Uint8Array): ProgramName | undefined {
  if (body.length < 136) return undefined;
  return { pid: viewOf(body).getInt32(24, true), name: textAt(body, 40, 16), arguments: textAt(body, 56, 80).trimEnd() };
}

/** NT_FILE: a count, the page size, three words a file, then their names. Linux fs/binfmt_elf.c fill_files_note */
function readFiles(body: Uint8Array, findings: Findings): MappedFile[] {
  if (body.length < 16) return [];
  const view = viewOf(body);
  const said = uint64(view, 0);
  const pageSize = uint64(view, 8);
  const count = Math.min(said, Math.floor((body.length - 16) / 24));
  const files: MappedFile[] = [];
  let nameAt = 16 + count * 24;
  for (let i = 0; i < count; i++) {
    const end = body.indexOf(0, nameAt);
    if (end < 0) break;
    const at = 16 + i * 24;
    const path = decodeText(body.subarray(nameAt, end));
    files.push({ start: uint64(view, at), end: uint64(view, at + 8), offset: uint64(view, at + 16) * pageSize, path });
    nameAt = end + 1;
  }
  if (files.length < said) {
    findings.add("note-damaged", "the list of mapped files is cut short in the core", `${files.length} of ${counted(said, "file")}`, {
      partial: true,
    });
  }
  return files.sort((a, b) => a.start - b.start);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textAt(bytes: Uint8Array, at: number, size: number): string {
  const field = bytes.subarray(at, at + size);
  const end = field.indexOf(0);
  return decodeText(end < 0 ? field : field.subarray(0, end));
}
