// Signals that a thread was handling when the process ended: the kernel's frames on its signal stack. asm/sigframe.h, siginfo.h
import { type Address, NOT_AN_ADDRESS, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";

/** One siginfo as the kernel left it beside the context it saved. */
export interface SavedSignal {
  readonly signo: number;
  /** si_code: above 0 from the kernel; SI_USER 0, SI_TKILL -6. */
  readonly code: number;
  /** Of faults from the kernel. */
  readonly address: Address | undefined;
  /** Of signals that a process sent. */
  readonly senderPid: number | undefined;
  readonly senderUid: number | undefined;
  /** Where the thread was interrupted. */
  readonly pc: Address;
  readonly sp: Address;
}

/** From a ucontext to its siginfo, its saved sp and pc. rt_sigframe of either architecture. */
const PLACES = {
  amd64: { siginfo: 304, sp: 40 + 15 * WORD, pc: 40 + 16 * WORD },
  arm64: { siginfo: -128, sp: 184 + 31 * WORD, pc: 184 + 32 * WORD },
} as const;
const UC_STACK = 16;
const LARGEST_SIGNAL_STACK = 1 << 24;
const MOST_SIGNALS = 64;
const FAULTS = new Set([4, 5, 7, 8, 11]);

/** The signals of one stack, the one that came first first; [] when sp is not on it. */
export function savedSignals(
  memory: AddressSpace,
  sp: Address,
  stack: { readonly lo: Address; readonly hi: Address },
  arch: "amd64" | "arm64",
): readonly SavedSignal[] {
  const size = stack.hi - stack.lo;
  const found: SavedSignal[] = [];
  if (size <= 0 || size > LARGEST_SIGNAL_STACK || sp < stack.lo || sp >= stack.hi) return found;
  const place = PLACES[arch];
  const start = sp - (sp % WORD);
  for (let at = stack.hi - 3 * WORD; at >= start && found.length < MOST_SIGNALS; at -= WORD) {
    if (memory.tryAddress(at) !== stack.lo || memory.tryAddress(at + 2 * WORD) !== size) continue;
    const context = at - UC_STACK;
    const info = memory.tryBytes(context + place.siginfo, 32);
    if (!info) continue;
    const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
    const signo = view.getInt32(0, true);
    const code = view.getInt32(8, true);
    if (signo < 1 || signo > 64) continue;
    const fault = view.getBigUint64(16, true);
    found.push({
      signo,
      code,
      address: code > 0 && FAULTS.has(signo) ? (fault < 1n << 53n ? Number(fault) : NOT_AN_ADDRESS) : undefined,
      senderPid: code <= 0 ? view.getInt32(16, true) : undefined,
      senderUid: code <= 0 ? view.getUint32(20, true) : undefined,
      pc: memory.tryAddress(context + place.pc) ?? NOT_AN_ADDRESS,
      sp: memory.tryAddress(context + place.sp) ?? NOT_AN_ADDRESS,
    });
  }
  return found;
}
