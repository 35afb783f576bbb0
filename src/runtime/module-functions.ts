// The functions of one module: its pclntab. runtime/symtab.go moduledata, pcHeader, findfunc
import type { Arch } from "../base/arch.js";
import { ByteReader, decodeText } from "../base/byte-reader.js";
import { realName } from "../base/package-names.js";
import { partitionPoint } from "../base/search.js";
import type { Address, Bytes } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { GoFunction } from "./go-function.js";
import { LONGEST_TABLE, LONGEST_TEXT, MOST_FUNCTIONS } from "./limits.js";
import type { Module } from "./modules.js";
import { NO_PC_VALUE, type PcValue, pcValueAt } from "./pc-values.js";

/** Fixed part of runtime._func since Go 1.20; npcdata u32 and then nfuncdata u32 follow. */
const FUNC_SIZE: Bytes = 44;

/** A function with its tables: offsets into pctab and from gofunc, as they stand in the record. */
export class FunctionRecord implements GoFunction {
  readonly name: string;
  readonly entry: Address;
  readonly end: Address;
  readonly flag: number;
  readonly funcId: number;
  readonly args: number;
  readonly deferreturn: number;
  readonly startLine: number;
  readonly module: Module;
  readonly address: Address;
  readonly pcsp: number;
  readonly pcfile: number;
  readonly pcln: number;
  readonly cuOffset: number;
  readonly pcdataOffsets: readonly number[];
  readonly funcdataOffsets: readonly number[];

  /**
   * Reads a runtime._func: 44 bytes of fixed fields, then npcdata and nfuncdata offsets of 4 bytes.
   * @throws FormatError for more tables than there can be, MemoryFault when the record is not in the core
   */
  constructor(memory: AddressSpace, module: Module, name: (nameOff: number) => string, address: Address, entry: Address, end: Address) {
    const head = new ByteReader(memory.bytes(address, FUNC_SIZE), "pclntab function");
    head.u32();
    this.module = module;
    this.address = address;
    this.entry = entry;
    this.end = end;
    this.name = name(head.i32());
    this.args = head.i32();
    this.deferreturn = head.u32();
    this.pcsp = head.u32();
    this.pcfile = head.u32();
    this.pcln = head.u32();
    const npcdata = head.u32();
    this.cuOffset = head.u32();
    this.startLine = head.i32();
    this.funcId = head.u8();
    this.flag = head.u8();
    head.u8();
    const nfuncdata = head.u8();
    if (npcdata > 64) throw head.error(`${npcdata} pcdata tables`);
    const tail = new ByteReader(memory.bytes(address + FUNC_SIZE, (npcdata + nfuncdata) * 4), "pclntab function");
    this.pcdataOffsets = Array.from({ length: npcdata }, () => tail.u32());
    this.funcdataOffsets = Array.from({ length: nfuncdata }, () => tail.u32());
  }
}

/** The functions of one module; records are read when asked for. */
export class ModuleFunctions {
  readonly module: Module;
  readonly count: number;
  private readonly memory: AddressSpace;
  private readonly quantum: number;
  /** [entryoff, funcoff] x (count + 1), the last a sentinel. */
  private readonly ftab: Uint32Array;
  private readonly records = new Map<number, FunctionRecord | undefined>();
  private readonly names = new Map<number, string>();
  private readonly files = new Map<number, string>();
  private indexes: Map<string, number> | undefined;

  constructor(memory: AddressSpace, module: Module, arch: Arch) {
    this.memory = memory;
    this.module = module;
    this.quantum = arch.pcQuantum;
    const length = Math.min(Math.max(module.ftab.length, 0), MOST_FUNCTIONS);
    const bytes = length > 0 ? memory.tryBytes(module.ftab.array, length * 8) : undefined;
    this.ftab = bytes ? new Uint32Array(bytes.slice().buffer) : new Uint32Array(0);
    this.count = Math.max(this.ftab.length / 2 - 1, 0);
  }

  /** Whether pc lies between the module's first and last function, whether or not one covers it. */
  covers(pc: Address): boolean {
    return pc >= this.module.minpc && pc < this.module.maxpc;
  }

  /** Several text sections appear in huge or externally linked binaries. moduledata.textOff */
  private offsetOf(pc: Address): number | undefined {
    const sections = this.module.textsections;
    if (sections.length <= 1) return pc - this.module.text;
    for (let i = 0; i < sections.length; i++) {
      const section = sections[i];
      if (section.baseaddr > pc) return undefined;
      const end = section.baseaddr + (section.end - section.vaddr) + (i === sections.length - 1 ? 1 : 0);
      if (pc < end) return pc - section.baseaddr + section.vaddr;
    }
    return undefined;
  }

  /** The address of an offset in ftab: the reverse of offsetOf. moduledata.textAddr */
  private addressOf(offset: number): Address {
    const sections = this.module.textsections;
    if (sections.length > 1) {
      for (const section of sections) {
        const last = section === sections[sections.length - 1];
        if (offset >= section.vaddr && (offset < section.end || (last && offset === section.end)))
          return section.baseaddr + offset - section.vaddr;
      }
    }
    return this.module.text + offset;
  }

  /** The function whose code has pc, by halving ftab; undefined before the first one, and where its record cannot be read. */
  find(pc: Address): FunctionRecord | undefined {
    const offset = this.offsetOf(pc);
    if (offset === undefined || this.count === 0 || offset < this.ftab[0]) return undefined;
    return this.at(partitionPoint(this.count, (index) => this.ftab[index * 2] <= offset) - 1);
  }

  /** The function of a row of ftab; undefined when its record is damaged or not in the core. Kept either way. */
  at(index: number): FunctionRecord | undefined {
    if (this.records.has(index)) return this.records.get(index);
    let record: FunctionRecord | undefined;
    try {
      const entry = this.addressOf(this.ftab[index * 2]);
      const end = this.addressOf(this.ftab[index * 2 + 2]);
      const address = this.module.pclntable + this.ftab[index * 2 + 1];
      record = new FunctionRecord(this.memory, this.module, (offset) => this.nameAt(offset), address, entry, end);
    } catch {
      record = undefined;
    }
    this.records.set(index, record);
    return record;
  }

  /** The name at an offset of funcnametab, "" at 0; with its dots as written, which the linker escapes in import paths. */
  nameAt(offset: number): string {
    let name = this.names.get(offset);
    if (name === undefined) {
      name = offset === 0 ? "" : realName(readText(this.memory, this.module.funcnametab + offset));
      this.names.set(offset, name);
    }
    return name;
  }

  /** The index of all names is made at the first question: a program has tens of thousands, and most commands ask for none. */
  byName(name: string): FunctionRecord | undefined {
    if (!this.indexes) {
      this.indexes = new Map();
      for (let index = 0; index < this.count; index++) {
        const each = this.nameOf(index);
        if (each !== "" && !this.indexes.has(each)) this.indexes.set(each, index);
      }
    }
    const index = this.indexes.get(name);
    return index === undefined ? undefined : this.at(index);
  }

  /** Names only, without keeping a record per function. */
  private nameOf(index: number): string {
    const known = this.records.get(index);
    if (known) return known.name;
    const bytes = this.memory.tryBytes(this.module.pclntable + this.ftab[index * 2 + 1] + 4, 4);
    return bytes ? this.nameAt(new ByteReader(bytes, "pclntab function").i32()) : "";
  }

  /** The path of a source file by its index in the compilation unit, by way of cutab; "?" when there is none. */
  fileOf(fn: FunctionRecord, index: number): string {
    if (index < 0) return "?";
    const key = fn.cuOffset + index;
    let file = this.files.get(key);
    if (file === undefined) {
      const bytes = this.memory.tryBytes(this.module.cutab + key * 4, 4);
      const offset = bytes ? new ByteReader(bytes, "pclntab files").u32() : 0xffffffff;
      file = offset === 0xffffffff ? "?" : readText(this.memory, this.module.filetab + offset);
      this.files.set(key, file);
    }
    return file;
  }

  /** The window grows until the table has ended: its length is written nowhere. */
  pcValue(fn: FunctionRecord, tableOffset: number, pc: Address): PcValue {
    if (tableOffset === 0) return NO_PC_VALUE;
    for (let size = 256; size <= LONGEST_TABLE; size *= 8) {
      const table = this.memory.tryBytes(this.module.pctab + tableOffset, size) ?? this.partial(this.module.pctab + tableOffset, size);
      const found = pcValueAt(table, 0, fn.entry, this.quantum, pc);
      if (found) return found;
    }
    return NO_PC_VALUE;
  }

  /** The bytes up to the first missing page. */
  private partial(address: Address, size: Bytes): Uint8Array {
    for (let length = size; length > 0; length = length > 4096 ? length - 4096 : length >> 1) {
      const bytes = this.memory.tryBytes(address, length);
      if (bytes) return bytes;
    }
    return new Uint8Array(0);
  }
}

/** A NUL-terminated string; "?" when it is missing. */
function readText(memory: AddressSpace, address: Address): string {
  for (let size = 128; size <= LONGEST_TEXT; size *= 2) {
    const bytes = memory.tryBytes(address, size);
    const end = bytes ? bytes.indexOf(0) : -1;
    if (bytes && end >= 0) return decodeText(bytes.subarray(0, end));
    if (!bytes) return readTextSlowly(memory, address, size);
  }
  return "?";
}

/** The string may end on the last page that is there. */
function readTextSlowly(memory: AddressSpace, address: Address, most: Bytes): string {
  const bytes: number[] = [];
  for (let i = 0; i < most; i++) {
    const byte = memory.tryBytes(address + i, 1)?.[0];
    if (byte === undefined) return "?";
    if (byte === 0) return decodeText(Uint8Array.from(bytes));
    bytes.push(byte);
  }
  return "?";
}
