// Range lists and location lists of DWARF 2 to 5. DWARF 5 sections 2.17.3 and 2.6.2; DWARF 4 sections 2.17.3 and 2.6.2.
//
// A range list says which code a DIE covers, a location list where a variable lies, range by range: in a register here, on the stack
// there. Up to version 4 an entry is a pair of addresses, both relative to a base, and a pair of zeros ends the list. Version 5 has one
// byte before each entry that says how its addresses are written.
import type { ByteReader } from "../base/byte-reader.js";
import type { Address } from "../base/units.js";
import { DW_AT, DW_FORM, DW_LLE, DW_RLE } from "./constants.js";
import type { Die } from "./dies.js";
import { MOST_LIST_ENTRIES } from "./limits.js";
import type { Unit } from "./sections.js";

/** [low, high) of code, link-time addresses. */
export type Range = readonly [low: Address, high: Address];

/** The code a DIE covers: DW_AT_ranges, or low_pc and high_pc. undefined when it says neither. @throws FormatError */
export function rangesOf(die: Die): Range[] | undefined {
  if (die.has(DW_AT.ranges)) return die.unit.version < 5 ? oldRangeList(die) : rangeList(die);
  const low = die.number(DW_AT.low_pc);
  const high = die.number(DW_AT.high_pc);
  if (low === undefined || high === undefined) return undefined;
  // Go up to 1.24 writes the end as an address, 1.25 and C a length. DWARF 5 section 2.17.2.
  return [[low, isAddressForm(die.form(DW_AT.high_pc)) ? high : low + high]];
}

/** Whether a form is of class address: as it stands, or an index into .debug_addr. */
function isAddressForm(form: number | undefined): boolean {
  if (form === undefined) return false;
  return (
    form === DW_FORM.addr || form === DW_FORM.addrx || form === DW_FORM.GNU_addr_index || (form >= DW_FORM.addrx1 && form <= DW_FORM.addrx4)
  );
}

/** A link-time address as the unit writes it. */
function readAddress(reader: ByteReader, unit: Unit): Address {
  return unit.addressSize === 8 ? reader.u64() : reader.u32();
}

/** The largest address: "a new base follows" in lists before DWARF 5. As a double it is 2^64. */
function baseSelector(unit: Unit): number {
  return unit.addressSize === 8 ? 2 ** 64 : 0xffffffff;
}

/** Where a list begins: an offset, or through the table of offsets at `base` (DW_FORM_rnglistx, loclistx). */
function listReader(die: Die, at: number, section: string, base: number): ByteReader {
  const form = die.form(at);
  const value = die.number(at) ?? -1;
  if (form !== DW_FORM.rnglistx && form !== DW_FORM.loclistx) return die.dies.reader(section, value);
  const { offsetSize } = die.unit;
  const table = die.dies.reader(section, base + value * offsetSize);
  return die.dies.reader(section, base + (offsetSize === 8 ? table.u64() : table.u32()));
}

/** Of .debug_ranges, up to version 4. @throws FormatError when the list is damaged or has no end */
function oldRangeList(die: Die): Range[] {
  const { unit } = die;
  const ranges: Range[] = [];
  let base = unit.lowPc;
  const reader = listReader(die, DW_AT.ranges, ".debug_ranges", 0);
  for (let i = 0; i < MOST_LIST_ENTRIES; i++) {
    const low = readAddress(reader, unit);
    const high = readAddress(reader, unit);
    if (low === 0 && high === 0) return ranges;
    if (low === baseSelector(unit)) base = high;
    else ranges.push([base + low, base + high]);
  }
  throw reader.error("range list without end");
}

/** Of .debug_rnglists, since version 5. @throws FormatError when the list is damaged or has no end */
function rangeList(die: Die): Range[] {
  const { unit, dies } = die;
  const ranges: Range[] = [];
  let base = unit.lowPc;
  const reader = listReader(die, DW_AT.ranges, ".debug_rnglists", unit.rnglistsBase);
  for (let i = 0; i < MOST_LIST_ENTRIES; i++) {
    const kind = reader.u8();
    switch (kind) {
      case DW_RLE.end_of_list:
        return ranges;
      case DW_RLE.base_addressx:
        base = dies.indexedAddress(unit, reader.uleb());
        break;
      case DW_RLE.base_address:
        base = readAddress(reader, unit);
        break;
      case DW_RLE.offset_pair:
        ranges.push([base + reader.uleb(), base + reader.uleb()]);
        break;
      case DW_RLE.startx_endx:
        ranges.push([dies.indexedAddress(unit, reader.uleb()), dies.indexedAddress(unit, reader.uleb())]);
        break;
      case DW_RLE.startx_length: {
        const low = dies.indexedAddress(unit, reader.uleb());
        ranges.push([low, low + reader.uleb()]);
        break;
      }
      case DW_RLE.start_end:
        ranges.push([readAddress(reader, unit), readAddress(reader, unit)]);
        break;
      case DW_RLE.start_length: {
        const low = readAddress(reader, unit);
        ranges.push([low, low + reader.uleb()]);
        break;
      }
      default:
        throw reader.error(`unknown DW_RLE ${kind}`);
    }
  }
  throw reader.error("range list without end");
}

/** One entry of a location list: where the variable lies while pc is in [low, high). The default of DWARF 5 covers everything, and stands last. */
export interface LocationEntry {
  readonly low: Address;
  readonly high: Address;
  readonly expression: Uint8Array;
}

/**
 * The expression of a location attribute that holds at pc (link-time): the expression itself, or the list's entry that covers pc.
 * undefined when nothing covers it. @throws FormatError
 */
export function locationExpression(die: Die, at: number, pc: Address): Uint8Array | undefined {
  const block = die.block(at);
  if (block !== undefined) return block;
  return locationEntries(die, at).find((entry) => pc >= entry.low && pc < entry.high)?.expression;
}

/** All entries of a location list, in its order; [] when the attribute is not there, or no list. @throws FormatError */
export function locationEntries(die: Die, at: number): readonly LocationEntry[] {
  if (!die.has(at) || die.block(at) !== undefined) return [];
  return die.unit.version < 5 ? oldLocationList(die, at) : locationList(die, at);
}

/** Of .debug_loc, up to version 4. @throws FormatError */
function oldLocationList(die: Die, at: number): LocationEntry[] {
  const { unit } = die;
  const reader = listReader(die, at, ".debug_loc", 0);
  const entries: LocationEntry[] = [];
  let base = unit.lowPc;
  for (let i = 0; i < MOST_LIST_ENTRIES; i++) {
    const low = readAddress(reader, unit);
    const high = readAddress(reader, unit);
    if (low === 0 && high === 0) return entries;
    if (low === baseSelector(unit)) base = high;
    else entries.push({ low: base + low, high: base + high, expression: reader.slice(reader.u16()) });
  }
  throw reader.error("location list without end");
}

/** Of .debug_loclists, since version 5. @throws FormatError */
function locationList(die: Die, at: number): LocationEntry[] {
  const { unit, dies } = die;
  const reader = listReader(die, at, ".debug_loclists", unit.loclistsBase);
  const entries: LocationEntry[] = [];
  let base = unit.lowPc;
  // The default entry holds where no other does, so it is put last whatever its place.
  let fallback: Uint8Array | undefined;
  for (let i = 0; i < MOST_LIST_ENTRIES; i++) {
    const kind = reader.u8();
    let low = 0;
    let high = 0;
    switch (kind) {
      case DW_LLE.end_of_list:
        if (fallback) entries.push({ low: 0, high: Number.POSITIVE_INFINITY, expression: fallback });
        return entries;
      case DW_LLE.base_addressx:
        base = dies.indexedAddress(unit, reader.uleb());
        continue;
      case DW_LLE.base_address:
        base = readAddress(reader, unit);
        continue;
      case DW_LLE.offset_pair:
        low = base + reader.uleb();
        high = base + reader.uleb();
        break;
      case DW_LLE.startx_endx:
        low = dies.indexedAddress(unit, reader.uleb());
        high = dies.indexedAddress(unit, reader.uleb());
        break;
      case DW_LLE.startx_length:
        low = dies.indexedAddress(unit, reader.uleb());
        high = low + reader.uleb();
        break;
      case DW_LLE.default_location:
        fallback = reader.slice(reader.uleb());
        continue;
      case DW_LLE.start_end:
        low = readAddress(reader, unit);
        high = readAddress(reader, unit);
        break;
      case DW_LLE.start_length:
        low = readAddress(reader, unit);
        high = low + reader.uleb();
        break;
      default:
        throw reader.error(`unknown DW_LLE ${kind}`);
    }
    entries.push({ low, high, expression: reader.slice(reader.uleb()) });
  }
  throw reader.error("location list without end");
}
