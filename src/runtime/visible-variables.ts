// The variables in scope at a place in the code, and what their places are worth there: the same for every frame that is there.
import { type Address, type Bytes, type TypeId, WORD } from "../base/units.js";
import type { DwarfFunction, DwarfType, DwarfVariable, FrameContext, Location } from "../dwarf/dwarf.js";
import { argumentPlaces } from "./argument-places.js";
import { storedArguments } from "./argument-words.js";
import type { GoRuntime } from "./runtime.js";
import type { Frame } from "./unwind.js";
import { type Evidence, VariableEvidence } from "./variable-evidence.js";

/** Why a place is not believed. */
export type Doubt = Exclude<Evidence, "resident" | "live">;

/** A variable in scope at some place in the code, and whether its location holds there. */
export interface VisibleVariable {
  readonly variable: DwarfVariable;
  readonly type: TypeId;
  readonly function: string;
  readonly hidden: boolean;
  /** The code was compiled with optimisation. */
  readonly optimised: boolean;
  /** undefined: the place is believed. */
  readonly doubt: Doubt | undefined;
  readonly isCertain: boolean;
  /** Where it was stored as it was passed, from the start of the arguments; undefined when that is not known. */
  readonly entrySlot: Bytes | undefined;
  /** How it was passed, when that was in registers alone and is known; "bytes": all arguments', from the start of them. */
  readonly entryRegisters:
    | { readonly first: number; readonly count: number; readonly isReceiver: boolean; readonly bytes: Bytes }
    | undefined;
  /** The location is the whole variable's. */
  isWhole(at: Location): boolean;
}

/** By the place in the code: thousands of goroutines wait at the same one. */
const visibleByPlace = new WeakMap<GoRuntime, Map<string, readonly VisibleVariable[]>>();

export function visibleAt(runtime: GoRuntime, frame: Frame): readonly VisibleVariable[] {
  let byPlace = visibleByPlace.get(runtime);
  if (!byPlace) {
    byPlace = new Map();
    visibleByPlace.set(runtime, byPlace);
  }
  const place = `${frame.symbolPc} ${frame.pc}`;
  let known = byPlace.get(place);
  if (!known) {
    known = findVisible(runtime, frame);
    byPlace.set(place, known);
  }
  return known;
}

/**
 * A location without a list holds for the whole scope, and so also before the variable got its first value and when another variable
 * shares its slot: then it is trusted once its declaration has stored it and the frame is set up, and when no other variable claims the
 * same bytes. Location lists, of optimised code, are believed as far as evidence goes.
 */
function findVisible(runtime: GoRuntime, frame: Frame): readonly VisibleVariable[] {
  const { functions, types } = runtime;
  const { debug } = runtime.binary;
  const { loadBias } = runtime.process;
  const context: FrameContext = { pc: frame.symbolPc - loadBias, cfa: frame.fp, bias: loadBias, register: () => undefined };
  const visible = debug.localsAt(context.pc).filter((each) => !isHidden(each.name));
  const dwarf = debug.functionAt(context.pc);
  if (visible.length === 0 || !dwarf) return [];
  const levels = functions.inlinedAt(frame.fn, frame.symbolPc);
  const lineAt = (depth: number) => levels[levels.length - 1 - depth]?.line;
  const everywhere: FrameContext = { ...context, pc: -1 };
  const claims = dwarf.variables.flatMap((variable) => {
    const range = rangeOf(variable, variable.locate(everywhere));
    return range ? [range] : [];
  });
  const { optimised } = dwarf;
  let judge: VariableEvidence | undefined;
  const evidence = (): VariableEvidence => {
    judge ??= new VariableEvidence(runtime, frame, dwarf, context, visible, lineAt);
    return judge;
  };
  const delta = functions.spDelta(frame.fn, frame.pc) ?? 0;
  const slots = optimised ? entrySlots(runtime, frame, dwarf, (slot) => evidence().isStoredOnce(slot)) : new Map<DwarfVariable, Bytes>();
  const registers = optimised ? registersOnEntry(runtime, dwarf) : new Map<DwarfVariable, VisibleVariable["entryRegisters"]>();

  /** Of a location without a list, or of code that is not optimised. */
  const plainDoubt = (variable: DwarfVariable, own: Claim | undefined): Doubt | undefined => {
    const line = lineAt(variable.inlineDepth);
    if (line === undefined || (optimised && evidence().isSpilledPart(variable))) return "endangered";
    if (!own) return variable.kind !== "local" || line >= variable.declarationLine ? undefined : "undeclared";
    if (delta === 0) return "undeclared";
    const { kind, declarationLine } = variable;
    if (kind === "local" && (declarationLine === 0 || line < declarationLine)) return "undeclared";
    if (kind === "local" && line === declarationLine && !evidence().isDeclaredAt(variable, own.start)) return "undeclared";
    // Interrupted, not in a call: arguments are stored by the first instructions.
    if (kind !== "local" && frame.symbolPc === frame.pc && line <= Math.max(frame.fn.startLine, declarationLine)) return "undeclared";
    return claims.some((each) => each !== own && each.start < own.end && own.start < each.end) ? "endangered" : undefined;
  };

  return visible.map((variable, index) => {
    const { name, inlineDepth } = variable;
    const own = claims.find((each) => each.variable === variable);
    const type = types.fromDwarf(variable.type);
    const listed = variable.listed().length > 0;
    const found = optimised && listed ? evidence().of(variable, type) : undefined;
    const doubt = found === undefined ? plainDoubt(variable, own) : found === "resident" || found === "live" ? undefined : found;
    return {
      variable,
      type,
      function: levels[levels.length - 1 - inlineDepth]?.name ?? frame.fn.name,
      hidden: visible.some((other, later) => later > index && other.name === name && other.inlineDepth === inlineDepth),
      optimised,
      doubt,
      isCertain: !optimised || !listed || found === "resident",
      entrySlot: slots.get(variable),
      entryRegisters: registers.get(variable),
      isWhole: (at) => !optimised || own !== undefined || found === "resident" || isWhole(variable, at),
    };
  });
}

/**
 * Where arguments of optimised code are kept as they were passed: the place that the caller leaves for each, or puts it in, is never
 * given to another value (cmd/compile/internal/ssa stackalloc: parameters only bind to arguments), and a table says when it is filled.
 */
function entrySlots(
  runtime: GoRuntime,
  frame: Frame,
  dwarf: DwarfFunction,
  isStoredOnce: (slot: Address) => boolean,
): ReadonlyMap<DwarfVariable, Bytes> {
  const { types, functions, process } = runtime;
  const out = new Map<DwarfVariable, Bytes>();
  const { parameters, places } = placesOf(runtime, dwarf);
  const stored = storedArguments(process.memory, functions, frame);
  variables: for (const variable of parameters) {
    const place = places.find((each) => each.name === variable.name);
    if (!place || place.size === 0 || parameters.filter((each) => each.name === variable.name).length > 1) continue;
    const words = stored.filter((each) => each.offset >= place.offset && each.offset < place.offset + place.size);
    const isOnStack = !place.inRegisters && !["struct", "array"].includes(types.get(place.type).kind);
    for (let at = 0; at < place.size; at += WORD) if (!isStoredOnce(frame.argp + place.offset + at)) continue variables;
    if (isOnStack || isFilled(runtime, place.type, place.offset, words)) out.set(variable, place.offset);
  }
  return out;
}

/** Parameters of a function and the places of its arguments; none when they are not known. */
function placesOf({ types, process }: GoRuntime, dwarf: DwarfFunction) {
  const own = dwarf.variables.filter((each) => each.kind !== "local" && !each.inlined);
  const of = (kind: DwarfVariable["kind"]) =>
    own.filter((each) => each.kind === kind).map((each) => ({ name: each.name, type: types.fromDwarf(each.type) }));
  // Generic functions are passed a dictionary first, of which not every release tells.
  if (dwarf.name.includes("[") && !own.some((each) => each.name.startsWith(".dict"))) return { parameters: [], places: [] };
  const parameters = own.filter((each) => each.kind === "parameter");
  return { parameters, places: argumentPlaces(types, of("parameter"), of("result"), process.arch) };
}

/** Parameters that are whole words in integer registers, or a part of one. */
function registersOnEntry(runtime: GoRuntime, dwarf: DwarfFunction): ReadonlyMap<DwarfVariable, VisibleVariable["entryRegisters"]> {
  const out = new Map<DwarfVariable, VisibleVariable["entryRegisters"]>();
  const { parameters, places } = placesOf(runtime, dwarf);
  // Of one that escaped only the pointer to it is listed, which is not what was passed.
  if (parameters.some((each) => each.name.startsWith("&"))) return out;
  const bytes = places.reduce((most, each) => Math.max(most, each.offset + each.size), 0);
  for (const [index, variable] of parameters.entries()) {
    const place = places.find((each) => each.name === variable.name);
    if (!place?.integers || parameters.filter((each) => each.name === variable.name).length > 1) continue;
    const { first, count } = place.integers;
    if (place.size === count * WORD || (count === 1 && place.size > 0 && place.size < WORD && isScalar(runtime, place.type)))
      out.set(variable, { first, count, isReceiver: index === 0 && dwarf.name.includes(")."), bytes });
  }
  return out;
}

function isScalar({ types }: GoRuntime, id: TypeId): boolean {
  return !["struct", "array"].includes(types.get(id).kind);
}

/** Every part of a value is among the words. */
function isFilled(
  runtime: GoRuntime,
  id: TypeId,
  offset: Bytes,
  words: readonly { readonly offset: number; readonly size: number }[],
): boolean {
  const type = runtime.types.get(id);
  if (type.kind === "struct") return type.fields.every((field) => isFilled(runtime, field.type, offset + field.offset, words));
  if (type.kind === "array") {
    if (type.count < 0 || type.count > 64) return false;
    const { size } = runtime.types.get(type.element);
    return Array.from({ length: type.count }, (_, i) => isFilled(runtime, type.element, offset + i * size, words)).every(Boolean);
  }
  for (let at = offset; at < offset + type.size; at += 8)
    if (!words.some((each) => each.offset <= at && at < each.offset + each.size)) return false;
  return true;
}

/**
 * When all but one part of a variable is constant, the compiler (seen in Go 1.26.8) lists the place of that part as
 * if it were the whole: no DW_OP_piece. So what has several parts must come in pieces, or from a location without a list.
 */
function isWhole(variable: DwarfVariable, at: Location): boolean {
  return at.kind === "pieces" || at.kind === "absent" || variable.type.size === 0 || hasOnePart(variable.type, 0);
}

function hasOnePart(type: DwarfType, depth: number): boolean {
  if (depth > 16) return false;
  switch (type.kind) {
    case "typedef":
      return type.size <= 8 && hasOnePart(type.target, depth + 1);
    case "struct": {
      const parts = type.fields.filter((field) => field.type.size > 0);
      return parts.length === 1 && parts[0].type.size === type.size && hasOnePart(parts[0].type, depth + 1);
    }
    case "array":
      return type.count === 1 && hasOnePart(type.element, depth + 1);
    case "base":
      return type.encoding !== "complex";
    default:
      return true;
  }
}

/** Results without a name, blank parameters, and what the compiler keeps for itself. */
function isHidden(name: string): boolean {
  return name === "" || name === "_" || /^[.~]/.test(name);
}

interface Claim {
  readonly variable: DwarfVariable;
  readonly start: Address;
  readonly end: Address;
}

function rangeOf(variable: DwarfVariable, at: Location): Claim | undefined {
  const { size } = variable.type;
  return at.kind === "memory" && size > 0 ? { variable, start: at.address, end: at.address + size } : undefined;
}
