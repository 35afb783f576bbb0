// Instructions of amd64 as the Go compiler emits them. Intel SDM vol. 2, appendix A.2: the map of one-byte opcodes.
//
// An instruction is prefixes, one to three bytes of opcode, ModRM and SIB when it has an operand in memory, a displacement, an immediate.
// Most opcodes come in pairs, the even one for bytes and the odd one for the operand size. Of the flags only those of compares are followed.
import type { Address, Bytes } from "../../base/units.js";
import { CONDITIONS, clobber, clobberOnly, clobberOther, constant, InstructionReader, register } from "./amd64-operands.js";
import { decodeTwoByte, decodeVector } from "./amd64-two-byte.js";
import type { Effect, Machine, Operand, Register } from "./instructions.js";

const RSP = 4;
const RBP = 5;

/** Registers by the numbers of ModRM: AX CX DX BX SP BP SI DI R8 to R15. */
export const amd64: Machine = {
  registers: 16,
  names: "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" "),
  stackPointer: RSP,
  framePointer: RBP,
  arguments: [0, 3, 1, 7, 6, 8, 9, 10, 11],
  context: 2,
  helpers: [
    { name: "runtime.gcWriteBarrier", changes: [11] },
    { name: "runtime.duff", changes: [6, 7] },
  ],
  dwarf: [0, 2, 1, 3, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15],
  foldsSigns: false,
  pushed: 8,
  decode(code, start, offset) {
    const reader = new InstructionReader(code, start, offset);
    try {
      const effect = decodeOne(reader, start);
      return effect ? [{ pc: start + offset, next: start + reader.at, ...effect }] : [];
    } catch (error) {
      if (error instanceof RangeError) return []; // the code ends within the instruction
      throw error;
    }
  },
};

/** The map of one-byte opcodes: a case each, in their order. @returns undefined for what no compiler of Go's emits */
// oxlint-disable-next-line max-lines-per-function -- a decoder: one case an opcode
function decodeOne(r: InstructionReader, start: Address): Effect | undefined {
  const opcode = r.prefixes();
  if (opcode === 0x0f) return decodeTwoByte(r, start);
  if (opcode === 0xc4 || opcode === 0xc5 || opcode === 0x62) return decodeVector(r, opcode);
  if (opcode < 0x40) return arithmetic(r, opcode);
  const size = opcode % 2 === 0 ? 1 : r.operandSize;
  // PUSH and POP of a register; what a POP brings is not followed.
  if (opcode >= 0x50 && opcode <= 0x57) return push(register(r.low(opcode)));
  if (opcode >= 0x58 && opcode <= 0x5f) return { action: "move", to: register(r.low(opcode)), from: constant(Number.NaN), size: 8 };
  // Jcc with 8 bits.
  if (opcode >= 0x70 && opcode <= 0x7f) {
    const offset = r.i8();
    return { action: "branch", target: start + r.at + offset, condition: CONDITIONS[opcode & 15] };
  }
  // NOP, and XCHG with AX.
  if (opcode >= 0x90 && opcode <= 0x97)
    return opcode === 0x90 ? { action: "nothing" } : { action: "clobber", registers: [0, r.low(opcode)] };
  // MOV of a constant to a register, 8 bits and wider: with REX.W it is 64 bits long.
  if (opcode >= 0xb0 && opcode <= 0xb7) return byteRegister(r, opcode);
  if (opcode >= 0xb8 && opcode <= 0xbf) {
    const low = r.operandSize === 2 ? r.immediate() : r.u32();
    const value = r.wide ? r.i32() * 2 ** 32 + low : low;
    return { action: "move", to: register(r.low(opcode)), from: constant(value), size: 8 };
  }
  if (opcode >= 0xd8 && opcode <= 0xdf) {
    r.modrm();
    return clobberOnly(r, [], "reads", 8); // x87: no compiler stores with it
  }
  switch (opcode) {
    // MOVSXD
    case 0x63:
      r.modrm();
      return { action: "move", to: register(r.reg), from: r.other, size: 4, signed: true };
    // PUSH of a constant
    case 0x68:
      return push(constant(r.i32()));
    case 0x6a:
      return push(constant(r.i8()));
    // IMUL by a constant
    case 0x69:
      r.modrm();
      r.immediate();
      return clobber(r, "reads", r.operandSize);
    case 0x6b:
      r.modrm();
      r.i8();
      return clobber(r, "reads", r.operandSize);
    // ADD to CMP with a constant
    case 0x80:
    case 0x81:
    case 0x83: {
      r.modrm();
      const value = opcode === 0x81 ? r.immediate() : r.i8();
      return immediateArithmetic(r, opcode === 0x80 ? 1 : r.operandSize, value);
    }
    // TEST
    case 0x84:
    case 0x85:
      r.modrm();
      return { action: "compare", a: r.other, b: register(r.reg), size, mask: true };
    // MOV to memory or a register
    case 0x88:
    case 0x89:
      r.modrm();
      if (size === 1 && !r.hasRex && r.reg > 3) return clobber(r, "writes", 1); // AH to BH
      return { action: "move", to: r.other, from: register(r.reg), size };
    // MOV from memory or a register
    case 0x8a:
    case 0x8b:
      r.modrm();
      return { action: "move", to: register(r.reg), from: r.other, size };
    // LEA
    case 0x8d:
      r.modrm();
      if (r.other.kind !== "memory") return undefined;
      return { action: "address", to: r.reg, of: r.other };
    // XCHG
    case 0x86:
    case 0x87:
      r.modrm();
      return clobber(r, "updates", size);
    // POP to memory
    case 0x8f:
      r.modrm();
      return clobberOther(r, "writes", 8);
    // TEST of AL or AX with a constant
    case 0xa8:
      r.i8();
      return { action: "compare", a: constant(Number.NaN), b: constant(0), size: 1, mask: true };
    case 0xa9:
      return { action: "compare", a: register(0), b: constant(r.immediate()), size, mask: true };
    // Shifts and rotations by a constant
    case 0xc0:
    case 0xc1:
      r.modrm();
      r.i8();
      return clobberOther(r, "updates", size);
    // RET
    case 0xc2:
      r.at += 2;
      return { action: "return" };
    case 0xc3:
      return { action: "return" };
    // MOV of a constant
    case 0xc6:
    case 0xc7: {
      r.modrm();
      const value = size === 1 ? r.i8() : r.immediate();
      return { action: "move", to: r.other, from: constant(value), size };
    }
    // LEAVE
    case 0xc9:
      return { action: "clobber", registers: [RSP, RBP] };
    // INT3, HLT: the compiler puts them where nothing is to go on.
    case 0xcc:
    case 0xf4:
      return { action: "stop" };
    // Shifts and rotations by one or by CL
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      r.modrm();
      return clobberOther(r, "updates", size);
    // CALL
    case 0xe8: {
      const offset = r.i32();
      return { action: "call", target: start + r.at + offset };
    }
    // JMP with 32 and with 8 bits
    case 0xe9: {
      const offset = r.i32();
      return { action: "jump", target: start + r.at + offset };
    }
    case 0xeb: {
      const offset = r.i8();
      return { action: "jump", target: start + r.at + offset };
    }
    // TEST, NOT, NEG, MUL, IMUL, DIV, IDIV, by the register field
    case 0xf6:
    case 0xf7: {
      r.modrm();
      const group = r.reg & 7;
      if (group > 3) return clobberOnly(r, [0, 2], "reads", size);
      if (group > 1) return clobberOther(r, "updates", size);
      const value = size === 1 ? r.i8() : r.immediate();
      return { action: "compare", a: r.other, b: constant(value), size, mask: true };
    }
    // INC and DEC of a byte
    case 0xfe:
      r.modrm();
      return clobberOther(r, "updates", 1);
    // INC, DEC, CALL, JMP, PUSH, by the register field
    case 0xff: {
      r.modrm();
      const group = r.reg & 7;
      if (group === 2) return { action: "call", target: r.other };
      if (group === 4) return { action: "jump", target: undefined };
      if (group === 6) return push(r.other);
      if (r.other.kind !== "register" || group > 1) return clobberOther(r, group > 1 ? "reads" : "updates", r.operandSize);
      return { action: "add", to: r.other.register, a: r.other, b: constant(1), sign: group === 0 ? 1 : -1, size: r.operandSize };
    }
    default:
      // Without operands that matter: CWD, string instructions, flags.
      if ((opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf)) return { action: "clobber", registers: [0, 1, 6, 7] };
      if (opcode === 0x98 || opcode === 0x99) return { action: "clobber", registers: [0, 2] };
      if ((opcode >= 0x9b && opcode <= 0x9f) || opcode >= 0xf5) return { action: "clobber", registers: [0] };
      return undefined;
  }
}

/** MOV of a constant to a byte of a register: what the rest of it holds is not followed. */
function byteRegister(r: InstructionReader, opcode: number): Effect {
  r.i8();
  return { action: "clobber", registers: [r.low(opcode)] };
}

/** Only the stack pointer matters: what is pushed is popped again. */
function push(_what: Operand): Effect {
  return { action: "add", to: RSP, a: register(RSP), b: constant(8), sign: -1, size: 8 };
}

/** 00 to 3f: ADD OR ADC SBB AND SUB XOR CMP, each in six forms. */
function arithmetic(r: InstructionReader, opcode: number): Effect | undefined {
  const form = opcode & 7;
  const operation = opcode >>> 3;
  if (form > 5) return undefined;
  if (form > 3) {
    const value = form === 4 ? r.i8() : r.immediate();
    const size = form === 4 ? 1 : r.operandSize;
    if (operation === 7) return { action: "compare", a: register(0), b: constant(value), size, mask: false };
    return sum(operation, 0, register(0), constant(value), size) ?? { action: "clobber", registers: [0] };
  }
  r.modrm();
  const size = form % 2 === 0 ? 1 : r.operandSize;
  const [to, from] = form < 2 ? [r.other, register(r.reg)] : [register(r.reg), r.other];
  if (operation === 7) return { action: "compare", a: to, b: from, size, mask: false };
  if (to.kind !== "register") return clobberOnly(r, [], "updates", size);
  if (operation === 6 && from.kind === "register" && from.register === to.register)
    return { action: "move", to, from: constant(0), size: 8 };
  return sum(operation, to.register, to, from, size) ?? clobberOnly(r, [to.register], "reads", size);
}

/** ADD and SUB are followed; of AND, OR, XOR, ADC and SBB only that they write. */
function sum(operation: number, to: Register, a: Operand, b: Operand, size: Bytes): Effect | undefined {
  if (operation === 0 || operation === 5) return { action: "add", to, a, b, sign: operation === 0 ? 1 : -1, size };
  return undefined;
}

/** 80, 81, 83: the eight operations with a constant, told by the register field of ModRM. */
function immediateArithmetic(r: InstructionReader, size: Bytes, value: number): Effect {
  const other = r.other;
  const operation = r.reg & 7;
  if (operation === 7) return { action: "compare", a: other, b: constant(value), size, mask: false };
  if (other.kind === "memory") return clobberOnly(r, [], "updates", size);
  const to = other.kind === "register" ? other.register : 0;
  return sum(operation, to, other, constant(value), size) ?? { action: "clobber", registers: [to] };
}
