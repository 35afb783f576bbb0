// What the kernel saved when a signal interrupted a thread: frames on the stack that the handler ran on. sys/ucontext.h, asm/sigframe.h
import { type Address, NOT_AN_ADDRESS, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { faultAddress } from "../process/core-notes.js";
import type { Registers } from "../process/registers.js";

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

/** Register names in DWARF order, then the pc. */
const NAMES = {
  amd64: ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"],
  arm64: [...Array.from({ length: 31 }, (_, i) => `x${i}`), "sp", "pc"],
} as const;

/** Where a ucontext keeps them, in the order of NAMES. asm/sigcontext.h of either architecture */
const OFFSETS = {
  amd64: [13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7, 16].map((i) => 40 + i * WORD),
  arm64: Array.from({ length: 33 }, (_, i) => 184 + i * WORD),
} as const;

/** From a ucontext to its siginfo, its saved sp and pc, and how many bytes from there on tell that it is one. rt_sigframe of either architecture */
const PLACES = {
  amd64: { siginfo: 304, sp: 40 + 15 * WORD, pc: 40 + 16 * WORD, before: WORD, after: 336 },
  arm64: { siginfo: -128, sp: 184 + 31 * WORD, pc: 184 + 32 * WORD, before: 128, after: 480 },
} as const;
const UC_LINK = 8;
const UC_STACK = 16;
/** Either architecture aligns the stack to this before it saves a context, and the context's distance from there is a multiple. */
const ALIGNMENT = 16;

const LARGEST_SIGNAL_STACK = 1 << 24;
/** A handler that runs on the interrupted thread's own stack is looked for this far up. */
const DEEPEST_HANDLER = 1 << 20;
const MOST_SIGNALS = 64;

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
export function savedSignals(memory: AddressSpace, sp: Address, alternate: Stack, arch: "amd64" | "arm64"): readonly SavedSignal[] {
  const all = contexts(memory, sp, alternate, arch);
  return all.flatMap((context) => readSignal(memory, context, arch) ?? []);
}

/** Registers as they were when the first of these signals came; undefined when the thread was handling none. */
export function interruptedRegisters(memory: AddressSpace, sp: Address, alternate: Stack, arch: "amd64" | "arm64"): Registers | undefined {
  for (const context of contexts(memory, sp, alternate, arch)) {
    const registers = readContext(memory, context, arch);
    if (registers && !within(alternate, registers.sp)) return registers;
  }
  return undefined;
}

const within = (stack: Stack, address: Address) => address >= stack.lo && address < stack.hi;

/** Addresses of the contexts, the outermost first, over all stacks that handlers ran on. */
function contexts(memory: AddressSpace, sp: Address, alternate: Stack, arch: "amd64" | "arm64"): readonly Address[] {
  let found: Address[] = [];
  let at = sp;
  for (let stacks = 0; stacks < 4 && at > 0; stacks++) {
    const here = within(alternate, at) ? byBounds(memory, at, alternate) : byShape(memory, at, arch);
    if (here.length === 0) break;
    found = [...here, ...found].slice(0, MOST_SIGNALS);
    const outermost = here[0];
    const next = memory.tryAddress(outermost + PLACES[arch].sp) ?? 0;
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
function byShape(memory: AddressSpace, sp: Address, arch: "amd64" | "arm64"): Address[] {
  const mapping = memory.find(sp);
  const found: Address[] = [];
  if (!mapping) return found;
  const { before, after, sp: savedSp } = PLACES[arch];
  const start = sp - (sp % ALIGNMENT);
  const end = Math.min(mapping.end, start + DEEPEST_HANDLER);
  const bytes = memory.tryBytes(start, end - start);
  if (!bytes) return found;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number) => view.getUint32(at + 4, true) * 0x100000000 + view.getUint32(at, true);
  for (let at = bytes.length - after - (bytes.length % ALIGNMENT); at >= before && found.length < MOST_SIGNALS; at -= ALIGNMENT) {
    if (view.getUint32(at + UC_LINK, true) !== 0 || view.getUint32(at + UC_LINK + 4, true) !== 0) continue;
    const context = start + at;
    const fits = arch === "amd64" ? looksLikeAmd64(view, at, context) : looksLikeArm64(view, at);
    if (!fits) continue;
    const interrupted = word(at + savedSp);
    const lo = word(at + UC_STACK);
    const onAlternate = { lo, hi: lo + word(at + UC_STACK + 2 * WORD) };
    // Further up in the mapping other threads may have their signal stacks.
    const ours = within(onAlternate, context) ? within(onAlternate, sp) : interrupted > context && interrupted <= mapping.end;
    if (ours) found.push(context);
  }
  return found;
}

/** Small flags, the user's code and stack segments, the bit that is always set among the processor's flags, and the saved floating-point state right behind. */
function looksLikeAmd64(view: DataView, at: number, context: Address): boolean {
  const general = at + 40;
  if (view.getUint32(at + 4, true) !== 0 || view.getUint32(at, true) > 0xff) return false;
  const [flags, segments, trap, floats] = [17, 18, 20, 23].map((i) => general + i * WORD) as [number, number, number, number];
  if (view.getUint32(segments, true) !== 0x33 || view.getUint16(segments + 4, true) !== 0) return false;
  if (![0, 0x2b].includes(view.getUint16(segments + 6, true))) return false;
  if (Math.floor(view.getUint32(flags, true) / 2) % 2 !== 1 || view.getUint32(flags + 4, true) !== 0) return false;
  const behind = view.getUint32(floats + 4, true) * 0x100000000 + view.getUint32(floats, true) - context;
  return view.getUint32(trap + 4, true) === 0 && behind > 0 && behind < 0x10000;
}

/** No flags, user mode, and the record of the floating-point registers first among the extensions. asm/sigcontext.h FPSIMD_MAGIC */
function looksLikeArm64(view: DataView, at: number): boolean {
  const userMode = view.getUint32(at + 184 + 33 * WORD, true) % 16 === 0;
  const magic = view.getUint32(at + 464, true) === 0x46508001 && view.getUint32(at + 468, true) === 528;
  return view.getUint32(at, true) === 0 && view.getUint32(at + 4, true) === 0 && userMode && magic;
}

function readSignal(memory: AddressSpace, context: Address, arch: "amd64" | "arm64"): SavedSignal | undefined {
  const place = PLACES[arch];
  const info = memory.tryBytes(context + place.siginfo, 32);
  if (!info) return undefined;
  const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
  const signo = view.getInt32(0, true);
  const code = view.getInt32(8, true);
  const at = {
    pc: memory.tryAddress(context + place.pc) ?? NOT_AN_ADDRESS,
    sp: memory.tryAddress(context + place.sp) ?? NOT_AN_ADDRESS,
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

/** amd64's exceptions and the signals that they become: divide error, invalid opcode, general protection, alignment check. asm/trapnr.h */
const TRAPS: Readonly<Record<number, number>> = { 0: 8, 6: 4, 13: 11, 17: 7 };
const PAGE_FAULT = 14;
const ESR_MAGIC = 0x45535201;
/** ESR exception classes: instruction and data abort from user mode. asm/esr.h */
const ABORTS = new Set([0x20, 0x24]);

/** The fault that the processor reported, kept in the context itself; signo 0 when it was none. */
function trapOf(memory: AddressSpace, context: Address, arch: "amd64" | "arm64"): Pick<SavedSignal, "signo" | "code" | "address"> {
  const word = (at: Address) => (memory.tryBytes(context + at, WORD) ? memory.readUint64(context + at) : 0n);
  const accessed = (address: bigint, protection: boolean) => {
    const at = addressOf(address);
    // What is mapped and may be accessed, but has no page behind it, lies past the end of a file.
    const bus = !protection && at > 0 && memory.find(at) !== undefined;
    return { signo: bus ? 7 : 11, code: bus ? 2 : protection ? 2 : 1, address: at };
  };
  if (arch === "arm64") {
    const esr = memory.tryBytes(context + 464 + 528, 16) && memory.readUint(context + 464 + 528, 4) === ESR_MAGIC;
    if (!esr || !ABORTS.has(Number((word(464 + 528 + WORD) >> 26n) & 0x3fn))) return { signo: 0, code: 0, address: undefined };
    return accessed(word(176), false);
  }
  const trap = Number(word(40 + 20 * WORD) & 0xffn);
  if (trap === PAGE_FAULT) return accessed(word(40 + 22 * WORD), word(40 + 19 * WORD) % 2n === 1n);
  const signo = TRAPS[trap] ?? 0;
  return { signo, code: signo === 0 ? 0 : 0x80, address: faultAddress(signo, 0x80, 0n) };
}

function addressOf(value: bigint): Address {
  return value >= 1n << 53n ? NOT_AN_ADDRESS : Number(value);
}

/** Registers of a ucontext; undefined when it is not in the dump. */
function readContext(memory: AddressSpace, context: Address, arch: "amd64" | "arm64"): Registers | undefined {
  const names: readonly string[] = NAMES[arch];
  const values = OFFSETS[arch].map((offset) => (memory.tryBytes(context + offset, WORD) ? memory.readUint64(context + offset) : undefined));
  if (values.some((value) => value === undefined)) return undefined;
  const byName = (name: string) => values[names.indexOf(name)];
  const address = (name: string) => addressOf(byName(name) ?? -1n);
  const amd64 = arch === "amd64";
  return {
    pc: address(amd64 ? "rip" : "pc"),
    sp: address(amd64 ? "rsp" : "sp"),
    fp: address(amd64 ? "rbp" : "x29"),
    lr: amd64 ? NOT_AN_ADDRESS : address("x30"),
    g: address(amd64 ? "r14" : "x28"),
    byDwarfNumber: (n) => (n >= 0 && n < names.length - 1 ? values[n] : undefined),
    names,
    byName,
  };
}
