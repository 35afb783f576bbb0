// What a core's notes say about the process: threads, signal, auxiliary vector, mapped files.
import { ARCHES } from "../base/arch.js";
import { decodeText } from "../base/byte-reader.js";
import type { Findings } from "../base/findings.js";
import { uint64 } from "../base/uint64.js";
import { type Address, counted, NOT_AN_ADDRESS } from "../base/units.js";
import { NT_AUXV, NT_DELVE_HEADER, NT_FILE, NT_PRPSINFO, NT_PRSTATUS, NT_SIGINFO } from "../elf/constants.js";
import type { ElfImage, ElfNote } from "../elf/elf.js";
import { type Registers, readRegisters } from "./registers.js";

/** A thread of the dead process. */
export interface Thread {
  readonly tid: number;
  /** pr_cursig; 0 in cores of living processes. */
  readonly signal: number;
  readonly registers: Registers;
}

/** The signal the core was taken for. Go programs die of SIGABRT that they send to themselves: the cause is not here. */
export interface SignalInfo {
  readonly signo: number;
  /** si_code: above 0 from the kernel; 0 and below from a process (SI_TKILL -6). */
  readonly code: number;
  /** The faulting address, of SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP from the kernel. */
  readonly address: Address | undefined;
  readonly senderPid: number | undefined;
}

/** One mapped file of NT_FILE; offset in bytes. */
export interface MappedFile {
  readonly start: Address;
  readonly end: Address;
  readonly offset: number;
  readonly path: string;
}

/** Auxiliary vector types. Source: Linux include/uapi/linux/auxvec.h. */
export const AT_PHDR = 3;
export const AT_ENTRY = 9;
export const AT_EXECFN = 31;
export const AT_SYSINFO_EHDR = 33;

/** Signals that carry a faulting address: ILL, TRAP, BUS, FPE, SEGV. */
const FAULTS = new Set([4, 5, 7, 8, 11]);
/** si_code of a fault whose address the processor does not tell: a general protection fault, by a non-canonical pointer. asm-generic/siginfo.h */
export const SI_KERNEL = 0x80;

/** The notes that describe the process: owner "CORE" of kernel and gdb, "" of delve. */
function coreNotes(core: ElfImage, type: number): ElfNote[] {
  return core.notes().filter((note) => note.type === type && (note.owner === "CORE" || note.owner === ""));
}

/** Threads, the one that took the signal first. */
export function readThreads(core: ElfImage, findings: Findings): Thread[] {
  const threads: Thread[] = [];
  for (const { body } of coreNotes(core, NT_PRSTATUS)) {
    const registers = readRegisters(ARCHES[core.header.machine], body);
    if (registers === undefined) {
      findings.add("note-damaged", "a thread's registers are cut short in the core; the thread is left out", counted(body.length, "byte"), {
        partial: true,
      });
      continue;
    }
    const view = viewOf(body);
    threads.push({ tid: view.getInt32(32, true), signal: view.getInt16(12, true), registers });
  }
  // Kernel cores have it so; gdb orders by its own numbers.
  const signalled = threads.findIndex((thread) => thread.signal !== 0);
  if (signalled > 0) threads.unshift(...threads.splice(signalled, 1));
  return threads;
}

/** pid, program name (15 characters at most) and arguments of NT_PRPSINFO. */
export function readProgram(core: ElfImage): { pid: number; name: string; arguments: string } | undefined {
  const body = coreNotes(core, NT_PRPSINFO)[0]?.body;
  if (body === undefined || body.length < 136) return undefined;
  return { pid: viewOf(body).getInt32(24, true), name: textAt(body, 40, 16), arguments: textAt(body, 56, 80).trimEnd() };
}

/** The first NT_SIGINFO that names a signal, else the first thread's pr_cursig; undefined for a process that did not die. */
export function readSignal(core: ElfImage, threads: readonly Thread[]): SignalInfo | undefined {
  // gcore keeps the SIGSTOP by which gdb stopped the threads; their pr_cursig is 0 then.
  if (threads.length > 0 && threads.every((thread) => thread.signal === 0)) return undefined;
  for (const { body } of coreNotes(core, NT_SIGINFO)) {
    if (body.length < 24) continue;
    const view = viewOf(body);
    const signo = view.getInt32(0, true);
    const code = view.getInt32(8, true);
    if (signo === 0) continue;
    return {
      signo,
      code,
      address: faultAddress(signo, code, view.getBigUint64(16, true)),
      senderPid: code <= 0 ? view.getInt32(16, true) : undefined,
    };
  }
  const signo = threads[0]?.signal ?? 0;
  return signo === 0 ? undefined : { signo, code: 0, address: undefined, senderPid: undefined };
}

/** The address of a fault by its siginfo; undefined for signals that have none, NOT_AN_ADDRESS where the processor does not tell it. */
export function faultAddress(signo: number, code: number, value: bigint): Address | undefined {
  if (code <= 0 || !FAULTS.has(signo)) return undefined;
  return code === SI_KERNEL || value >= 1n << 53n ? NOT_AN_ADDRESS : Number(value);
}

/** NT_AUXV: values by AT_ type. */
export function readAuxv(core: ElfImage): ReadonlyMap<number, number> {
  const auxv = new Map<number, number>();
  const body = coreNotes(core, NT_AUXV)[0]?.body ?? new Uint8Array(0);
  const view = viewOf(body);
  for (let at = 0; at + 16 <= body.length; at += 16) {
    const type = uint64(view, at);
    if (type === 0) break;
    auxv.set(type, uint64(view, at + 8));
  }
  return auxv;
}

/** NT_FILE: mapped files by ascending address; [] when the note is missing (delve, qemu). */
export function readMappedFiles(core: ElfImage, findings: Findings): MappedFile[] {
  const body = coreNotes(core, NT_FILE)[0]?.body;
  if (body === undefined || body.length < 16) return [];
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

/** The entry point that delve writes into its own note. */
export function readDelveEntry(core: ElfImage): Address | undefined {
  const note = core.notes().find((n) => n.type === NT_DELVE_HEADER);
  const match = note && /Entry Point: (0x)?([0-9a-fA-F]+)/.exec(decodeText(note.body));
  return match ? Number.parseInt(match[2], 16) : undefined;
}

/** A path as NT_FILE has it for a file that was deleted: "PATH (deleted)". */
export function withoutDeleted(path: string): string {
  return path.replace(/ \(deleted\)$/, "");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textAt(bytes: Uint8Array, at: number, size: number): string {
  const field = bytes.subarray(at, at + size);
  const end = field.indexOf(0);
  return decodeText(end < 0 ? field : field.subarray(0, end));
}
