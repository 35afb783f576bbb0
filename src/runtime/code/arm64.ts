// Instructions of arm64 as the Go compiler emits them. Arm ARM C4.1, the index by encoding.
//
// Every instruction is a word; bits 25 to 28 tell its group. Register 31 is the stack pointer or zero, which the instruction decides.
// Where it changes its base register, or names two registers, an instruction is several steps of the common terms, in their order.
import type { Address, Bytes } from "../../base/units.js";
import {
  type Condition,
  constant,
  type Instruction,
  type Machine,
  type Memory,
  make,
  type Operand,
  place,
  type Register,
  register,
} from "./instructions.js";

const SP = 31;
/** By the number in B.cond. "other" conditions, of single flags, are not followed. */
const CONDITIONS: readonly Condition[] = [
  "equal",
  "not equal",
  "not below",
  "below",
  "other",
  "other",
  "other",
  "other",
  "above",
  "not above",
  "not less",
  "less",
  "greater",
  "not greater",
  "other",
  "other",
];

/** Registers X0 to X30; 31 stands for the stack pointer here. */
export const arm64: Machine = {
  registers: 32,
  names: Array.from({ length: 31 }, (_, number) => `x${number}`),
  stackPointer: SP,
  framePointer: 29,
  arguments: Array.from({ length: 16 }, (_, index) => index),
  context: 26,
  helpers: [
    { name: "runtime.gcWriteBarrier", changes: [25, 27] },
    { name: "runtime.duff", changes: [16, 17, 20, 21, 23, 26, 27] },
  ],
  dwarf: Array.from({ length: 32 }, (_, index) => index),
  foldsSigns: true,
  pushed: 0,
  decode(code, start, offset = 0, most = Number.POSITIVE_INFINITY) {
    const found: Instruction[] = [];
    for (let at = offset, count = 0; at + 4 <= code.byteLength && count < most; at += 4, count++) {
      const pc = start + at;
      const steps = decodeOne(code.getUint32(at, true), pc);
      for (const each of steps) found.push(place(each, pc, pc + 4));
      if (steps.length === 0) found.push(place(make.other("nothing"), pc, pc + 4));
    }
    return found;
  },
};

const bits = (word: number, from: number, count: number): number => (word >>> from) & (2 ** count - 1);
const signed = (value: number, count: number): number => (value >= 2 ** (count - 1) ? value - 2 ** count : value);
/** Register 31 is zero in most places, the stack pointer in others. */
const orZero = (number: Register): Operand => (number === 31 ? constant(0) : register(number));
const orSp = register;
/** What is written to register 31 is lost. */
const notZero = (...numbers: Register[]): Register[] => numbers.filter((each) => each !== 31);
const at = (base: Register, offset: number, index = -1, scale = 1): Memory => ({ kind: "memory", base, index, scale, offset });

/** The steps of an instruction; none when it does nothing that is followed. */
function decodeOne(word: number, pc: Address): readonly Instruction[] {
  const d = word & 31;
  const n = bits(word, 5, 5);
  if (word === 0 || word >>> 21 === 0b11010100001) return [make.other("stop")];
  const group = bits(word, 25, 4);
  if (group >>> 1 === 4) return immediate(word, pc, d, n);
  if (group >>> 1 === 5) return branch(word, pc, n);
  if ((group & 5) === 4) return memory(word, d, n);
  if ((group & 7) === 5) return registers(word, d, n);
  // Vectors: FMOV, UMOV and conversions write general registers.
  return [make.clobber(notZero(d))];
}

/** Data processing with a constant: ADR, ADD, SUB, MOV, logic, bit fields. */
function immediate(word: number, pc: Address, d: Register, n: Register): readonly Instruction[] {
  const wide = word >>> 31 === 1;
  const size = wide ? 8 : 4;
  switch (bits(word, 23, 3)) {
    case 0:
    case 1: {
      // ADR counts from the instruction, ADRP in pages of 4 KiB.
      const offset = signed(bits(word, 5, 19) * 4 + bits(word, 29, 2), 21);
      const value = wide ? pc - (pc % 4096) + offset * 4096 : pc + offset;
      return [make.move(orSp(d), constant(value), 8)];
    }
    // ADD and SUB, also shifted left by 12; with flags to register 31 they are CMN and CMP.
    case 2: {
      const value = bits(word, 10, 12) * (bits(word, 22, 1) === 1 ? 4096 : 1);
      const subtracts = bits(word, 30, 1) === 1;
      const setsFlags = bits(word, 29, 1) === 1;
      if (setsFlags && d === 31) return [make.compare(orSp(n), constant(subtracts ? value : -value), size, false)];
      return [make.add(d, orSp(n), constant(value), subtracts ? -1 : 1, size)];
    }
    // MOVZ, MOVN; MOVK changes a part of the register only, so the whole is not known any more.
    case 5: {
      const value = bits(word, 5, 16);
      const scale = 65536 ** bits(word, 21, 2);
      const kind = bits(word, 29, 2);
      if (kind === 2) return [make.move(orSp(d), constant(value * scale), 8)];
      if (kind === 0) return [make.move(orSp(d), constant(-(value * scale) - 1), size)];
      return [make.clobber(notZero(d))];
    }
    case 4: {
      // AND, ORR, EOR, ANDS of a pattern; ORR with zero is how a constant like 16 gets into a register.
      const value = bits(word, 29, 2) === 1 && n === 31 ? pattern(word, wide) : undefined;
      if (value !== undefined) return [make.move(orSp(d), constant(value), 8)];
      if (bits(word, 29, 2) === 3 && d === 31) return [make.compare(constant(Number.NaN), constant(0), size, true)];
      return [make.clobber([d])];
    }
    default:
      return [make.clobber(notZero(d))];
  }
}

/**
 * The constant of a logical instruction: ones in a row, turned right, as often as they fit. Arm Architecture Reference Manual, DecodeBitMasks
 * @returns undefined when no number of JavaScript is exactly that
 */
function pattern(word: number, wide: boolean): number | undefined {
  const length = bits(word, 22, 1) * 64 + (~bits(word, 10, 6) & 63);
  const size = length < 2 ? 0 : 2 ** Math.floor(Math.log2(length));
  const [ones, turn] = [(bits(word, 10, 6) & (size - 1)) + 1, bits(word, 16, 6) & (size - 1)];
  if (size === 0 || ones === size || (!wide && size > 32)) return undefined;
  const row = (1n << BigInt(ones)) - 1n;
  const element = BigInt.asUintN(size, (row >> BigInt(turn)) | (row << BigInt(size - turn)));
  let whole = 0n;
  for (let at = 0; at < (wide ? 64 : 32); at += size) whole |= element << BigInt(at);
  const value = Number(BigInt.asIntN(64, whole));
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Branches, with and without a condition, exceptions and system instructions. */
function branch(word: number, pc: Address, n: Register): readonly Instruction[] {
  // B and BL
  if (bits(word, 26, 5) === 0b00101) {
    const target = pc + signed(word & 0x3ffffff, 26) * 4;
    return [word >>> 31 === 1 ? make.call(target) : make.jump(target)];
  }
  // B.cond
  if (word >>> 24 === 0x54) {
    const target = pc + signed(bits(word, 5, 19), 19) * 4;
    return [make.branch(target, CONDITIONS[word & 15])];
  }
  // CBZ and CBNZ
  if (bits(word, 25, 6) === 0b011010) {
    const target = pc + signed(bits(word, 5, 19), 19) * 4;
    const size = word >>> 31 === 1 ? 8 : 4;
    return [
      make.compare(orZero(word & 31), constant(0), size, false),
      make.branch(target, bits(word, 24, 1) === 0 ? "equal" : "not equal"),
    ];
  }
  // TBZ and TBNZ
  if (bits(word, 25, 6) === 0b011011) {
    const bit = bits(word, 19, 5) + (word >>> 31) * 32;
    const target = pc + signed(bits(word, 5, 14), 14) * 4;
    const mask: Instruction = make.compare(orZero(word & 31), constant(2 ** bit), bit < 32 ? 4 : 8, true);
    return [mask, make.branch(target, bits(word, 24, 1) === 0 ? "equal" : "not equal")];
  }
  // BR, BLR and RET
  if (word >>> 25 === 0b1101011) {
    const kind = bits(word, 21, 4);
    if (kind === 0) return [make.jump(undefined)];
    if (kind === 1) return [make.call(orZero(n))];
    if (kind === 2) return [make.other("return")];
  }
  // Barriers, hints; MRS writes a register.
  return [make.clobber(bits(word, 20, 12) === 0xd53 ? notZero(word & 31) : [])];
}

/** Loads and stores. The addressing mode is told by bits 24 and 21, and by bits 10 and 11. */
function memory(word: number, t: Register, n: Register): readonly Instruction[] {
  const isVector = bits(word, 26, 1) === 1;
  const kind = bits(word, 27, 3);
  const loads = bits(word, 22, 1) === 1;
  if (kind === 5) return pair(word, t, n, isVector, loads);
  const width = 2 ** (word >>> 30);
  if (kind === 1) return exclusive(word, t, n, isVector ? 64 : width);
  if (kind === 3) return [make.clobber(notZero(t))]; // relative to pc
  const size = isVector && bits(word, 23, 1) === 1 ? 16 : width;
  const operation = bits(word, 22, 2);
  const access = (where: Memory): Instruction => {
    if (isVector || (t === 31 && operation !== 0)) return untracked(where, size, isVector ? loads : true);
    if (operation === 0) return make.move(where, orZero(t), size);
    return make.move(orSp(t), where, size, operation > 1);
  };
  // Offset in units of the size, unsigned; else 9 bits signed in bytes, which may change the base before or after.
  if (bits(word, 24, 1) === 1) return [access(at(n, bits(word, 10, 12) * size))];
  const mode = bits(word, 10, 2);
  if (bits(word, 21, 1) === 1) {
    if (mode === 2) {
      const index = bits(word, 16, 5);
      // Only whole registers as indexes; others make an address that is not known.
      const isWhole = bits(word, 13, 3) === 3;
      return [access(at(n, isWhole ? 0 : Number.NaN, index === 31 ? -1 : index, bits(word, 12, 1) === 1 ? size : 1))];
    }
    // Atomic sums and swaps.
    const where = { memory: at(n, 0), size: width };
    return [make.clobber(notZero(t, bits(word, 16, 5)), where, where)];
  }
  const offset = signed(bits(word, 12, 9), 9);
  if (mode === 0 || mode === 2) return [access(at(n, offset))];
  const move: Instruction = make.add(n, orSp(n), constant(offset), 1, 8);
  return mode === 1 ? [access(at(n, 0)), move] : [move, access(at(n, 0))];
}

/** A load into a register that is not followed, or a store of one. */
function untracked(memory: Memory, size: Bytes, loads: boolean): Instruction {
  const access = { memory, size };
  return make.clobber([], loads ? access : undefined, loads ? undefined : access);
}

/** Exclusive and ordered accesses, and compare and swap: they name a register for the outcome, and may name two for the value. */
function exclusive(word: number, t: Register, n: Register, size: Bytes): readonly Instruction[] {
  const where = { memory: at(n, 0), size };
  const isSwap = bits(word, 21, 1) === 1 && bits(word, 23, 1) === 1;
  const loads = bits(word, 22, 1) === 1;
  const registers = notZero(t, bits(word, 16, 5), bits(word, 10, 5));
  return [make.clobber(registers, isSwap || loads ? where : undefined, isSwap || !loads ? where : undefined)];
}

/** LDP and STP: two registers at once, with a base that may move before (pre-index) or after it (post-index). */
function pair(word: number, t: Register, n: Register, isVector: boolean, loads: boolean): readonly Instruction[] {
  const size = isVector ? 4 * 2 ** (word >>> 30) : word >>> 31 === 1 ? 8 : 4;
  const second = bits(word, 10, 5);
  const offset = signed(bits(word, 15, 7), 7) * size;
  const access = (base: number): Instruction[] =>
    [t, second].map((register, index): Instruction => {
      const where = at(n, base + index * size);
      if (isVector) return untracked(where, size, loads);
      if (!loads) return make.move(where, orZero(register), size);
      // LDPSW as LDP: what it reads is no pointer.
      return register === 31 ? untracked(where, size, true) : make.move(orSp(register), where, size);
    });
  const move: Instruction = make.add(n, orSp(n), constant(offset), 1, 8);
  const mode = bits(word, 23, 2);
  if (mode === 1) return [...access(0), move];
  if (mode === 3) return [move, ...access(0)];
  const both = access(offset);
  // The base may be loaded over by the first.
  return loads && t === n && both[0] && both[1] ? [both[1], both[0]] : both;
}

/** Data processing with registers: logic, sums, shifts, conditional selects. */
function registers(word: number, d: Register, n: Register): readonly Instruction[] {
  const size = word >>> 31 === 1 ? 8 : 4;
  const m = bits(word, 16, 5);
  const plain = bits(word, 10, 6) === 0;
  const top = bits(word, 24, 5);
  if (top === 0b01010) {
    const kind = bits(word, 29, 2);
    const inverts = bits(word, 21, 1) === 1;
    // ORR with the zero register is MOV; ANDS to it is TST.
    if (kind === 1 && n === 31 && plain && !inverts) return d === 31 ? [] : [make.move(orSp(d), orZero(m), size === 4 ? 4 : 8)];
    if (kind === 3 && d === 31 && plain && !inverts) return [make.compare(orZero(n), orZero(m), size, true)];
    return [make.clobber(notZero(d))];
  }
  if (top === 0b01011) {
    const isExtended = bits(word, 21, 1) === 1;
    const subtracts = bits(word, 30, 1) === 1;
    const setsFlags = bits(word, 29, 1) === 1;
    const known = isExtended ? bits(word, 10, 6) === 0b011000 : plain;
    const a = isExtended ? orSp(n) : orZero(n);
    const b = known ? orZero(m) : constant(Number.NaN);
    if (setsFlags && d === 31) return [make.compare(a, subtracts ? b : constant(Number.NaN), size, false)];
    if (isExtended ? false : d === 31) return [];
    return [make.add(d, a, b, subtracts ? -1 : 1, size)];
  }
  return [make.clobber(notZero(d))];
}
