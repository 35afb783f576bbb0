// References of arm64 code: ADRP loads the address of a page, an ADD, load or store after it has the low 12 bits. Arm ARM C6.2.13
import type { References } from "./references.js";

const PAGE = 4096;
const WORD = 4;
/** Instructions after an ADRP among which the other one is looked for: the scheduler of cmd/compile moves them apart. */
const FARTHEST = 8;

export const arm64References: References = {
  *find(code, start) {
    const view = viewOf(code);
    for (let at = 0; at + WORD <= code.length; at += WORD) {
      const adrp = view.getUint32(at, true);
      if (!isAdrp(adrp)) continue;
      const next = otherHalf(view, at, adrp & 31);
      if (next === undefined) continue;
      const other = view.getUint32(next, true);
      yield { at, next, check: checkOf(adrp, other), address: page(adrp, start + at) + lowBits(other) };
    }
  },
  follow(code, start, { at, next, check }) {
    if (at + WORD > code.length || next + WORD > code.length) return undefined;
    const view = viewOf(code);
    const adrp = view.getUint32(at, true);
    const other = view.getUint32(next, true);
    if (!isAdrp(adrp) || !addsLowBits(other) || checkOf(adrp, other) !== check) return undefined;
    return page(adrp, start + at) + lowBits(other);
  },
};

const viewOf = (code: Uint8Array) => new DataView(code.buffer, code.byteOffset, code.byteLength);
const isAdrp = (word: number): boolean => (word & 0x9f000000) >>> 0 === 0x90000000;

/** ADD of a constant that is not shifted, or a load or store with a constant. */
const isAdd = (word: number): boolean => (word & 0xffc00000) >>> 0 === 0x91000000;
const addsLowBits = (word: number): boolean => isAdd(word) || (word & 0x3b000000) === 0x39000000;

/** The instruction that adds the low bits to a register; undefined when the register may have another value before. */
function otherHalf(view: DataView, adrp: number, register: number): number | undefined {
  for (let at = adrp + WORD; at + WORD <= view.byteLength && at <= adrp + FARTHEST * WORD; at += WORD) {
    const word = view.getUint32(at, true);
    const isBranch = ((word >>> 26) & 7) === 5;
    if (isBranch) return undefined;
    if (((word >>> 5) & 31) === register) return addsLowBits(word) ? at : undefined;
    // The registers that an instruction writes stand there; some that it only reads do too.
    if ((word & 31) === register || ((word >>> 10) & 31) === register || ((word >>> 16) & 31) === register) return undefined;
  }
  return undefined;
}

function page(adrp: number, pc: number): number {
  const low = (adrp >>> 29) & 3;
  const pages = (((adrp << 8) >> 13) << 2) | low;
  return pc - (pc % PAGE) + pages * PAGE;
}

/** The offset within the page: of loads and stores it is counted in units of their size. */
function lowBits(word: number): number {
  const value = (word >>> 10) & 0xfff;
  if (isAdd(word)) return value;
  const isVectorOf16 = (word & 0x04800000) >>> 0 === 0x04800000;
  return value * (isVectorOf16 ? 16 : 2 ** (word >>> 30));
}

/** Both words without the address: the register of the ADRP in the bits where the other word has its constant. */
function checkOf(adrp: number, other: number): number {
  return ((other & 0xffc003ff) | ((adrp & 31) << 10)) >>> 0;
}
