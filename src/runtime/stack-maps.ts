// Which words of a stack are live pointers, exactly as the garbage collector decides. runtime/stkframe.go, runtime/mgcmark.go scanstack
import type { Arch } from "../base/arch.js";
import type { Findings } from "../base/findings.js";
import { type Address, type Bytes, hex, NOT_AN_ADDRESS, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Process } from "../process/process.js";
import { ARGS_UNKNOWN, FUNCDATA, type FunctionTable, type GoFunction, PCDATA } from "./functions.js";
import { runGcProgram } from "./gc-program.js";
import type { Layout } from "./layout/schema.js";
import { LONGEST_STACK_PROGRAM, MOST_MASK_BITS, MOST_STACK_MAPS, MOST_STACK_OBJECTS } from "./limits.js";
import type { Module } from "./modules.js";
import type { Frame } from "./unwind.js";

/** A bitmap as offsets of its set bits, in bytes. */
export type WordOffsets = Int32Array;

/** An address-taken local or argument, with its own mask: live only while something live points into it. */
export interface StackObject {
  /** From varp when negative, else from argp. */
  readonly offset: number;
  readonly size: Bytes;
  readonly pointers: WordOffsets;
}

/** What may be live in a frame at one pc. */
export interface FrameMap {
  /** From varp, all negative. */
  readonly locals: WordOffsets;
  /** From argp. */
  readonly args: WordOffsets;
  readonly objects: readonly StackObject[];
  /** false: the tables are missing or damaged; every word may be a pointer. */
  readonly known: boolean;
}

/** Which words of a frame are live pointers, by the tables that the collector uses. runtime/stkframe.go getStackMap */
export interface StackMaps {
  /** Of a frame stopped at a call. */
  at(frame: Frame): FrameMap;
  /** Bytes of arguments and results the frame has above it. */
  argumentBytes(frame: Frame): Bytes;
}

const NOTHING: WordOffsets = new Int32Array(0);
/** A frame that will not go on: it has no live words. */
const DEAD: FrameMap = { locals: NOTHING, args: NOTHING, objects: [], known: true };
const UNKNOWN: FrameMap = { locals: NOTHING, args: NOTHING, objects: [], known: false };

/** Set bits of a mask, as byte offsets from base. */
function wordOffsets(mask: Uint8Array, bits: number, base: number): WordOffsets {
  const offsets: number[] = [];
  for (let i = 0; i < bits; i++) {
    if ((mask[i >> 3] >> (i & 7)) & 1) offsets.push(base + i * WORD);
  }
  return Int32Array.from(offsets);
}

function readInt32(memory: AddressSpace, address: Address): number | undefined {
  const bytes = memory.tryBytes(address, 4);
  return bytes && new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true);
}

/** Reads maps of the executable's tables, once for each pc: a hundred thousand goroutines stand at few. */
class StackMapReader implements StackMaps {
  private readonly memory: AddressSpace;
  private readonly layout: Layout;
  private readonly functions: FunctionTable;
  private readonly modules: readonly Module[];
  private readonly findings: Findings;
  private readonly arch: Arch;
  /** By continuation pc: of frames with local variables, and of those without. */
  private readonly known = new Map<Address, FrameMap>();
  private readonly knownSmall = new Map<Address, FrameMap>();
  private lastPc: Address = 0;
  private lastMaps = this.known;
  private lastMap = DEAD;
  private readonly objectsOf = new Map<GoFunction, readonly StackObject[]>();
  private registerArgs: readonly StackObject[] | undefined;

  constructor(process: Process, layout: Layout, functions: FunctionTable, modules: readonly Module[], findings: Findings) {
    this.memory = process.memory;
    this.layout = layout;
    this.functions = functions;
    this.modules = modules;
    this.findings = findings;
    this.arch = process.arch;
  }

  /**
   * By the pc where the frame goes on: after a fault (sigpanic) that is its call of deferreturn, or 0 when it has none.
   * runtime/traceback.go resolveInternal
   */
  at(frame: Frame): FrameMap {
    const { fn, continpc } = frame;
    if (continpc === 0) return DEAD;
    if (fn.args === ARGS_UNKNOWN && isReflectStub(fn.name)) return this.ofReflectStub(frame);
    const maps = this.hasLocals(frame) ? this.known : this.knownSmall;
    if (continpc === this.lastPc && maps === this.lastMaps) return this.lastMap;
    let map = maps.get(continpc);
    if (!map) {
      const index = this.mapIndex(fn, continpc);
      const locals = maps === this.known ? this.bitmap(fn, FUNCDATA.localsPointerMaps, index, true) : NOTHING;
      const args = fn.args >= WORD ? this.bitmap(fn, FUNCDATA.argsPointerMaps, index, false) : NOTHING;
      const objects = this.stackObjects(fn);
      map = locals && args && objects ? { locals, args, objects, known: true } : this.unknown(fn, continpc);
      maps.set(continpc, map);
    }
    this.lastPc = continpc;
    this.lastMaps = maps;
    this.lastMap = map;
    return map;
  }

  argumentBytes(frame: Frame): Bytes {
    if (frame.fn.args !== ARGS_UNKNOWN) return Math.max(frame.fn.args, 0);
    return isReflectStub(frame.fn.name) ? this.reflectArgs(frame).words * WORD : 0;
  }

  /** Whether the frame has more than what every frame has: return address, frame pointer. */
  private hasLocals(frame: Frame): boolean {
    return frame.varp - frame.sp > this.arch.emptyFrame;
  }

  private unknown(fn: GoFunction, pc: Address): FrameMap {
    this.findings.add(
      "stack-map-missing",
      "frames without a stack map: all their words are taken as possible pointers",
      `${fn.name} at ${hex(pc)}`,
    );
    return UNKNOWN;
  }

  /** -1 (the map at entry) reads as the first map. */
  private mapIndex(fn: GoFunction, target: Address): number {
    const index = target === fn.entry ? -1 : this.functions.pcdata(fn, PCDATA.stackMapIndex, target - 1);
    return index === -1 ? 0 : index;
  }

  /** stackmap {n i32, nbit i32, bytes}: n bitmaps of nbit bits. Locals end at varp. */
  private bitmap(fn: GoFunction, table: number, index: number, endsAtBase: boolean): WordOffsets | undefined {
    const at = this.functions.funcdata(fn, table);
    const count = at === 0 ? undefined : readInt32(this.memory, at);
    const bits = at === 0 ? undefined : readInt32(this.memory, at + 4);
    if (count === undefined || bits === undefined || count <= 0 || count > MOST_STACK_MAPS || bits < 0 || bits > MOST_MASK_BITS)
      return undefined;
    if (bits === 0) return NOTHING;
    if (index < 0 || index >= count) return undefined;
    const size = Math.ceil(bits / 8);
    const mask = this.memory.tryBytes(at + 8 + index * size, size);
    return mask && wordOffsets(mask, bits, endsAtBase ? -bits * WORD : 0);
  }

  /** FUNCDATA_StackObjects {n uintptr, n records of 16 bytes}. undefined when the table is damaged. */
  private stackObjects(fn: GoFunction): readonly StackObject[] | undefined {
    const known = this.objectsOf.get(fn);
    if (known) return known;
    const at = this.functions.funcdata(fn, FUNCDATA.stackObjects);
    const objects: StackObject[] = [];
    if (at !== 0) {
      const count = this.memory.tryAddress(at) ?? NOT_AN_ADDRESS;
      if (count < 0 || count > MOST_STACK_OBJECTS) return undefined;
      for (let i = 0; i < count; i++) {
        const object = this.stackObject(at + WORD + i * 16, fn.module);
        if (!object) return undefined;
        objects.push(object);
      }
    }
    this.objectsOf.set(fn, objects);
    return objects;
  }

  /** stackObjectRecord {off i32, size i32, ptrBytes i32, gcdataoff u32}; ptrBytes below 0: the mask is a program (up to Go 1.23). */
  private stackObject(record: Address, module: Module): StackObject | undefined {
    const bytes = this.memory.tryBytes(record, 16);
    if (!bytes) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
    const size = view.getInt32(4, true);
    const pointerBytes = view.getInt32(8, true);
    const words = Math.ceil(Math.abs(pointerBytes) / WORD);
    if (size < 0 || words > MOST_MASK_BITS) return undefined;
    const data = module.rodata + view.getUint32(12, true);
    const mask = pointerBytes < 0 ? this.programMask(data, words) : this.memory.tryBytes(data, Math.ceil(words / 8));
    return mask && { offset: view.getInt32(0, true), size, pointers: wordOffsets(mask, words, 0) };
  }

  /** A mask as a GC program: its length comes first, but the program ends itself, so the window grows until it does. */
  private programMask(data: Address, words: number): Uint8Array | undefined {
    for (let size = 256; size <= LONGEST_STACK_PROGRAM; size *= 8) {
      const program = this.memory.tryBytes(data + 4, size);
      const mask = program && runGcProgram(program, words);
      if (mask) return mask;
    }
    return undefined;
  }

  /** Calls made through reflect: the argument map comes with the call. stkframe.go argMapInternal */
  private reflectArgs(frame: Frame): { readonly started: boolean; readonly words: number; readonly mask: Address } {
    const none = { started: false, words: 0, mask: 0 };
    const saved = frame.sp + this.arch.minFrameSize;
    const end = this.arch.linkRegister ? frame.fp : frame.fp - WORD;
    if (saved >= end) return none;
    const value = this.memory.tryAddress(saved) ?? 0;
    if (this.memory.tryAddress(value) !== frame.fn.entry) return none;
    const vector = this.memory.tryAddress(value + WORD) ?? 0;
    const argLen = this.memory.tryAddress(value + 2 * WORD) ?? 0;
    const words = readInt32(this.memory, vector) ?? 0;
    const mask = this.memory.tryAddress(vector + WORD) ?? 0;
    const resultsValid = this.memory.tryBytes(saved + 4 * WORD, 1)?.[0] === 1;
    const used = resultsValid ? words : Math.min(words, Math.floor(Math.max(argLen, 0) / WORD));
    return { started: true, words: Math.min(Math.max(used, 0), MOST_MASK_BITS), mask };
  }

  /** makeFuncStub and methodValueCall have no argument map: the call's own bits say which words are live. */
  private ofReflectStub(frame: Frame): FrameMap {
    const args = this.reflectArgs(frame);
    const mask = args.words > 0 ? this.memory.tryBytes(args.mask, Math.ceil(args.words / 8)) : new Uint8Array(0);
    const locals = this.hasLocals(frame)
      ? this.bitmap(frame.fn, FUNCDATA.localsPointerMaps, this.mapIndex(frame.fn, frame.continpc), true)
      : NOTHING;
    if (!mask || !locals) return this.unknown(frame.fn, frame.continpc);
    return { locals, args: wordOffsets(mask, args.words, 0), objects: args.started ? this.registerArguments() : [], known: true };
  }

  /** The abi.RegArgs at a fixed place in the stubs: a record the runtime makes at start-up. */
  private registerArguments(): readonly StackObject[] {
    if (!this.registerArgs) {
      const record = this.layout.global("runtime.methodValueCallFrameObjs");
      const module =
        this.modules.find((each) => record !== undefined && record >= each.noptrbss && record < each.enoptrbss) ?? this.modules[0];
      const object = record !== undefined && module ? this.stackObject(record, module) : undefined;
      this.registerArgs = object ? [object] : [];
    }
    return this.registerArgs;
  }
}

function isReflectStub(name: string): boolean {
  return name === "reflect.makeFuncStub" || name === "reflect.methodValueCall";
}

/** The stack maps of this program; what was learned of a pc is kept. */
export function readStackMaps(
  process: Process,
  layout: Layout,
  functions: FunctionTable,
  modules: readonly Module[],
  findings: Findings,
): StackMaps {
  return new StackMapReader(process, layout, functions, modules, findings);
}
