// What a word of a value on the stack leads to, where the value's address is taken: by the type that the address is used as, and by stores
// and loads through it, also in the functions that it is passed to.
import { type Bytes, WORD } from "../base/units.js";
import { callTarget } from "../runtime/code/calls.js";
import type { Instruction, Memory, Operand, Register } from "../runtime/code/instructions.js";
import { type Code, type Program, programOf } from "../runtime/code/program.js";
import type { ValuePlace } from "../runtime/code/sources.js";
import { argumentsWith, holdsValue, walkValue } from "../runtime/code/value-walk.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { Frame } from "../runtime/unwind.js";
import { type CodeUses, isPlain, memberOf, UNSAFE } from "./code-uses.js";
import { DEEPEST_USE_CALL, MOST_ADDRESSES } from "./limits.js";
import type { PointerKinds } from "./pointer-kinds.js";

/** A word at an offset behind the address that a register holds just before an instruction. */
interface Behind {
  readonly code: Code;
  readonly index: number;
  readonly register: Register;
  readonly offset: Bytes;
  /** Calls around it. */
  readonly depth: number;
}

/** Words of values on the stack. */
export class CodeContents {
  private readonly runtime: GoRuntime;
  private readonly kinds: PointerKinds;
  private readonly program: Program;
  private readonly uses: CodeUses;
  /** What a register leads to before an instruction. */
  private readonly originOf: (code: Code, index: number, register: Register) => number | undefined;

  constructor(
    runtime: GoRuntime,
    kinds: PointerKinds,
    uses: CodeUses,
    originOf: (code: Code, index: number, register: Register) => number | undefined,
  ) {
    this.runtime = runtime;
    this.kinds = kinds;
    this.program = programOf(runtime);
    this.uses = uses;
    this.originOf = originOf;
  }

  /** Of a slot in one of the frame's stack objects. @param offset  of the slot, from the stack pointer */
  of(frame: Frame, code: Code, offset: Bytes): ReadonlySet<number> {
    const found = new Set<number>();
    const object = this.objectAt(frame, offset);
    if (!object) return found;
    const { machine } = this.program;
    const begins: Behind[] = [];
    const isIn = ({ base, offset: at }: Memory) => base === machine.stackPointer && at >= object.from && at <= offset;
    code.instructions.forEach((each, index) => {
      if (each.action === "move") this.access(code, index, each, (memory) => isIn(memory) && meets(memory, offset), found);
      const address = addressOf(each, (operand) => operand.kind === "register" && operand.register === machine.stackPointer);
      if (address && address.offset >= object.from && address.offset <= offset)
        begins.push({ code, index: index + 1, register: address.to, offset: offset - address.offset, depth: 0 });
    });
    // A loop over a large value may be at any of its words.
    return this.through(begins, found) ? found : new Set();
  }

  /** The stack object that a slot lies in, from the stack pointer. */
  private objectAt(frame: Frame, offset: Bytes): { readonly from: Bytes } | undefined {
    for (const object of this.runtime.goroutines.stackMaps.at(frame).objects) {
      const from = (object.offset < 0 ? frame.varp : frame.argp) + object.offset - frame.sp;
      if (offset >= from && offset < from + object.size) return { from };
    }
    return undefined;
  }

  /** @returns whether all places were looked at */
  private through(open: Behind[], found: Set<number>): boolean {
    const seen = new Set<string>();
    for (let at = open.pop(); at; at = open.pop()) {
      const key = `${at.code.fn.entry} ${at.index} ${at.register} ${at.offset} ${at.depth}`;
      if (seen.has(key)) continue;
      if (seen.size >= MOST_ADDRESSES) return false;
      seen.add(key);
      this.behind(at, open, found);
    }
    return true;
  }

  /** What is done with the address, and where it is used in another way. */
  private behind({ code, index, register, offset, depth }: Behind, open: Behind[], found: Set<number>): void {
    const place: ValuePlace = { kind: "register", register };
    for (const type of this.uses.of(code, index, place)) {
      const member = memberOf(this.runtime, this.kinds, type, { kind: "memory", base: -1, index: -1, scale: 1, offset });
      if (member !== undefined && isPlain(member)) found.add(member);
    }
    const { machine } = this.program;
    walkValue(this.runtime, code, index, place, (each, where) => {
      const isBase = (base: Register) =>
        base >= 0 && base !== machine.stackPointer && holdsValue(machine, where, { kind: "register", register: base });
      if (each.action === "move") this.access(code, where.index, each, (memory) => isBase(memory.base) && meets(memory, offset), found);
      const address = addressOf(each, (operand) => operand.kind === "register" && isBase(operand.register));
      if (address && address.offset > 0 && address.offset <= offset)
        open.push({ code, index: where.index + 1, register: address.to, offset: offset - address.offset, depth });
      const target = callTarget(each);
      const fn = target === undefined || depth >= DEEPEST_USE_CALL ? undefined : this.program.at(target);
      const inner = fn && fn !== code.fn && !UNSAFE.test(fn.name) ? this.program.read(fn) : undefined;
      if (inner)
        for (const position of argumentsWith(machine, where))
          open.push({ code: inner, index: 0, register: machine.arguments[position], offset, depth: depth + 1 });
      return true;
    });
  }

  /** A store to the word, or a load of it. */
  private access(
    code: Code,
    index: number,
    { to, from, size }: Instruction & { readonly action: "move" },
    isWord: (memory: Memory) => boolean,
    found: Set<number>,
  ): void {
    if (size !== WORD) return;
    if (to.kind === "memory" && from.kind === "register" && isWord(to)) {
      const stored = this.originOf(code, index, from.register);
      if (stored !== undefined && isPlain(stored)) found.add(stored);
    } else if (from.kind === "memory" && to.kind === "register" && isWord(from))
      for (const each of this.uses.of(code, index + 1, { kind: "register", register: to.register })) found.add(each);
  }
}

/** The word may be the one at an offset: an element of an array, where there is an index. */
function meets(memory: Memory, offset: Bytes): boolean {
  return memory.index === -1
    ? memory.offset === offset
    : memory.scale === WORD && (offset - memory.offset) % WORD === 0 && memory.offset <= offset;
}

/** The sum of a register and a constant that an instruction makes. */
function addressOf(
  each: Instruction,
  isBase: (operand: Operand) => boolean,
): { readonly to: Register; readonly offset: Bytes } | undefined {
  if (each.action === "address")
    return each.of.index === -1 && isBase({ kind: "register", register: each.of.base })
      ? { to: each.to, offset: each.of.offset }
      : undefined;
  if (each.action === "move" && each.to.kind === "register" && each.from.kind === "register" && isBase(each.from))
    return { to: each.to.register, offset: 0 };
  if (each.action !== "add" || !isBase(each.a) || each.b.kind !== "constant") return undefined;
  return { to: each.to, offset: each.sign * each.b.value };
}
