// What the kernel saved when a signal interrupted a thread: the ucontext on the signal stack. sys/ucontext.h
import { type Address, NOT_AN_ADDRESS, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Registers } from "../process/registers.js";

/** Register names in DWARF order, then the pc. */
const NAMES = {
  amd64: ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"],
  arm64: [...Array.from({ length: 31 }, (_, i) => `x${i}`), "sp", "pc"],
} as const;

/** Where a ucontext keeps them, in the order of NAMES. asm/sigcontext.h of either architecture. */
const OFFSETS = {
  amd64: [13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7, 16].map((i) => 40 + i * WORD),
  arm64: Array.from({ length: 33 }, (_, i) => 184 + i * WORD),
} as const;

const UC_STACK = 16;
const LARGEST_SIGNAL_STACK = 1 << 24;

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

/**
 * Registers as they were when the signal came, for a thread whose sp is on its signal stack.
 *
 * The kernel stores the stack's own bounds in every ucontext, which is how it is found. Signals may nest: it is the outermost
 * context, whose sp lies elsewhere, that tells where the program was.
 */
export function interruptedRegisters(
  memory: AddressSpace,
  sp: Address,
  stack: { readonly lo: Address; readonly hi: Address },
  arch: "amd64" | "arm64",
): Registers | undefined {
  const size = stack.hi - stack.lo;
  if (size > LARGEST_SIGNAL_STACK || sp < stack.lo || sp >= stack.hi) return undefined;
  const start = sp - (sp % WORD);
  for (let at = stack.hi - 3 * WORD; at >= start; at -= WORD) {
    if (memory.tryAddress(at) !== stack.lo || memory.tryAddress(at + 2 * WORD) !== size) continue;
    const registers = readContext(memory, at - UC_STACK, arch);
    if (registers && (registers.sp < stack.lo || registers.sp >= stack.hi)) return registers;
  }
  return undefined;
}
