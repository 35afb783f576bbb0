// Arguments as the caller's code put them into registers just before the call: out of a slot of its frame, a constant, an address.
import { type Bytes, WORD } from "../base/units.js";
import { written } from "./code/accesses.js";
import type { Access, Instruction, Machine, Memory, Register } from "./code/instructions.js";
import { type Code, type Program, programOf } from "./code/program.js";
import { MOST_CALL_STEPS } from "./limits.js";
import type { GoRuntime } from "./runtime.js";
import type { Frame } from "./unwind.js";

/** What a register held at a call: a word that lies in the caller's frame still, counted from its stack pointer, or the value itself. */
type EntryWord =
  | { readonly kind: "slot"; readonly offset: Bytes; readonly size: Bytes }
  | { readonly kind: "address"; readonly offset: Bytes }
  | { readonly kind: "constant"; readonly value: number };

type Move = Extract<Instruction, { readonly action: "move" }>;
type Sum = Extract<Instruction, { readonly action: "add" }>;

/** The words of one call, as far as the caller's code tells. */
export interface CallArguments {
  /** The function that runs is named by the call itself: no wrapper can have been passed through that changed the receiver. */
  readonly isDirect: boolean;
  /** By the position among the integer registers of arguments. */
  word(position: number): EntryWord | undefined;
}

const calls = new WeakMap<GoRuntime, Map<string, CallArguments | undefined>>();

/**
 * What a frame was called with; undefined when its caller's code does not tell.
 * @param argumentBytes  above the caller's stack pointer: the callee's own, which it may write
 */
export function callArguments(runtime: GoRuntime, callee: Frame, caller: Frame, argumentBytes: Bytes): CallArguments | undefined {
  // After a call, and of just this frame: not where a signal handler made one up.
  if (callee.fp !== caller.sp || caller.symbolPc === caller.pc) return undefined;
  let known = calls.get(runtime);
  if (!known) {
    known = new Map();
    calls.set(runtime, known);
  }
  const place = `${caller.pc} ${callee.fn.entry}`;
  if (!known.has(place)) known.set(place, readCall(runtime, programOf(runtime), callee, caller, argumentBytes));
  return known.get(place);
}

function readCall(runtime: GoRuntime, program: Program, callee: Frame, caller: Frame, argumentBytes: Bytes): CallArguments | undefined {
  const { machine } = program;
  const code = program.read(caller.fn);
  const after = code?.indexOf(caller.pc) ?? -1;
  const call = code?.instructions[after - 1];
  if (!code || call?.action !== "call" || call.next !== caller.pc) return undefined;
  const isDirect = typeof call.target === "number";
  if (isDirect && call.target !== callee.fn.entry) return undefined;
  // A table of jumps may lead anywhere.
  if (code.instructions.some((each) => each.action === "jump" && each.target === undefined)) return undefined;
  const own = callee.argp + argumentBytes - caller.sp;
  const shared = sharedPlaces(runtime, caller, code, machine);
  const isKept = (offset: Bytes, size: Bytes) => offset >= own && !shared(offset, size);
  return {
    isDirect,
    word(position) {
      const register = machine.arguments[position];
      return register === undefined ? undefined : trace(code, machine, after - 1, register, isKept);
    },
  };
}

/** The constant that a register holds just before an instruction, on code that can only have come one way; undefined when it is none. */
export function constantBefore(code: Code, machine: Machine, index: number, register: Register): number | undefined {
  const found = trace(code, machine, index, register, () => false);
  return found?.kind === "constant" ? found.value : undefined;
}

/** The register that is followed backwards. */
interface Followed {
  register: Register;
  /** Bytes of it that reach the call. */
  width: Bytes;
  /** What was added to it on its way. */
  added: number;
}

/** Follows a register backwards over code that can only have come this one way. */
function trace(
  code: Code,
  machine: Machine,
  call: number,
  register: Register,
  isKept: (offset: Bytes, size: Bytes) => boolean,
): EntryWord | undefined {
  const overwritten: Access[] = [];
  const wanted: Followed = { register, width: WORD, added: 0 };
  for (let i = call; i > 0 && call - i < MOST_CALL_STEPS; ) {
    if (code.targets.has(i)) return undefined;
    const each = code.instructions[--i];
    const write = written(each);
    if (write) overwritten.push(write);
    const source = before(each, wanted, machine.stackPointer);
    if (source === "here") continue;
    if (source?.kind === "slot") {
      const isThere = isKept(source.offset, source.size) && !overwritten.some((one) => meets(one, source, machine.stackPointer));
      return isThere ? source : undefined;
    }
    return source;
  }
  return undefined;
}

/** What the register held before an instruction; "here" when it is in wanted, changed accordingly. undefined: nobody can say. */
function before(each: Instruction, wanted: Followed, stackPointer: Register): EntryWord | "here" | undefined {
  switch (each.action) {
    case "call":
    case "jump":
    case "return":
    case "stop":
      return undefined;
    case "clobber":
      return each.registers.includes(wanted.register) || each.registers.includes(stackPointer) ? undefined : "here";
    case "address":
    case "add":
      if (each.to === stackPointer) return undefined;
      if (each.to !== wanted.register) return "here";
      return each.action === "add" ? beforeSum(each, wanted, stackPointer) : ofAddress(each.of, wanted, stackPointer);
    case "move":
      if (each.to.kind !== "register") return "here";
      if (each.to.register === stackPointer) return undefined;
      return each.to.register === wanted.register ? beforeMove(each, wanted, stackPointer) : "here";
    default:
      return "here";
  }
}

function ofAddress({ base, index, offset }: Memory, { width, added }: Followed, stackPointer: Register): EntryWord | undefined {
  if (index !== -1 || width !== WORD) return undefined;
  if (base === stackPointer) return { kind: "address", offset: offset + added };
  return base === -1 ? constantOf(offset + added) : undefined;
}

function beforeSum({ a, b, sign, size }: Sum, wanted: Followed, stackPointer: Register): EntryWord | "here" | undefined {
  if (a.kind !== "register" || b.kind !== "constant" || size !== WORD || wanted.width !== WORD) return undefined;
  wanted.added += sign * b.value;
  if (a.register === stackPointer) return { kind: "address", offset: wanted.added };
  wanted.register = a.register;
  return "here";
}

function beforeMove({ from, size }: Move, wanted: Followed, stackPointer: Register): EntryWord | "here" | undefined {
  const { added } = wanted;
  if (from.kind === "constant") return size >= 4 && wanted.width === WORD ? constantOf(from.value + added) : undefined;
  wanted.width = Math.min(wanted.width, size);
  if (from.kind === "register") {
    if (from.register === stackPointer) return wanted.width === WORD ? { kind: "address", offset: added } : undefined;
    wanted.register = from.register;
    return "here";
  }
  if (from.base !== stackPointer || from.index !== -1 || added !== 0) return undefined;
  return { kind: "slot", offset: from.offset, size: wanted.width };
}

/** Whether an instruction may have written bytes of a slot; with an index it may have written anywhere. */
function meets({ memory, size }: Access, slot: { readonly offset: Bytes; readonly size: Bytes }, stackPointer: Register): boolean {
  if (memory.base !== stackPointer) return false;
  return memory.index !== -1 || (memory.offset < slot.offset + slot.size && slot.offset < memory.offset + size);
}

function constantOf(value: number): EntryWord | undefined {
  return Number.isSafeInteger(value) ? { kind: "constant", value } : undefined;
}

/**
 * Whether somebody else may write a slot: its variable's address is taken. The table of stack objects has the extent of those that
 * hold pointers; of others only where they begin is known, and they are taken to reach to the end of the locals.
 */
function sharedPlaces(
  runtime: GoRuntime,
  frame: Frame,
  code: Code,
  { stackPointer, framePointer }: Machine,
): (offset: Bytes, size: Bytes) => boolean {
  const starts = new Set<Bytes>();
  for (const each of code.instructions) {
    if (each.action === "address" && each.of.base === stackPointer && each.to !== framePointer) starts.add(each.of.offset);
    const copied =
      each.action === "add" && each.a.kind === "register" && each.a.register === stackPointer
        ? each.b.kind === "constant"
          ? each.sign * each.b.value
          : 0
        : each.action === "move" && each.from.kind === "register" && each.from.register === stackPointer
          ? 0
          : undefined;
    const to = each.action === "add" ? each.to : each.action === "move" && each.to.kind === "register" ? each.to.register : -1;
    if (copied !== undefined && to !== stackPointer && to !== framePointer) starts.add(copied);
  }
  const { varp, argp, sp } = frame;
  const top = argp - sp;
  const objects = new Map<Bytes, Bytes>();
  for (const { offset, size } of runtime.goroutines.stackMaps.at(frame).objects)
    objects.set((offset < 0 ? varp : argp) + offset - sp, size);
  const reaches = [...starts].flatMap((from) => {
    if (from < 0) return [];
    const size = objects.get(from);
    return [{ from, to: size === undefined ? (from < top ? top : Number.POSITIVE_INFINITY) : from + size }];
  });
  for (const [from, size] of objects) reaches.push({ from, to: from + size });
  return (offset, size) => reaches.some((each) => each.from < offset + size && offset < each.to);
}
