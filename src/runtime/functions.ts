// The functions of the program as its own tracebacks see them: the pclntab. runtime/symtab.go, cmd/link pcln.go
import type { Arch } from "../base/arch.js";
import { ByteReader } from "../base/byte-reader.js";
import type { Address } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { FUNCDATA, type GoFunction, PCDATA } from "./go-function.js";
import { MOST_FUNCTIONS_REMEMBERED, MOST_INLINED, MOST_LINES } from "./limits.js";
import { type FunctionRecord, ModuleFunctions } from "./module-functions.js";
import type { Module } from "./modules.js";

export { ARGS_UNKNOWN, FLAG_SP_WRITE, FLAG_TOP_FRAME, FUNCDATA, type GoFunction, PCDATA } from "./go-function.js";

/** One function as people know it: several may share one pc through inlining. */
export interface InlinedFrame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly inlined: boolean;
  /** abi.FuncID; its numbers move between releases. */
  readonly funcId: number;
  /** Where it stands in the code: of a function that others are inlined into, the place of that call. */
  readonly pc: Address;
}

/** The functions of all modules, by their code. */
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

class Functions implements FunctionTable {
  private readonly memory: AddressSpace;
  private readonly parts: readonly ModuleFunctions[];
  /** 200,000 goroutines stand at a few dozen pcs. */
  private readonly inlined = new Map<Address, readonly InlinedFrame[]>();

  constructor(memory: AddressSpace, parts: readonly ModuleFunctions[]) {
    this.memory = memory;
    this.parts = parts;
  }

  private partOf(fn: GoFunction): ModuleFunctions {
    return this.parts.find((part) => part.module === fn.module) as ModuleFunctions;
  }

  find(pc: Address): GoFunction | undefined {
    return this.parts.find((part) => part.covers(pc))?.find(pc);
  }

  byName(name: string): GoFunction | undefined {
    for (const part of this.parts) {
      const found = part.byName(name);
      if (found) return found;
    }
    return undefined;
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

  /** File "?" and line 0 where the tables do not say, as in assembly that was not dumped. */
  lineAt(fn: GoFunction, pc: Address): { readonly file: string; readonly line: number } {
    const record = fn as FunctionRecord;
    const file = this.pcValue(fn, record.pcfile, pc);
    const line = this.pcValue(fn, record.pcln, pc);
    if (file < 0 || line < 0) return { file: "?", line: 0 };
    return { file: this.partOf(fn).fileOf(record, file), line };
  }

  /** From the ends of the stretches of two pc-value tables: lines, and calls that were inlined. */
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
    // An inlined call names the pc in its parent at which it stands: from there the tree is climbed. runtime/symtabinl.go
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
      frames.push({ name, ...this.lineAt(fn, at), inlined: true, funcId, pc: at });
      const parent = fn.entry + call.i32();
      if (parent === at) break;
      at = parent;
    }
    frames.push({ name: fn.name, ...this.lineAt(fn, at), inlined: false, funcId: fn.funcId, pc: at });
    if (this.inlined.size >= MOST_FUNCTIONS_REMEMBERED) this.inlined.clear();
    this.inlined.set(pc, frames);
    return frames;
  }
}

/** What was read of modules, by their data: a stripped executable is looked at before the runtime is, by the same table. */
const known = new WeakMap<AddressSpace, Map<string, ModuleFunctions>>();

/** The function table of all modules: the index is read now, records, names and lines when asked for. */
export function readFunctions(memory: AddressSpace, modules: readonly Module[], arch: Arch): FunctionTable {
  const read = known.get(memory) ?? new Map<string, ModuleFunctions>();
  known.set(memory, read);
  const parts = modules.map((module) => {
    const key = JSON.stringify(module);
    const part = read.get(key) ?? new ModuleFunctions(memory, module, arch);
    read.set(key, part);
    return part;
  });
  return new Functions(memory, parts);
}
