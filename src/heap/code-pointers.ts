// What a pointer in a frame leads to, where no variable is known: by the code that made it, and by the code that uses it.
//
//     allocation ─┐                                   ┌─ method called on it
//     field ──────┤                                   ├─ passed to the runtime beside its type
//     receiver ───┼──> argument, register, slot ──────┼─ stored in a field
//     closure ────┤                                   └─ made an interface
//     caller ─────┘
import { type Address, NONE, NOT_AN_ADDRESS, type ObjectId, WORD } from "../base/units.js";
import { constantBefore } from "../runtime/call-arguments.js";
import { allocationAt, type Pointed } from "../runtime/code/allocations.js";
import { callTarget } from "../runtime/code/calls.js";
import type { Memory, Register } from "../runtime/code/instructions.js";
import { type Code, type Program, programOf } from "../runtime/code/program.js";
import { sourcesOf, type ValuePlace } from "../runtime/code/sources.js";
import { headerOfChannel } from "../runtime/records/channel-type.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { StackRoot } from "../runtime/stack-roots.js";
import type { Frame } from "../runtime/unwind.js";
import { CodeContents } from "./code-contents.js";
import { arrayOf, CHANNEL, CodeUses, isPlain, memberOf, takesChannel, typed, UNSAFE } from "./code-uses.js";
import { DEEPEST_ORIGIN, MOST_CALLERS } from "./limits.js";
import type { ObjectTable } from "./objects.js";
import { KIND_STEP, POINTER, type PointerKinds } from "./pointer-kinds.js";
import { receiverWord } from "./receivers.js";
import { FactsByType, fitsKey, KEY_NOSCAN, KEY_SIZE, spanKeys } from "./type-facts.js";

/** What of the code tells it. */
export type CodeEvidence = "allocation" | "field" | "receiver" | "closure" | "caller" | "result" | "use" | "stack object";

/** A code of pointer-kinds.ts. */
export interface CodeMeaning {
  readonly code: number;
  readonly evidence: CodeEvidence;
}

/** Who called the code that is looked at: what was passed in an argument register. */
interface Caller {
  /** Tells one call from others. */
  readonly key: string;
  argument(position: number, depth: number): Origin;
}

/** A value on its way: where it is just before an instruction. */
interface At {
  readonly code: Code;
  readonly index: number;
  readonly place: ValuePlace;
  /** undefined: any. */
  readonly caller: Caller | undefined;
}

/** Made by nothing that is in the heap, as nil is: says nothing of the type. */
const NOTHING = "nothing";
type Origin = CodeMeaning | typeof NOTHING | undefined;

/** Pointers in frames by the code of their functions; what was found out of a place is kept. */
export class CodePointers {
  private readonly runtime: GoRuntime;
  private readonly kinds: PointerKinds;
  private readonly program: Program;
  private readonly uses: CodeUses;
  private readonly contents: CodeContents;
  private readonly objects: ObjectTable;
  private readonly facts: FactsByType;
  private readonly spanKey: Float64Array;
  private readonly known = new Map<string, readonly CodeMeaning[]>();
  /** Places that are being worked out: a value that comes round a loop says nothing new. */
  private readonly open = new Set<string>();

  constructor(runtime: GoRuntime, kinds: PointerKinds, objects: ObjectTable) {
    this.runtime = runtime;
    this.kinds = kinds;
    this.objects = objects;
    this.facts = new FactsByType(runtime.types, runtime.maps, kinds);
    this.spanKey = spanKeys(objects);
    this.program = programOf(runtime);
    const baseOf = (code: Code, index: number, register: Register) => this.baseOf(code, index, register);
    this.uses = new CodeUses(runtime, kinds, baseOf);
    this.contents = new CodeContents(runtime, kinds, this.uses, baseOf);
  }

  /**
   * What the pointer in a live slot of a frame leads to.
   * @param frames  of the stack, innermost first
   * @param id  the object that it hits
   * @returns undefined when the code does not tell, tells two things, or what the object cannot be
   */
  at(frames: readonly Frame[], { slot, value, frame, certain }: StackRoot, id: ObjectId): CodeMeaning | undefined {
    if (!certain || frame < 0 || slot === NOT_AN_ADDRESS || !frames[frame]) return undefined;
    const possible = this.meanings(frames, frame, slot)
      .map((each) => (each.code === CHANNEL ? { ...each, code: this.channelAt(value) } : each))
      .filter(({ code }) => this.isPossible(code, value, id));
    return possible.every(({ code }) => code === possible[0].code) ? possible[0] : undefined;
  }

  /** A channel has the type of its elements. */
  private channelAt(address: Address): number {
    const header = headerOfChannel(this.runtime, address);
    return header === NONE ? POINTER.unknown : typed(header);
  }

  /** The object's slot is one that such a value gets. */
  private isPossible(code: number, value: Address, id: ObjectId): boolean {
    const { objects, facts, runtime } = this;
    const span = objects.spanOf(id);
    const key = this.spanKey[span];
    const isNoscan = (key & KEY_NOSCAN) !== 0;
    const isInterior = value !== objects.addressOf(id) + objects.dataStart[span];
    const kind = code % KIND_STEP;
    if (!isPlain(code)) return false;
    const type = facts.of((code - kind) / KIND_STEP);
    switch (kind) {
      case POINTER.string:
        return isNoscan;
      case POINTER.func:
        return !isInterior && runtime.closureType(runtime.process.memory.tryAddress(value) ?? 0) !== NONE;
      case POINTER.array:
        return isNoscan !== type.hasPointers && type.size > 0 && type.size * KEY_SIZE <= key;
      default:
        // The runtime's own methods of maps know no keys.
        if (isInterior || type.size === 0 || type.isGeneric) return false;
        if (type.isChannel) return type.size * KEY_SIZE <= key;
        return isNoscan !== type.hasPointers && (fitsKey(type, key) || (type.whole !== NONE && fitsKey(facts.of(type.whole), key)));
    }
  }

  /** All that the code says, what made the value first. */
  private meanings(frames: readonly Frame[], index: number, slot: Address): readonly CodeMeaning[] {
    const frame = frames[index];
    const callers = frames.slice(index + 1, index + 1 + MOST_CALLERS).map(({ pc }) => pc);
    const key = `${frame.pc} ${slot - frame.sp} ${callers}`;
    let found = this.known.get(key);
    if (!found) {
      found = this.find(frames.slice(index, index + 1 + MOST_CALLERS), slot);
      this.known.set(key, found);
    }
    return found;
  }

  private find(frames: readonly Frame[], slot: Address): readonly CodeMeaning[] {
    const [frame] = frames;
    const code = this.program.read(frame.fn);
    // A call that is running has not come back.
    const index = frame.symbolPc === frame.pc ? code?.indexOf(frame.pc) : code?.indexBefore(frame.pc);
    if (!code || index === undefined || index < 0) return [];
    const place: ValuePlace = { kind: "slot", offset: slot - frame.sp, size: WORD };
    const at: At = { code, index, place, caller: this.callerOf(frames) };
    const origin = this.origin(at, 0);
    const used = this.usesOf(at);
    return [
      ...(origin === undefined || origin === NOTHING ? [] : [origin]),
      ...[...used].map((each): CodeMeaning => ({ code: each, evidence: "use" })),
      ...[...this.contents.of(frame, code, place.offset)].map((each): CodeMeaning => ({ code: each, evidence: "stack object" })),
    ];
  }

  /** What is done with the value on all its ways, before and after it is where it is. */
  private usesOf({ code, index, place }: At): ReadonlySet<number> {
    const found = new Set(this.uses.of(code, index, place));
    const sources = sourcesOf(this.runtime, code, index, place);
    const begins: { readonly index: number; readonly place: ValuePlace }[] = [];
    for (const maker of sources?.makers ?? []) {
      // Of one constant nil there may be many variables.
      if (this.made({ code, index: maker.index, place: maker.place, caller: undefined }, 0) !== NOTHING)
        begins.push({ index: maker.index + 1, place: maker.place });
    }
    for (const register of sources?.entries ?? []) begins.push({ index: 0, place: { kind: "register", register } });
    for (const begin of begins) for (const each of this.uses.of(code, begin.index, begin.place)) found.add(each);
    return found;
  }

  /** What made a value; all ways have to agree. */
  private origin(at: At, depth: number): Origin {
    const { code, index, place, caller } = at;
    const key = `${code.fn.entry} ${index} ${place.kind === "slot" ? place.offset : `r${place.register}`} ${caller?.key}`;
    if (this.open.has(key)) return NOTHING;
    const sources = depth > DEEPEST_ORIGIN ? undefined : sourcesOf(this.runtime, code, index, place);
    if (!sources) return undefined;
    this.open.add(key);
    const all = [
      ...sources.makers.map((maker) => this.made({ ...maker, code, caller }, depth)),
      ...sources.entries.map((register) => this.entered(at, register, depth)),
    ];
    this.open.delete(key);
    return join(all);
  }

  /** What the instruction made that left the value in a place. */
  private made({ code, index, place, caller }: At, depth: number): Origin {
    const each = code.instructions[index];
    const { machine } = this.program;
    if (each.action === "zero") return NOTHING;
    if (each.action === "call") {
      if (place.kind !== "register") return undefined;
      const allocation = place.register === machine.arguments[0] ? allocationAt(this.runtime, code, index) : undefined;
      return allocation ? { code: codeOf(allocation), evidence: "allocation" } : this.returned({ code, index, place, caller }, depth);
    }
    if (each.action === "move") {
      if (each.from.kind === "constant") return Number.isNaN(each.from.value) ? undefined : NOTHING;
      if (each.from.kind === "memory" && each.size === WORD) return this.loaded({ code, index, place, caller }, each.from, depth);
      return undefined;
    }
    // An address that the linker fixed is none of the heap.
    if (place.kind !== "register" || (each.action !== "address" && each.action !== "add")) return undefined;
    return constantBefore(code, machine, index + 1, place.register) === undefined ? undefined : NOTHING;
  }

  private loaded({ code, index, caller }: At, from: Memory, depth: number): Origin {
    const { machine } = this.program;
    if (from.base < 0 || from.base === machine.stackPointer) return undefined;
    const base = this.origin({ code, index, place: { kind: "register", register: from.base }, caller }, depth + 1);
    if (base === undefined || base === NOTHING) return base;
    const closure = base.evidence === "closure" && base.code % KIND_STEP === POINTER.func ? this.runtime.closureType(code.fn.entry) : NONE;
    const member = memberOf(this.runtime, this.kinds, closure === NONE ? base.code : typed(closure), from);
    return member !== undefined && isPlain(member) ? { code: member, evidence: "field" } : undefined;
  }

  /** What came in a register when the function was called. */
  private entered({ code, caller }: At, register: Register, depth: number): Origin {
    const { machine } = this.program;
    if (register === machine.context) return { code: POINTER.func, evidence: "closure" };
    const position = machine.arguments.indexOf(register);
    if (position < 0) return undefined;
    const receiver = receiverWord(this.runtime.types, this.kinds, code.fn.name, position, machine.arguments.length);
    if (receiver !== undefined) return { code: receiver, evidence: "receiver" };
    if (takesChannel(code.fn.name, position)) return { code: CHANNEL, evidence: "receiver" };
    return caller?.argument(position, depth);
  }

  /** What a call returned: the function that is called tells, or passes on what it was called with. */
  private returned({ code, index, place, caller }: At, depth: number): Origin {
    const target = callTarget(code.instructions[index]);
    const fn = target === undefined ? undefined : this.program.at(target);
    const inner = fn && !UNSAFE.test(fn.name) ? this.program.read(fn) : undefined;
    if (!inner || depth > DEEPEST_ORIGIN || !inner.returns) return undefined;
    const called: Caller = {
      key: `${caller?.key} ${code.instructions[index].pc}`,
      argument: (position, depth) => this.passed(code, index, position, caller, depth),
    };
    const origin = join(inner.returns.map((at) => this.origin({ code: inner, index: at, place, caller: called }, depth + 1)));
    return origin === undefined || origin === NOTHING
      ? origin
      : { code: origin.code, evidence: origin.evidence === "closure" ? "result" : origin.evidence };
  }

  /** What a call passes in an argument register. */
  private passed(code: Code, index: number, position: number, caller: Caller | undefined, depth: number): Origin {
    const place: ValuePlace = { kind: "register", register: this.program.machine.arguments[position] };
    const origin = this.origin({ code, index, place, caller }, depth + 1);
    return origin === undefined || origin === NOTHING ? origin : { code: origin.code, evidence: "caller" };
  }

  /** The frames after the first one. */
  private callerOf(frames: readonly Frame[]): Caller | undefined {
    const [callee, caller] = frames;
    if (!caller || callee.fp !== caller.sp || caller.symbolPc === caller.pc) return undefined;
    const code = this.program.read(caller.fn);
    const at = code?.indexBefore(caller.pc) ?? -1;
    const call = code?.instructions[at];
    if (!code || call?.action !== "call" || (typeof call.target === "number" && call.target !== callee.fn.entry)) return undefined;
    return {
      key: `${caller.pc} ${frames.length}`,
      // Through a table of methods a wrapper may have come between, which changes the receiver only.
      argument: (position, depth) =>
        typeof call.target === "number" || position > 0
          ? this.passed(code, at, position, this.callerOf(frames.slice(1)), depth)
          : undefined,
    };
  }

  private baseOf(code: Code, index: number, register: Register): number | undefined {
    const origin = this.origin({ code, index, place: { kind: "register", register }, caller: undefined }, 1);
    return origin === undefined || origin === NOTHING ? undefined : origin.code;
  }
}

/** What all ways agree on. */
function join(all: readonly Origin[]): Origin {
  if (all.includes(undefined)) return undefined;
  const told = all.filter((each): each is CodeMeaning => each !== NOTHING && each !== undefined);
  if (told.length === 0) return NOTHING;
  return told.every((each) => each.code === told[0].code) ? told[0] : undefined;
}

function codeOf({ kind, type }: Pointed): number {
  if (kind === "string") return POINTER.string;
  if (kind === "func") return POINTER.func;
  return kind === "object" ? typed(type) : arrayOf(type);
}
