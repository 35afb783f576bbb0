// Instructions of amd64 as the Go compiler emits them. Intel SDM vol. 2, opcode maps.
import type { Address } from "../../base/units.js";
import type { Condition, Instruction, Machine, Memory, Operand, Register } from "./instructions.js";

const RSP = 4;
const RBP = 5;
const CONDITIONS: readonly Condition[] = [
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

/** One instruction being read. */
class Reader {
  at: number;
  private readonly code: DataView;
  private readonly start: Address;
  private rex = 0;
  operandSize = 4;
  prefix = 0;
  /** Of the ModRM byte: the register, and the other operand. */
  reg: Register = 0;
  rm: Operand = { kind: "constant", value: 0 };
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

  /** @returns the opcode's first byte */
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

  /** The other operand, once the whole instruction is read. */
  get other(): Operand {
    if (this.relative === undefined || this.rm.kind !== "memory") return this.rm;
    return { ...this.rm, offset: this.start + this.at + this.relative };
  }
}

const register = (number: Register): Operand => ({ kind: "register", register: number });
const constant = (value: number): Operand => ({ kind: "constant", value });

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
  pushed: 8,
  decode(code, start) {
    const found: Instruction[] = [];
    let at = 0;
    try {
      while (at < code.byteLength) {
        const reader = new Reader(code, start, at);
        const rest = decodeOne(reader, start);
        if (!rest) break;
        found.push({ pc: start + at, next: start + reader.at, ...rest });
        at = reader.at;
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // the function ends inside an instruction
    }
    return found;
  },
};

type Rest = Instruction extends infer T ? (T extends unknown ? Omit<T, "pc" | "next"> : never) : never;

/** What an instruction writes that is not followed. */
function forgets(r: Reader, writesOther: boolean, size = 8, also: readonly Register[] = []): Rest {
  const other = r.other;
  const registers = other.kind === "register" ? [r.reg, other.register, ...also] : [r.reg, ...also];
  return other.kind === "memory" && writesOther ? { action: "forget", registers, memory: other, size } : { action: "forget", registers };
}

function decodeOne(r: Reader, start: Address): Rest | undefined {
  const opcode = r.prefixes();
  if (opcode === 0x0f) return decodeTwo(r, start);
  if (opcode === 0xc4 || opcode === 0xc5 || opcode === 0x62) return decodeVector(r, opcode);
  if (opcode < 0x40) return arithmetic(r, opcode);
  const size = opcode % 2 === 0 ? 1 : r.operandSize;
  if (opcode >= 0x50 && opcode <= 0x57) return push(register(r.low(opcode)));
  if (opcode >= 0x58 && opcode <= 0x5f) return { action: "move", to: register(r.low(opcode)), from: constant(Number.NaN), size: 8 };
  if (opcode >= 0x70 && opcode <= 0x7f) {
    const offset = r.i8();
    return { action: "branch", target: start + r.at + offset, condition: CONDITIONS[opcode & 15] };
  }
  if (opcode >= 0x90 && opcode <= 0x97)
    return opcode === 0x90 ? { action: "nothing" } : { action: "forget", registers: [0, r.low(opcode)] };
  if (opcode >= 0xb0 && opcode <= 0xb7) return forgetByte(r, opcode);
  if (opcode >= 0xb8 && opcode <= 0xbf) {
    const low = r.operandSize === 2 ? r.immediate() : r.u32();
    const value = r.wide ? r.i32() * 2 ** 32 + low : low;
    return { action: "move", to: register(r.low(opcode)), from: constant(value), size: 8 };
  }
  if (opcode >= 0xd8 && opcode <= 0xdf) {
    r.modrm();
    return { action: "forget", registers: [] };
  }
  switch (opcode) {
    case 0x63:
      r.modrm();
      return { action: "move", to: register(r.reg), from: r.other, size: 4, signed: true };
    case 0x68:
      return push(constant(r.i32()));
    case 0x6a:
      return push(constant(r.i8()));
    case 0x69:
      r.modrm();
      r.immediate();
      return forgets(r, false);
    case 0x6b:
      r.modrm();
      r.i8();
      return forgets(r, false);
    case 0x80:
    case 0x81:
    case 0x83: {
      r.modrm();
      const value = opcode === 0x81 ? r.immediate() : r.i8();
      return immediateArithmetic(r, opcode === 0x80 ? 1 : r.operandSize, value);
    }
    case 0x84:
    case 0x85:
      r.modrm();
      return { action: "compare", a: r.other, b: register(r.reg), size, mask: true };
    case 0x88:
    case 0x89:
      r.modrm();
      if (size === 1 && !r.hasRex && r.reg > 3) return forgets(r, true, 1); // AH to BH
      return { action: "move", to: r.other, from: register(r.reg), size };
    case 0x8a:
    case 0x8b:
      r.modrm();
      return { action: "move", to: register(r.reg), from: r.other, size };
    case 0x8d:
      r.modrm();
      if (r.other.kind !== "memory") return undefined;
      return { action: "address", to: r.reg, of: r.other };
    case 0x86:
    case 0x87:
    case 0x8f:
      r.modrm();
      return forgets(r, true);
    case 0xa8:
      r.i8();
      return { action: "compare", a: constant(Number.NaN), b: constant(0), size: 1, mask: true };
    case 0xa9:
      return { action: "compare", a: register(0), b: constant(r.immediate()), size, mask: true };
    case 0xc0:
    case 0xc1:
      r.modrm();
      r.i8();
      return forgets(r, true);
    case 0xc2:
      r.at += 2;
      return { action: "return" };
    case 0xc3:
      return { action: "return" };
    case 0xc6:
    case 0xc7: {
      r.modrm();
      const value = size === 1 ? r.i8() : r.immediate();
      return { action: "move", to: r.other, from: constant(value), size };
    }
    case 0xc9:
      return { action: "forget", registers: [RSP, RBP] };
    case 0xcc:
    case 0xf4:
      return { action: "stop" };
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      r.modrm();
      return forgets(r, true);
    case 0xe8: {
      const offset = r.i32();
      return { action: "call", target: start + r.at + offset };
    }
    case 0xe9: {
      const offset = r.i32();
      return { action: "jump", target: start + r.at + offset };
    }
    case 0xeb: {
      const offset = r.i8();
      return { action: "jump", target: start + r.at + offset };
    }
    case 0xf6:
    case 0xf7: {
      r.modrm();
      const group = r.reg & 7;
      if (group > 1) return group > 3 ? { action: "forget", registers: [0, 2] } : forgets(r, true);
      const value = size === 1 ? r.i8() : r.immediate();
      return { action: "compare", a: r.other, b: constant(value), size, mask: true };
    }
    case 0xfe:
      r.modrm();
      return forgets(r, true, 1);
    case 0xff: {
      r.modrm();
      const group = r.reg & 7;
      if (group === 2) return { action: "call", target: r.other };
      if (group === 4) return { action: "jump", target: undefined };
      if (group === 6) return push(r.other);
      const add: Rest | undefined =
        r.other.kind === "register" && group < 2
          ? { action: "add", to: r.other.register, a: r.other, b: constant(1), sign: group === 0 ? 1 : -1, size: r.operandSize }
          : undefined;
      return add ?? forgets(r, true);
    }
    default:
      // Without operands that matter: CWD, string instructions, flags.
      if ((opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf)) return { action: "forget", registers: [0, 1, 6, 7] };
      if (opcode === 0x98 || opcode === 0x99) return { action: "forget", registers: [0, 2] };
      if ((opcode >= 0x9b && opcode <= 0x9f) || opcode >= 0xf5) return { action: "forget", registers: [0] };
      return undefined;
  }
}

function forgetByte(r: Reader, opcode: number): Rest {
  r.i8();
  return { action: "forget", registers: [r.low(opcode)] };
}

/** Only the stack pointer matters: what is pushed is popped again. */
function push(_what: Operand): Rest {
  return { action: "add", to: RSP, a: register(RSP), b: constant(8), sign: -1, size: 8 };
}

/** 00 to 3f: ADD OR ADC SBB AND SUB XOR CMP, each in six forms. */
function arithmetic(r: Reader, opcode: number): Rest | undefined {
  const form = opcode & 7;
  const operation = opcode >>> 3;
  if (form > 5) return undefined;
  if (form > 3) {
    const value = form === 4 ? r.i8() : r.immediate();
    const size = form === 4 ? 1 : r.operandSize;
    if (operation === 7) return { action: "compare", a: register(0), b: constant(value), size, mask: false };
    return sum(operation, 0, register(0), constant(value), size) ?? { action: "forget", registers: [0] };
  }
  r.modrm();
  const size = form % 2 === 0 ? 1 : r.operandSize;
  const [to, from] = form < 2 ? [r.other, register(r.reg)] : [register(r.reg), r.other];
  if (operation === 7) return { action: "compare", a: to, b: from, size, mask: false };
  if (to.kind !== "register") return { action: "forget", registers: [], memory: to as Memory, size };
  if (operation === 6 && from.kind === "register" && from.register === to.register)
    return { action: "move", to, from: constant(0), size: 8 };
  return sum(operation, to.register, to, from, size) ?? { action: "forget", registers: [to.register] };
}

function sum(operation: number, to: Register, a: Operand, b: Operand, size: number): Rest | undefined {
  if (operation === 0 || operation === 5) return { action: "add", to, a, b, sign: operation === 0 ? 1 : -1, size };
  return undefined;
}

/** 80, 81, 83. */
function immediateArithmetic(r: Reader, size: number, value: number): Rest {
  const other = r.other;
  const operation = r.reg & 7;
  if (operation === 7) return { action: "compare", a: other, b: constant(value), size, mask: false };
  if (other.kind === "memory") return { action: "forget", registers: [], memory: other, size };
  const to = other.kind === "register" ? other.register : 0;
  return sum(operation, to, other, constant(value), size) ?? { action: "forget", registers: [to] };
}

function decodeTwo(r: Reader, start: Address): Rest | undefined {
  const opcode = r.u8();
  if (opcode >= 0x80 && opcode <= 0x8f) {
    const offset = r.i32();
    return { action: "branch", target: start + r.at + offset, condition: CONDITIONS[opcode & 15] };
  }
  if (opcode === 0x0b) return { action: "stop" };
  if (opcode === 0x05 || opcode === 0x31 || opcode === 0xa2 || opcode === 0x01) {
    if (opcode === 0x01) r.modrm();
    return { action: "forget", registers: [0, 1, 2, 3, 11] };
  }
  if (opcode === 0x77 || (opcode >= 0xc8 && opcode <= 0xcf)) return { action: "forget", registers: opcode === 0x77 ? [] : [r.low(opcode)] };
  if (opcode === 0x38 || opcode === 0x3a) {
    r.u8();
    r.modrm();
    if (opcode === 0x3a) r.u8();
    return forgets(r, true);
  }
  r.modrm();
  if ((opcode >= 0x70 && opcode <= 0x73) || [0xa4, 0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6].includes(opcode)) r.u8();
  const size = opcode % 2 === 0 ? 1 : 2;
  if (opcode === 0xb6 || opcode === 0xb7 || opcode === 0xbe || opcode === 0xbf)
    return { action: "move", to: register(r.reg), from: r.other, size, signed: opcode > 0xb8 };
  if (opcode === 0x1f || opcode === 0x18 || opcode === 0x0d) return { action: "nothing" };
  // Stores of vector registers; the compiler keeps zeros in X15.
  if ((opcode === 0x11 || opcode === 0x29 || opcode === 0x7f || opcode === 0x7e || opcode === 0xd6) && r.other.kind === "memory") {
    const stored = opcode === 0xd6 || (opcode === 0x11 && r.prefix !== 0) || (opcode === 0x7e && r.prefix !== 0xf3) ? 8 : 16;
    if (opcode === 0x7e && r.prefix === 0xf3) return { action: "nothing" };
    return r.reg === 15
      ? { action: "zero", memory: r.other, size: stored }
      : { action: "forget", registers: [], memory: r.other, size: stored };
  }
  // To general registers: MOVD, MOVMSK, CVT; bit operations, CMOV, SETcc, XADD, CMPXCHG.
  const writesOther = (opcode >= 0x90 && opcode <= 0x9f) || (opcode >= 0xa3 && opcode <= 0xc7 && opcode !== 0xaf);
  // CMPXCHG writes AX and the memory; CMPXCHG16B AX and DX.
  const also = opcode === 0xb0 || opcode === 0xb1 ? [0] : opcode === 0xc7 ? [0, 2] : [];
  return forgets(r, writesOther, 8, also);
}

/** VEX and EVEX: vector instructions; only their length matters. */
function decodeVector(r: Reader, first: number): Rest {
  let map = 1;
  if (first === 0xc4 || first === 0x62) {
    map = r.u8() & (first === 0x62 ? 7 : 31);
    r.u8();
    if (first === 0x62) r.u8();
  } else r.u8();
  const opcode = r.u8();
  if (map === 1 && opcode === 0x77) return { action: "nothing" };
  r.modrm();
  if (map === 3 || (map === 1 && ((opcode >= 0x70 && opcode <= 0x73) || [0xc2, 0xc4, 0xc5, 0xc6].includes(opcode)))) r.u8();
  const stores = map === 1 && (opcode === 0x11 || opcode === 0x29 || opcode === 0x7f || opcode === 0xe7);
  // The general registers that BMI instructions write may be named in the prefix: all are forgotten.
  if (map === 2 || map === 3) return { action: "forget", registers: [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15] };
  return forgets(r, stores, 64);
}
