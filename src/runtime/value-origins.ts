// Where a value that lies in a frame comes from: its code, followed backwards from where the frame stands.
import type { Address, Bytes } from "../base/units.js";
import { callTarget, neverReturns } from "./code/calls.js";
import type { Instruction, Machine, Memory, Operand, Register } from "./code/instructions.js";
import { type Flow, flowOf, type Loop, loopsOf } from "./code/loops.js";
import { type Code, programOf } from "./code/program.js";
import type { FunctionTable } from "./functions.js";
import { MOST_ORIGIN_STEPS } from "./limits.js";
import type { GoRuntime } from "./runtime.js";
import type { Frame } from "./unwind.js";

/** A general register, by its number in the instruction set, or bytes from the stack pointer. */
export type ValuePlace =
  | { readonly kind: "register"; readonly register: Register }
  | { readonly kind: "slot"; readonly offset: Bytes; readonly size: Bytes };

/** An instruction that made the value, as opposed to moving it. */
export interface Maker {
  readonly pc: Address;
  /** Out of registers alone, so that the compiler may have put it before calls that its line comes after. Loads and calls keep their order. */
  readonly isComputed: boolean;
  /** Nothing that begins a round of a loop around both has come between. */
  readonly isOfThisRound: boolean;
  /** The innermost loop that it and the frame are in: 0 is the outermost, -1 none. */
  readonly loop: number;
}

/** How a value came to be where it is: the instructions that may have made it, one of each way, and where it was since. */
export interface Origin {
  readonly makers: readonly Maker[];
  /** Where the value was on its way, in this round of the innermost loop. */
  readonly stays: readonly { readonly pc: Address; readonly place: ValuePlace }[];
}

/** The code that led to a frame's place. */
export interface FrameOrigins {
  /** undefined: the code does not tell. */
  of(place: ValuePlace): Origin | undefined;
  /** Jumps backwards over the frame's pc by the loops they are of, the outermost loop first: they are of the lines of the loops' heads. */
  readonly loopJumps: readonly (readonly Address[])[];
}

interface Step {
  readonly index: number;
  readonly place: ValuePlace;
  /** The outermost loop whose round has been left; the number of loops for none. */
  readonly left: number;
}

/** undefined when the code cannot be read. */
export function originsOf(runtime: GoRuntime, frame: Frame): FrameOrigins | undefined {
  const program = programOf(runtime);
  const code = program.read(frame.fn);
  // A call that is running has not come back.
  const start = frame.symbolPc === frame.pc ? code?.indexOf(frame.pc) : code?.indexBefore(frame.pc);
  if (!code || start === undefined || start < 0) return undefined;
  const { machine } = program;
  const { instructions } = code;
  const { flow, all } = loopsIn(runtime, code);
  const loops = all.filter((each) => each.has(start));
  const loopOf = (index: number) => loops.findLastIndex((each) => each.has(index));
  return {
    loopJumps: loopJumps(code, start, loops),
    of(wanted) {
      const makers = new Map<string, Maker>();
      const stays: Origin["stays"][number][] = [];
      const seen = new Set<string>();
      const open: Step[] = [{ index: start, place: wanted, left: loops.length }];
      while (open.length > 0) {
        const { index, place, left } = open.pop() as Step;
        const key = `${index} ${keyOf(place)} ${left}`;
        if (seen.has(key)) continue;
        if (seen.size > MOST_ORIGIN_STEPS) return undefined;
        seen.add(key);
        const { pc } = instructions[index];
        if (left === loops.length) stays.push({ pc, place });
        const head = loops.findIndex((each) => each.head === index);
        const leaves = head < 0 ? left : Math.min(left, head);
        for (const before of flow.predecessors(index)) {
          const each = instructions[before];
          const source = sourceIn(each, place, machine, runtime.functions);
          if (source === "begin") continue;
          if (typeof source === "object") open.push({ index: before, place: source, left: leaves });
          else {
            const loop = loopOf(before);
            makers.set(`${before} ${leaves}`, { pc: each.pc, isComputed: source === "computed", isOfThisRound: leaves > loop, loop });
          }
        }
      }
      return { makers: [...makers.values()], stays };
    },
  };
}

const known = new WeakMap<Code, { readonly flow: Flow; readonly all: readonly Loop[] }>();

function loopsIn({ functions }: GoRuntime, code: Code) {
  let found = known.get(code);
  if (!found) {
    const { instructions } = code;
    const flow = flowOf(code, (index) => neverReturns(functions, callTarget(instructions[index])));
    found = { flow, all: loopsOf(flow, instructions.length) };
    known.set(code, found);
  }
  return found;
}

const keyOf = (place: ValuePlace): string => (place.kind === "register" ? `r${place.register}` : `${place.offset}`);

function loopJumps(code: Code, start: number, loops: readonly Loop[]): readonly (readonly Address[])[] {
  const found = loops.map((): Address[] => []);
  code.instructions.forEach((each, index) => {
    if ((each.action !== "jump" && each.action !== "branch") || each.target === undefined || index < start) return;
    const target = code.indexOf(each.target);
    if (target < 0 || target > start) return;
    const loop = loops.findLastIndex((one) => one.has(index) && one.has(target));
    found[loop]?.push(each.pc);
  });
  return found;
}

/**
 * Where a value was before an instruction that leaves it in a place: there, or in another place; else how the instruction made it.
 * "begin": the frame is being set up.
 */
function sourceIn(
  each: Instruction,
  place: ValuePlace,
  machine: Machine,
  functions: FunctionTable,
): ValuePlace | "computed" | "ordered" | "begin" {
  const { stackPointer } = machine;
  const isHere = (memory: Memory, size: Bytes): boolean =>
    place.kind === "slot" &&
    memory.base === stackPointer &&
    memory.index === -1 &&
    memory.offset < place.offset + place.size &&
    place.offset < memory.offset + size;
  const isWanted = (register: Register) => place.kind === "register" && place.register === register;
  switch (each.action) {
    case "move": {
      const { to, from, size } = each;
      if (to.kind === "register" ? !isWanted(to.register) : to.kind !== "memory" || !isHere(to, size)) return place;
      // A part of the place is written: the rest has another origin.
      if (to.kind === "memory" && place.kind === "slot" && (to.offset > place.offset || to.offset + size < place.offset + place.size))
        return "computed";
      return sourceOf(from, size, stackPointer);
    }
    case "address":
      return isWanted(each.to) ? "computed" : place;
    case "add":
      if (each.to === stackPointer) return place.kind === "slot" ? "begin" : place;
      return isWanted(each.to) ? "computed" : place;
    case "clobber":
      return each.registers.some(isWanted) || (each.writes && isHere(each.writes.memory, each.writes.size)) ? "computed" : place;
    case "zero":
      return isHere(each.memory, each.size) ? "ordered" : place;
    case "call": {
      if (place.kind === "slot") return place;
      const target = callTarget(each);
      const name = target === undefined ? "" : (functions.find(target)?.name ?? "");
      const helper = machine.helpers.find((one) => name.startsWith(one.name));
      return helper && !helper.changes.includes(place.register) ? place : "ordered";
    }
    default:
      return place;
  }
}

/** Of what is moved: constants are made anywhere, and what is loaded keeps its order among calls. */
function sourceOf(from: Operand, size: Bytes, stackPointer: Register): ValuePlace | "ordered" {
  if (from.kind === "register") return from;
  if (from.kind === "memory" && from.base === stackPointer && from.index === -1) return { kind: "slot", offset: from.offset, size };
  return "ordered";
}
