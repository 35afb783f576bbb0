// What a pointer leads to by what code does with it: passes it to a method or to the runtime, beside a type, stores it in a field.
//
// The value is followed forwards through registers and slots. No way is followed past a comparison with a constant type: behind it
// the code may take an interface's data word for that type, whatever it is.
import { NONE, type TypeId, WORD } from "../base/units.js";
import { constantBefore } from "../runtime/call-arguments.js";
import { typeArgument } from "../runtime/code/allocations.js";
import { callTarget } from "../runtime/code/calls.js";
import type { Instruction, Memory, Register } from "../runtime/code/instructions.js";
import { type Code, type Program, programOf } from "../runtime/code/program.js";
import type { ValuePlace } from "../runtime/code/sources.js";
import { argumentsWith, holdsValue, type Where, walkValue } from "../runtime/code/value-walk.js";
import type { GoFunction } from "../runtime/functions.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { DEEPEST_USE_CALL, FARTHEST_PAIR } from "./limits.js";
import { KIND_STEP, POINTER, type PointerKinds } from "./pointer-kinds.js";
import { receiverWord } from "./receivers.js";

/** Codes of pointer-kinds.ts that uses tell. */
export type Meanings = ReadonlySet<number>;

/** Which argument of the runtime's functions leads to what; "header", "object" and "array" of the type that another argument is. */
interface Parameter {
  readonly at: readonly number[];
  readonly is: "header" | "object" | "array" | "string" | "bytes" | "channel";
  readonly type?: number;
}

/** runtime/map.go, mbarrier.go, slice.go, string.go, iface.go */
const PARAMETERS: readonly (readonly [name: RegExp, ...parameters: Parameter[]])[] = [
  [/^map(?:access[12]|assign|delete)_faststr$/, { at: [1], is: "header", type: 0 }, { at: [2], is: "string" }],
  [/^map(?:access|assign|delete|clear|iterinit|IterStart)/, { at: [1], is: "header", type: 0 }],
  [/^(?:typedmemmove|wbMove)$/, { at: [1, 2], is: "object", type: 0 }],
  [/^(?:typedmemclr|wbZero|convT|convTnoptr)$/, { at: [1], is: "object", type: 0 }],
  [/^typedslicecopy$/, { at: [1, 3], is: "array", type: 0 }],
  [/^growslice/, { at: [0], is: "array", type: 4 }],
  [/^makeslicecopy$/, { at: [3], is: "array", type: 0 }],
  [/^concatstring[2-5]$/, { at: [1, 3, 5, 7], is: "string" }],
  [/^concatbyte[2-5]$/, { at: [1, 3, 5, 7], is: "string" }],
  [/^(?:stringtoslicebyte|stringtoslicerune)$/, { at: [1], is: "string" }],
  [/^(?:cmpstring|decoderune|countrunes|convTstring|printstring)$/, { at: [0], is: "string" }],
  [/^slicebytetostring$/, { at: [1], is: "bytes" }],
  [/^(?:chansend1?|chanrecv[12]?|closechan|selectnbsend)$/, { at: [0], is: "channel" }],
  [/^selectnbrecv$/, { at: [1], is: "channel" }],
];
/** Functions of the runtime that take interfaces. */
const TAKES_INTERFACES = /^runtime\.(?:gopanic|SetFinalizer|KeepAlive)$/;
/** What is passed there is often of another type than it is declared with. */
export const UNSAFE = /^(?:runtime|reflect|sync\/atomic|syscall|unique|weak|internal\/[\w/]+)\.|^type:/;

/** Uses of values, each place's worked out once. */
export class CodeUses {
  private readonly runtime: GoRuntime;
  private readonly kinds: PointerKinds;
  private readonly program: Program;
  private readonly known = new WeakMap<Code, Map<string, Meanings>>();
  /** What the register of a store's base leads to. */
  private readonly baseOf: (code: Code, index: number, register: Register) => number | undefined;

  constructor(runtime: GoRuntime, kinds: PointerKinds, baseOf: (code: Code, index: number, register: Register) => number | undefined) {
    this.runtime = runtime;
    this.kinds = kinds;
    this.program = programOf(runtime);
    this.baseOf = baseOf;
  }

  /** Of the value that a place holds just before an instruction. */
  of(code: Code, index: number, place: ValuePlace, depth = 0): Meanings {
    let byPlace = this.known.get(code);
    if (!byPlace) {
      byPlace = new Map();
      this.known.set(code, byPlace);
    }
    const key = `${index} ${place.kind === "register" ? `r${place.register}` : place.offset} ${depth}`;
    let found = byPlace.get(key);
    if (!found) {
      // A function that calls itself learns nothing from that.
      byPlace.set(key, new Set());
      found = this.follow(code, index, place, depth);
      byPlace.set(key, found);
    }
    return found;
  }

  private follow(code: Code, index: number, place: ValuePlace, depth: number): Meanings {
    const found = new Set<number>();
    walkValue(this.runtime, code, index, place, (each, where) => {
      if (each.action === "call") this.call(code, where, depth, found);
      if (each.action === "move") this.store(code, where, each, found);
      return each.action !== "compare" || !this.comparesType(code, where.index, each);
    });
    return found;
  }

  /** What the arguments of a call say of the value. */
  private call(code: Code, where: Where, depth: number, found: Set<number>): void {
    const { index } = where;
    const target = callTarget(code.instructions[index]);
    const fn = target === undefined ? undefined : this.program.at(target);
    if (!fn) return;
    const positions = argumentsWith(this.program.machine, where);
    if (positions.length === 0) return;
    const base = /^runtime\.(\w+)$/.exec(fn.name)?.[1];
    if (base !== undefined) this.runtimeCall(code, index, base, positions, found);
    if (UNSAFE.test(fn.name) && !TAKES_INTERFACES.test(fn.name)) return;
    for (const position of positions) this.argument(code, index, fn, position, depth, found);
  }

  private argument(code: Code, index: number, fn: GoFunction, position: number, depth: number, found: Set<number>): void {
    const { machine } = this.program;
    const isReceiver = receiverWord(this.runtime.types, this.kinds, fn.name, position, machine.arguments.length);
    if (isReceiver !== undefined) {
      found.add(isReceiver);
      return;
    }
    const word = position > 0 ? constantBefore(code, machine, index, machine.arguments[position - 1]) : undefined;
    const dynamic = word === undefined ? undefined : this.dynamic(word);
    if (dynamic !== undefined) found.add(dynamic);
    else if (depth < DEEPEST_USE_CALL) {
      const inner = this.program.read(fn);
      if (inner)
        for (const each of this.of(inner, 0, { kind: "register", register: machine.arguments[position] }, depth + 1)) found.add(each);
    }
  }

  /** What an interface's data word leads to behind this first word; undefined when that is none. */
  private dynamic(word: number): number | undefined {
    const { types } = this.runtime;
    const first = types.firstWord(word);
    const type = first ? types.interfaceTarget(word, first === "itab") : NONE;
    if (type === NONE) return undefined;
    const code = types.get(type).isDirect ? this.kinds.codeAt(type, 0) : typed(type);
    return isPlain(code) ? code : undefined;
  }

  private runtimeCall(code: Code, index: number, name: string, positions: readonly number[], found: Set<number>): void {
    const known = PARAMETERS.find(([pattern]) => pattern.test(name));
    for (const { at, is, type: by } of (known?.slice(1) ?? []) as Parameter[]) {
      if (!at.some((each) => positions.includes(each))) continue;
      if (is === "string") found.add(POINTER.string);
      else if (is === "bytes") found.add(arrayOf(this.runtime.types.byName("uint8")));
      else if (is === "channel") found.add(CHANNEL);
      else {
        const type = typeArgument(this.runtime, code, index, by ?? 0);
        const { header } = this.runtime.types.get(type);
        if (type === NONE || (is === "header" && header === NONE)) continue;
        found.add(is === "array" ? arrayOf(type) : typed(is === "header" ? header : type));
      }
    }
  }

  /** The value is stored as an interface's data word, or in a field of something known. */
  private store(code: Code, at: Where, each: Instruction & { readonly action: "move" }, found: Set<number>): void {
    const { to, from, size } = each;
    if (to.kind !== "memory" || size !== WORD || !holdsValue(this.program.machine, at, from)) return;
    const word = this.wordBefore(code, at.index, to);
    if (word !== undefined) {
      found.add(word);
      return;
    }
    if (to.base < 0 || to.base === this.program.machine.stackPointer) return;
    const base = this.baseOf(code, at.index, to.base);
    const field = base === undefined ? undefined : memberOf(this.runtime, this.kinds, base, to);
    if (field !== undefined && isPlain(field)) found.add(field);
  }

  /** The type that is stored in the word before, by an instruction near the store. */
  private wordBefore(code: Code, index: number, to: Memory): number | undefined {
    const { machine } = this.program;
    for (let near = index - FARTHEST_PAIR; near <= index + FARTHEST_PAIR; near++) {
      const each = code.instructions[near];
      if (each?.action !== "move" || each.to.kind !== "memory" || each.from.kind !== "register" || each.size !== WORD) continue;
      if (each.to.base !== to.base || each.to.index !== to.index || each.to.scale !== to.scale || each.to.offset !== to.offset - WORD)
        continue;
      if (!isStraight(code, Math.min(near, index), Math.max(near, index), to)) continue;
      const word = constantBefore(code, machine, near, each.from.register);
      const dynamic = word === undefined ? undefined : this.dynamic(word);
      if (dynamic !== undefined) return dynamic;
    }
    return undefined;
  }

  private comparesType(code: Code, index: number, each: Instruction & { readonly action: "compare" }): boolean {
    return [each.a, each.b].some((operand) => {
      if (operand.kind !== "register") return false;
      const value = constantBefore(code, this.program.machine, index, operand.register);
      return value !== undefined && this.runtime.types.firstWord(value) !== undefined;
    });
  }
}

/** No jump leads in between two instructions, no call or jump is there, and the register of the address stays. */
function isStraight(code: Code, from: number, to: number, { base, index }: Memory): boolean {
  for (let at = from; at <= to; at++) {
    const each = code.instructions[at];
    if (at > from && code.targets.has(at)) return false;
    if (each.action === "call" || each.action === "jump" || each.action === "branch") return false;
    const changed =
      each.action === "address" || each.action === "add"
        ? [each.to]
        : each.action === "move" && each.to.kind === "register"
          ? [each.to.register]
          : each.action === "clobber"
            ? each.registers
            : [];
    if (changed.some((register) => register === base || register === index)) return false;
  }
  return true;
}

/** What the word in memory leads to whose base is known to lead to something; undefined when it is not in it for sure. */
export function memberOf({ types }: GoRuntime, kinds: PointerKinds, base: number, { index, scale, offset }: Memory): number | undefined {
  const kind = base % KIND_STEP;
  if (offset < 0 || (kind !== POINTER.typed && kind !== POINTER.array)) return undefined;
  const type: TypeId = (base - kind) / KIND_STEP;
  const { size } = types.get(type);
  if (size < WORD) return undefined;
  if (kind === POINTER.typed) return index === -1 && offset < size ? kinds.codeAt(type, offset) : undefined;
  return index === -1 || scale % size === 0 ? kinds.codeAt(type, offset % size) : undefined;
}

/** Codes that say all by themselves: an interface's data word needs the word before it. */
export function isPlain(code: number): boolean {
  const kind = code % KIND_STEP;
  return kind === POINTER.typed || kind === POINTER.array || kind === POINTER.string || kind === POINTER.func;
}

/** The runtime's function takes a channel there. */
export function takesChannel(name: string, position: number): boolean {
  const base = /^runtime\.(\w+)$/.exec(name)?.[1];
  const known = base === undefined ? undefined : PARAMETERS.find(([pattern]) => pattern.test(base));
  return ((known?.slice(1) ?? []) as Parameter[]).some(({ at, is }) => is === "channel" && at.includes(position));
}

/** A channel of whatever elements: no code of pointer-kinds.ts, for the channel itself has their type. */
export const CHANNEL = -1;

export const typed = (type: TypeId): number => POINTER.typed + type * KIND_STEP;
export const arrayOf = (element: TypeId): number => (element === NONE ? POINTER.unknown : POINTER.array + element * KIND_STEP);
