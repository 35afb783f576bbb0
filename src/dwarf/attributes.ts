// Values of attributes, decoded by their forms. DWARF 5 sections 7.5.5 and 7.5.6.
//
// A form says how a value is written, and with that what it can be: each function here takes the forms of its class and answers
// undefined for all others. The readers stand at the value.
import type { ByteReader } from "../base/byte-reader.js";
import { type Encoding, formStep } from "./abbreviations.js";
import { DW_FORM } from "./constants.js";
import { type Sections, type Unit, untilNul } from "./sections.js";

/** An attribute of a DIE: its form, a reader at its value, and the value of DW_FORM_implicit_const, which stands in the abbreviation. */
export interface Attribute {
  readonly form: number;
  readonly reader: ByteReader;
  readonly implicit: number;
}

/** An address, constant, flag or section offset, as a double; indexed addresses are looked up. @throws FormatError */
export function numberValue({ form, reader, implicit }: Attribute, unit: Unit, sections: Sections): number | undefined {
  switch (form) {
    case DW_FORM.data1:
    case DW_FORM.flag:
      return reader.u8();
    case DW_FORM.data2:
      return reader.u16();
    case DW_FORM.data4:
      return reader.u32();
    case DW_FORM.data8:
      return reader.u64();
    case DW_FORM.addr:
      return unit.addressSize === 8 ? reader.u64() : reader.u32();
    // An offset in another section: 4 bytes, or 8 in 64-bit DWARF, which Go writes on AIX only.
    case DW_FORM.sec_offset:
      return unit.offsetSize === 8 ? reader.u64() : reader.u32();
    case DW_FORM.udata:
    case DW_FORM.loclistx:
    case DW_FORM.rnglistx:
      return reader.uleb();
    case DW_FORM.sdata:
      return reader.sleb();
    // These two have no bytes: the value is in the abbreviation.
    case DW_FORM.flag_present:
      return 1;
    case DW_FORM.implicit_const:
      return implicit;
    // Indexes into .debug_addr, from the unit's own base on.
    case DW_FORM.addrx:
    case DW_FORM.GNU_addr_index:
      return sections.indexedAddress(unit, reader.uleb());
    case DW_FORM.addrx1:
    case DW_FORM.addrx2:
    case DW_FORM.addrx3:
    case DW_FORM.addrx4:
      return sections.indexedAddress(unit, littleEndian(reader, form - DW_FORM.addrx1 + 1));
    default:
      return undefined;
  }
}

/** Offset in .debug_info of the DIE referred to; undefined too for references into other files and type units. */
export function referenceValue({ form, reader }: Attribute, unit: Encoding & { readonly offset: number }): number | undefined {
  const base = unit.offset;
  switch (form) {
    // The one form that reaches into other units: it counts from the beginning of the section.
    case DW_FORM.ref_addr:
      return formStep(form, unit) === 8 ? reader.u64() : reader.u32();
    // The others count from the beginning of the unit.
    case DW_FORM.ref1:
      return base + reader.u8();
    case DW_FORM.ref2:
      return base + reader.u16();
    case DW_FORM.ref4:
      return base + reader.u32();
    case DW_FORM.ref8:
      return base + reader.u64();
    case DW_FORM.ref_udata:
      return base + reader.uleb();
    default:
      return undefined;
  }
}

/** Bytes of a block or expression. */
export function blockValue({ form, reader }: Attribute): Uint8Array | undefined {
  switch (form) {
    case DW_FORM.block1:
      return reader.slice(reader.u8());
    case DW_FORM.block2:
      return reader.slice(reader.u16());
    case DW_FORM.block4:
      return reader.slice(reader.u32());
    case DW_FORM.block:
    case DW_FORM.exprloc:
      return reader.slice(reader.uleb());
    default:
      return undefined;
  }
}

/** The bytes of a string where they lie, without the NUL. @throws FormatError */
export function stringValue({ form, reader }: Attribute, unit: Unit, sections: Sections): Uint8Array | undefined {
  const word = () => (unit.offsetSize === 8 ? reader.u64() : reader.u32());
  switch (form) {
    case DW_FORM.string:
      return untilNul(reader);
    // Offsets in .debug_str and .debug_line_str, where equal texts are once.
    case DW_FORM.strp:
      return untilNul(sections.reader(".debug_str", word()));
    case DW_FORM.line_strp:
      return untilNul(sections.reader(".debug_line_str", word()));
    case DW_FORM.strx:
    case DW_FORM.GNU_str_index:
      return sections.indexedString(unit, reader.uleb());
    case DW_FORM.strx1:
    case DW_FORM.strx2:
    case DW_FORM.strx3:
    case DW_FORM.strx4:
      return sections.indexedString(unit, littleEndian(reader, form - DW_FORM.strx1 + 1));
    default:
      return undefined;
  }
}

/** A number of 1 to 4 bytes. */
function littleEndian(reader: ByteReader, size: number): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < size; i++) {
    value += reader.u8() * scale;
    scale *= 256;
  }
  return value;
}
