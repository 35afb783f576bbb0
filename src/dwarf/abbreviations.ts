// Abbreviation tables: what attributes a DIE has, in which forms, and how to step over them. DWARF 5 section 7.5.3.
//
// A DIE is a code and the values of its attributes, one after the other, without any length. The table says for each code which
// attributes follow and how they are written, and so where the next DIE begins.
import type { ByteReader } from "../base/byte-reader.js";
import { DW_FORM } from "./constants.js";
import { DENSE_CODES } from "./limits.js";

/** What the sizes of some forms depend on, from the header of a unit. */
export interface Encoding {
  readonly version: number;
  readonly addressSize: number;
  readonly offsetSize: 4 | 8;
}

/**
 * One declaration: the shape that many DIEs share. `at`, `form` and `implicit` are parallel, one entry an attribute.
 * DWARF 5 section 7.5.3
 */
export interface Abbreviation {
  readonly tag: number;
  readonly children: boolean;
  readonly at: readonly number[];
  readonly form: readonly number[];
  /** Values of DW_FORM_implicit_const, 0 elsewhere. */
  readonly implicit: readonly number[];
  /**
   * How to step over the DIE: n >= 0 means n bytes, below 0 a SKIP_* step.
   * Neighbouring fixed sizes are merged, so most DIEs take one or two steps.
   */
  readonly skip: Int32Array;
}

/** Steps over values that say their own length: text up to a NUL, LEB128, blocks with a length of 1, 2, 4 bytes or as LEB128, a form. */
const SKIP_STRING = -1;
export const SKIP_LEB = -2;
const SKIP_BLOCK1 = -3;
const SKIP_BLOCK2 = -4;
const SKIP_BLOCK4 = -5;
const SKIP_BLOCK = -6;
const SKIP_INDIRECT = -7;
const UNKNOWN_FORM = -100;

/** Sizes that the encoding of a unit decides. */
const ADDRESS = -50;
const OFFSET = -51;
const REFERENCE = -52;

/** [DW_FORM_*] bytes, a SKIP_* step, or one of the three above. DWARF 5 section 7.5.6 */
const STEPS = new Int8Array(DW_FORM.GNU_strp_alt + 1).fill(UNKNOWN_FORM);
const F = DW_FORM;
const formsOf: readonly (readonly [step: number, forms: readonly number[]])[] = [
  [0, [F.flag_present, F.implicit_const]],
  [1, [F.data1, F.flag, F.ref1, F.strx1, F.addrx1]],
  [2, [F.data2, F.ref2, F.strx2, F.addrx2]],
  [3, [F.strx3, F.addrx3]],
  [4, [F.data4, F.ref4, F.strx4, F.addrx4, F.ref_sup4]],
  [8, [F.data8, F.ref8, F.ref_sig8, F.ref_sup8]],
  [16, [F.data16]],
  [ADDRESS, [F.addr]],
  [REFERENCE, [F.ref_addr]],
  [OFFSET, [F.sec_offset, F.strp, F.line_strp, F.strp_sup, F.GNU_ref_alt, F.GNU_strp_alt]],
  [SKIP_LEB, [F.sdata, F.udata, F.ref_udata, F.strx, F.addrx, F.loclistx, F.rnglistx, F.GNU_addr_index, F.GNU_str_index]],
  [SKIP_STRING, [F.string]],
  [SKIP_BLOCK1, [F.block1]],
  [SKIP_BLOCK2, [F.block2]],
  [SKIP_BLOCK4, [F.block4]],
  [SKIP_BLOCK, [F.block, F.exprloc]],
  [SKIP_INDIRECT, [F.indirect]],
];
for (const [step, forms] of formsOf) for (const form of forms) STEPS[form] = step;

/** Bytes of a form, or a SKIP_* step; UNKNOWN_FORM for forms no standard has. */
export function formStep(form: number, encoding: Encoding): number {
  const step = STEPS[form] ?? UNKNOWN_FORM;
  switch (step) {
    case ADDRESS:
      return encoding.addressSize;
    case OFFSET:
      return encoding.offsetSize;
    // DWARF 2 wrote a reference into another unit as an address.
    case REFERENCE:
      return encoding.version <= 2 ? encoding.addressSize : encoding.offsetSize;
    default:
      return step;
  }
}

/** The abbreviations of a unit, which others may share, by code; codes are small and dense in practice, so an array with a bound and a map beyond it. */
export class AbbreviationTable {
  private readonly dense: (Abbreviation | undefined)[] = [];
  private readonly sparse = new Map<number, Abbreviation>();

  /** undefined when the table has no such code. */
  get(code: number): Abbreviation | undefined {
    return code < DENSE_CODES ? this.dense[code] : this.sparse.get(code);
  }

  set(code: number, abbreviation: Abbreviation): void {
    if (code >= DENSE_CODES) this.sparse.set(code, abbreviation);
    else {
      while (this.dense.length <= code) this.dense.push(undefined);
      this.dense[code] = abbreviation;
    }
  }
}

/** Reads the table at the reader's offset. @throws FormatError when it is cut or names an unknown form. */
export function readAbbreviations(reader: ByteReader, encoding: Encoding): AbbreviationTable {
  const table = new AbbreviationTable();
  for (;;) {
    const code = reader.uleb();
    if (code === 0) return table;
    const tag = reader.uleb();
    const children = reader.u8() !== 0;
    const at: number[] = [];
    const form: number[] = [];
    const implicit: number[] = [];
    const skip: number[] = [];
    for (;;) {
      const name = reader.uleb();
      const kind = reader.uleb();
      const value = kind === DW_FORM.implicit_const ? reader.sleb() : 0;
      if (name === 0 && kind === 0) break;
      const step = formStep(kind, encoding);
      if (step === UNKNOWN_FORM) throw reader.error(`unknown DW_FORM ${kind}`);
      const last = skip.length - 1;
      if (step >= 0 && last >= 0 && skip[last] >= 0) skip[last] = skip[last] + step;
      else skip.push(step);
      at.push(name);
      form.push(kind);
      implicit.push(value);
    }
    table.set(code, { tag, children, at, form, implicit, skip: Int32Array.from(skip) });
  }
}

/**
 * The position after a DIE's attributes that begin at `at`. The fast path of the scan: no decoding, no allocation.
 * May return a position beyond `end` when the DIE is cut; the caller checks once per DIE.
 */
export function skipAttributes(bytes: Uint8Array, at: number, end: number, skip: Int32Array, encoding: Encoding): number {
  let position = at;
  for (let i = 0; i < skip.length; i++) {
    const step = skip[i];
    position = step >= 0 ? position + step : skipStep(bytes, position, end, step, encoding);
    if (position > end) break;
  }
  return position;
}

/** The position after one attribute of the given SKIP_* step. */
export function skipStep(bytes: Uint8Array, at: number, end: number, step: number, encoding: Encoding): number {
  let position = at;
  switch (step) {
    case SKIP_STRING:
      while (position < end && bytes[position] !== 0) position++;
      return position + 1;
    case SKIP_LEB:
      while (position < end && bytes[position] >= 0x80) position++;
      return position + 1;
    case SKIP_BLOCK1:
      return position < end ? position + 1 + bytes[position] : end + 1;
    case SKIP_BLOCK2:
      return position + 2 <= end ? position + 2 + bytes[position] + bytes[position + 1] * 256 : end + 1;
    case SKIP_BLOCK4: {
      if (position + 4 > end) return end + 1;
      let size = 0;
      for (let i = 3; i >= 0; i--) size = size * 256 + bytes[position + i];
      return position + 4 + size;
    }
    default: {
      let value = 0;
      let scale = 1;
      for (let i = 0; i < 10; i++) {
        if (position >= end) return end + 1;
        const byte = bytes[position++];
        value += (byte & 0x7f) * scale;
        scale *= 128;
        if (byte < 0x80) break;
      }
      if (step === SKIP_BLOCK) return position + value;
      // DW_FORM_indirect: the form stands before the value. An indirect of an indirect is damage.
      const real = formStep(value, encoding);
      if (real >= 0) return position + real;
      return real === SKIP_INDIRECT || real === UNKNOWN_FORM ? end + 1 : skipStep(bytes, position, end, real, encoding);
    }
  }
}
