// A siginfo as the kernel lays it out: which signal, who sent it, at which address. asm-generic/siginfo.h
import { type Address, NOT_AN_ADDRESS } from "../base/units.js";

/** The signal the core was taken for. Go programs die of SIGABRT that they send to themselves: the cause is not here. */
export interface SignalInfo {
  readonly signo: number;
  /** si_code: above 0 from the kernel; 0 and below from a process (SI_TKILL -6). */
  readonly code: number;
  /** The faulting address, of SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP from the kernel. */
  readonly address: Address | undefined;
  readonly senderPid: number | undefined;
}

/** Signals that carry a faulting address: ILL, TRAP, BUS, FPE, SEGV. */
const FAULTS = new Set([4, 5, 7, 8, 11]);
/** si_code of a fault whose address the processor does not tell: a general protection fault, by a non-canonical pointer. */
export const SI_KERNEL = 0x80;
/** Bytes that hold all that is read of it. */
const NEEDED = 24;

/** Reads a siginfo; undefined when it is cut short or names no signal. */
export function readSignalInfo(bytes: Uint8Array): SignalInfo | undefined {
  if (bytes.length < NEEDED) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const signo = view.getInt32(0, true);
  const code = view.getInt32(8, true);
  if (signo === 0) return undefined;
  return {
    signo,
    code,
    address: faultAddress(signo, code, view.getBigUint64(16, true)),
    senderPid: code <= 0 ? view.getInt32(16, true) : undefined,
  };
}

/** The address of a fault by its siginfo; undefined for signals that have none, NOT_AN_ADDRESS where the processor does not tell it. */
export function faultAddress(signo: number, code: number, value: bigint): Address | undefined {
  if (code <= 0 || !FAULTS.has(signo)) return undefined;
  return code === SI_KERNEL || value >= 1n << 53n ? NOT_AN_ADDRESS : Number(value);
}
