// How an instruction of amd64 spells its operands: prefixes, ModRM, SIB, displacement, immediate. Intel SDM vol. 2, chapter 2
import type { Address, Bytes } from "../../base/units.js";
import type { Condition, Effect, Operand, Register } from "./instructions.js";

/**
 * Reads one instruction byte by byte: prefixes, opcode, operands, immediate. A DataView's RangeError goes through where the code ends
 * within it.
 */
export class InstructionReader {
  at: number;
  private readonly code: DataView;
  private readonly start: Address;
  private rex = 0;
  /** Bytes of a general register as the instruction uses it, unless its opcode says that it is one: 2, 4 or 8. */
  operandSize = 4;
  /** F2 or F3, 0 for neither: which of the scalars a vector instruction means. */
  prefix = 0;
  /** The register that the ModRM byte names; of some opcodes it is a part of the opcode. */
  reg: Register = 0;
  private rm: Operand = { kind: "constant", value: 0 };
  private relative: number | undefined;

  constructor(code: DataView, start: Address, at: number) {
    this.code = code;
    this.start = start;
    this.at = at;
  }

  u8(): number {
    return this.code.getUint8(this.at++);
  }
  i8(): number {
    return this.code.getInt8(this.at++);
  }
  i32(): number {
    this.at += 4;
    return this.code.getInt32(this.at - 4, true);
  }
  u32(): number {
    this.at += 4;
    return this.code.getUint32(this.at - 4, true);
  }
  /** Of a full operand: 2 bytes after a prefix, else 4, also for operands of 8. */
  immediate(): number {
    if (this.operandSize !== 2) return this.i32();
    this.at += 2;
    return this.code.getInt16(this.at - 2, true);
  }
  get wide(): boolean {
    return Math.floor(this.rex / 8) % 2 === 1;
  }
  get hasRex(): boolean {
    return this.rex !== 0;
  }
  /** A register named by the opcode's low bits. */
  low(opcode: number): Register {
    return (opcode & 7) | ((this.rex & 1) << 3);
  }

  /** Reads all prefixes. @returns the opcode's first byte */
  prefixes(): number {
    for (;;) {
      const byte = this.u8();
      if (byte === 0x66) this.operandSize = 2;
      else if (byte === 0xf2 || byte === 0xf3) this.prefix = byte;
      else if (byte === 0xf0 || byte === 0x2e || byte === 0x36 || byte === 0x3e || byte === 0x26 || byte === 0x64 || byte === 0x65)
        continue;
      else if (byte >= 0x40 && byte <= 0x4f) {
        this.rex = byte;
        if (byte & 8) this.operandSize = 8;
        return this.u8();
      } else return byte;
    }
  }

  /** Reads ModRM, SIB and displacement into reg and other. */
  modrm(): void {
    const byte = this.u8();
    const mode = byte >>> 6;
    this.reg = ((byte >>> 3) & 7) | ((this.rex & 4) << 1);
    const rm = byte & 7;
    if (mode === 3) {
      this.rm = { kind: "register", register: rm | ((this.rex & 1) << 3) };
      return;
    }
    let base = rm | ((this.rex & 1) << 3);
    let index = -1;
    let scale = 1;
    let absolute = false;
    if (rm === 4) {
      const sib = this.u8();
      const number = ((sib >>> 3) & 7) | ((this.rex & 2) << 2);
      if (number !== 4) {
        index = number;
        scale = 1 << (sib >>> 6);
      }
      base = (sib & 7) | ((this.rex & 1) << 3);
      absolute = (sib & 7) === 5 && mode === 0;
    } else if (rm === 5 && mode === 0) {
      const offset = this.i32();
      // Relative to the end of the instruction, which is not known yet.
      this.relative = offset;
      this.rm = { kind: "memory", base: -1, index: -1, scale: 1, offset };
      return;
    }
    const offset = absolute || mode === 2 ? this.i32() : mode === 1 ? this.i8() : 0;
    this.rm = { kind: "memory", base: absolute ? -1 : base, index, scale, offset };
  }

  /** The operand that the ModRM byte names beside reg: a register or memory; valid once the whole instruction is read. */
  get other(): Operand {
    if (this.relative === undefined || this.rm.kind !== "memory") return this.rm;
    return { ...this.rm, offset: this.start + this.at + this.relative };
  }
}

/** Operands that are no memory. */
export const register = (number: Register): Operand => ({ kind: "register", register: number });
export const constant = (value: number): Operand => ({ kind: "constant", value });

/** Of Jcc and the like, by the low four bits of the opcode. Overflow, sign and parity are not followed. */
export const CONDITIONS: readonly Condition[] = [
  "other",
  "other",
  "below",
  "not below",
  "equal",
  "not equal",
  "not above",
  "above",
  "other",
  "other",
  "other",
  "other",
  "less",
  "not less",
  "not greater",
  "greater",
];

/** How the instruction treats the operand that may lie in memory. */
export type Use = "reads" | "writes" | "updates";

/** The effect of an instruction whose result is not followed: both its registers are lost, and what it writes in memory. */
export function clobber(r: InstructionReader, use: Use, size: Bytes, also: readonly Register[] = []): Effect {
  const { other } = r;
  const registers = other.kind === "register" ? [r.reg, other.register, ...also] : [r.reg, ...also];
  return { action: "clobber", registers, ...accesses(other, use, size) };
}

/** The same of an instruction without a register operand that it could write. */
export function clobberOnly(r: InstructionReader, registers: readonly Register[], use: Use, size: Bytes): Effect {
  return { action: "clobber", registers, ...accesses(r.other, use, size) };
}

/** The same where the register field is a part of the opcode: only the other operand may be written. */
export function clobberOther(r: InstructionReader, use: Use, size: Bytes): Effect {
  return clobberOnly(r, r.other.kind === "register" ? [r.other.register] : [], use, size);
}

function accesses(operand: Operand, use: Use, size: Bytes) {
  const found = operand.kind === "memory" ? { memory: operand, size } : undefined;
  return { ...(found && use !== "writes" ? { reads: found } : {}), ...(found && use !== "reads" ? { writes: found } : {}) };
}
