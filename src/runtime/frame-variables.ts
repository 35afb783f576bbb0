// Arguments and locals of one frame with where their values are; a value that the debug information does not vouch for is absent.
import { partitionPoint } from "../base/search.js";
import { type Address, type Bytes, NOT_AN_ADDRESS, type TypeId, WORD } from "../base/units.js";
import type { DwarfVariable, FrameContext, Location } from "../dwarf/dwarf.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Registers } from "../process/process.js";
import { callArguments } from "./call-arguments.js";
import type { Goroutine } from "./goroutines.js";
import { LARGEST_PIECES } from "./limits.js";
import { pointsToOldStack } from "./moved-stacks.js";
import type { GoRuntime } from "./runtime.js";
import type { Frame } from "./unwind.js";
import { locationIn } from "./variable-evidence.js";
import { type Doubt, type VisibleVariable, visibleAt } from "./visible-variables.js";

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
  /** The value is the one that was passed: what it was set to since, if it was, is not known. */
  readonly asPassed?: boolean;
}

/**
 * How sure a value is. "likely": of optimised code, where it may be a little older or newer than the line (variable-evidence.ts);
 * "unavailable": its place is "absent", which says why.
 */
export type Certainty = "certain" | "likely" | "unavailable";

/** Where the value of a variable can be read. */
type VariablePlace =
  | { readonly kind: "memory"; readonly address: Address }
  /** Put together from pieces of memory and registers. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly pieces: readonly MemoryPiece[] }
  /** pieces: the parts that are known, when some are. */
  | { readonly kind: "absent"; readonly why: string; readonly pieces?: readonly MemoryPiece[] };

/** Bytes of a variable that lie in memory. */
export interface MemoryPiece {
  readonly offset: Bytes;
  readonly address: Address;
  readonly size: Bytes;
}

const absent = (why: string) => ({ kind: "absent", why }) as const;
const NOWHERE = absent("the compiler keeps its value nowhere at this instruction");
const LOST = absent("it was in a register, which the call that is running has overwritten");
const MOVED = absent("it points to where the stack was before it was moved");
const IN_PART = absent("a part of it is not known");
const REASONS: Readonly<Record<Doubt, string>> = {
  endangered: "its place may hold an older or a newer value, or that of another variable",
  dead: "the program needs it no longer, and a newer value need not have been stored",
  undeclared: "it is not declared yet at this line",
};

/** Registers of the code as it was interrupted: of the innermost frame only, a caller's are unknown. */
export function knownRegisters({ start, registers }: Goroutine, frame: Frame): Registers | undefined {
  return start?.trap && frame.sp === start.sp && frame.pc === start.pc ? registers : undefined;
}

/**
 * The one reader of variables: every command and screen that names one asks here.
 * @param isWanted  variables of other types are left out, and their places not looked for
 */
export function frameVariables(
  runtime: GoRuntime,
  goroutine: Goroutine,
  frame: Frame,
  isWanted: (type: TypeId) => boolean = () => true,
): readonly FrameVariable[] {
  return readFrame(runtime, goroutine, frame, isWanted, true);
}

/** @param asksCallers  what its own code does not tell is looked for in its caller's */
function readFrame(
  runtime: GoRuntime,
  goroutine: Goroutine,
  frame: Frame,
  isWanted: (type: TypeId) => boolean,
  asksCallers: boolean,
): readonly FrameVariable[] {
  const { memory, loadBias } = runtime.process;
  const registers = knownRegisters(goroutine, frame);
  const context: FrameContext = {
    pc: frame.symbolPc - loadBias,
    cfa: frame.fp,
    bias: loadBias,
    register: (n) => registers?.byDwarfNumber(n),
  };
  const placeNow = ({ variable, optimised, doubt, isWhole }: VisibleVariable): VariablePlace => {
    const at = optimised ? locationIn(variable, context, frame).at : variable.locate(context);
    if (at.kind === "absent") return NOWHERE;
    if (doubt !== undefined) return absent(REASONS[doubt]);
    return isWhole(at) ? placeOf(memory, variable, at, context.register) : IN_PART;
  };
  const read = (each: VisibleVariable): FrameVariable => {
    const { variable, type, function: fn, hidden } = each;
    const { name, kind, inlineDepth } = variable;
    const known = { name, kind, function: fn, inlineDepth, hidden, type };
    const place = placeNow(each);
    if (place.kind !== "absent") return { ...known, place, certainty: each.isCertain ? "certain" : "likely" };
    // Stored on entry, and listed in its register until the call that is running has clobbered that.
    const stored = each.optimised || kind !== "parameter" ? undefined : variable.locate({ ...context, pc: frame.pc - loadBias });
    const entered = stored && placeOf(memory, variable, stored, context.register);
    if (entered && entered.kind !== "absent") return { ...known, place: entered, certainty: "certain" };
    if (each.entrySlot !== undefined)
      return { ...known, place: { kind: "memory", address: frame.argp + each.entrySlot }, certainty: "likely", asPassed: true };
    const passed = asksCallers && each.entryRegisters && passedByCaller(runtime, goroutine, frame, each);
    return passed ? { ...known, place: passed, certainty: "likely", asPassed: true } : { ...known, place, certainty: "unavailable" };
  };
  // Of the program's frames only: the runtime's own point into other stacks on purpose.
  const hasMoved = ({ place, type }: FrameVariable): boolean => {
    if (place.kind === "absent" || frame.fn.name.startsWith("runtime.")) return false;
    return place.kind === "memory"
      ? pointsToOldStack(runtime, memory, goroutine.stack, type, place.address)
      : pointsToOldStack(runtime, memoryWith(memory, SCRATCH, place.bytes), goroutine.stack, type, SCRATCH);
  };
  return visibleAt(runtime, frame)
    .filter((each) => isWanted(each.type))
    .map(read)
    .map((each): FrameVariable => {
      if (!hasMoved(each)) return each;
      const { asPassed: _, ...rest } = each;
      return { ...rest, place: MOVED, certainty: "unavailable" };
    });
}

/** An argument that the caller's code loaded out of its own frame, or made, for the call that is running. */
function passedByCaller(runtime: GoRuntime, goroutine: Goroutine, frame: Frame, each: VisibleVariable): VariablePlace | undefined {
  const { entryRegisters: at, type } = each;
  const { frames } = goroutine.unwound();
  // The caller is the frame that begins where this one ends: at its canonical frame address.
  const depth = lowerBound(frames, frame.fp);
  const caller = frames[depth];
  const call = at && caller && callArguments(runtime, frame, caller, at.bytes);
  if (!call || (at.isReceiver && !call.isDirect && at.count !== 1)) return undefined;
  const { size } = runtime.types.get(type);
  const bytes = new Uint8Array(at.count * WORD);
  const view = new DataView(bytes.buffer);
  const pieces: MemoryPiece[] = [];
  for (let i = 0; i < at.count; i++) {
    const word = call.word(at.first + i);
    const length = Math.min(WORD, size - i * WORD);
    if (!word || (word.kind === "slot" && word.size < length)) return undefined;
    if (word.kind === "slot") {
      const address = caller.sp + word.offset;
      const value = runtime.process.memory.tryBytes(address, length);
      if (!value) return undefined;
      bytes.set(value, i * WORD);
      pieces.push({ offset: i * WORD, address, size: length });
    } else view.setBigInt64(i * WORD, BigInt(word.kind === "address" ? caller.sp + word.offset : word.value), true);
  }
  // An embedded pointer's method may have been reached by a jump out of a wrapper, which had another receiver.
  if (at.isReceiver && !call.isDirect && !isKnownFurtherOut(runtime, goroutine, frames.slice(depth, depth + NEAR_FRAMES), type, bytes))
    return undefined;
  const start = pieces[0]?.address ?? 0;
  const isInOrder = pieces.length === at.count && pieces.every((piece) => piece.address === start + piece.offset);
  return isInOrder ? { kind: "memory", address: start } : { kind: "bytes", bytes: bytes.subarray(0, size), pieces };
}

/** The first of the frames, innermost first, at this stack pointer or above. */
function lowerBound(frames: readonly Frame[], sp: Address): number {
  return partitionPoint(frames.length, (index) => frames[index].sp < sp);
}

/** Frames further out that are asked whether they have the same value of the same type. */
const NEAR_FRAMES = 4;

/** Whether a frame near by has the same value of the same type: then the receiver is the one that was passed on. */
function isKnownFurtherOut(runtime: GoRuntime, goroutine: Goroutine, frames: readonly Frame[], type: TypeId, value: Uint8Array): boolean {
  const { memory } = runtime.process;
  return frames.some((frame) =>
    readFrame(runtime, goroutine, frame, (each) => each === type, false).some(({ place }) => {
      const bytes =
        place.kind === "memory" ? memory.tryBytes(place.address, value.length) : place.kind === "bytes" ? place.bytes : undefined;
      return bytes !== undefined && bytes.length === value.length && value.every((byte, i) => byte === bytes[i]);
    }),
  );
}

/** A variable, and which of its bytes something lies at. */
export interface VariablePart {
  readonly variable: FrameVariable;
  readonly offset: Bytes;
}

/** The variable whose value lies at a slot of the frame; none when no value is known to lie there. */
export function variableAt(runtime: GoRuntime, goroutine: Goroutine, frame: Frame, slot: Address): VariablePart | undefined {
  // The variable of the innermost block comes last.
  for (const variable of frameVariables(runtime, goroutine, frame).toReversed()) {
    const offset = variable.place.kind === "absent" ? undefined : offsetIn(runtime, variable, slot);
    if (offset !== undefined) return { variable, offset };
  }
  return undefined;
}

/** At which of a variable's bytes a slot lies, even when it is known in part only; undefined when it lies outside. */
export function offsetIn(runtime: GoRuntime, { place, type }: FrameVariable, slot: Address): Bytes | undefined {
  const pieces =
    place.kind === "memory" ? [{ offset: 0, address: place.address, size: runtime.types.get(type).size }] : (place.pieces ?? []);
  const piece = pieces.find((each) => slot >= each.address && slot < each.address + each.size);
  return piece && piece.offset + slot - piece.address;
}

/** By DWARF's number; undefined when it is not known. */
type RegisterReader = FrameContext["register"];

/**
 * A location of DWARF as a place: memory as it is, everything else as bytes. Pieces that are not known make the whole absent, but those in
 * memory are told.
 */
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
      return { ...(piece.at.kind === "register" ? LOST : IN_PART), pieces: inMemory };
    offset += piece.size;
  }
  return offset === size ? { kind: "bytes", bytes: out, pieces: inMemory } : { ...IN_PART, pieces: inMemory };
}

/** Copies a piece, a register's low byte first; false when it is not known. */
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

/** A word as AddressSpace.readAddress gives it. */
function addressOf(value: bigint): Address {
  return value < 1n << 53n ? Number(value) : NOT_AN_ADDRESS;
}
