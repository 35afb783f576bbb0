// General registers of a stopped thread.
import type { Arch } from "../base/arch.js";
import { type Address, NOT_AN_ADDRESS, WORD } from "../base/units.js";

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
  /** In the order of the structure that they were read from. */
  readonly names: readonly string[];
  byName(name: string): bigint | undefined;
}

/** Where pr_reg begins in an NT_PRSTATUS of a 64-bit process. */
const PR_REG = 112;

/** Reads the registers of an NT_PRSTATUS; undefined when it is too short. */
export function readRegisters(arch: Arch, prstatus: Uint8Array): Registers | undefined {
  const names = arch.registers.kernel;
  if (prstatus.length < PR_REG + names.length * WORD) return undefined;
  const view = new DataView(prstatus.buffer, prstatus.byteOffset, prstatus.byteLength);
  return registersOf(arch, new Map(names.map((name, i) => [name, view.getBigUint64(PR_REG + i * WORD, true)])));
}

/** Registers by name; iteration order is the order of `names`. */
export function registersOf({ registers, linkRegister }: Arch, values: ReadonlyMap<string, bigint>): Registers {
  const address = (name: string | undefined): Address => {
    const value = name === undefined ? undefined : values.get(name);
    return value === undefined || value > BigInt(Number.MAX_SAFE_INTEGER) ? NOT_AN_ADDRESS : Number(value);
  };
  return {
    pc: address(registers.pc),
    sp: address(registers.sp),
    fp: address(registers.fp),
    lr: address(linkRegister),
    g: address(registers.g),
    byDwarfNumber: (n) => values.get(registers.dwarf[n] ?? ""),
    names: [...values.keys()],
    byName: (name) => values.get(name),
  };
}
