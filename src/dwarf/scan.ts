// The one pass over .debug_info: columns of what stands at the top of its units.
//
// A large program has millions of DIEs, and of most nothing is ever asked. So the scan decodes nothing: it steps over each DIE by the
// widths that its abbreviation says, and writes down the offsets of types, variables, constants and functions that stand directly below
// a unit. Everything else is read from there when it is asked for.
import { DumpError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { skipAttributes } from "./abbreviations.js";
import { DW_AT, DW_OP, DW_TAG } from "./constants.js";
import type { Die, Dies } from "./dies.js";
import { rangesOf } from "./lists.js";
import type { Unit } from "./sections.js";

/** Numbers one after the other in a Float64Array that grows; a row of several columns is one thing. */
export class Column {
  private store = new Float64Array(256);
  length = 0;

  push(value: number): void {
    if (this.length === this.store.length) {
      const larger = new Float64Array(this.store.length * 2);
      larger.set(this.store);
      this.store = larger;
    }
    this.store[this.length++] = value;
  }

  /** The number of a row below length. */
  at(row: number): number {
    return this.store[row];
  }
}

/** Columns of the scan, in the order of the section. */
export interface Scan {
  /** Named and unnamed type DIEs at the top of units: offset, and DW_AT_go_runtime_type (0 = none). */
  readonly typeOffset: Column;
  readonly typeRuntime: Column;
  /** Variables at the top of units with a fixed address. */
  readonly globalOffset: Column;
  readonly globalAddress: Column;
  /** DW_TAG_constant: offset. */
  readonly constantOffset: Column;
  /** Subprograms with code: [low, high) link-time; one row per range. */
  readonly functionOffset: Column;
  readonly functionLow: Column;
  readonly functionHigh: Column;
}

/** What a DIE at the top of a unit is to the scan. */
const TYPE = 1;
const VARIABLE = 2;
const CONSTANT = 3;
const SUBPROGRAM = 4;

/** [DW_TAG] its role at the top of a unit; 0: stepped over. Tags of 256 and more are vendors' own. */
const ROLE = new Uint8Array(256);
for (const tag of [
  DW_TAG.array_type,
  DW_TAG.class_type,
  DW_TAG.enumeration_type,
  DW_TAG.pointer_type,
  DW_TAG.reference_type,
  DW_TAG.structure_type,
  DW_TAG.subroutine_type,
  DW_TAG.typedef,
  DW_TAG.union_type,
  DW_TAG.base_type,
]) {
  ROLE[tag] = TYPE;
}
ROLE[DW_TAG.variable] = VARIABLE;
ROLE[DW_TAG.constant] = CONSTANT;
ROLE[DW_TAG.subprogram] = SUBPROGRAM;

/** Adds the finding "dwarf-damaged": the answer lacks what stood where the error is. */
export function reportDamage(findings: Findings, error: DumpError): void {
  findings.add("dwarf-damaged", "Debug information is damaged; types, variables or functions may be missing.", error.message, {
    partial: true,
  });
}

/**
 * Scans every unit; dies.units is filled. A damaged unit gives what stood before the damage and a finding "dwarf-damaged".
 */
export function scanUnits(dies: Dies, findings: Findings): Scan {
  const scan: Scan = {
    typeOffset: new Column(),
    typeRuntime: new Column(),
    globalOffset: new Column(),
    globalAddress: new Column(),
    constantOffset: new Column(),
    functionOffset: new Column(),
    functionLow: new Column(),
    functionHigh: new Column(),
  };
  let offset = 0;
  while (offset < dies.info.length) {
    let next = dies.info.length;
    try {
      const header = dies.readUnit(offset);
      next = header.next;
      if ("problem" in header) throw header.problem;
      dies.units.push(header.unit);
      scanUnit(dies, header.unit, scan, findings);
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      reportDamage(findings, error);
    }
    offset = next;
  }
  return scan;
}

/** Steps over the DIEs of one unit. @throws FormatError at damage, when all before it is in the columns */
function scanUnit(dies: Dies, unit: Unit, scan: Scan, findings: Findings): void {
  const { info } = dies;
  const { end, abbreviations } = unit;
  let position = unit.firstDie;
  let depth = 0;
  while (position < end) {
    const offset = position;
    let code = info[position++];
    if (code === 0) {
      if (--depth <= 0) return;
      continue;
    }
    // LEB128, of which the first byte is nearly always the only one.
    if (code >= 0x80) {
      code &= 0x7f;
      for (let scale = 128; position < end; scale *= 128) {
        const byte = info[position++];
        code += (byte & 0x7f) * scale;
        if (byte < 0x80 || scale > 1e15) break;
      }
    }
    const abbreviation = abbreviations.get(code);
    if (abbreviation === undefined) throw dies.error(offset, `abbreviation ${code} is not in the table`);
    position = skipAttributes(info, position, end, abbreviation.skip, unit);
    if (position > end) throw dies.error(offset, "the DIE is cut");
    if (depth === 1 && abbreviation.tag < 256) {
      const role = ROLE[abbreviation.tag];
      if (role !== 0) {
        try {
          addRow(dies.at(offset, unit), role, scan);
        } catch (error) {
          // One DIE whose strings or addresses point nowhere does not spoil its neighbours.
          if (!(error instanceof DumpError)) throw error;
          reportDamage(findings, error);
        }
      }
    }
    if (abbreviation.children) depth++;
    else if (depth === 0) return;
  }
  if (depth > 0 && position < end) throw dies.error(position, "the unit ends inside a list of children");
}

/** Writes a DIE into the columns of its role. */
function addRow(die: Die, role: number, scan: Scan): void {
  if (role === TYPE) {
    scan.typeOffset.push(die.offset);
    scan.typeRuntime.push(die.number(DW_AT.go_runtime_type) ?? 0);
  } else if (role === VARIABLE) {
    const address = fixedAddress(die);
    if (address === undefined) return;
    scan.globalOffset.push(die.offset);
    scan.globalAddress.push(address);
  } else if (role === CONSTANT) scan.constantOffset.push(die.offset);
  else addFunction(die, scan);
}

/** The address when the location is DW_OP_addr or DW_OP_addrx and nothing else; thread-local variables have none. */
function fixedAddress(die: Die): number | undefined {
  const expression = die.block(DW_AT.location);
  if (expression === undefined || expression.length < 2) return undefined;
  const { dies, unit } = die;
  const operation = expression[0];
  const view = new DataView(expression.buffer, expression.byteOffset, expression.length);
  let address = 0;
  if (operation === DW_OP.addr && expression.length === 1 + unit.addressSize) {
    address = view.getUint32(1, true) + (unit.addressSize === 8 ? view.getUint32(5, true) * 0x100000000 : 0);
  } else if (
    (operation === DW_OP.addrx || operation === DW_OP.GNU_addr_index) &&
    expression.findIndex((b, i) => i > 0 && b < 0x80) === expression.length - 1
  ) {
    address = dies.indexedAddress(
      unit,
      expression.subarray(1).reduceRight((value, byte) => value * 128 + (byte & 0x7f), 0),
    );
  }
  // Address 0: the linker dropped it.
  return address > 0 ? address : undefined;
}

/** One row for each range of code; functions without code (inlined everywhere, or of another file) have none. */
function addFunction(die: Die, scan: Scan): void {
  // A range takes two bytes at least: more of them than bytes of .debug_info are lists read over and over.
  if (scan.functionOffset.length > die.dies.info.length) throw die.dies.error(die.offset, "too many ranges of functions");
  for (const [low, high] of rangesOf(die) ?? []) {
    if (low <= 0 || high <= low) continue;
    scan.functionOffset.push(die.offset);
    scan.functionLow.push(low);
    scan.functionHigh.push(high);
  }
}
