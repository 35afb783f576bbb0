// Variables of optimised code whose debug information may be ahead of the program or behind it.
import type { Address, Bytes } from "../base/units.js";
import type { DwarfFunction, DwarfVariable, FrameContext, Location } from "../dwarf/dwarf.js";
import type { FunctionTable, InlinedFrame } from "./functions.js";
import type { Frame } from "./unwind.js";
import type { Maker } from "./value-origins.js";

/** Where a variable is, for the code of one entry of its list. */
interface Stay {
  readonly low: Address;
  readonly high: Address;
  /** Pieces in registers (register number, size 0) and in memory. */
  readonly places: readonly { readonly register: number; readonly start: Address; readonly size: Bytes }[];
}

/** A place of a value at a place in the code: a register by DWARF's number, or bytes of memory where that is -1. */
export interface ListedPlace {
  /** Link-time. */
  readonly pc: Address;
  readonly register: number;
  readonly start: Address;
  readonly size: Bytes;
}

/** What tables tell against a variable. */
export interface Doubts {
  /** It has shared a place with another variable, it may be ahead, or behind. */
  any(variable: DwarfVariable): boolean;
  /** Its place was filled by code of a later line. */
  isAhead(variable: DwarfVariable): boolean;
  /** Code of lines between its declaration and here is still to come. */
  isBehind(variable: DwarfVariable): boolean;
  /** Those that lie where it lies, at a place in the code. */
  sharers(variable: DwarfVariable, others: readonly DwarfVariable[], pc: Address): readonly DwarfVariable[];
  /** Those of the same call that are listed where a value was on its way here. */
  namesOf(variable: DwarfVariable, others: readonly DwarfVariable[], places: readonly ListedPlace[]): readonly DwarfVariable[];
  /**
   * It made its value for code that is still to come: of a later line, or of the head of a loop, whose step comes after its body. What a
   * head declares is taken to be changed by its step only: a line of the body may have asked for the same sum first.
   * @param loopJumps of the loops around the frame, the outermost first
   */
  isAheadOfItsLine(variable: DwarfVariable, maker: Maker, loopJumps: readonly (readonly Address[])[]): boolean;
  /** The line that declares the variable made it. */
  isOfDeclaration(variable: DwarfVariable, maker: Maker): boolean;
  /**
   * Code of lines between its declaration and here is to come that reads it, at one of these places. Heads of loops are left out, and lines
   * that declare another variable: they assign to that one.
   */
  isReadByThePast(variable: DwarfVariable, reads: readonly Address[], loopJumps: readonly Address[]): boolean;
}

/**
 * Tells, for one frame of optimised code, whether a variable may have another value than the place holds that is given for it.
 *
 * A list describes values, not assignments: the compiler moves pure computations over calls in either direction and gives no code at all
 * to copies (a, b = b, a). Seen in Go 1.21 to 1.27. What can be known from tables makes a variable doubtful:
 * - it was in one place with another variable of its function, anywhere: one of them is a copy, and nothing tells since when;
 * - its place was filled by code of a later line: it may be ahead;
 * - code of lines between its declaration and here is still to come: it may be behind. Loops look so too.
 * Not all is: an assignment that nothing reads, or that an older compiler forgot to note, leaves no trace. What is left is likely, not certain.
 */
export function doubtsOf(functions: FunctionTable, frame: Frame, dwarf: DwarfFunction, context: FrameContext): Doubts {
  const { bias } = context;
  const stays = new Map<DwarfVariable, readonly Stay[]>();
  const staysOf = (variable: DwarfVariable): readonly Stay[] => {
    let found = stays.get(variable);
    if (!found) {
      found = variable
        .listed()
        .map(([low, high]) => ({ low, high, places: placesOf(variable.locate({ ...context, pc: low }), variable.type.size) }));
      stays.set(variable, found);
    }
    return found;
  };
  const here = functions.inlinedAt(frame.fn, frame.symbolPc);
  let laterLines: readonly (readonly InlinedFrame[])[] | undefined;

  // An inlined call cannot assign to variables of its caller, but may assign to the arguments it shares with them.
  const isCopy = (variable: DwarfVariable) =>
    dwarf.variables.some(
      (other) =>
        other !== variable &&
        (other.inlineDepth === variable.inlineDepth || (other.inlineDepth < variable.inlineDepth && variable.kind !== "local")) &&
        staysOf(other).some((a) => staysOf(variable).some((b) => meet(a, b))),
    );

  const isAhead = (variable: DwarfVariable) => {
    const stay = staysOf(variable).find((each) => each.low <= context.pc && context.pc < each.high);
    if (!stay || stay.low <= dwarf.lowPc) return false;
    return isLater(functions.inlinedAt(frame.fn, stay.low + bias - 1), here);
  };

  const isBehind = ({ kind, inlineDepth, declarationLine }: DwarfVariable) => {
    laterLines ??= functions
      .lineStarts(frame.fn)
      .filter((pc) => pc > frame.symbolPc)
      .map((pc) => functions.inlinedAt(frame.fn, pc));
    const now = here[here.length - 1 - inlineDepth];
    const first = declarationLine + (kind === "local" ? 0 : 1);
    return laterLines.some((levels) => {
      const line = sameCall(levels, here, inlineDepth)?.line ?? 0;
      return now !== undefined && line >= first && line < now.line;
    });
  };

  const stayAt = (variable: DwarfVariable, pc: Address) => staysOf(variable).find((each) => each.low <= pc && pc < each.high);
  const lineOf = (pc: Address, depth: number) => sameCall(functions.inlinedAt(frame.fn, pc), here, depth)?.line;

  return {
    any: (variable) =>
      variable.listed().length > 0
        ? isCopy(variable) || isAhead(variable) || isBehind(variable)
        : dwarf.variables.some((whole) => isSpilledPart(variable, whole)),
    isAhead,
    isBehind,
    sharers(variable, others, pc) {
      const own = stayAt(variable, pc);
      return others.filter((other) => {
        const stay = other === variable ? undefined : stayAt(other, pc);
        return own !== undefined && stay !== undefined && meet(own, stay);
      });
    },
    namesOf(variable, others, places) {
      return others.filter(
        (other) =>
          other !== variable &&
          other.inlineDepth === variable.inlineDepth &&
          places.some((place) => {
            const stay = stayAt(other, place.pc);
            return stay !== undefined && meet(stay, { low: place.pc, high: place.pc + 1, places: [place] });
          }),
      );
    },
    isAheadOfItsLine({ inlineDepth, declarationLine }, { pc, isComputed, isOfThisRound, loop }, loopJumps) {
      if (!isOfThisRound) return false;
      const levels = functions.inlinedAt(frame.fn, pc);
      if (isLater(levels, here)) return true;
      const line = lineOf(pc, inlineDepth);
      if (!isComputed || line === undefined) return false;
      // On one line nothing tells what comes first.
      if (line !== declarationLine && levels.length === here.length && !isLater(here, levels)) return true;
      const heads = loopJumps.slice(0, loop + 1).flatMap((jumps) => jumps.map((jump) => lineOf(jump, inlineDepth)));
      return heads.includes(line) || heads.includes(declarationLine);
    },
    isOfDeclaration: ({ inlineDepth, declarationLine }, { pc, isOfThisRound }) =>
      isOfThisRound && lineOf(pc, inlineDepth) === declarationLine,
    isReadByThePast(variable, reads, loopJumps) {
      const { inlineDepth, declarationLine } = variable;
      const now = here[here.length - 1 - inlineDepth]?.line ?? 0;
      const others = dwarf.variables.filter((each) => each !== variable && each.kind === "local" && each.inlineDepth === inlineDepth);
      const left = new Set([...loopJumps.map((pc) => lineOf(pc, inlineDepth)), ...others.map((each) => each.declarationLine)]);
      return reads.some((pc) => {
        const line = lineOf(pc, inlineDepth) ?? 0;
        return line > declarationLine && line < now && !left.has(line);
      });
    },
  };
}

/** The level of the call, when it is the same call in both; both innermost first. */
function sameCall(levels: readonly InlinedFrame[], here: readonly InlinedFrame[], depth: number): InlinedFrame | undefined {
  for (let i = 0; i < depth; i++) {
    const a = levels[levels.length - 1 - i];
    const b = here[here.length - 1 - i];
    if (a?.line !== b?.line || a?.name !== b?.name) return undefined;
  }
  const level = levels[levels.length - 1 - depth];
  return level?.name === here[here.length - 1 - depth]?.name ? level : undefined;
}

/** By the lines of the calls, the outermost first. */
function isLater(levels: readonly InlinedFrame[], here: readonly InlinedFrame[]): boolean {
  for (let i = 1; i <= Math.min(levels.length, here.length); i++) {
    const a = levels[levels.length - i];
    const b = here[here.length - i];
    if (a.name !== b.name) return false;
    if (a.line !== b.line) return a.line > b.line;
  }
  return false;
}

/** "s.ptr" of s: where the part is kept from some time on; nothing tells from when. Since Go 1.27 such places have names. */
function isSpilledPart({ name, inlineDepth }: DwarfVariable, whole: DwarfVariable): boolean {
  return name.startsWith(`${whole.name}.`) && whole.inlineDepth === inlineDepth;
}

function placesOf(at: Location, size: Bytes): Stay["places"] {
  switch (at.kind) {
    case "memory":
      return [{ register: -1, start: at.address, size: Math.max(size, 1) }];
    case "register":
      return [{ register: at.register, start: 0, size: 0 }];
    case "pieces":
      return at.pieces.flatMap((piece) => placesOf(piece.at, piece.size));
    default:
      return [];
  }
}

function meet(a: Stay, b: Stay): boolean {
  if (a.low >= b.high || b.low >= a.high) return false;
  return a.places.some((one) =>
    b.places.some((two) =>
      one.register >= 0 || two.register >= 0
        ? one.register === two.register
        : one.start < two.start + two.size && two.start < one.start + one.size,
    ),
  );
}
