// Instructions of amd64 with more than one byte of opcode: the map behind 0F, and vectors behind VEX and EVEX. Intel SDM vol. 2, appendix A.3
import type { Address, Bytes } from "../../base/units.js";
import { CONDITIONS, clobberBoth, clobberOnly, clobberOther, type InstructionReader, type Use } from "./amd64-operands.js";
import { type Instruction, make, type Register, register } from "./instructions.js";

/** Loads and arithmetic of vectors with a byte of immediate behind the operands. */
const VECTORS_WITH_IMMEDIATE = new Set([0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6]);
/** SHLD, SHRD by a constant, and the group of bit tests. */
const GENERAL_WITH_IMMEDIATE = new Set([0xa4, 0xac, 0xba]);
/** Stores of vector registers: MOVUPS, MOVLPS, MOVHPS, MOVAPS, MOVNTPS, MOVD, MOVDQU, MOVQ, MOVNTDQ. */
const VECTOR_STORES = new Set([0x11, 0x13, 0x17, 0x29, 0x2b, 0x7e, 0x7f, 0xd6, 0xe7]);
/** Read and write their operand: SHLD, BTS, SHRD, FXSAVE and others, CMPXCHG, BTR, BTC, XADD, CMPXCHG16B. */
const UPDATES = new Set([0xa4, 0xa5, 0xab, 0xac, 0xad, 0xae, 0xb0, 0xb1, 0xb3, 0xbb, 0xc0, 0xc1, 0xc7]);
const MOVNTI = 0xc3;

/** @returns undefined when the instruction is not known */
export function decodeTwoByte(r: InstructionReader, start: Address): Instruction | undefined {
  const opcode = r.u8();
  if (opcode >= 0x80 && opcode <= 0x8f) {
    const offset = r.i32();
    return make.branch(start + r.at + offset, CONDITIONS[opcode & 15]);
  }
  if (opcode === 0x0b) return make.other("stop");
  // SYSCALL, RDTSC, CPUID, and XGETBV of the group 01.
  if (opcode === 0x05 || opcode === 0x31 || opcode === 0xa2 || opcode === 0x01) {
    if (opcode === 0x01) r.modrm();
    return make.clobber([0, 1, 2, 3, 11]);
  }
  if (opcode === 0x77) return make.clobber([]);
  if (opcode >= 0xc8 && opcode <= 0xcf) return make.clobber([r.low(opcode)]);
  if (opcode === 0x38 || opcode === 0x3a) return decodeThreeByte(r, opcode);
  r.modrm();
  if (VECTORS_WITH_IMMEDIATE.has(opcode) || GENERAL_WITH_IMMEDIATE.has(opcode)) r.u8();
  const width = opcode % 2 === 0 ? 1 : 2;
  if (opcode === 0xb6 || opcode === 0xb7 || opcode === 0xbe || opcode === 0xbf)
    return make.move(register(r.reg), r.other, width, opcode > 0xb8);
  if (opcode === 0x1f || opcode === 0x18 || opcode === 0x0d) return make.other("nothing"); // NOP, PREFETCH
  if (VECTOR_STORES.has(opcode) && r.other.kind === "memory") return vectorStore(r, opcode);
  const [use, size] = operandUse(r, opcode);
  // SETcc and the bit tests have a part of the opcode where others have a register; MOVD and MOVQ from a vector write the other operand.
  if ((opcode >= 0x90 && opcode <= 0x9f) || opcode === 0xba || opcode === 0x7e) return clobberOther(r, use, size);
  if (writesVector(opcode)) return clobberOnly(r, [], use, size);
  // To general registers: MOVMSK, CVT; bit operations, CMOV, XADD, CMPXCHG.
  return clobberBoth(r, use, size, impliedRegisters(opcode));
}

/** The register that the instruction names is a vector: moves, arithmetic, comparisons, but not CVT to integers, MOVMSK and PEXTRW. */
function writesVector(opcode: number): boolean {
  if (opcode >= 0x10 && opcode <= 0x17) return true;
  if (opcode >= 0x28 && opcode <= 0x2f) return opcode !== 0x2c && opcode !== 0x2d;
  if (opcode >= 0x51 && opcode <= 0x7f) return true;
  return opcode === 0xc2 || opcode === 0xc4 || opcode === 0xc6 || (opcode >= 0xd0 && opcode !== 0xd7);
}

/** The maps behind 0F 38 and 0F 3A: all of vectors, but MOVBE and the extractions of single elements. */
function decodeThreeByte(r: InstructionReader, map: number): Instruction {
  const opcode = r.u8();
  r.modrm();
  if (map === 0x3a) r.u8();
  const stores = map === 0x38 ? opcode === 0xf1 : opcode >= 0x14 && opcode <= 0x17;
  return clobberBoth(r, stores ? "writes" : "reads", stores ? 8 : 16);
}

function vectorStore(r: InstructionReader, opcode: number): Instruction {
  const isLoad = opcode === 0x7e && r.prefix === 0xf3; // MOVQ in the other direction
  const size = isLoad ? 8 : storedSize(r, opcode);
  if (isLoad) return clobberOnly(r, [], "reads", size);
  // The compiler keeps zeros in X15.
  return r.reg === 15 && r.other.kind === "memory" ? make.zero(r.other, size) : clobberOnly(r, [], "writes", size);
}

function storedSize(r: InstructionReader, opcode: number): Bytes {
  if (opcode === 0x11) return r.prefix === 0xf3 ? 4 : r.prefix === 0xf2 ? 8 : 16;
  if (opcode === 0x7e) return r.wide ? 8 : 4;
  return opcode === 0xd6 || opcode === 0x13 || opcode === 0x17 ? 8 : 16;
}

/** What becomes of the operand in memory, and how much of it. */
function operandUse(r: InstructionReader, opcode: number): readonly [Use, Bytes] {
  if (opcode >= 0x90 && opcode <= 0x9f) return ["writes", 1];
  if (opcode === MOVNTI) return ["writes", r.operandSize];
  if (opcode === 0xc7) return ["updates", 2 * r.operandSize];
  const isGeneral = (opcode >= 0x40 && opcode <= 0x4f) || (opcode >= 0xa0 && opcode <= 0xc1);
  const size = !isGeneral ? 16 : opcode === 0xb0 || opcode === 0xc0 ? 1 : r.operandSize;
  const updates = UPDATES.has(opcode) || (opcode === 0xba && (r.reg & 7) > 4); // of BA, 4 is the test that changes nothing
  return [updates ? "updates" : "reads", size];
}

/** CMPXCHG writes AX, CMPXCHG16B AX and DX. */
function impliedRegisters(opcode: number): readonly Register[] {
  if (opcode === 0xb0 || opcode === 0xb1) return [0];
  return opcode === 0xc7 ? [0, 2] : [];
}

/** VEX (C4, C5) and EVEX (62): only the length of the instruction matters, and what it does to memory. */
export function decodeVector(r: InstructionReader, first: number): Instruction {
  let map = 1;
  let last = r.u8();
  if (first !== 0xc5) {
    map = last & (first === 0x62 ? 7 : 31);
    last = r.u8();
    if (first === 0x62) r.u8();
  }
  const opcode = r.u8();
  if (map === 1 && opcode === 0x77) return make.other("nothing");
  r.modrm();
  if (map === 3 || (map === 1 && VECTORS_WITH_IMMEDIATE.has(opcode))) r.u8();
  // The general registers that BMI instructions write may be named in the prefix: any may be.
  if (map === 2 || map === 3) return clobberOnly(r, [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15], "reads", 64);
  const isLoad = opcode === 0x7e && (last & 3) === 2;
  const size = first === 0x62 ? 64 : last & 4 ? 32 : 16;
  return clobberBoth(r, VECTOR_STORES.has(opcode) && !isLoad ? "writes" : "reads", size);
}
