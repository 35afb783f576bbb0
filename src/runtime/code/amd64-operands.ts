// How an instruction of amd64 spells its operands: prefixes, ModRM, SIB, displacement, immediate. Intel SDM vol. 2, chapter 2
import type { Address, Bytes } from "../../base/units.js";
import { type Condition, type Instruction, make, type Operand, type Register, register } from "./instructions.js";

/**
 * Reads one instruction after the other, byte by byte: prefixes, opcode, operands, immediate. A DataView's RangeError goes through where
 * the code ends within one.
 */
export class InstructionReader {
  at = 0;
  private readonly code: DataView;
  private readonly start: Address;
  private rex = 0;
  /** Bytes of a general register as the instruction uses it, unless its opcode says that it is one: 2, 4 or 8. */
  operandSize = 4;
  /** F2 or F3, 0 for neither: which of the scalars a vector instruction means. */
  prefix = 0;
  /** The register that the ModRM byte names; of some opcodes it is a part of the opcode. */
  reg: Register = 0;
  /** What else it names: a register where `rm` is not negative, else memory. */
  private rm = 0;
  private base = -1;
  private index = -1;
  private scale = 1;
  private offset = 0;
  /** The offset counts from the end of the instruction, which is not known before it is read. */
  private isRelative = false;
  private operand: Operand | undefined;

  constructor(code: DataView, start: Address) {
    this.code = code;
    this.start = start;
  }

  /** Goes to the instruction at an offset. */
  begin(at: number): void {
    this.at = at;
    this.rex = 0;
    this.operandSize = 4;
    this.prefix = 0;
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
    const low = byte & 7;
    const { rex } = this;
    this.reg = ((byte >>> 3) & 7) | ((rex & 4) << 1);
    this.operand = undefined;
    if (mode === 3) {
      this.rm = low | ((rex & 1) << 3);
      return;
    }
    this.rm = -1;
    this.base = low | ((rex & 1) << 3);
    this.index = -1;
    this.scale = 1;
    this.isRelative = low === 5 && mode === 0;
    if (low === 4) this.sib(mode);
    else if (this.isRelative) this.base = -1;
    this.offset = mode === 2 || this.base < 0 ? this.i32() : mode === 1 ? this.i8() : 0;
  }

  private sib(mode: number): void {
    const sib = this.u8();
    const index = ((sib >>> 3) & 7) | ((this.rex & 2) << 2);
    if (index !== 4) {
      this.index = index;
      this.scale = 1 << (sib >>> 6);
    }
    this.base = (sib & 7) === 5 && mode === 0 ? -1 : (sib & 7) | ((this.rex & 1) << 3);
  }

  /** The operand that the ModRM byte names beside reg: a register or memory; valid once the whole instruction is read. */
  get other(): Operand {
    if (this.rm >= 0) return register(this.rm);
    const { base, index, scale, isRelative } = this;
    const offset = isRelative ? this.start + this.at + this.offset : this.offset;
    this.operand ??= { kind: "memory", base, index, scale, offset };
    return this.operand;
  }
}

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

/** An instruction whose result is not followed: both its registers are lost, and what it writes in memory. */
export function clobberBoth(r: InstructionReader, use: Use, size: Bytes, also: readonly Register[] = []): Instruction {
  const { other } = r;
  return clobberOnly(r, other.kind === "register" ? [r.reg, other.register, ...also] : [r.reg, ...also], use, size);
}

/** The same of an instruction without a register operand that it could write. */
export function clobberOnly(r: InstructionReader, registers: readonly Register[], use: Use, size: Bytes): Instruction {
  const { other } = r;
  const access = other.kind === "memory" ? { memory: other, size } : undefined;
  return make.clobber(registers, use === "writes" ? undefined : access, use === "reads" ? undefined : access);
}

/** The same where the register field is a part of the opcode: only the other operand may be written. */
export function clobberOther(r: InstructionReader, use: Use, size: Bytes): Instruction {
  return clobberOnly(r, r.other.kind === "register" ? [r.other.register] : [], use, size);
}
