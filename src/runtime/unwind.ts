// Frames of a goroutine's stack, found as the runtime finds them: by frame sizes of the pclntab. runtime/traceback.go unwinder
import type { Arch } from "../base/arch.js";
import { type Address, hex, NOT_AN_ADDRESS, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { FLAG_SP_WRITE, FLAG_TOP_FRAME, type FunctionTable, type GoFunction } from "./functions.js";
import { KEPT_FRAMES } from "./limits.js";

/** One physical frame; functions inlined into it are FunctionTable.inlinedAt(fn, symbolPc). */
export interface Frame {
  /** Where it continues: the return address, or the interrupted instruction. */
  readonly pc: Address;
  readonly sp: Address;
  /** The caller's sp; DWARF's CFA. */
  readonly fp: Address;
  /** End of the local variables. */
  readonly varp: Address;
  /** Start of the arguments on the stack. */
  readonly argp: Address;
  readonly fn: GoFunction;
  /** Where liveness is looked up, 0 when the frame is dead (it trapped and does not recover). */
  readonly continpc: Address;
  /** The pc of the last instruction executed, to name functions and lines with. */
  readonly symbolPc: Address;
  /** Stopped where no stack map is valid: every word may be a pointer. */
  readonly conservative: boolean;
}

/** The frames of one stack, innermost first. */
export interface Unwound extends WalkEnd {
  /** Of very deep stacks the innermost and outermost KEPT_FRAMES. */
  readonly frames: readonly Frame[];
  /** How many are left out after the first KEPT_FRAMES; 0 nearly always. */
  readonly omitted: number;
}

/** Where a walk begins. */
export interface UnwindStart {
  readonly pc: Address;
  readonly sp: Address;
  /** The link register, 0 when unknown or when there is none. */
  readonly lr: Address;
  /** pc was interrupted, it is no return address. */
  readonly trap: boolean;
  /** pc and sp were saved on entry to a system call; what the function did to SP later does not matter. */
  readonly syscall: boolean;
  readonly stack: { readonly lo: Address; readonly hi: Address };
}

/** How a walk ended. */
interface WalkEnd {
  /** It reached the outermost function. */
  readonly complete: boolean;
  /** Why not. */
  readonly problem: string | undefined;
}

/** Walks stacks; one serves all goroutines, for it remembers what the function table says of each pc. */
export interface Unwinder {
  /** Calls visit for every frame, innermost first; memory does not grow with the depth. */
  walk(start: UnwindStart, visit: (frame: Frame) => void): WalkEnd;
  /** All frames at once. */
  unwind(start: UnwindStart): Unwound;
}

/** Index into Unwound.frames of the frame at this depth, of so many in all; -1 when it is not kept. */
export function keptIndex(depth: number, total: number): number {
  if (depth < KEPT_FRAMES || total <= 2 * KEPT_FRAMES) return depth;
  return depth >= total - KEPT_FRAMES ? depth - (total - 2 * KEPT_FRAMES) : -1;
}

/** What the function table says of a pc. */
interface PcFacts {
  readonly fn: GoFunction;
  /** Bytes that the function's frame has at pc; undefined: it has no frame table, -1: its table does not cover pc. */
  readonly delta: number | undefined;
}

/** Functions that a signal handler makes an interrupted one seem to call. */
function isInjected(name: string): boolean {
  return name === "runtime.sigpanic" || isPreemption(name);
}

function isPreemption(name: string): boolean {
  return name === "runtime.asyncPreempt" || name === "runtime.debugCallV2";
}

/** An unwinder that remembers what it learned of each pc. */
export function createUnwinder(memory: AddressSpace, functions: FunctionTable, arch: Arch): Unwinder {
  return new TableUnwinder(memory, functions, arch);
}

/** The registers that lead from a frame to its caller. */
interface Cursor {
  pc: Address;
  sp: Address;
  /** 0 when the return address has to be read from the stack. */
  lr: Address;
  /** pc was interrupted, it is no return address. */
  trap: boolean;
  facts: PcFacts;
  innermost: boolean;
  /** Name of the function that the frame has called, "" for the innermost. */
  callee: string;
}

class TableUnwinder implements Unwinder {
  private readonly memory: AddressSpace;
  private readonly functions: FunctionTable;
  private readonly arch: Arch;
  /** A call leaves its return address in the link register, and not on the stack. */
  private readonly usesLr: boolean;
  private readonly known = new Map<Address, PcFacts | undefined>();
  private lastPc: Address = 0;
  private lastFacts: PcFacts | undefined;

  constructor(memory: AddressSpace, functions: FunctionTable, arch: Arch) {
    this.memory = memory;
    this.functions = functions;
    this.arch = arch;
    this.usesLr = arch.linkRegister !== undefined;
  }

  walk(start: UnwindStart, visit: (frame: Frame) => void): WalkEnd {
    const cursor = this.begin(start);
    if (typeof cursor === "string") return stopped(cursor);
    const most = (start.stack.hi - start.stack.lo) / WORD + 16;
    for (let depth = 0; depth <= most; depth++) {
      const { fn, delta } = cursor.facts;
      if (delta === undefined) return stopped(`${fn.name} has no frame table`);
      if (delta < 0 || delta % WORD !== 0) return stopped(`${fn.name} has no frame size at ${hex(cursor.pc)}`);
      const fp = cursor.sp + delta + (this.usesLr ? 0 : WORD);
      if (fp > start.stack.hi) return stopped(`the frame of ${fn.name} at ${hex(cursor.sp)} leaves the stack`);

      const isTop = fn.flag % 2 === FLAG_TOP_FRAME;
      const isLost = !isTop && this.losesStack(cursor, start.syscall);
      const returns = isTop || isLost ? 0 : this.returnAddress(cursor, fp);
      visit(this.frameAt(cursor, fp));
      if (isTop) return { complete: true, problem: undefined };
      if (isLost) return stopped(`${fn.name} moves the stack pointer in ways that no table describes`);
      const problem = this.toCaller(cursor, fp, returns);
      if (problem !== undefined) return stopped(problem);
    }
    return stopped("more frames than the stack has words");
  }

  unwind(start: UnwindStart): Unwound {
    const inner: Frame[] = [];
    const outer: Frame[] = [];
    let total = 0;
    const end = this.walk(start, (frame) => {
      if (total < KEPT_FRAMES) inner.push(frame);
      else outer[(total - KEPT_FRAMES) % KEPT_FRAMES] = frame;
      total++;
    });
    const first = total > 2 * KEPT_FRAMES ? (total - KEPT_FRAMES) % KEPT_FRAMES : 0;
    const frames = [...inner, ...outer.slice(first), ...outer.slice(0, first)];
    return { frames, omitted: total - frames.length, ...end };
  }

  /** @returns a problem when there is no frame to begin with */
  private begin({ pc, sp, lr, trap, stack: { lo, hi } }: UnwindStart): Cursor | string {
    if (sp < lo || sp > hi) return `sp ${hex(sp)} is outside the stack ${hex(lo)}..${hex(hi)}`;
    if (pc !== 0) {
      const facts = this.factsAt(pc);
      return facts ? { pc, sp, lr, trap, facts, innermost: true, callee: "" } : `pc ${hex(pc)} is in no Go function`;
    }
    // A call of a nil function: it is the caller that tells something.
    const back = this.usesLr && lr !== 0 ? lr : this.memory.tryAddress(sp);
    if (back === undefined) return `the stack at ${hex(sp)} is not in the core`;
    const facts = this.factsAt(back);
    if (!facts) return `pc ${hex(back)} is in no Go function`;
    return { pc: back, sp: this.usesLr ? sp : sp + WORD, lr: 0, trap: false, facts, innermost: true, callee: "" };
  }

  /** A function that writes SP itself is safe to pass only where it has not begun to, in its stack check. */
  private losesStack({ facts: { fn }, innermost, trap }: Cursor, syscall: boolean): boolean {
    const writesSp = Math.floor(fn.flag / FLAG_SP_WRITE) % 2 === 1 && fn.name !== "runtime.cgocallback" && !(innermost && syscall);
    return writesSp && (!innermost || trap);
  }

  /** Where the function returns to: the link register as long as it has made no call, else a word of its frame. */
  private returnAddress({ sp, lr, innermost }: Cursor, fp: Address): Address {
    const isOnStack = !this.usesLr || (innermost && sp < fp) || lr === 0;
    return isOnStack ? (this.memory.tryAddress(this.usesLr ? sp : fp - WORD) ?? NOT_AN_ADDRESS) : lr;
  }

  private frameAt({ pc, sp, trap, innermost, callee, facts: { fn } }: Cursor, fp: Address): Frame {
    const end = this.usesLr ? fp : fp - WORD;
    let continpc = pc;
    // The panic has to be recovered for the frame to go on: then it runs its deferred calls.
    if (callee === "runtime.sigpanic") continpc = fn.deferreturn !== 0 ? fn.entry + fn.deferreturn + 1 : 0;
    return {
      pc,
      sp,
      fp,
      varp: end > sp ? end - WORD : end,
      argp: this.usesLr ? fp + WORD : fp,
      fn,
      continpc,
      symbolPc: !trap && pc > fn.entry ? pc - 1 : pc,
      conservative: (innermost && trap) || isPreemption(fn.name) || isPreemption(callee),
    };
  }

  /** Moves the cursor. @returns a problem when there is no caller to be found */
  private toCaller(cursor: Cursor, fp: Address, returns: Address): string | undefined {
    const { pc, sp, facts } = cursor;
    const { name } = facts.fn;
    if (returns === 0) return `the stack ends in ${name}, which is no outermost function`;
    if (returns === NOT_AN_ADDRESS) return `no return address of ${name} at ${hex(this.usesLr ? sp : fp - WORD)}`;
    if (returns === pc && fp === sp) return `${name} seems to call itself without a frame`;
    cursor.trap = isInjected(name);
    cursor.innermost = false;
    cursor.callee = name;
    cursor.pc = returns;
    cursor.sp = fp;
    cursor.lr = 0;
    let caller = this.factsAt(returns);
    if (this.usesLr && cursor.trap) {
      // The signal handler saved LR before it faked the call.
      const saved = this.memory.tryAddress(fp);
      if (saved === undefined) return `the stack at ${hex(fp)} is not in the core`;
      cursor.sp += this.arch.injectedFrame;
      if (!caller) {
        cursor.pc = saved;
        caller = this.factsAt(saved);
      } else if (caller.delta === 0) cursor.lr = saved;
    }
    if (!caller) return `return address ${hex(cursor.pc)} of ${name} is in no Go function`;
    cursor.facts = caller;
    return undefined;
  }

  private factsAt(pc: Address): PcFacts | undefined {
    // Recursion asks for the same pc again and again.
    if (pc === this.lastPc) return this.lastFacts;
    let facts = this.known.get(pc);
    if (facts === undefined && !this.known.has(pc)) {
      const fn = this.functions.find(pc);
      facts = fn && { fn, delta: this.functions.spDelta(fn, pc) };
      this.known.set(pc, facts);
    }
    this.lastPc = pc;
    this.lastFacts = facts;
    return facts;
  }
}

const stopped = (problem: string): WalkEnd => ({ complete: false, problem });
