// Arguments and locals of one frame with where their values are; a value that the debug information does not vouch for is absent.
import { type Address, type Bytes, NOT_AN_ADDRESS, type TypeId } from "../base/units.js";
import type { DwarfType, DwarfVariable, FrameContext, Location } from "../dwarf/dwarf.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Registers } from "../process/registers.js";
import { doubtsOf } from "./doubtful-variables.js";
import type { Goroutine } from "./goroutines.js";
import { forgetsAssignments } from "./layout/version.js";
import type { GoRuntime } from "./runtime.js";
import type { Frame } from "./unwind.js";

/** A variable of a frame, or of a function inlined into it. */
export interface FrameVariable {
  /** "&x": x escaped to the heap, the value is the pointer to it. */
  readonly name: string;
  readonly kind: "parameter" | "result" | "local";
  /** The function it is of: the frame's own, or one inlined into it. */
  readonly function: string;
  /** Inlined calls deep: 0 for the frame's own function. */
  readonly inlineDepth: number;
  /** Another variable of its name, of a block further in, hides it. */
  readonly hidden: boolean;
  readonly type: TypeId;
  readonly place: VariablePlace;
  readonly certainty: Certainty;
}

/**
 * How sure a value is. "likely": of optimised code, where it may be a little older or newer than the line (doubtful-variables.ts);
 * "unavailable": its place is "absent", which says why.
 */
export type Certainty = "certain" | "likely" | "unavailable";

export type VariablePlace =
  | { readonly kind: "memory"; readonly address: Address }
  /** Put together from pieces of memory and registers. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly pieces: readonly MemoryPiece[] }
  | { readonly kind: "absent"; readonly why: string };

/** Bytes of a variable that lie in memory. */
interface MemoryPiece {
  readonly offset: Bytes;
  readonly address: Address;
  readonly size: Bytes;
}

const absent = (why: string): VariablePlace => ({ kind: "absent", why });
const NOWHERE = absent("the compiler keeps its value nowhere at this instruction");
const LOST = absent("it was in a register, which the call that is running has overwritten");
const STALE = absent("its place may hold an older or a newer value, or that of another variable");
const IN_PART = absent("a part of it is not known");
const LARGEST_PIECES = 1 << 16;

/** Registers of the code as it was interrupted: of the innermost frame only, a caller's are unknown. */
export function knownRegisters({ start, registers }: Goroutine, frame: Frame): Registers | undefined {
  return start?.trap && frame.sp === start.sp && frame.pc === start.pc ? registers : undefined;
}

/**
 * The one reader of variables: every command and screen that names one asks here.
 * @param isWanted  variables of other types are left out, and their places not looked for
 *
 * Location lists are trusted, in optimised code as far as doubtsOf lets them, and not for parameters where the compiler may have forgotten
 * an assignment (forgetsAssignments). A location without a list holds for the whole scope, and so
 * also before the variable got its first value and when another variable shares its slot: then it is trusted after its line of
 * declaration, once the frame is set up, and when no other variable claims the same bytes.
 */
export function frameVariables(
  runtime: GoRuntime,
  goroutine: Goroutine,
  frame: Frame,
  isWanted: (type: TypeId) => boolean = () => true,
): readonly FrameVariable[] {
  const { memory, loadBias } = runtime.process;
  const registers = knownRegisters(goroutine, frame);
  const context: FrameContext = {
    pc: frame.symbolPc - loadBias,
    cfa: frame.fp,
    bias: loadBias,
    register: (n) => registers?.byDwarfNumber(n),
  };
  const placeNow = ({ variable, isTrusted, hasList, optimised }: VisibleVariable): VariablePlace => {
    const at = variable.locate(context);
    if (!isTrusted) return at.kind === "absent" ? NOWHERE : STALE;
    if (optimised) return isWhole(variable, hasList, at) ? placeOf(memory, variable, at, context.register) : IN_PART;
    const found = placeOf(memory, variable, at, context.register);
    if (found.kind !== "absent" || variable.kind !== "parameter") return found;
    // Stored on entry, and listed in its register until the call that is running has clobbered that.
    return placeOf(memory, variable, variable.locate({ ...context, pc: frame.pc - loadBias }), context.register);
  };
  const wanted = visibleAt(runtime, frame).filter((each) => isWanted(each.type));
  return wanted.map((each) => {
    const { variable, type, isCertain, hidden } = each;
    const place = placeNow(each);
    const certainty = place.kind === "absent" ? "unavailable" : isCertain ? "certain" : "likely";
    const { name, kind, inlineDepth } = variable;
    return { name, kind, function: each.function, inlineDepth, hidden, type, place, certainty };
  });
}

/** The variable whose value lies at a slot of the frame, and at which of its bytes; none when no value is known to lie there. */
export function variableAt(
  runtime: GoRuntime,
  goroutine: Goroutine,
  frame: Frame,
  slot: Address,
): { readonly variable: FrameVariable; readonly offset: Bytes } | undefined {
  // The variable of the innermost block comes last.
  for (const variable of frameVariables(runtime, goroutine, frame).toReversed()) {
    const { place, type } = variable;
    const { size } = runtime.types.get(type);
    const pieces = place.kind === "memory" ? [{ offset: 0, address: place.address, size }] : place.kind === "bytes" ? place.pieces : [];
    const piece = pieces.find((each) => slot >= each.address && slot < each.address + each.size);
    if (piece) return { variable, offset: piece.offset + slot - piece.address };
  }
  return undefined;
}

/** A variable in scope at some place in the code, and whether its location holds there: the same for every frame that is there. */
interface VisibleVariable {
  readonly variable: DwarfVariable;
  readonly type: TypeId;
  readonly function: string;
  readonly hidden: boolean;
  readonly isTrusted: boolean;
  /** Its location depends on the place in the code. */
  readonly hasList: boolean;
  /** The code was compiled with optimisation. */
  readonly optimised: boolean;
  readonly isCertain: boolean;
}

/** By the place in the code: thousands of goroutines wait at the same one. */
const visibleByPlace = new WeakMap<GoRuntime, Map<string, readonly VisibleVariable[]>>();

function visibleAt(runtime: GoRuntime, frame: Frame): readonly VisibleVariable[] {
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

function findVisible(runtime: GoRuntime, frame: Frame): readonly VisibleVariable[] {
  const { debug, functions, types } = runtime;
  const { loadBias } = runtime.process;
  const context: FrameContext = { pc: frame.symbolPc - loadBias, cfa: frame.fp, bias: loadBias, register: () => undefined };
  const visible = debug.localsAt(context.pc).filter((each) => !isHidden(each.name));
  if (visible.length === 0) return [];
  const dwarf = debug.functionAt(context.pc);
  const levels = functions.inlinedAt(frame.fn, frame.symbolPc);
  const everywhere: FrameContext = { ...context, pc: -1 };
  const claims = (dwarf?.variables ?? []).flatMap((variable) => {
    const range = rangeOf(variable, variable.locate(everywhere));
    return range ? [range] : [];
  });
  const { startLine } = frame.fn;
  const optimised = dwarf?.optimised ?? true;
  const isDoubtful = dwarf && optimised ? doubtsOf(functions, frame, dwarf, context) : () => false;
  const forgets = optimised && forgetsAssignments(runtime.build.goVersion);
  const delta = functions.spDelta(frame.fn, frame.pc) ?? 0;

  const trusted = (variable: DwarfVariable, own: Claim | undefined): boolean => {
    const level = levels[levels.length - 1 - variable.inlineDepth];
    if (!level) return false;
    if (isDoubtful(variable)) return false;
    if (forgets && variable.kind !== "local" && variable.listed().length > 0) return false;
    if (!own) return variable.kind !== "local" || level.line >= variable.declarationLine;
    if (delta === 0) return false;
    if (variable.kind === "local" && (variable.declarationLine === 0 || level.line <= variable.declarationLine)) return false;
    // Interrupted, not in a call: arguments are stored by the first instructions.
    if (variable.kind !== "local" && frame.symbolPc === frame.pc && level.line <= Math.max(startLine, variable.declarationLine))
      return false;
    return !claims.some((each) => each !== own && each.start < own.end && own.start < each.end);
  };

  return visible.map((variable, index) => {
    const { name, inlineDepth } = variable;
    const own = claims.find((each) => each.variable === variable);
    return {
      variable,
      type: types.fromDwarf(variable.type),
      function: levels[levels.length - 1 - inlineDepth]?.name ?? frame.fn.name,
      hidden: visible.some((other, later) => later > index && other.name === name && other.inlineDepth === inlineDepth),
      isTrusted: trusted(variable, own),
      hasList: own === undefined,
      optimised,
      isCertain: !optimised || variable.listed().length === 0,
    };
  });
}

/**
 * When all but one part of a variable is constant, the compiler (seen in Go 1.26.8) lists the place of that part as
 * if it were the whole: no DW_OP_piece. So what has several parts must come in pieces, or from a location without a list.
 */
function isWhole(variable: DwarfVariable, hasList: boolean, at: Location): boolean {
  return at.kind === "pieces" || at.kind === "absent" || !hasList || hasOnePart(variable.type, 0);
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

type RegisterReader = FrameContext["register"];

function placeOf(memory: AddressSpace, variable: DwarfVariable, at: Location, register: RegisterReader): VariablePlace {
  if (at.kind === "memory") return { kind: "memory", address: at.address };
  const { size } = variable.type;
  if (at.kind === "absent" || size <= 0) return NOWHERE;
  if (size > LARGEST_PIECES) return IN_PART;
  const out = new Uint8Array(size);
  const pieces = at.kind === "pieces" ? at.pieces : [{ at, size }];
  const inMemory: MemoryPiece[] = [];
  let offset = 0;
  for (const piece of pieces) {
    if (offset + piece.size > size) return IN_PART;
    if (piece.at.kind === "memory") inMemory.push({ offset, address: piece.at.address, size: piece.size });
    if (!copyPiece(memory, piece.at, register, out.subarray(offset, offset + piece.size)))
      return piece.at.kind === "register" ? LOST : IN_PART;
    offset += piece.size;
  }
  return offset === size ? { kind: "bytes", bytes: out, pieces: inMemory } : IN_PART;
}

function copyPiece(memory: AddressSpace, at: Location, register: RegisterReader, out: Uint8Array): boolean {
  switch (at.kind) {
    case "memory": {
      const bytes = memory.tryBytes(at.address, out.length);
      if (!bytes) return false;
      out.set(bytes);
      return true;
    }
    case "value":
    case "register": {
      const value = at.kind === "value" ? at.value : register(at.register);
      if (value === undefined || out.length > 8) return false;
      for (let i = 0; i < out.length; i++) out[i] = Number((value >> BigInt(8 * i)) & 0xffn);
      return true;
    }
    default:
      return false;
  }
}

/** Where a value that is not whole in memory is put together: no process has memory there. */
export const SCRATCH = 2 ** 52;

/** The same memory with some bytes more at an address where it has none. */
export function memoryWith(memory: AddressSpace, at: Address, extra: Uint8Array): AddressSpace {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  const inside = (address: Address, size: number) => address >= at && address + size <= at + extra.length;
  const read64 = (address: Address) => view.getBigUint64(address - at, true);
  return {
    mappings: memory.mappings,
    bytes: (address, size) => (inside(address, size) ? extra.subarray(address - at, address - at + size) : memory.bytes(address, size)),
    tryBytes: (address, size) =>
      inside(address, size) ? extra.subarray(address - at, address - at + size) : memory.tryBytes(address, size),
    readInto: (address, out) => memory.readInto(address, out),
    readUint(address, size) {
      if (!inside(address, size)) return memory.readUint(address, size);
      if (size === 8) return Number(read64(address));
      return size === 4
        ? view.getUint32(address - at, true)
        : size === 2
          ? view.getUint16(address - at, true)
          : view.getUint8(address - at);
    },
    readUint64: (address) => (inside(address, 8) ? read64(address) : memory.readUint64(address)),
    readAddress: (address) => (inside(address, 8) ? addressOf(read64(address)) : memory.readAddress(address)),
    tryAddress: (address) => (inside(address, 8) ? addressOf(read64(address)) : memory.tryAddress(address)),
    find: (address) => memory.find(address),
  };
}

function addressOf(value: bigint): Address {
  return value < 1n << 53n ? Number(value) : NOT_AN_ADDRESS;
}
