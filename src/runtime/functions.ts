// The functions of the program as its own tracebacks see them: the pclntab. runtime/symtab.go, cmd/link pcln.go
import type { Arch } from "../base/arch.js";
import { ByteReader, decodeText } from "../base/byte-reader.js";
import { realName } from "../base/package-names.js";
import { partitionPoint } from "../base/search.js";
import type { Address, Bytes } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { LONGEST_TABLE, LONGEST_TEXT, MOST_FUNCTIONS, MOST_FUNCTIONS_REMEMBERED, MOST_INLINED, MOST_LINES } from "./limits.js";
import type { Module } from "./modules.js";
import { NO_PC_VALUE, type PcValue, pcValueAt } from "./pc-values.js";

/** One function as people know it: several may share one pc through inlining. */
export interface InlinedFrame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly inlined: boolean;
  /** abi.FuncID; its numbers move between releases. */
  readonly funcId: number;
}

/** One function in the text. internal/abi FuncFlag: 1 TopFrame, 2 SPWrite, 4 Asm. */
export interface GoFunction {
  readonly name: string;
  readonly entry: Address;
  /** The next function's entry. */
  readonly end: Address;
  readonly flag: number;
  readonly funcId: number;
  /** Bytes of arguments and results on the stack; -0x80000000 when unknown. */
  readonly args: number;
  /** Offset from entry of the call to deferreturn, 0 when there is none. */
  readonly deferreturn: number;
  readonly startLine: number;
  readonly module: Module;
  /** Of the runtime's _func record. */
  readonly address: Address;
}

export const FLAG_TOP_FRAME = 1;
export const FLAG_SP_WRITE = 2;
export const FLAG_ASM = 4;
export const ARGS_UNKNOWN = -0x80000000;

/** internal/abi PCDATA_*: tables of a value per pc. */
export const PCDATA = { unsafePoint: 0, stackMapIndex: 1, inlineTreeIndex: 2, argLiveIndex: 3 } as const;
/** internal/abi FUNCDATA_*: tables of a function. */
export const FUNCDATA = { argsPointerMaps: 0, localsPointerMaps: 1, stackObjects: 2, inlineTree: 3, openCodedDefers: 4 } as const;

export interface FunctionTable {
  /** The function whose text covers pc; undefined outside Go text. */
  find(pc: Address): GoFunction | undefined;
  byName(name: string): GoFunction | undefined;
  /** Value at pc of the pc-value table at this offset of pctab; -1 when there is none. */
  pcValue(fn: GoFunction, tableOffset: number, pc: Address): number;
  pcdata(fn: GoFunction, table: number, pc: Address): number;
  /** Address of the table, 0 for none. */
  funcdata(fn: GoFunction, index: number): Address;
  /** Bytes the frame has grown to at pc; -1 when unknown, undefined when the function has no frame table at all. */
  spDelta(fn: GoFunction, pc: Address): number | undefined;
  lineAt(fn: GoFunction, pc: Address): { readonly file: string; readonly line: number };
  /** Where code of another line, or of another inlined call, begins; ascending. */
  lineStarts(fn: GoFunction): readonly Address[];
  /** Innermost first, the function itself last; pc is that of a call instruction, not the return address. */
  inlinedAt(fn: GoFunction, pc: Address): readonly InlinedFrame[];
}

/** Fixed part of runtime._func since Go 1.20; npcdata u32 and then nfuncdata u32 follow. */
const FUNC_SIZE: Bytes = 44;

class FunctionRecord implements GoFunction {
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
class ModuleFunctions {
  readonly module: Module;
  readonly count: number;
  private readonly memory: AddressSpace;
  private readonly quantum: number;
  /** [entryoff, funcoff] x (count + 1), the last a sentinel. */
  private readonly ftab: Uint32Array;
  private readonly records = new Map<number, FunctionRecord | undefined>();
  private readonly names = new Map<number, string>();
  private readonly files = new Map<number, string>();

  constructor(memory: AddressSpace, module: Module, arch: Arch) {
    this.memory = memory;
    this.module = module;
    this.quantum = arch.pcQuantum;
    const length = Math.min(Math.max(module.ftab.length, 0), MOST_FUNCTIONS);
    const bytes = length > 0 ? memory.tryBytes(module.ftab.array, length * 8) : undefined;
    this.ftab = bytes ? new Uint32Array(bytes.slice().buffer) : new Uint32Array(0);
    this.count = Math.max(this.ftab.length / 2 - 1, 0);
  }

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

  find(pc: Address): FunctionRecord | undefined {
    const offset = this.offsetOf(pc);
    if (offset === undefined || this.count === 0 || offset < this.ftab[0]) return undefined;
    return this.at(partitionPoint(this.count, (index) => this.ftab[index * 2] <= offset) - 1);
  }

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

  nameAt(offset: number): string {
    let name = this.names.get(offset);
    if (name === undefined) {
      name = offset === 0 ? "" : realName(readText(this.memory, this.module.funcnametab + offset));
      this.names.set(offset, name);
    }
    return name;
  }

  /** Names only, without keeping a record per function. */
  nameOf(index: number): string {
    const known = this.records.get(index);
    if (known) return known.name;
    const bytes = this.memory.tryBytes(this.module.pclntable + this.ftab[index * 2 + 1] + 4, 4);
    return bytes ? this.nameAt(new ByteReader(bytes, "pclntab function").i32()) : "";
  }

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

class Functions implements FunctionTable {
  private readonly memory: AddressSpace;
  private readonly parts: readonly ModuleFunctions[];
  /** 200,000 goroutines stand at a few dozen pcs. */
  private readonly inlined = new Map<Address, readonly InlinedFrame[]>();
  private byNameIndex: Map<string, { readonly part: ModuleFunctions; readonly index: number }> | undefined;

  constructor(memory: AddressSpace, modules: readonly Module[], arch: Arch) {
    this.memory = memory;
    this.parts = modules.map((module) => new ModuleFunctions(memory, module, arch));
  }

  private partOf(fn: GoFunction): ModuleFunctions {
    return this.parts.find((part) => part.module === fn.module) as ModuleFunctions;
  }

  find(pc: Address): GoFunction | undefined {
    return this.parts.find((part) => part.covers(pc))?.find(pc);
  }

  byName(name: string): GoFunction | undefined {
    if (!this.byNameIndex) {
      this.byNameIndex = new Map();
      for (const part of this.parts) {
        for (let index = 0; index < part.count; index++) {
          const each = part.nameOf(index);
          if (each !== "" && !this.byNameIndex.has(each)) this.byNameIndex.set(each, { part, index });
        }
      }
    }
    const found = this.byNameIndex.get(name);
    return found?.part.at(found.index);
  }

  pcValue(fn: GoFunction, tableOffset: number, pc: Address): number {
    return this.partOf(fn).pcValue(fn as FunctionRecord, tableOffset, pc).value;
  }

  pcdata(fn: GoFunction, table: number, pc: Address): number {
    const offset = (fn as FunctionRecord).pcdataOffsets[table];
    return offset === undefined ? -1 : this.pcValue(fn, offset, pc);
  }

  funcdata(fn: GoFunction, index: number): Address {
    const offset = (fn as FunctionRecord).funcdataOffsets[index];
    return offset === undefined || offset === 0xffffffff ? 0 : fn.module.gofunc + offset;
  }

  spDelta(fn: GoFunction, pc: Address): number | undefined {
    const offset = (fn as FunctionRecord).pcsp;
    return offset === 0 ? undefined : this.pcValue(fn, offset, pc);
  }

  lineAt(fn: GoFunction, pc: Address): { readonly file: string; readonly line: number } {
    const record = fn as FunctionRecord;
    const file = this.pcValue(fn, record.pcfile, pc);
    const line = this.pcValue(fn, record.pcln, pc);
    if (file < 0 || line < 0) return { file: "?", line: 0 };
    return { file: this.partOf(fn).fileOf(record, file), line };
  }

  lineStarts(fn: GoFunction): readonly Address[] {
    const record = fn as FunctionRecord;
    const found = new Set<Address>();
    for (const offset of [record.pcln, record.pcdataOffsets[PCDATA.inlineTreeIndex] ?? 0]) {
      for (let pc = fn.entry; pc < fn.end && found.size < MOST_LINES; ) {
        found.add(pc);
        const { end } = this.partOf(fn).pcValue(record, offset, pc);
        if (end <= pc) break;
        pc = end;
      }
    }
    return [...found].sort((a, b) => a - b);
  }

  inlinedAt(fn: GoFunction, pc: Address): readonly InlinedFrame[] {
    const known = this.inlined.get(pc);
    if (known) return known;
    const frames: InlinedFrame[] = [];
    const tree = this.funcdata(fn, FUNCDATA.inlineTree);
    let at = pc;
    while (tree !== 0 && frames.length < MOST_INLINED) {
      const index = this.pcdata(fn, PCDATA.inlineTreeIndex, at);
      const bytes = index >= 0 ? this.memory.tryBytes(tree + index * 16, 16) : undefined;
      if (!bytes) break;
      // inlinedCall {funcID u8, pad, nameOff i32 @4, parentPc i32 @8, startLine i32 @12}, runtime/symtabinl.go
      const call = new ByteReader(bytes, "inline tree");
      const funcId = call.u8();
      call.offset = 4;
      const name = this.partOf(fn).nameAt(call.i32());
      frames.push({ name, ...this.lineAt(fn, at), inlined: true, funcId });
      const parent = fn.entry + call.i32();
      if (parent === at) break;
      at = parent;
    }
    frames.push({ name: fn.name, ...this.lineAt(fn, at), inlined: false, funcId: fn.funcId });
    if (this.inlined.size >= MOST_FUNCTIONS_REMEMBERED) this.inlined.clear();
    this.inlined.set(pc, frames);
    return frames;
  }
}

/** The function table of all modules: the index is read now, records, names and lines when asked for. */
export function readFunctions(memory: AddressSpace, modules: readonly Module[], arch: Arch): FunctionTable {
  return new Functions(memory, modules, arch);
}
