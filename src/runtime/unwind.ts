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
export interface Unwound {
  /** Of very deep stacks the innermost and outermost KEPT_FRAMES. */
  readonly frames: readonly Frame[];
  /** How many are left out after the first KEPT_FRAMES; 0 nearly always. */
  readonly omitted: number;
  /** false: the outermost function was not reached; problem says why. */
  readonly complete: boolean;
  readonly problem: string | undefined;
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

export interface Unwinder {
  /** Calls visit for every frame, innermost first; memory does not grow with the depth. */
  walk(start: UnwindStart, visit: (frame: Frame) => void): { readonly complete: boolean; readonly problem: string | undefined };
  unwind(start: UnwindStart): Unwound;
}

/** Index into Unwound.frames of the frame at this depth, of so many in all; -1 when it is not kept. */
export function keptIndex(depth: number, total: number): number {
  if (depth < KEPT_FRAMES || total <= 2 * KEPT_FRAMES) return depth;
  return depth >= total - KEPT_FRAMES ? depth - (total - 2 * KEPT_FRAMES) : -1;
}

interface PcFacts {
  readonly fn: GoFunction;
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
  const usesLr = arch.linkRegister !== undefined;
  const known = new Map<Address, PcFacts | undefined>();
  let lastPc: Address = 0;
  let lastFacts: PcFacts | undefined;
  const factsAt = (pc: Address): PcFacts | undefined => {
    // Recursion asks for the same pc again and again.
    if (pc === lastPc) return lastFacts;
    let facts = known.get(pc);
    if (facts === undefined && !known.has(pc)) {
      const fn = functions.find(pc);
      facts = fn && { fn, delta: functions.spDelta(fn, pc) };
      known.set(pc, facts);
    }
    lastPc = pc;
    lastFacts = facts;
    return facts;
  };

  const walk: Unwinder["walk"] = (start, visit) => {
    const { lo, hi } = start.stack;
    const stop = (problem: string) => ({ complete: false, problem });
    let { pc, sp, lr, trap } = start;
    let innermost = true;
    let callee = "";
    if (sp < lo || sp > hi) return stop(`sp ${hex(sp)} is outside the stack ${hex(lo)}..${hex(hi)}`);
    if (pc === 0) {
      // A call of a nil function: it is the caller that tells something.
      const back = usesLr && lr !== 0 ? lr : memory.tryAddress(sp);
      if (back === undefined) return stop(`the stack at ${hex(sp)} is not in the core`);
      if (!usesLr) sp += WORD;
      pc = back;
      lr = 0;
      trap = false;
    }
    let facts = factsAt(pc);
    if (!facts) return stop(`pc ${hex(pc)} is in no Go function`);
    const most = (hi - lo) / WORD + 16;
    for (let depth = 0; depth <= most; depth++) {
      const { fn, delta } = facts;
      if (delta === undefined) return stop(`${fn.name} has no frame table`);
      if (delta < 0 || delta % WORD !== 0) return stop(`${fn.name} has no frame size at ${hex(pc)}`);
      const fp = sp + delta + (usesLr ? 0 : WORD);
      if (fp > hi) return stop(`the frame of ${fn.name} at ${hex(sp)} leaves the stack`);

      const writesSp = Math.floor(fn.flag / FLAG_SP_WRITE) % 2 === 1 && fn.name !== "runtime.cgocallback" && !(innermost && start.syscall);
      const top = fn.flag % 2 === FLAG_TOP_FRAME;
      // A function that writes SP is safe to pass only where it has not begun to, in its stack check.
      const lost = !top && writesSp && (!innermost || trap);
      if (top || lost) lr = 0;
      else if (usesLr ? (innermost && sp < fp) || lr === 0 : true) lr = memory.tryAddress(usesLr ? sp : fp - WORD) ?? NOT_AN_ADDRESS;

      let varp = usesLr ? fp : fp - WORD;
      if (varp > sp) varp -= WORD;
      let continpc = pc;
      if (callee === "runtime.sigpanic") continpc = fn.deferreturn !== 0 ? fn.entry + fn.deferreturn + 1 : 0;
      visit({
        pc,
        sp,
        fp,
        varp,
        argp: usesLr ? fp + WORD : fp,
        fn,
        continpc,
        symbolPc: !trap && pc > fn.entry ? pc - 1 : pc,
        conservative: (innermost && trap) || isPreemption(fn.name) || isPreemption(callee),
      });

      if (top) return { complete: true, problem: undefined };
      if (lost) return stop(`${fn.name} moves the stack pointer in ways that no table describes`);
      if (lr === 0) return stop(`the stack ends in ${fn.name}, which is no outermost function`);
      if (lr === NOT_AN_ADDRESS) return stop(`no return address of ${fn.name} at ${hex(usesLr ? sp : fp - WORD)}`);
      if (lr === pc && fp === sp) return stop(`${fn.name} seems to call itself without a frame`);

      trap = isInjected(fn.name);
      callee = fn.name;
      innermost = false;
      pc = lr;
      sp = fp;
      lr = 0;
      facts = factsAt(pc);
      if (usesLr && trap) {
        // The signal handler saved LR before it faked the call.
        const saved = memory.tryAddress(sp);
        if (saved === undefined) return stop(`the stack at ${hex(sp)} is not in the core`);
        sp += arch.injectedFrame;
        if (!facts) {
          pc = saved;
          facts = factsAt(pc);
        } else if (facts.delta === 0) lr = saved;
      }
      if (!facts) return stop(`return address ${hex(pc)} of ${fn.name} is in no Go function`);
    }
    return stop("more frames than the stack has words");
  };

  return {
    walk,
    unwind(start) {
      const inner: Frame[] = [];
      const outer: Frame[] = [];
      let total = 0;
      const end = walk(start, (frame) => {
        if (total < KEPT_FRAMES) inner.push(frame);
        else outer[(total - KEPT_FRAMES) % KEPT_FRAMES] = frame;
        total++;
      });
      const first = total > 2 * KEPT_FRAMES ? (total - KEPT_FRAMES) % KEPT_FRAMES : 0;
      const frames = [...inner, ...outer.slice(first), ...outer.slice(0, first)];
      return { frames, omitted: total - frames.length, ...end };
    },
  };
}
