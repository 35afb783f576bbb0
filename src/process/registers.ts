// General registers of a thread, per architecture a table over NT_PRSTATUS.
import { type Address, NOT_AN_ADDRESS } from "../base/units.js";

/** Registers of a stopped thread. */
export interface Registers {
  readonly pc: Address;
  readonly sp: Address;
  /** rbp; x29. */
  readonly fp: Address;
  /** x30; NOT_AN_ADDRESS on amd64. */
  readonly lr: Address;
  /** Where Go's ABI keeps the current g while Go code runs: r14; x28. */
  readonly g: Address;
  /** By the psABI's DWARF number; undefined when it is none of ours. */
  byDwarfNumber(n: number): bigint | undefined;
  /** In the kernel's order. */
  readonly names: readonly string[];
  byName(name: string): bigint | undefined;
}

/** One architecture: the order of registers in pr_reg, and who plays which part. */
interface RegisterTable {
  /** user_regs_struct order. */
  readonly names: readonly string[];
  /** [DWARF number] name. */
  readonly dwarf: readonly string[];
  readonly pc: string;
  readonly sp: string;
  readonly fp: string;
  readonly lr: string | undefined;
  readonly g: string;
}

const X = Array.from({ length: 31 }, (_, i) => `x${i}`);

/** Sources: Linux arch/x86 user_64.h, arch/arm64 ptrace.h; System V ABI AMD64 figure 3.36; DWARF for the Arm 64-bit Architecture; Go's abi-internal. */
const TABLES: Readonly<Record<"amd64" | "arm64", RegisterTable>> = {
  amd64: {
    names: "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs".split(" "),
    dwarf: "rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split(" "),
    pc: "rip",
    sp: "rsp",
    fp: "rbp",
    lr: undefined,
    g: "r14",
  },
  arm64: { names: [...X, "sp", "pc", "pstate"], dwarf: [...X, "sp", "pc"], pc: "pc", sp: "sp", fp: "x29", lr: "x30", g: "x28" },
};

/** Where pr_reg begins in an NT_PRSTATUS of a 64-bit process. */
const PR_REG = 112;

/** Reads the registers of an NT_PRSTATUS; undefined when it is too short. */
export function readRegisters(arch: "amd64" | "arm64", prstatus: Uint8Array): Registers | undefined {
  const table = TABLES[arch];
  if (prstatus.length < PR_REG + table.names.length * 8) return undefined;
  const view = new DataView(prstatus.buffer, prstatus.byteOffset, prstatus.byteLength);
  const values = new Map(table.names.map((name, i) => [name, view.getBigUint64(PR_REG + i * 8, true)]));
  const address = (name: string | undefined): Address => {
    const value = name === undefined ? undefined : values.get(name);
    return value === undefined || value > BigInt(Number.MAX_SAFE_INTEGER) ? NOT_AN_ADDRESS : Number(value);
  };
  return {
    pc: address(table.pc),
    sp: address(table.sp),
    fp: address(table.fp),
    lr: address(table.lr),
    g: address(table.g),
    byDwarfNumber: (n) => values.get(table.dwarf[n] ?? ""),
    names: table.names,
    byName: (name) => values.get(name),
  };
}
