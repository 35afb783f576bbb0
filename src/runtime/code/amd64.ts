// Instructions of amd64 as the Go compiler emits them. Intel SDM vol. 2, appendix A.2: the map of one-byte opcodes.
//
// An instruction is prefixes, one to three bytes of opcode, ModRM and SIB when it has an operand in memory, a displacement, an immediate.
// Most opcodes come in pairs, the even one for bytes and the odd one for the operand size. Of the flags only those of compares are followed.
import type { Address, Bytes } from "../../base/units.js";
import { CONDITIONS, clobberBoth, clobberOnly, clobberOther, InstructionReader } from "./amd64-operands.js";
import { decodeTwoByte, decodeVector } from "./amd64-two-byte.js";
import { constant, type Instruction, type Machine, make, type Operand, place, type Register, register } from "./instructions.js";

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
  decode(code, start, offset = 0, most = Number.POSITIVE_INFINITY) {
    const found: Instruction[] = [];
    const reader = new InstructionReader(code, start);
    try {
      for (let at = offset; at < code.byteLength && found.length < most; at = reader.at) {
        reader.begin(at);
        const each = decodeOne(reader, start);
        if (!each) break;
        found.push(place(each, start + at, start + reader.at));
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // the code ends within an instruction
    }
    return found;
  },
};

/** The map of one-byte opcodes: a case each, in their order. @returns undefined for what no compiler of Go's emits */
// oxlint-disable-next-line max-lines-per-function -- a decoder: one case an opcode
function decodeOne(r: InstructionReader, start: Address): Instruction | undefined {
  const opcode = r.prefixes();
  if (opcode === 0x0f) return decodeTwoByte(r, start);
  if (opcode === 0xc4 || opcode === 0xc5 || opcode === 0x62) return decodeVector(r, opcode);
  if (opcode < 0x40) return arithmetic(r, opcode);
  const size = opcode % 2 === 0 ? 1 : r.operandSize;
  // PUSH and POP of a register; what a POP brings is not followed.
  if (opcode >= 0x50 && opcode <= 0x57) return push(register(r.low(opcode)));
  if (opcode >= 0x58 && opcode <= 0x5f) return make.move(register(r.low(opcode)), constant(Number.NaN), 8);
  // Jcc with 8 bits.
  if (opcode >= 0x70 && opcode <= 0x7f) {
    const offset = r.i8();
    return make.branch(start + r.at + offset, CONDITIONS[opcode & 15]);
  }
  // NOP, and XCHG with AX.
  if (opcode >= 0x90 && opcode <= 0x97) return opcode === 0x90 ? make.other("nothing") : make.clobber([0, r.low(opcode)]);
  // MOV of a constant to a register, 8 bits and wider: with REX.W it is 64 bits long.
  if (opcode >= 0xb0 && opcode <= 0xb7) return byteRegister(r, opcode);
  if (opcode >= 0xb8 && opcode <= 0xbf) {
    const low = r.operandSize === 2 ? r.immediate() : r.u32();
    const value = r.wide ? r.i32() * 2 ** 32 + low : low;
    return make.move(register(r.low(opcode)), constant(value), 8);
  }
  if (opcode >= 0xd8 && opcode <= 0xdf) {
    r.modrm();
    return clobberOnly(r, [], "reads", 8); // x87: no compiler stores with it
  }
  switch (opcode) {
    // MOVSXD
    case 0x63:
      r.modrm();
      return make.move(register(r.reg), r.other, 4, true);
    // PUSH of a constant
    case 0x68:
      return push(constant(r.i32()));
    case 0x6a:
      return push(constant(r.i8()));
    // IMUL by a constant
    case 0x69:
      r.modrm();
      r.immediate();
      return clobberBoth(r, "reads", r.operandSize);
    case 0x6b:
      r.modrm();
      r.i8();
      return clobberBoth(r, "reads", r.operandSize);
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
      return make.compare(r.other, register(r.reg), size, true);
    // MOV to memory or a register
    case 0x88:
    case 0x89:
      r.modrm();
      if (size === 1 && !r.hasRex && r.reg > 3) return clobberBoth(r, "writes", 1); // AH to BH
      return make.move(r.other, register(r.reg), size);
    // MOV from memory or a register
    case 0x8a:
    case 0x8b:
      r.modrm();
      return make.move(register(r.reg), r.other, size);
    // LEA
    case 0x8d:
      r.modrm();
      if (r.other.kind !== "memory") return undefined;
      return make.address(r.reg, r.other);
    // XCHG
    case 0x86:
    case 0x87:
      r.modrm();
      return clobberBoth(r, "updates", size);
    // POP to memory
    case 0x8f:
      r.modrm();
      return clobberOther(r, "writes", 8);
    // TEST of AL or AX with a constant
    case 0xa8:
      r.i8();
      return make.compare(constant(Number.NaN), constant(0), 1, true);
    case 0xa9:
      return make.compare(register(0), constant(r.immediate()), size, true);
    // Shifts and rotations by a constant
    case 0xc0:
    case 0xc1:
      r.modrm();
      r.i8();
      return clobberOther(r, "updates", size);
    // RET
    case 0xc2:
      r.at += 2;
      return make.other("return");
    case 0xc3:
      return make.other("return");
    // MOV of a constant
    case 0xc6:
    case 0xc7: {
      r.modrm();
      const value = size === 1 ? r.i8() : r.immediate();
      return make.move(r.other, constant(value), size);
    }
    // LEAVE
    case 0xc9:
      return make.clobber([RSP, RBP]);
    // INT3, HLT: the compiler puts them where nothing is to go on.
    case 0xcc:
    case 0xf4:
      return make.other("stop");
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
      return make.call(start + r.at + offset);
    }
    // JMP with 32 and with 8 bits
    case 0xe9: {
      const offset = r.i32();
      return make.jump(start + r.at + offset);
    }
    case 0xeb: {
      const offset = r.i8();
      return make.jump(start + r.at + offset);
    }
    // TEST, NOT, NEG, MUL, IMUL, DIV, IDIV, by the register field
    case 0xf6:
    case 0xf7: {
      r.modrm();
      const group = r.reg & 7;
      if (group > 3) return clobberOnly(r, [0, 2], "reads", size);
      if (group > 1) return clobberOther(r, "updates", size);
      const value = size === 1 ? r.i8() : r.immediate();
      return make.compare(r.other, constant(value), size, true);
    }
    // INC and DEC of a byte
    case 0xfe:
      r.modrm();
      return clobberOther(r, "updates", 1);
    // INC, DEC, CALL, JMP, PUSH, by the register field
    case 0xff: {
      r.modrm();
      const group = r.reg & 7;
      if (group === 2) return make.call(r.other);
      if (group === 4) return make.jump(undefined);
      if (group === 6) return push(r.other);
      if (r.other.kind !== "register" || group > 1) return clobberOther(r, group > 1 ? "reads" : "updates", r.operandSize);
      return make.add(r.other.register, r.other, constant(1), group === 0 ? 1 : -1, r.operandSize);
    }
    default:
      // Without operands that matter: CWD, string instructions, flags.
      if ((opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf)) return make.clobber([0, 1, 6, 7]);
      if (opcode === 0x98 || opcode === 0x99) return make.clobber([0, 2]);
      if ((opcode >= 0x9b && opcode <= 0x9f) || opcode >= 0xf5) return make.clobber([0]);
      return undefined;
  }
}

/** MOV of a constant to a byte of a register: what the rest of it holds is not followed. */
function byteRegister(r: InstructionReader, opcode: number): Instruction {
  r.i8();
  return make.clobber([r.low(opcode)]);
}

/** Only the stack pointer matters: what is pushed is popped again. */
function push(_what: Operand): Instruction {
  return make.add(RSP, register(RSP), constant(8), -1, 8);
}

/** 00 to 3f: ADD OR ADC SBB AND SUB XOR CMP, each in six forms. */
function arithmetic(r: InstructionReader, opcode: number): Instruction | undefined {
  const form = opcode & 7;
  const operation = opcode >>> 3;
  if (form > 5) return undefined;
  if (form > 3) {
    const value = form === 4 ? r.i8() : r.immediate();
    const size = form === 4 ? 1 : r.operandSize;
    if (operation === 7) return make.compare(register(0), constant(value), size, false);
    return sum(operation, 0, register(0), constant(value), size) ?? make.clobber([0]);
  }
  r.modrm();
  const size = form % 2 === 0 ? 1 : r.operandSize;
  const [to, from] = form < 2 ? [r.other, register(r.reg)] : [register(r.reg), r.other];
  if (operation === 7) return make.compare(to, from, size, false);
  if (to.kind !== "register") return clobberOnly(r, [], "updates", size);
  if (operation === 6 && from.kind === "register" && from.register === to.register) return make.move(to, constant(0), 8);
  return sum(operation, to.register, to, from, size) ?? clobberOnly(r, [to.register], "reads", size);
}

/** ADD and SUB are followed; of AND, OR, XOR, ADC and SBB only that they write. */
function sum(operation: number, to: Register, a: Operand, b: Operand, size: Bytes): Instruction | undefined {
  if (operation === 0 || operation === 5) return make.add(to, a, b, operation === 0 ? 1 : -1, size);
  return undefined;
}

/** 80, 81, 83: the eight operations with a constant, told by the register field of ModRM. */
function immediateArithmetic(r: InstructionReader, size: Bytes, value: number): Instruction {
  const other = r.other;
  const operation = r.reg & 7;
  if (operation === 7) return make.compare(other, constant(value), size, false);
  if (other.kind === "memory") return clobberOnly(r, [], "updates", size);
  const to = other.kind === "register" ? other.register : 0;
  return sum(operation, to, other, constant(value), size) ?? make.clobber([to]);
}
