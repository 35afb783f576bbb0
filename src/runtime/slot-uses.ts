// What the rest of a function does with a word of its frame: whether its value is still needed, and by the code of which lines.
import type { Arch } from "../base/arch.js";
import type { Address, Bytes } from "../base/units.js";
import type { FunctionTable, GoFunction } from "./functions.js";
import { decoderOf, type Instruction } from "./instructions.js";
import { LONGEST_FUNCTION } from "./limits.js";
import type { GoRuntime } from "./runtime.js";
import type { Frame } from "./unwind.js";

/** Instructions that may be the first to read a word after a call returns. */
export interface SlotUses {
  /** Met without a jump backwards: in this round of any loop. */
  readonly soon: readonly Address[];
  /** Met only after one. */
  readonly nextRound: readonly Address[];
}

/** Calls of these do not return. */
const ENDS = /^runtime\.(?:panic|gopanic|goPanic|throw|fatal|morestack|block$|goexit|unreachable)/;

/** A call of the function at an address does not come back. */
export function neverReturns(functions: FunctionTable, target: Address | undefined): boolean {
  return target !== undefined && !Number.isNaN(target) && ENDS.test(functions.find(target)?.name ?? "");
}

/** The code of one function, as far as it was asked for. */
export interface FrameCode {
  /** undefined: the code cannot be followed from there, or the call that is running cannot return. */
  usesOf(slot: Address, size: Bytes): SlotUses | undefined;
  /** Instructions of the whole function that write the word, or take its address; undefined when the code cannot be read. */
  writersOf(slot: Address, size: Bytes): { readonly writes: readonly Address[]; readonly isShared: boolean } | undefined;
}

interface Code {
  readonly view: DataView;
  readonly known: Map<number, Instruction | undefined>;
}

const codes = new WeakMap<GoFunction, Code | null>();

function codeOf({ process }: GoRuntime, fn: GoFunction): Code | undefined {
  let code = codes.get(fn);
  if (code === undefined) {
    const size = fn.end - fn.entry;
    const bytes = size > 0 && size <= LONGEST_FUNCTION ? process.memory.tryBytes(fn.entry, size)?.slice() : undefined;
    code = bytes ? { view: new DataView(bytes.buffer), known: new Map() } : null;
    codes.set(fn, code);
  }
  return code ?? undefined;
}

/** The code of a frame; undefined when it cannot be read. */
export function codeOfFrame(runtime: GoRuntime, frame: Frame): FrameCode | undefined {
  const { fn, pc, sp } = frame;
  const code = codeOf(runtime, fn);
  if (!code || pc <= fn.entry) return undefined;
  const { arch } = runtime.process;
  const returns = !endsThere(runtime.functions, frame, code, arch);
  const decode = decoderOf(arch);
  const at = (place: number): Instruction | undefined => {
    if (!code.known.has(place)) code.known.set(place, place >= 0 && place < code.view.byteLength ? decode(code.view, place) : undefined);
    return code.known.get(place);
  };
  const follow = (visit: (place: number, instruction: Instruction, isBack: boolean) => boolean): boolean =>
    walk(runtime.functions, fn, pc - fn.entry, at, visit);
  return {
    usesOf(slot, size) {
      if (!returns) return undefined;
      const offset = slot - sp;
      const soon: Address[] = [];
      const nextRound: Address[] = [];
      const known = follow((place, { stack }, isBack) => {
        if (!stack || stack.kind === "move") return stack === undefined;
        const meets =
          stack.kind === "address" ? stack.offset === offset : stack.offset < offset + size && offset < stack.offset + stack.bytes;
        if (!meets) return true;
        // A write of a part only is no end of the rest.
        if (stack.kind === "write") return stack.offset > offset || stack.offset + stack.bytes < offset + size;
        (isBack ? nextRound : soon).push(fn.entry + place);
        return false;
      });
      return known ? { soon, nextRound } : undefined;
    },
    writersOf(slot, size) {
      const offset = slot - sp;
      const writes: Address[] = [];
      let isShared = false;
      for (let place = 0; place < code.view.byteLength; ) {
        const instruction = at(place);
        if (!instruction) return place >= pc - fn.entry ? { writes, isShared } : undefined;
        const { stack } = instruction;
        if (stack?.kind === "write" && stack.offset < offset + size && offset < stack.offset + stack.bytes) writes.push(fn.entry + place);
        if (stack?.kind === "address" && stack.offset >= offset && stack.offset < offset + size) isShared = true;
        place += instruction.size;
      }
      return { writes, isShared };
    },
  };
}

/**
 * Visits instructions from a place on, along every path, each once before and once after a jump backwards; a path ends where visit says no.
 * @returns false when there is code that cannot be followed
 */
function walk(
  functions: FunctionTable,
  fn: GoFunction,
  start: number,
  at: (place: number) => Instruction | undefined,
  visit: (place: number, instruction: Instruction, isBack: boolean) => boolean,
): boolean {
  const seen = [new Set<number>(), new Set<number>()];
  /** Targets of jumps backwards. */
  const later: number[] = [];
  for (const round of [0, 1]) {
    const open: number[] = round === 0 ? [start] : [...later];
    while (open.length > 0) {
      let place = open.pop() as number;
      for (;;) {
        if (seen[0]?.has(place) || seen[round]?.has(place)) break;
        seen[round]?.add(place);
        const instruction = at(place);
        if (!instruction || instruction.flow === "unknown") return false;
        if (!visit(place, instruction, round === 1) || instruction.flow === "end") break;
        const { flow, target } = instruction;
        if (flow === "call" && neverReturns(functions, fn.entry + target)) break;
        if (flow === "jump" || flow === "branch") {
          // A jump out of the function is its last call.
          const inside = target >= 0 && target < fn.end - fn.entry;
          if (inside) (target > place || round === 1 ? open : later).push(target);
          if (flow === "jump") break;
        }
        place += instruction.size;
      }
    }
  }
  return true;
}

/** The call that is running is one that does not return, or no call at all. */
function endsThere(functions: FunctionTable, frame: Frame, { view }: Code, arch: Arch): boolean {
  if (frame.symbolPc === frame.pc) return false;
  const size = arch.directCall;
  const place = frame.pc - frame.fn.entry - size;
  const call = place >= 0 ? decoderOf(arch)(view, place) : undefined;
  return call?.flow === "call" && call.size === size && neverReturns(functions, frame.fn.entry + call.target);
}
