// Architectures: what differs from one processor to the next, in ELF, in Linux and in Go, told once. The code that reads machine
// instructions is elsewhere (runtime/code), chosen there by name.
import { uint64 } from "./uint64.js";
import { type Bytes, WORD } from "./units.js";

/** As Go spells GOARCH. */
export type ArchName = "amd64" | "arm64";

/** All that corescope knows of an architecture but its instructions. */
export interface Arch {
  readonly name: ArchName;
  /** e_machine in ELF headers. elf.h EM_* */
  readonly elfMachine: number;
  readonly registers: RegisterNames;
  readonly signalFrame: SignalFrame;
  /** The register that a call leaves its return address in; undefined: a call pushes it on the stack. */
  readonly linkRegister: string | undefined;
  /** Instructions begin at multiples of this. internal/goarch PCQuantum */
  readonly pcQuantum: Bytes;
  /** Bytes of a call whose target is in the instruction itself. */
  readonly directCall: Bytes;
  /** What a frame holds below its locals, at least. internal/goarch MinFrameSize */
  readonly minFrameSize: Bytes;
  /** A frame up to this size has no locals of its function's own. runtime/stkframe.go getStackMap */
  readonly emptyFrame: Bytes;
  /** Where a signal handler fakes a call, it stores the link register in a frame of this size first. runtime/signal_arm64.go pushCall */
  readonly injectedFrame: Bytes;
  /** Registers that arguments and results are passed in. cmd/compile/abi-internal.md */
  readonly argumentRegisters: { readonly integers: number; readonly floats: number };
  /** The address that the runtime's index of heap arenas begins at. runtime/malloc.go arenaBaseOffset */
  readonly arenaBaseOffset: number;
}

/** Names of the general registers, and who plays which part. */
interface RegisterNames {
  /** In the order of the kernel's user_regs_struct. */
  readonly kernel: readonly string[];
  /** By the psABI's DWARF number; the pc is last. */
  readonly dwarf: readonly string[];
  /** Those that hold none of the program's values. */
  readonly special: readonly string[];
  readonly pc: string;
  readonly sp: string;
  readonly fp: string;
  /** Where Go's ABI keeps the current g while Go code runs. */
  readonly g: string;
  /** Points to the thread's record in the C library; undefined: it is not among these registers. */
  readonly thread: string | undefined;
}

/** What the kernel leaves on a stack for a signal handler; offsets are in bytes from the start of its ucontext. */
interface SignalFrame {
  /** Of the siginfo. */
  readonly siginfo: number;
  /** Of the first saved register, and which they are, a word each. */
  readonly registersAt: number;
  readonly registers: readonly string[];
  /** So many bytes before and from the start on are the frame's, by which it is known. */
  readonly before: Bytes;
  readonly after: Bytes;
  /** Whether the bytes at a place look like a ucontext; its link is zero already. @param context the place's address */
  looksRight(view: DataView, at: number, context: number): boolean;
  /** What the processor reported, from the words of the context (0 where the dump has none); undefined when it reported no fault. */
  faultOf(word: (offset: number) => bigint): ProcessorFault | undefined;
}

/** A fault of the processor: an access to memory, or a signal number whose address is not told. */
type ProcessorFault = { readonly accessed: bigint; readonly isProtection: boolean } | { readonly signo: number };

const X = Array.from({ length: 31 }, (_, i) => `x${i}`);

/** asm/sigcontext.h sigcontext_64: the general registers, then flags, segments, error code, trap number, mask, address, floating point. */
const AMD64_CONTEXT = 40;
const amd64Word = (index: number) => AMD64_CONTEXT + index * WORD;

/** Exceptions and the signals that they become: divide error, invalid opcode, general protection, alignment check. */
const TRAPS: Readonly<Record<number, number>> = { 0: 8, 6: 4, 13: 11, 17: 7 };
const PAGE_FAULT = 14;

/** Sources: Linux arch/x86 user_64.h, asm/sigcontext.h, asm/sigframe.h, asm/trapnr.h; System V ABI AMD64 figure 3.36; Go's abi-internal. */
const amd64: Arch = {
  name: "amd64",
  elfMachine: 62,
  registers: {
    kernel: "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs".split(
      " ",
    ),
    dwarf: "rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split(" "),
    special: "orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs".split(" "),
    pc: "rip",
    sp: "rsp",
    fp: "rbp",
    g: "r14",
    thread: "fs_base",
  },
  signalFrame: {
    siginfo: 304,
    registersAt: AMD64_CONTEXT,
    registers: "r8 r9 r10 r11 r12 r13 r14 r15 rdi rsi rbp rbx rdx rax rcx rsp rip".split(" "),
    before: WORD,
    after: 336,
    // Small flags, the user's code and stack segments, the bit that is always set among the processor's flags, and the saved floating-point state right behind.
    looksRight(view, at, context) {
      const [flags, segments, trap, floats] = [17, 18, 20, 23].map((i) => at + amd64Word(i)) as [number, number, number, number];
      if (view.getUint32(at + 4, true) !== 0 || view.getUint32(at, true) > 0xff) return false;
      if (view.getUint32(segments, true) !== 0x33 || view.getUint16(segments + 4, true) !== 0) return false;
      if (![0, 0x2b].includes(view.getUint16(segments + 6, true))) return false;
      if (Math.floor(view.getUint32(flags, true) / 2) % 2 !== 1 || view.getUint32(flags + 4, true) !== 0) return false;
      const behind = uint64(view, floats) - context;
      return view.getUint32(trap + 4, true) === 0 && behind > 0 && behind < 0x10000;
    },
    faultOf(word) {
      const trap = Number(word(amd64Word(20)) & 0xffn);
      if (trap === PAGE_FAULT) return { accessed: word(amd64Word(22)), isProtection: word(amd64Word(19)) % 2n === 1n };
      const signo = TRAPS[trap];
      return signo === undefined ? undefined : { signo };
    },
  },
  linkRegister: undefined,
  pcQuantum: 1,
  directCall: 5,
  minFrameSize: 0,
  emptyFrame: 0,
  injectedFrame: 0,
  argumentRegisters: { integers: 9, floats: 15 },
  arenaBaseOffset: -(2 ** 47),
};

/** asm/sigcontext.h sigcontext: the fault's address, 31 registers, sp, pc, pstate, then records that begin with a magic number and a size. */
const ARM64_CONTEXT = 184;
const FAULT_ADDRESS = 176;
const FPSIMD = 464;
const FPSIMD_MAGIC = 0x46508001;
const FPSIMD_SIZE = 528;
const ESR = FPSIMD + FPSIMD_SIZE;
const ESR_MAGIC = 0x45535201n;
/** ESR exception classes: instruction and data abort from user mode. asm/esr.h */
const ABORTS = new Set([0x20n, 0x24n]);

/** Sources: Linux arch/arm64 ptrace.h, asm/sigcontext.h; DWARF for the Arm 64-bit Architecture; Go's abi-internal. */
const arm64: Arch = {
  name: "arm64",
  elfMachine: 183,
  registers: {
    kernel: [...X, "sp", "pc", "pstate"],
    dwarf: [...X, "sp", "pc"],
    special: ["sp", "pc", "pstate"],
    pc: "pc",
    sp: "sp",
    fp: "x29",
    g: "x28",
    thread: undefined,
  },
  signalFrame: {
    siginfo: -128,
    registersAt: ARM64_CONTEXT,
    registers: [...X, "sp", "pc"],
    before: 128,
    after: 480,
    // No flags, user mode, and the record of the floating-point registers first among the extensions.
    looksRight(view, at) {
      const isUser = view.getUint32(at + ARM64_CONTEXT + 33 * WORD, true) % 16 === 0;
      const hasFloats = view.getUint32(at + FPSIMD, true) === FPSIMD_MAGIC && view.getUint32(at + FPSIMD + 4, true) === FPSIMD_SIZE;
      return view.getUint32(at, true) === 0 && view.getUint32(at + 4, true) === 0 && isUser && hasFloats;
    },
    faultOf(word) {
      const isAbort = (word(ESR) & 0xffffffffn) === ESR_MAGIC && ABORTS.has((word(ESR + WORD) >> 26n) & 0x3fn);
      return isAbort ? { accessed: word(FAULT_ADDRESS), isProtection: false } : undefined;
    },
  },
  linkRegister: "x30",
  pcQuantum: 4,
  directCall: 4,
  minFrameSize: WORD,
  emptyFrame: 16,
  injectedFrame: 16,
  argumentRegisters: { integers: 16, floats: 16 },
  arenaBaseOffset: 0,
};

/** Every architecture whose cores are read. */
export const ARCHES: Readonly<Record<ArchName, Arch>> = { amd64, arm64 };
