// What the code of a function does with a word of its frame: which instructions to come read it, and which write it at all.
import { type Address, type Bytes, WORD } from "../../base/units.js";
import type { GoRuntime } from "../runtime.js";
import type { Frame } from "../unwind.js";
import { type IsWanted, reads, written } from "./accesses.js";
import { callTarget, neverReturns } from "./calls.js";
import type { Instruction, Machine } from "./instructions.js";
import { type Code, programOf } from "./program.js";

/** Instructions that may be the first to read a word after the call returns in which the frame stands, by their addresses. */
interface SlotUses {
  /** Met without a jump backwards: in this round of any loop. */
  readonly soon: readonly Address[];
  /** Met only after one. */
  readonly nextRound: readonly Address[];
  /** Met before one: they read the bytes just before, as of a small variable that shares the word. */
  readonly beside: readonly Address[];
}

/** Every instruction of a function that may change a word of its frame. */
interface SlotWriters {
  readonly writes: readonly Address[];
  /** The address of the word is taken: others may write it. */
  readonly isShared: boolean;
}

/** The code of a frame's function, seen from where the frame stands. Slots are given by their addresses on the stack. */
export interface FrameCode {
  /** undefined: the code cannot be followed to its end from there, or the call that is running cannot return. */
  usesOf(slot: Address, size: Bytes): SlotUses | undefined;
  /** undefined: a part of the code before the frame's place cannot be read. */
  writersOf(slot: Address, size: Bytes): SlotWriters | undefined;
}

/** @returns undefined when the code is not in the core, is too long, or has not begun to run */
export function codeOfFrame(runtime: GoRuntime, frame: Frame): FrameCode | undefined {
  const { fn, pc, sp } = frame;
  const program = programOf(runtime);
  const code = program.read(fn);
  if (!code || pc <= fn.entry) return undefined;
  const { machine } = program;
  const isLast = (each: Instruction | undefined) => each !== undefined && neverReturns(runtime.functions, callTarget(each));
  const standsInLastCall = frame.symbolPc !== frame.pc && isLast(code.instructions[code.indexBefore(pc)]);
  return {
    usesOf(slot, size) {
      if (standsInLastCall) return undefined;
      const words = Array.from({ length: Math.ceil(size / WORD) }, (_, word) =>
        firstReads(code, machine, pc, isLast, slot - sp + word * WORD, Math.min(WORD, size - word * WORD)),
      );
      const known = words.flatMap((each) => (each ? [each] : []));
      if (known.length < words.length) return undefined;
      return {
        soon: known.flatMap(({ soon }) => soon),
        nextRound: known.flatMap(({ nextRound }) => nextRound),
        beside: known.flatMap(({ beside }) => beside),
      };
    },
    writersOf: (slot, size) => writersOf(code, machine, pc, slot - sp, size),
  };
}

/** @param offset  of the word, from the stack pointer */
function firstReads(
  code: Code,
  machine: Machine,
  pc: Address,
  isLast: (each: Instruction) => boolean,
  offset: Bytes,
  size: Bytes,
): SlotUses | undefined {
  const soon: Address[] = [];
  const nextRound: Address[] = [];
  const beside: Address[] = [];
  const meets = inSlot(machine, offset, size);
  const meetsWord: IsWanted = (memory, bytes) => meets(memory, Math.max(bytes, WORD));
  const known = walkAhead(code, code.indexOf(pc), isLast, (each, isBack) => {
    if (movesStack(each, machine)) return false;
    const taken = addressTaken(each, machine);
    if (taken === "unknown") return undefined;
    if (taken === offset || reads(each, meets)) {
      (isBack ? nextRound : soon).push(each.pc);
      return false;
    }
    if (!isBack && reads(each, meetsWord)) beside.push(each.pc);
    const write = written(each);
    if (!write || !meets(write.memory, write.size)) return true;
    // A write of a part only is no end of the rest.
    return write.memory.offset > offset || write.memory.offset + write.size < offset + size;
  });
  return known ? { soon, nextRound, beside } : undefined;
}

function writersOf(code: Code, machine: Machine, pc: Address, offset: Bytes, size: Bytes): SlotWriters | undefined {
  const last = code.instructions.at(-1);
  if (!last || (last.next < code.fn.end && last.next < pc)) return undefined;
  const meets = inSlot(machine, offset, size);
  const writes: Address[] = [];
  let isShared = false;
  for (const each of code.instructions) {
    const write = written(each);
    if (write && meets(write.memory, write.size)) writes.push(each.pc);
    const taken = addressTaken(each, machine);
    if (typeof taken === "number" && taken >= offset && taken < offset + size) isShared = true;
  }
  return { writes, isShared };
}

/** Whether an operand names bytes of a slot, by its offset from the stack pointer. */
function inSlot({ stackPointer }: Machine, offset: Bytes, size: Bytes): IsWanted {
  return (memory, bytes) =>
    memory.base === stackPointer && memory.index === -1 && memory.offset < offset + size && offset < memory.offset + bytes;
}

/** The frame is being set up or taken down: offsets mean other slots from here on. */
function movesStack(each: Instruction, { stackPointer }: Machine): boolean {
  return each.action === "add" && each.to === stackPointer;
}

/** Of a place in the frame, the offset from the stack pointer; unknown when it is computed. */
function addressTaken(each: Instruction, { stackPointer }: Machine): Bytes | "unknown" | undefined {
  if (each.action === "address") return each.of.base === stackPointer && each.of.index === -1 ? each.of.offset : undefined;
  if (each.action !== "add" || each.to === stackPointer) return undefined;
  if (each.a.kind !== "register" || each.a.register !== stackPointer) return undefined;
  return each.b.kind === "constant" ? each.sign * each.b.value : "unknown";
}

/**
 * Visits instructions from an index on, along every way, each once before and once after a jump backwards.
 * @param isLast  calls that do not return
 * @param visit  false ends the way there, undefined says that it cannot be followed
 * @returns whether all ways could be followed
 */
function walkAhead(
  code: Code,
  start: number,
  isLast: (each: Instruction) => boolean,
  visit: (each: Instruction, isBack: boolean) => boolean | undefined,
): boolean {
  const { instructions, fn } = code;
  const before = new Set<number>();
  const after = new Set<number>();
  const backwards: number[] = [];
  const followAll = (open: number[], isBack: boolean): boolean => {
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      for (let goesOn = true; goesOn && !before.has(index) && !after.has(index); index++) {
        (isBack ? after : before).add(index);
        const each = instructions[index];
        if (!each || (each.action === "jump" && each.target === undefined)) return false;
        const answer = visit(each, isBack);
        if (answer === undefined) return false;
        goesOn = answer && each.action !== "return" && each.action !== "stop" && each.action !== "jump" && !isLast(each);
        // A jump out of the function is its last call.
        if (!answer || (each.action !== "jump" && each.action !== "branch")) continue;
        const target = each.target ?? Number.NaN;
        if (target >= fn.entry && target < fn.end) (target > each.pc || isBack ? open : backwards).push(code.indexOf(target));
      }
    }
    return true;
  };
  return followAll([start], false) && followAll(backwards, true);
}
