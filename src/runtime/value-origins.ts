// Where a value that lies in a frame comes from: its code, followed backwards from where the frame stands.
import type { Address } from "../base/units.js";
import type { Loop } from "./code/loops.js";
import { type Code, programOf } from "./code/program.js";
import { keyOf, loopsIn, sourceIn, type ValuePlace } from "./code/sources.js";
import { MOST_ORIGIN_STEPS } from "./limits.js";
import type { GoRuntime } from "./runtime.js";
import type { Frame } from "./unwind.js";

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
