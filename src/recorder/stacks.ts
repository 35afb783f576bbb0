// Stacks as the tracer writes them: physical return addresses to logical frames, and those to text. runtime/tracestack.go

import { uint64 } from "../base/uint64.js";
import { type Address, WORD } from "../base/units.js";
import { FUNCDATA, PCDATA } from "../runtime/functions.js";
import { readField } from "../runtime/layout/layout.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { MOST_FRAMES, MOST_STRING_BYTES } from "../trace/limits.js";
import { MOST_INLINED } from "./limits.js";

/** One frame with its texts as bytes, cut to 1024 as the tracer cuts them; pc of the call. */
export interface StackText {
  readonly pc: Address;
  readonly function: Uint8Array;
  readonly file: Uint8Array;
  readonly line: number;
}

/**
 * The first word of a stack whose other words are frames already: all ones, as a double. runtime/tracestack.go logicalStackSentinel
 * Otherwise the first word says how many frames to leave out, and the others are return addresses, each of which may be the place of
 * several inlined calls.
 */
export const LOGICAL_STACK = 2 ** 64;
const encoder = new TextEncoder();
/** Panics keep the wrappers that called them. runtime/traceback.go elideWrapperCalling */
const KEEPS_WRAPPER = new Set(["runtime.gopanic", "runtime.sigpanic", "runtime.panicwrap"]);

/** Expands stacks of one process; what a return address stands for is remembered. */
export class StackExpander {
  private readonly runtime: GoRuntime;
  private readonly wrapper: number;
  private readonly texts = new Map<Address, StackText | undefined>();

  constructor(runtime: GoRuntime) {
    this.runtime = runtime;
    this.wrapper = wrapperId(runtime);
  }

  /**
   * The frames of an entry of the stack table, innermost first, at most 128. runtime/tracestack.go dumpStacksRec
   * @param words as the tracer keeps them; the first says what the others are
   */
  frames(words: readonly number[]): readonly StackText[] {
    const out: StackText[] = [];
    for (const pc of this.logical(words)) {
      const text = this.text(pc);
      if (text) out.push(text);
    }
    // The runtime writes one frame without anything where there is none.
    if (out.length === 0) out.push({ pc: 0, function: encoder.encode(""), file: encoder.encode(""), line: 0 });
    return out;
  }

  /** Return addresses to one pc for each frame, the inlined ones too, without the wrappers that the compiler made. runtime fpunwindExpand */
  private logical(words: readonly number[]): readonly Address[] {
    const first = words[0];
    if (first === undefined) return [];
    if (first >= LOGICAL_STACK) return words.slice(1, 1 + MOST_FRAMES);
    const { functions } = this.runtime;
    let skip = first;
    let last = "";
    const out: Address[] = [];
    for (const back of words.slice(1)) {
      const call = back - 1;
      const fn = functions.find(call);
      const frames = fn ? functions.inlinedAt(fn, call) : [];
      const pcs = fn ? this.inlinePcs(fn, call) : [call];
      for (let i = 0; i < pcs.length; i++) {
        const frame = frames[i];
        const elided = frame !== undefined && frame.funcId === this.wrapper && !KEEPS_WRAPPER.has(last);
        if (!elided) {
          if (skip > 0) skip--;
          else if (out.length < MOST_FRAMES) out.push(pcs[i] + 1);
          if (out.length >= MOST_FRAMES) return out;
        }
        if (frame) last = frame.name;
      }
    }
    return out;
  }

  /** The pc of each frame that is inlined at pc, innermost first. runtime/symtabinl.go */
  private inlinePcs(fn: Parameters<GoRuntime["functions"]["inlinedAt"]>[0], pc: Address): readonly Address[] {
    const { functions, process } = this.runtime;
    const tree = functions.funcdata(fn, FUNCDATA.inlineTree);
    const out = [pc];
    let at = pc;
    while (tree !== 0 && out.length < MOST_INLINED) {
      const index = functions.pcdata(fn, PCDATA.inlineTreeIndex, at);
      if (index < 0 || !process.memory.tryBytes(tree + index * 16, 16)) break;
      const parent = fn.entry + process.memory.readUint(tree + index * 16 + 8, 4);
      if (parent === at) break;
      out.push(parent);
      at = parent;
    }
    return out;
  }

  /** Function, file and line of a return address; undefined when it lies in no function of Go. */
  private text(back: Address): StackText | undefined {
    if (this.texts.has(back)) return this.texts.get(back);
    const { functions } = this.runtime;
    const fn = functions.find(back);
    let text: StackText | undefined;
    if (fn) {
      const pc = back > fn.entry ? back - 1 : back;
      const name = functions.inlinedAt(fn, pc)[0]?.name ?? fn.name;
      const { file, line } = functions.lineAt(fn, pc);
      text = { pc, function: lastBytes(withoutTypeArguments(name)), file: lastBytes(file), line };
    }
    this.texts.set(back, text);
    return text;
  }

  /**
   * The words the tracer would put for a goroutine that is not running: where it stands, then its callers along the frame pointers.
   * runtime/tracestack.go traceStack
   *
   * The outermost words are dropped as the runtime does: goexit, and main of goroutine 1. A frame pointer counts only when it lies in
   * the stack and above the one before, so that damage cannot lead in a circle.
   *
   * @param goroutine address of its g
   * @param stack     [lo, hi) of its stack
   * @returns [] when it has no callers
   */
  wordsOf(goroutine: Address, id: number, stack: { readonly lo: Address; readonly hi: Address }): readonly number[] {
    const { process, layout } = this.runtime;
    const { memory } = process;
    const g = layout.struct("tracedG");
    const inSyscall = readField(memory, g, goroutine, "syscallsp") !== 0;
    const words = [0, readField(memory, g, goroutine, inSyscall ? "syscallpc" : "sched.pc")];
    let fp = inSyscall
      ? g.has("syscallbp")
        ? readField(memory, g, goroutine, "syscallbp")
        : 0
      : readField(memory, g, goroutine, "sched.bp");
    if (!inSyscall && g.has("syncSafePoint") && readField(memory, g, goroutine, "syncSafePoint") !== 0) {
      words.push(
        process.arch.linkRegister
          ? readField(memory, g, goroutine, "sched.lr")
          : (memory.tryAddress(readField(memory, g, goroutine, "sched.sp")) ?? 0),
      );
    }
    for (let least = stack.lo; words.length < MOST_FRAMES && fp >= least && fp + 2 * WORD <= stack.hi; ) {
      const back = memory.tryAddress(fp + WORD);
      const next = memory.tryAddress(fp);
      if (back === undefined || next === undefined) break;
      words.push(back);
      least = fp + WORD;
      fp = next;
    }
    words.pop(); // runtime.goexit
    if (id === 1 && words.length > 1) words.pop(); // runtime.main
    return words.length > 1 ? words : [];
  }
}

/** The words of an entry of the stack table, as doubles. */
export function stackWords(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / WORD) }, (_, i) => uint64(view, i * WORD));
}

/** abi.FuncIDWrapper: a constant where DWARF has it, else the id of a function that the compiler generated as one. */
function wrapperId(runtime: GoRuntime): number {
  const constant = runtime.layout.constant("internal/abi.FuncIDWrapper");
  if (constant !== undefined) return constant;
  for (const name of ["internal/abi.(*Kind).String", "runtime.(*waitReason).String", "runtime.(*errorString).Error"]) {
    const fn = runtime.functions.byName(name);
    if (fn && runtime.functions.lineAt(fn, fn.entry).file === "<autogenerated>") return fn.funcId;
  }
  return -1;
}

/** Type arguments become "[...]", as the runtime prints names. runtime/traceback.go funcNamePiecesForPrint */
function withoutTypeArguments(name: string): string {
  const open = name.indexOf("[");
  const close = name.lastIndexOf("]");
  return open < 0 || close <= open ? name : `${name.slice(0, open)}[...]${name.slice(close + 1)}`;
}

/** The end of a text that is too long: paths and names differ there. runtime/tracestack.go makeTraceFrame */
function lastBytes(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  return bytes.length > MOST_STRING_BYTES ? bytes.subarray(bytes.length - MOST_STRING_BYTES) : bytes;
}
