// Currency of variables: in optimised code the place that DWARF gives for a variable may hold a later or an earlier value than its own.
import type { Address, Bytes } from "../base/units.js";
import type { DwarfFunction, DwarfType, DwarfVariable, FrameContext, Location } from "../dwarf/dwarf.js";
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

/**
 * Tells, for one frame of optimised code, whether a variable may have another value than the place holds that is given for it: whether
 * it is current, in the words of Adl-Tabatabai and Gross, Source-Level Debugging of Scalar Optimized Code (1996).
 *
 * A list describes values, not assignments: the compiler moves pure computations over calls in either direction and gives no code at all
 * to copies (a, b = b, a). Seen in Go 1.21 to 1.27. What can be known from tables endangers a variable:
 * - it was in one place with another variable of its function, anywhere: one of them is a copy, and nothing tells since when;
 * - its place was filled by code of a later line: its value may be premature;
 * - code of lines between its declaration and here is still to come: its value may be stale. Loops look so too.
 * Not all is: an assignment that nothing reads, or that an older compiler forgot to note, leaves no trace. What is left is likely, not certain.
 */
export class Currency {
  private readonly functions: FunctionTable;
  private readonly frame: Frame;
  private readonly dwarf: DwarfFunction;
  private readonly context: FrameContext;
  /** The calls that are inlined where the frame stands, the innermost first. */
  private readonly here: readonly InlinedFrame[];
  private readonly stays = new Map<DwarfVariable, readonly Stay[]>();
  /** The same of each line's code that is still to come. */
  private linesToCome: readonly (readonly InlinedFrame[])[] | undefined;

  constructor(functions: FunctionTable, frame: Frame, dwarf: DwarfFunction, context: FrameContext) {
    this.functions = functions;
    this.frame = frame;
    this.dwarf = dwarf;
    this.context = context;
    this.here = this.inlinedAt(frame.symbolPc);
  }

  /** It has shared a place with another variable, or its value may be premature or stale. */
  isEndangered(variable: DwarfVariable): boolean {
    if (variable.listed().length === 0) return this.dwarf.variables.some((whole) => isSpilledPart(variable, whole));
    return this.isCopy(variable) || this.isPremature(variable) || this.isStale(variable);
  }

  /** Its place was filled by code of a later line. */
  isPremature(variable: DwarfVariable): boolean {
    const stay = this.stayAt(variable, this.context.pc);
    if (!stay || stay.low <= this.dwarf.lowPc) return false;
    return isLater(this.inlinedAt(stay.low + this.context.bias - 1), this.here);
  }

  /** Code of lines between its declaration and here is still to come. */
  isStale({ kind, inlineDepth, declarationLine }: DwarfVariable): boolean {
    const { functions, frame, here } = this;
    this.linesToCome ??= functions
      .lineStarts(frame.fn)
      .filter((pc) => pc > frame.symbolPc)
      .map((pc) => this.inlinedAt(pc));
    const now = here[here.length - 1 - inlineDepth];
    const first = declarationLine + (kind === "local" ? 0 : 1);
    return this.linesToCome.some((levels) => {
      const line = sameCall(levels, here, inlineDepth)?.line ?? 0;
      return now !== undefined && line >= first && line < now.line;
    });
  }

  /** Those of the others that lie where it lies, at a place in the code. @param pc  link-time */
  sharers(variable: DwarfVariable, others: readonly DwarfVariable[], pc: Address): readonly DwarfVariable[] {
    const own = this.stayAt(variable, pc);
    return others.filter((other) => {
      const stay = other === variable ? undefined : this.stayAt(other, pc);
      return own !== undefined && stay !== undefined && meet(own, stay);
    });
  }

  /** Those of the same call that are listed where a value was on its way here. */
  holdersOf(variable: DwarfVariable, others: readonly DwarfVariable[], places: readonly ListedPlace[]): readonly DwarfVariable[] {
    const holds = (other: DwarfVariable, place: ListedPlace): boolean => {
      const stay = this.stayAt(other, place.pc);
      return stay !== undefined && meet(stay, { low: place.pc, high: place.pc + 1, places: [place] });
    };
    return others.filter(
      (other) => other !== variable && other.inlineDepth === variable.inlineDepth && places.some((place) => holds(other, place)),
    );
  }

  /**
   * An instruction made the value for code that is still to come: of a later line, or of the head of a loop, whose step comes after its
   * body. What a head declares is taken to be changed by its step only: a line of the body may have asked for the same sum first.
   * @param loopJumps  of the loops around the frame, the outermost first
   */
  isMadeEarly(variable: DwarfVariable, maker: Maker, loopJumps: readonly (readonly Address[])[]): boolean {
    const { here } = this;
    const { inlineDepth, declarationLine } = variable;
    if (!maker.isOfThisRound) return false;
    const levels = this.inlinedAt(maker.pc);
    if (isLater(levels, here)) return true;
    const line = this.lineOf(maker.pc, inlineDepth);
    if (!maker.isComputed || line === undefined) return false;
    // On one line nothing tells what comes first.
    if (line !== declarationLine && levels.length === here.length && !isLater(here, levels)) return true;
    const heads = loopJumps.slice(0, maker.loop + 1).flatMap((jumps) => jumps.map((jump) => this.lineOf(jump, inlineDepth)));
    return heads.includes(line) || heads.includes(declarationLine);
  }

  /** The line that declares the variable made it, in this round of any loop. */
  isOfDeclaration({ inlineDepth, declarationLine }: DwarfVariable, { pc, isOfThisRound }: Maker): boolean {
    return isOfThisRound && this.lineOf(pc, inlineDepth) === declarationLine;
  }

  /**
   * One of these instructions, which are still to come, is of a line between its declaration and here: that line's assignment may have been
   * put off. Heads of loops are left out, and lines that declare another variable: they assign to that one.
   * @param reads  of the variable's place
   */
  isReadByEarlierLine(variable: DwarfVariable, reads: readonly Address[], loopJumps: readonly Address[]): boolean {
    const { inlineDepth, declarationLine } = variable;
    const now = this.here[this.here.length - 1 - inlineDepth]?.line ?? 0;
    const others = this.dwarf.variables.filter((each) => each !== variable && each.kind === "local" && each.inlineDepth === inlineDepth);
    const left = new Set([...loopJumps.map((pc) => this.lineOf(pc, inlineDepth)), ...others.map((each) => each.declarationLine)]);
    return reads.some((pc) => {
      const line = this.lineOf(pc, inlineDepth) ?? 0;
      return line > declarationLine && line < now && !left.has(line);
    });
  }

  /** An inlined call cannot assign to variables of its caller, but may assign to the arguments it shares with them. */
  private isCopy(variable: DwarfVariable): boolean {
    const mayAssign = (other: DwarfVariable) =>
      other.inlineDepth === variable.inlineDepth || (other.inlineDepth < variable.inlineDepth && variable.kind !== "local");
    return this.dwarf.variables.some(
      (other) => other !== variable && mayAssign(other) && this.staysOf(other).some((a) => this.staysOf(variable).some((b) => meet(a, b))),
    );
  }

  private staysOf(variable: DwarfVariable): readonly Stay[] {
    let found = this.stays.get(variable);
    if (!found) {
      const { context } = this;
      found = variable
        .listed()
        .map(([low, high]) => ({ low, high, places: placesOf(variable.locate({ ...context, pc: low }), variable.type.size) }));
      this.stays.set(variable, found);
    }
    return found;
  }

  private stayAt(variable: DwarfVariable, pc: Address): Stay | undefined {
    return this.staysOf(variable).find((each) => each.low <= pc && pc < each.high);
  }

  private inlinedAt(pc: Address): readonly InlinedFrame[] {
    return this.functions.inlinedAt(this.frame.fn, pc);
  }

  /** The line of an instruction in the call that the frame is in at this depth; undefined in another call. */
  private lineOf(pc: Address, depth: number): number | undefined {
    return sameCall(this.inlinedAt(pc), this.here, depth)?.line;
  }
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

/** "s.ptr" of s, "pLeft" of p with a field Left: where the part is kept from some time on; nothing tells from when. Go 1.27 names them. */
function isSpilledPart({ name, inlineDepth }: DwarfVariable, whole: DwarfVariable): boolean {
  if (!name.startsWith(whole.name) || whole.inlineDepth !== inlineDepth) return false;
  const part = name.slice(whole.name.length);
  return part.startsWith(".") || fieldsOf(whole.type).includes(part);
}

function fieldsOf(type: DwarfType): readonly string[] {
  if (type.kind === "typedef") return fieldsOf(type.target);
  return type.kind === "struct" ? type.fields.map((field) => field.name) : [];
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
