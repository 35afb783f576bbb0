// What the kernel saved when a signal interrupted a thread: frames on the stack that the handler ran on. sys/ucontext.h, asm/sigframe.h
import type { Arch } from "../base/arch.js";
import { uint64 } from "../base/uint64.js";
import { type Address, NOT_AN_ADDRESS, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { faultAddress, type Registers, registersOf, SI_KERNEL } from "../process/process.js";
import { DEEPEST_HANDLER, LARGEST_SIGNAL_STACK, MOST_SIGNALS } from "./limits.js";

/** One siginfo as the kernel left it beside the context it saved. */
export interface SavedSignal {
  readonly signo: number;
  /** si_code: above 0 from the kernel; SI_USER 0, SI_TKILL -6. */
  readonly code: number;
  /** Of faults from the kernel; NOT_AN_ADDRESS where the processor does not tell which. */
  readonly address: Address | undefined;
  /** Of signals that a process sent. */
  readonly senderPid: number | undefined;
  readonly senderUid: number | undefined;
  /** Where the thread was interrupted. */
  readonly pc: Address;
  readonly sp: Address;
}

/** A stack by its bounds. */
interface Stack {
  readonly lo: Address;
  readonly hi: Address;
}

/** Fields of a ucontext, on every architecture. */
const UC_LINK = 8;
const UC_STACK = 16;
/** Every architecture aligns the stack to this before it saves a context, and the context's distance from there is a multiple. */
const ALIGNMENT = 16;

/** asm-generic/siginfo.h, signal(7) */
const SIGBUS = 7;
const BUS_ADRERR = 2;
const SIGSEGV = 11;
const SEGV_MAPERR = 1;
const SEGV_ACCERR = 2;

/**
 * The signals that a thread was handling, the one that came first first; [] when it was handling none.
 *
 * Go's own threads handle signals on a stack of their own, whose bounds the kernel stores in every context: there a context is
 * found by them. A thread that C created has no such stack, or one of C's: the handler runs on the stack that it interrupted,
 * and a context is known by its shape. Handlers nest, and each may run on another stack: the walk goes on where the outermost
 * context of a stack was interrupted.
 *
 * @param alternate  bounds of gsignal's stack
 */
export function savedSignals(memory: AddressSpace, sp: Address, alternate: Stack, arch: Arch): readonly SavedSignal[] {
  const all = contexts(memory, sp, alternate, arch);
  return all.flatMap((context) => readSignal(memory, context, arch) ?? []);
}

/** Registers as they were when the first of these signals came; undefined when the thread was handling none. */
export function interruptedRegisters(memory: AddressSpace, sp: Address, alternate: Stack, arch: Arch): Registers | undefined {
  for (const context of contexts(memory, sp, alternate, arch)) {
    const registers = readContext(memory, context, arch);
    if (registers && !within(alternate, registers.sp)) return registers;
  }
  return undefined;
}

const within = (stack: Stack, address: Address) => address >= stack.lo && address < stack.hi;

/** Addresses of the contexts, the outermost first, over all stacks that handlers ran on. */
function contexts(memory: AddressSpace, sp: Address, alternate: Stack, arch: Arch): readonly Address[] {
  let found: Address[] = [];
  let at = sp;
  for (let stacks = 0; stacks < 4 && at > 0; stacks++) {
    const here = within(alternate, at) ? byBounds(memory, at, alternate) : byShape(memory, at, arch);
    if (here.length === 0) break;
    found = [...here, ...found].slice(0, MOST_SIGNALS);
    const outermost = here[0];
    const next = memory.tryAddress(outermost + placeOf(arch, arch.registers.sp)) ?? 0;
    // On the same stack there is nothing further out: byShape has looked there.
    if (next > at && next < at + DEEPEST_HANDLER && !within(alternate, at)) break;
    at = next;
  }
  return found;
}

function byBounds(memory: AddressSpace, sp: Address, stack: Stack): Address[] {
  const size = stack.hi - stack.lo;
  const found: Address[] = [];
  if (size <= 0 || size > LARGEST_SIGNAL_STACK) return found;
  const start = sp - (sp % WORD);
  for (let at = stack.hi - 3 * WORD; at >= start && found.length < MOST_SIGNALS; at -= WORD) {
    if (memory.tryAddress(at) === stack.lo && memory.tryAddress(at + 2 * WORD) === size) found.push(at - UC_STACK);
  }
  return found;
}

/** Contexts on the stack that sp stands on, whatever it is: up to the end of its mapping. */
function byShape(memory: AddressSpace, sp: Address, arch: Arch): Address[] {
  const mapping = memory.find(sp);
  const found: Address[] = [];
  if (!mapping) return found;
  const { before, after } = arch.signalFrame;
  const savedSp = placeOf(arch, arch.registers.sp);
  const start = sp - (sp % ALIGNMENT);
  const end = Math.min(mapping.end, start + DEEPEST_HANDLER);
  const bytes = memory.tryBytes(start, end - start);
  if (!bytes) return found;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number) => uint64(view, at);
  for (let at = bytes.length - after - (bytes.length % ALIGNMENT); at >= before && found.length < MOST_SIGNALS; at -= ALIGNMENT) {
    if (view.getUint32(at + UC_LINK, true) !== 0 || view.getUint32(at + UC_LINK + 4, true) !== 0) continue;
    const context = start + at;
    if (!arch.signalFrame.looksRight(view, at, context)) continue;
    const interrupted = word(at + savedSp);
    const lo = word(at + UC_STACK);
    const onAlternate = { lo, hi: lo + word(at + UC_STACK + 2 * WORD) };
    // Further up in the mapping other threads may have their signal stacks.
    const ours = within(onAlternate, context) ? within(onAlternate, sp) : interrupted > context && interrupted <= mapping.end;
    if (ours) found.push(context);
  }
  return found;
}

function readSignal(memory: AddressSpace, context: Address, arch: Arch): SavedSignal | undefined {
  const info = memory.tryBytes(context + arch.signalFrame.siginfo, 32);
  if (!info) return undefined;
  const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
  const signo = view.getInt32(0, true);
  const code = view.getInt32(8, true);
  const at = {
    pc: memory.tryAddress(context + placeOf(arch, arch.registers.pc)) ?? NOT_AN_ADDRESS,
    sp: memory.tryAddress(context + placeOf(arch, arch.registers.sp)) ?? NOT_AN_ADDRESS,
  };
  const filled = signo >= 1 && signo <= 64 && view.getInt32(4, true) === 0 && view.getInt32(12, true) === 0 && code >= -64 && code <= 0x80;
  // A handler of C's that did not ask for a siginfo has none.
  if (!filled) return { ...trapOf(memory, context, arch), senderPid: undefined, senderUid: undefined, ...at };
  return {
    signo,
    code,
    address: faultAddress(signo, code, view.getBigUint64(16, true)),
    senderPid: code <= 0 ? view.getInt32(16, true) : undefined,
    senderUid: code <= 0 ? view.getUint32(20, true) : undefined,
    ...at,
  };
}

/** The fault that the processor reported, kept in the context itself; signo 0 when it was none. */
function trapOf(memory: AddressSpace, context: Address, arch: Arch): Pick<SavedSignal, "signo" | "code" | "address"> {
  const fault = arch.signalFrame.faultOf((at) => (memory.tryBytes(context + at, WORD) ? memory.readUint64(context + at) : 0n));
  if (!fault) return { signo: 0, code: 0, address: undefined };
  if ("signo" in fault) return { signo: fault.signo, code: SI_KERNEL, address: faultAddress(fault.signo, SI_KERNEL, 0n) };
  const address = fault.accessed >= 1n << 53n ? NOT_AN_ADDRESS : Number(fault.accessed);
  if (fault.isProtection) return { signo: SIGSEGV, code: SEGV_ACCERR, address };
  // What is mapped and may be accessed, but has no page behind it, lies past the end of a file.
  const isMapped = address > 0 && memory.find(address) !== undefined;
  return isMapped ? { signo: SIGBUS, code: BUS_ADRERR, address } : { signo: SIGSEGV, code: SEGV_MAPERR, address };
}

/** Registers of a ucontext; undefined when it is not in the dump. */
function readContext(memory: AddressSpace, context: Address, arch: Arch): Registers | undefined {
  const values = new Map<string, bigint>();
  for (const name of arch.registers.dwarf) {
    const at = context + placeOf(arch, name);
    if (!memory.tryBytes(at, WORD)) return undefined;
    values.set(name, memory.readUint64(at));
  }
  return registersOf(arch, values);
}

/** Where a ucontext keeps a register. */
function placeOf({ signalFrame }: Arch, register: string): number {
  return signalFrame.registersAt + signalFrame.registers.indexOf(register) * WORD;
}
