// Writes small debug information, DWARF 4 and 5, as Go's linker and C compilers lay it out.
import { DW_AT, DW_FORM, DW_LANG_Go, DW_LLE, DW_RLE, DW_TAG } from "../../src/dwarf/constants.js";

/** Bytes that grow; little-endian. */
export class ByteWriter {
  readonly bytes: number[] = [];

  u(value: number | bigint, size: number): this {
    for (let i = 0, rest = BigInt.asUintN(64, BigInt(value)); i < size; i++, rest >>= 8n) this.bytes.push(Number(rest & 0xffn));
    return this;
  }
  uleb(value: number | bigint): this {
    let rest = BigInt(value);
    do {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      this.bytes.push(rest === 0n ? byte : byte | 0x80);
    } while (rest !== 0n);
    return this;
  }
  sleb(value: number | bigint): this {
    let rest = BigInt(value);
    for (;;) {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      const last = (rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0);
      this.bytes.push(last ? byte : byte | 0x80);
      if (last) return this;
    }
  }
  add(bytes: Iterable<number>): this {
    for (const byte of bytes) this.bytes.push(byte);
    return this;
  }
  text(value: string): this {
    return this.add(new TextEncoder().encode(value)).u(0, 1);
  }
}

/** A reference to the DIE with the label. */
interface Reference {
  readonly to: string;
}
/** Value of an attribute: bytes for blocks; a list goes to its section and is referred to. */
type Value = number | bigint | string | Uint8Array | Reference | List;
export type Attribute = readonly [at: number, form: number, value: Value];
export interface WrittenDie {
  readonly tag: number;
  readonly label?: string;
  readonly attributes: readonly Attribute[];
  readonly children?: readonly WrittenDie[];
}
/** A location list (with expressions) or a range list. */
interface List {
  readonly list: readonly { readonly low: number; readonly high: number; readonly expression?: Uint8Array }[];
  /** DWARF 4: a base-selection entry; 5: DW_*_base_addressx. Addresses of the list stay absolute. */
  readonly base: number;
}
export interface WrittenUnit {
  readonly version: 4 | 5;
  readonly offsetSize?: 4 | 8;
  readonly language?: number;
  readonly lowPc?: number;
  readonly dies: readonly WrittenDie[];
}

/** The sections by name, and where the labels lie in .debug_info. */
export interface WrittenDwarf {
  readonly sections: Map<string, Uint8Array>;
  readonly labels: ReadonlyMap<string, number>;
  section(name: string): Uint8Array | undefined;
}

class Writer {
  readonly info = new ByteWriter();
  readonly abbrev = new ByteWriter();
  readonly str = new ByteWriter().text("");
  readonly lineStr = new ByteWriter().text("");
  readonly strOffsets = new ByteWriter();
  readonly addr = new ByteWriter();
  readonly lists = new Map<string, ByteWriter>();
  readonly labels = new Map<string, number>();
  readonly patches: { readonly at: number; readonly size: number; readonly to: string; readonly base: number }[] = [];
  private strings = 0;
  private addresses = 0;

  unit(unit: WrittenUnit): void {
    const offsetSize = unit.offsetSize ?? 4;
    const start = this.info.bytes.length;
    if (offsetSize === 8) this.info.u(0xffffffff, 4);
    const lengthAt = this.info.bytes.length;
    this.info.u(0, offsetSize).u(unit.version, 2);
    const abbrevAt = this.abbrev.bytes.length;
    if (unit.version === 5) this.info.u(1, 1).u(8, 1).u(abbrevAt, offsetSize);
    else this.info.u(abbrevAt, offsetSize).u(8, 1);
    const codes = new Map<string, number>();
    const root: WrittenDie = {
      tag: 0x11,
      attributes: [
        [DW_AT.name, DW_FORM.string, "unit"],
        [DW_AT.language, DW_FORM.data1, unit.language ?? DW_LANG_Go],
        [DW_AT.low_pc, DW_FORM.addr, unit.lowPc ?? 0],
      ],
      children: unit.dies,
    };
    this.die(root, unit, start, codes);
    this.abbrev.uleb(0);
    const length = this.info.bytes.length - lengthAt - offsetSize;
    this.patch(lengthAt, offsetSize, length);
  }

  private patch(at: number, size: number, value: number): void {
    this.info.bytes.splice(at, size, ...new ByteWriter().u(value, size).bytes);
  }

  private die(die: WrittenDie, unit: WrittenUnit, start: number, codes: Map<string, number>): void {
    if (die.label !== undefined) this.labels.set(die.label, this.info.bytes.length);
    const children = die.children !== undefined;
    const key = JSON.stringify([
      die.tag,
      children,
      die.attributes.map(([at, form, value]) => [at, form, form === DW_FORM.implicit_const ? Number(value) : 0]),
    ]);
    let code = codes.get(key);
    if (code === undefined) {
      code = codes.size + 1;
      codes.set(key, code);
      this.abbrev
        .uleb(code)
        .uleb(die.tag)
        .u(children ? 1 : 0, 1);
      for (const [at, form, value] of die.attributes) {
        this.abbrev.uleb(at).uleb(form);
        if (form === DW_FORM.implicit_const) this.abbrev.sleb(value as number);
      }
      this.abbrev.uleb(0).uleb(0);
    }
    this.info.uleb(code);
    for (const [at, form, value] of die.attributes) this.attribute(at, form, value, unit, start);
    for (const child of die.children ?? []) this.die(child, unit, start, codes);
    if (children) this.info.u(0, 1);
  }

  private attribute(at: number, form: number, value: Value, unit: WrittenUnit, start: number): void {
    const { info } = this;
    const offsetSize = unit.offsetSize ?? 4;
    const number = value as number | bigint;
    if (typeof value === "object" && "to" in value) {
      const size = form === DW_FORM.ref_addr ? offsetSize : 4;
      this.patches.push({ at: info.bytes.length, size, to: value.to, base: form === DW_FORM.ref_addr ? 0 : start });
      info.u(0, size);
    } else if (typeof value === "object" && "list" in value) info.u(this.list(at, value, unit), offsetSize);
    else {
      switch (form) {
        case DW_FORM.flag_present:
        case DW_FORM.implicit_const:
          break;
        case DW_FORM.data1:
        case DW_FORM.flag:
          info.u(number, 1);
          break;
        case DW_FORM.data2:
          info.u(number, 2);
          break;
        case DW_FORM.data4:
          info.u(number, 4);
          break;
        case DW_FORM.data8:
        case DW_FORM.addr:
          info.u(number, 8);
          break;
        case DW_FORM.data16:
          info.u(number, 8).u(0, 8);
          break;
        case DW_FORM.sec_offset:
          info.u(number, offsetSize);
          break;
        case DW_FORM.udata:
          info.uleb(number);
          break;
        case DW_FORM.sdata:
          info.sleb(number);
          break;
        case DW_FORM.addrx:
          info.uleb(this.address(Number(number)));
          break;
        case DW_FORM.string:
          info.text(value as string);
          break;
        case DW_FORM.strp:
          info.u(this.str.bytes.length, offsetSize);
          this.str.text(value as string);
          break;
        case DW_FORM.line_strp:
          info.u(this.lineStr.bytes.length, offsetSize);
          this.lineStr.text(value as string);
          break;
        case DW_FORM.strx1:
          if (this.strings === 0) this.strOffsets.u(0, 8);
          info.u(this.strings++, 1);
          this.strOffsets.u(this.str.bytes.length, 4);
          this.str.text(value as string);
          break;
        case DW_FORM.block1:
          info.u((value as Uint8Array).length, 1).add(value as Uint8Array);
          break;
        case DW_FORM.block2:
          info.u((value as Uint8Array).length, 2).add(value as Uint8Array);
          break;
        case DW_FORM.block4:
          info.u((value as Uint8Array).length, 4).add(value as Uint8Array);
          break;
        case DW_FORM.block:
        case DW_FORM.exprloc:
          info.uleb((value as Uint8Array).length).add(value as Uint8Array);
          break;
        default:
          throw new Error(`dwarf-writer: form ${form}`);
      }
    }
  }

  /** Index in .debug_addr; its header is 8 bytes. */
  private address(value: number): number {
    if (this.addresses === 0) this.addr.u(0, 4).u(5, 2).u(8, 1).u(0, 1);
    this.addr.u(value, 8);
    return this.addresses++;
  }

  private list(at: number, list: List, unit: WrittenUnit): number {
    const ranges = at === DW_AT.ranges;
    const name = unit.version === 5 ? (ranges ? ".debug_rnglists" : ".debug_loclists") : ranges ? ".debug_ranges" : ".debug_loc";
    let out = this.lists.get(name);
    if (out === undefined) {
      out = new ByteWriter();
      if (unit.version === 5) out.u(0, 12);
      this.lists.set(name, out);
    }
    const offset = out.bytes.length;
    if (unit.version === 5) {
      out.u(ranges ? DW_RLE.base_addressx : DW_LLE.base_addressx, 1).uleb(this.address(list.base));
      for (const { low, high, expression } of list.list) {
        out
          .u(ranges ? DW_RLE.offset_pair : DW_LLE.offset_pair, 1)
          .uleb(low - list.base)
          .uleb(high - list.base);
        if (expression) out.uleb(expression.length).add(expression);
      }
      out.u(ranges ? DW_RLE.end_of_list : DW_LLE.end_of_list, 1);
    } else {
      out.u(-1, 8).u(list.base, 8);
      for (const { low, high, expression } of list.list) {
        out.u(low - list.base, 8).u(high - list.base, 8);
        if (expression) out.u(expression.length, 2).add(expression);
      }
      out.u(0, 16);
    }
    return offset;
  }

  finish(): WrittenDwarf {
    for (const { at, size, to, base } of this.patches) {
      const target = this.labels.get(to);
      if (target === undefined) throw new Error(`dwarf-writer: no DIE is labelled ${to}`);
      this.patch(at, size, target - base);
    }
    const sections = new Map<string, Uint8Array>();
    const parts: [string, ByteWriter][] = [
      [".debug_info", this.info],
      [".debug_abbrev", this.abbrev],
      [".debug_str", this.str],
      [".debug_line_str", this.lineStr],
      [".debug_str_offsets", this.strOffsets],
      [".debug_addr", this.addr],
      ...this.lists,
    ];
    for (const [name, writer] of parts) if (writer.bytes.length > 0) sections.set(name, Uint8Array.from(writer.bytes));
    return { sections, labels: this.labels, section: (name) => sections.get(name) };
  }
}

/** Writes the units. */
export function writeDwarf(units: readonly WrittenUnit[]): WrittenDwarf {
  const writer = new Writer();
  for (const unit of units) writer.unit(unit);
  return writer.finish();
}

/** An expression: numbers are bytes, strings "u5" / "s-3" LEB128 operands, bigints 8-byte operands. */
export function expression(...parts: readonly (number | string | bigint)[]): Uint8Array {
  const out = new ByteWriter();
  for (const part of parts) {
    if (typeof part === "number") out.u(part, 1);
    else if (typeof part === "bigint") out.u(part, 8);
    else if (part.startsWith("u")) out.uleb(BigInt(part.slice(1)));
    else out.sleb(BigInt(part.slice(1)));
  }
  return Uint8Array.from(out.bytes);
}

const str = DW_FORM.string;
const ref = DW_FORM.ref_addr;

/** DW_TAG_base_type as Go writes it. The label is the name. */
export function baseType(name: string, size: number, encoding: number, goKind: number, runtimeType = 0): WrittenDie {
  return {
    tag: DW_TAG.base_type,
    label: name,
    attributes: [
      [DW_AT.name, str, name],
      [DW_AT.encoding, DW_FORM.data1, encoding],
      [DW_AT.byte_size, DW_FORM.data1, size],
      [DW_AT.go_kind, DW_FORM.data1, goKind],
      [DW_AT.go_runtime_type, DW_FORM.addr, runtimeType],
    ],
  };
}

/** DW_TAG_pointer_type named "*T", as Go writes it. The label is the name. */
export function pointerTo(target: string, runtimeType = 0): WrittenDie {
  return {
    tag: DW_TAG.pointer_type,
    label: `*${target}`,
    attributes: [
      [DW_AT.name, str, `*${target}`],
      [DW_AT.type, ref, { to: target }],
      [DW_AT.go_kind, DW_FORM.data1, 22],
      [DW_AT.go_runtime_type, DW_FORM.addr, runtimeType],
    ],
  };
}

/** DW_TAG_structure_type, as Go writes it; fields are [name, offset, label of the type, embedded]. The label is the name. */
export function structType(
  name: string,
  size: number,
  fields: readonly (readonly [name: string, offset: number, type: string, embedded?: boolean])[],
  more: readonly Attribute[] = [],
): WrittenDie {
  return {
    tag: DW_TAG.structure_type,
    label: name,
    attributes: [[DW_AT.name, str, name], [DW_AT.byte_size, DW_FORM.udata, size], [DW_AT.go_kind, DW_FORM.data1, 25], ...more],
    children: fields.map(([field, offset, type, embedded]) => ({
      tag: DW_TAG.member,
      attributes: [
        [DW_AT.name, str, field],
        [DW_AT.data_member_location, DW_FORM.udata, offset],
        [DW_AT.type, ref, { to: type }],
        [DW_AT.go_embedded_field, DW_FORM.flag, embedded === true ? 1 : 0],
      ],
    })),
  };
}
