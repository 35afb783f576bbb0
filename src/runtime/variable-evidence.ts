// What speaks for the value that optimised code is said to have of a variable: proof, the code that still needs it, nothing, or the contrary.
import { type Address, type Bytes, type TypeId, WORD } from "../base/units.js";
import type { DwarfFunction, DwarfVariable, FrameContext, Location } from "../dwarf/dwarf.js";
import { programOf } from "./code/program.js";
import { codeOfFrame, type FrameCode } from "./code/slot-uses.js";
import type { ValuePlace } from "./code/sources.js";
import { Currency, type ListedPlace } from "./currency.js";
import { forgetsAssignments } from "./layout/version.js";
import type { GoRuntime } from "./runtime.js";
import type { FrameMap } from "./stack-maps.js";
import type { Frame } from "./unwind.js";
import { type FrameOrigins, type Origin, originsOf } from "./value-origins.js";
import { usesAsItIs } from "./value-uses.js";

/**
 * "resident": it lives in memory, and every assignment goes there in its order;
 * "live": the code that is to come needs what its place holds, and its past is over;
 * "dead": nothing needs it any more, so that a newer value may never have been stored;
 * "endangered": the place may hold another value than the variable has; "undeclared": it comes into being later.
 */
export type Evidence = "resident" | "live" | "dead" | "endangered" | "undeclared";

/** cmd/compile/internal/ssa CanSSA: larger values, longer arrays and structs with more fields always live in memory. */
const LARGEST_IN_REGISTERS: Bytes = 32;
const MOST_FIELDS = 4;

/** Judges the variables of one place in the code. */
export class VariableEvidence {
  private readonly runtime: GoRuntime;
  private readonly frame: Frame;
  private readonly context: FrameContext;
  private readonly currency: Currency;
  private readonly visible: readonly DwarfVariable[];
  private readonly code: FrameCode | undefined;
  private readonly origins: FrameOrigins | undefined;
  private readonly map: FrameMap;
  /** The compiler may have forgotten assignments to parameters. */
  private readonly forgets: boolean;
  private readonly line: (depth: number) => number | undefined;

  constructor(
    runtime: GoRuntime,
    frame: Frame,
    dwarf: DwarfFunction,
    context: FrameContext,
    visible: readonly DwarfVariable[],
    line: (depth: number) => number | undefined,
  ) {
    this.runtime = runtime;
    this.frame = frame;
    this.context = context;
    this.visible = visible;
    this.line = line;
    this.currency = new Currency(runtime.functions, frame, dwarf, context);
    this.code = codeOfFrame(runtime, frame);
    this.origins = originsOf(runtime, frame);
    this.forgets = forgetsAssignments(runtime.build.goVersion);
    this.map = runtime.goroutines.stackMaps.at(frame);
  }

  /** Of a variable with a location list. */
  of(variable: DwarfVariable, type: TypeId): Evidence {
    const { currency } = this;
    const { at, pc } = locationIn(variable, this.context, this.frame);
    const line = this.line(variable.inlineDepth);
    if (line === undefined) return "endangered";
    if (variable.kind === "local" && line < variable.declarationLine) return "undeclared";
    const sharers = currency.sharers(variable, this.visible, pc);
    if (this.livesInMemory(variable, type, at)) {
      if (variable.kind === "local" && line === variable.declarationLine) return "undeclared";
      return sharers.length > 0 ? "endangered" : "resident";
    }
    if (this.forgets && variable.kind === "parameter") return "endangered";
    if (this.isPremature(variable, at)) return "endangered";
    const pieces = piecesOf(at, variable.type.size);
    if (!pieces || !this.code) return currency.isEndangered(variable) || this.isDead(at, type) ? "endangered" : "live";
    // An argument that an inlined call shares with its caller is the caller's value, unless the call has changed it.
    if (sharers.some((other) => other.inlineDepth === variable.inlineDepth)) return "endangered";
    if (sharers.some((other) => other.inlineDepth < variable.inlineDepth) && currency.isStale(variable)) return "endangered";
    let live = 0;
    for (const { offset, address, size } of pieces) {
      const uses = this.code.usesOf(address, size);
      const writers = this.code.writersOf(address, size);
      if (!uses || !writers) return currency.isEndangered(variable) || this.isDead(at, type) ? "endangered" : "live";
      if (uses.soon.length + uses.nextRound.length === 0) {
        // Kept alive for the collector alone: runtime.KeepAlive, no instruction reads it.
        if (size === WORD && this.isLivePointer(address)) live++;
        continue;
      }
      if (currency.isReadByEarlierLine(variable, [...uses.soon, ...uses.beside], this.origins?.loopJumps.flat() ?? [])) return "endangered";
      if (this.isNumber(type, offset) && !this.isUsedAsItIs(variable, [...uses.soon, ...uses.nextRound])) return "endangered";
      live++;
    }
    return live === pieces.length ? "live" : "dead";
  }

  /**
   * Its place has a value already that the program has not come to: computed early for a line to come or a loop's next round, or a value
   * that another variable has and that this one may get later, by a copy for which there is no code.
   */
  private isPremature(variable: DwarfVariable, at: Location): boolean {
    const own = this.originOf(at, variable.type.size);
    if (!own) return this.currency.isPremature(variable) || (this.origins?.loopJumps.length ?? 0) > 0;
    const isEarly = (each: DwarfVariable, { makers }: Origin) =>
      makers.some((maker) => this.currency.isMadeEarly(each, maker, this.origins?.loopJumps ?? []));
    if (isEarly(variable, own)) return true;
    if (own.makers.length > 0 && own.makers.every((maker) => this.currency.isOfDeclaration(variable, maker))) return false;
    const makersOf = ({ makers }: Origin) =>
      makers
        .map(({ pc }) => pc)
        .sort()
        .join();
    return this.currency
      .holdersOf(
        variable,
        this.visible,
        own.stays.map((each) => this.listed(each)),
      )
      .some((other) => {
        // The other has got another value since: the copy was made before.
        const others = this.originOf(locationIn(other, this.context, this.frame).at, other.type.size);
        return !others || makersOf(others) === makersOf(own) || isEarly(other, others);
      });
  }

  /** Of the parts of a value together; undefined when the code does not tell of one. */
  private originOf(at: Location, bytes: Bytes): Origin | undefined {
    const parts = at.kind === "pieces" ? at.pieces : [{ at, size: bytes }];
    const found = parts.flatMap(({ at: part, size }) => this.placesOf(part, size)).map((place) => place && this.origins?.of(place));
    const all = found.flatMap((each) => (each ? [each] : []));
    if (all.length < found.length) return undefined;
    return { makers: all.flatMap(({ makers }) => makers), stays: all.flatMap(({ stays }) => stays) };
  }

  /** Words; none of a constant, undefined of what is not followed. */
  private placesOf(at: Location, bytes: Bytes): readonly (ValuePlace | undefined)[] {
    if (at.kind === "value") return [];
    if (at.kind === "memory")
      return Array.from({ length: Math.ceil(bytes / WORD) }, (_, word): ValuePlace => {
        const offset = word * WORD;
        return { kind: "slot", offset: at.address - this.frame.sp + offset, size: Math.min(WORD, bytes - offset) };
      });
    const register = at.kind === "register" ? programOf(this.runtime).machine.dwarf[at.register] : undefined;
    return [register === undefined ? undefined : { kind: "register", register }];
  }

  private listed({ pc, place }: Origin["stays"][number]): ListedPlace {
    const at = pc - this.context.bias;
    if (place.kind === "slot") return { pc: at, register: -1, start: this.frame.sp + place.offset, size: place.size };
    return { pc: at, register: programOf(this.runtime).machine.dwarf.indexOf(place.register), start: 0, size: 0 };
  }

  /** Its declaration, of the line that the frame is at, has stored it already: for i := 0; f(i); i++. Of words and parts of one. */
  isDeclaredAt(variable: DwarfVariable, address: Address): boolean {
    const { size } = variable.type;
    const origin = size <= WORD ? this.originOf({ kind: "memory", address }, size) : undefined;
    return origin?.makers.some((maker) => this.currency.isOfDeclaration(variable, maker)) ?? false;
  }

  /** The word is written once only and its address is never taken: what was stored is there still. */
  isStoredOnce(slot: Address): boolean {
    const writers = this.code?.writersOf(slot, WORD);
    return writers !== undefined && !writers.isShared && writers.writes.length <= 1;
  }

  /** A name that Go 1.27 gives to a part of a variable, which nothing dates. */
  isSpilledPart(variable: DwarfVariable): boolean {
    return variable.listed().length === 0 && this.currency.isEndangered(variable);
  }

  /** Its place is the variable itself: a stack object, a result, or what is never kept in registers. */
  private livesInMemory(variable: DwarfVariable, type: TypeId, at: Location): boolean {
    if (at.kind !== "memory") return false;
    const { size } = variable.type;
    if (variable.kind === "result") return true;
    const { varp, argp } = this.frame;
    if (this.map.objects.some((each) => each.size === size && (each.offset < 0 ? varp : argp) + each.offset === at.address)) return true;
    return size > LARGEST_IN_REGISTERS || this.isManyParts(type);
  }

  /** A load of it may be for what it was set to, of which there is no code. */
  private isUsedAsItIs({ kind }: DwarfVariable, loads: readonly Address[]): boolean {
    const program = programOf(this.runtime);
    const code = program.read(this.frame.fn);
    return code !== undefined && loads.some((load) => usesAsItIs(code, program.machine, load, kind === "local"));
  }

  /** What is computed with: not a pointer, or a value with one. */
  private isNumber(id: TypeId, offset: Bytes): boolean {
    const type = this.runtime.types.get(id);
    if (type.kind === "array") return type.count > 0 && this.isNumber(type.element, offset % this.runtime.types.get(type.element).size);
    if (type.kind !== "struct") return ["bool", "int", "uint", "float", "complex"].includes(type.kind);
    const field = type.fields.findLast((each) => each.offset <= offset);
    return field !== undefined && this.isNumber(field.type, offset - field.offset);
  }

  private isManyParts(id: TypeId): boolean {
    const type = this.runtime.types.get(id);
    if (type.kind === "array") return type.count > 1;
    return type.kind === "struct" && (type.fields.length > MOST_FIELDS || type.fields.some((field) => this.isManyParts(field.type)));
  }

  /** The collector would not look at this pointer: nothing needs it. Not known where the frame was interrupted. */
  private isDead(at: Location, type: TypeId): boolean {
    if (this.frame.conservative || !this.map.known || at.kind !== "memory") return false;
    const { kind } = this.runtime.types.get(type);
    if (!["pointer", "map", "chan", "func", "unsafe.Pointer"].includes(kind)) return false;
    return !this.isLivePointer(at.address);
  }

  private isLivePointer(slot: Address): boolean {
    if (this.frame.conservative || !this.map.known) return false;
    return this.map.locals.includes(slot - this.frame.varp) || this.map.args.includes(slot - this.frame.argp);
  }
}

/**
 * Where a variable of a frame lies. In a call what was in registers is lost, unless it had been stored before: its list says so from
 * where the call returns to.
 */
export function locationIn(
  variable: DwarfVariable,
  context: FrameContext,
  frame: Frame,
): { readonly at: Location /** Link-time: where it is so. */; readonly pc: Address } {
  const at = variable.locate(context);
  if (frame.symbolPc === frame.pc || !hasRegister(at)) return { at, pc: context.pc };
  const pc = frame.pc - context.bias;
  const after = variable.locate({ ...context, pc });
  return after.kind === "absent" || hasRegister(after) ? { at, pc: context.pc } : { at: after, pc };
}

function hasRegister(at: Location): boolean {
  return at.kind === "register" || (at.kind === "pieces" && at.pieces.some((piece) => hasRegister(piece.at)));
}

/** The pieces of a variable that lies in memory; undefined when a part of it lies elsewhere. */
function piecesOf(
  at: Location,
  size: Bytes,
): readonly { readonly offset: Bytes; readonly address: Address; readonly size: Bytes }[] | undefined {
  if (at.kind === "memory") return [{ offset: 0, address: at.address, size }];
  if (at.kind !== "pieces") return undefined;
  let end = 0;
  const pieces = at.pieces.flatMap((piece) => {
    const offset = end;
    end += piece.size;
    return piece.at.kind === "memory" ? [{ offset, address: piece.at.address, size: piece.size }] : [];
  });
  return pieces.length === at.pieces.length ? pieces : undefined;
}
