// What the program calls the value in a register, by the code that put it there: "s.current.buyer", a variable, then its fields.
//
// Where a program dies of a nil pointer, a closed channel or a map in use, the value itself says little: what matters is the
// expression that it was read from. The registers are gone, but the code is there: followed backwards from the instruction, each
// load is a field of what lies in its base register, until a variable is met, whose place the debug information tells.
import { type Address, type Bytes, NONE, type TypeId, WORD } from "../base/units.js";
import type { DwarfVariable, FrameContext, Location } from "../dwarf/dwarf.js";
import { constantBefore } from "./call-arguments.js";
import { callTarget } from "./code/calls.js";
import type { Instruction, Memory, Register } from "./code/instructions.js";
import { type Code, programOf } from "./code/program.js";
import { sourcesOf, type ValuePlace } from "./code/sources.js";
import { frameVariables } from "./frame-variables.js";
import type { Goroutine } from "./goroutines.js";
import { DEEPEST_OPERAND } from "./limits.js";
import type { GoRuntime } from "./runtime.js";
import type { Frame } from "./unwind.js";

/** A word of a value that has a name. */
export interface Operand {
  /** "s.events", "main.counts", "orders[...]"; "" when nothing names it. */
  readonly expression: string;
  /** Of the whole value: a pointer, channel, map; of a slice, string or interface the word is one of its own. */
  readonly type: TypeId;
  /** The word; undefined when what it was read from is not known any more. */
  readonly value?: Address;
}

/** One word on its way: as Operand, and which of the type's words it is; or the address of a value of the type. */
interface Term extends Operand {
  readonly word: Bytes;
  readonly isAddress: boolean;
}

/** Registers that a location names: no frame has them any more, but where a variable lies is told without. */
const NOWHERE = 0;

/** Kinds of values that may be nil. */
const NILABLE: ReadonlySet<string> = new Set(["pointer", "func", "interface", "map", "chan", "slice", "unsafe.Pointer"]);

/** Names operands of one frame. */
export class Operands {
  private readonly runtime: GoRuntime;
  private readonly goroutine: Goroutine;
  private readonly frame: Frame;
  private readonly code: Code | undefined;

  constructor(runtime: GoRuntime, goroutine: Goroutine, frame: Frame) {
    this.runtime = runtime;
    this.goroutine = goroutine;
    this.frame = frame;
    this.code = programOf(runtime).read(frame.fn);
  }

  /** The instruction at which the frame stands: the call that is running, or the one that faulted; undefined when it cannot be read. */
  private get index(): number | undefined {
    const { code, frame } = this;
    const index = frame.symbolPc === frame.pc ? code?.indexOf(frame.pc) : code?.indexBefore(frame.pc);
    return index === undefined || index < 0 ? undefined : index;
  }

  /**
   * An argument of a call, by its position among the integer registers.
   * @param call  index of the instruction; of the call that is running when absent
   */
  argument(position: number, call = this.index): Operand | undefined {
    const register = programOf(this.runtime).machine.arguments[position];
    return call === undefined || register === undefined ? undefined : this.toOperand(this.inRegister(call, register, 0));
  }

  /** The same when it is one constant, such as the address of a type; undefined for all else. */
  constant(position: number, call = this.index): number | undefined {
    const { machine } = programOf(this.runtime);
    const register = machine.arguments[position];
    if (!this.code || call === undefined || register === undefined) return undefined;
    return constantBefore(this.code, machine, call, register);
  }

  /** The calls of the frame's function that name a function, with that function's name. */
  calls(): readonly { readonly index: number; readonly pc: Address; readonly name: string }[] {
    return (this.code?.instructions ?? []).flatMap((each, index) => {
      const target = each.action === "call" ? callTarget(each) : undefined;
      const name = target === undefined ? undefined : this.runtime.functions.find(target)?.name;
      return name === undefined ? [] : [{ index, pc: each.pc, name }];
    });
  }

  /** What the instruction's memory is reached through, and the field that it is of; undefined when it uses no memory of the heap. */
  faulting(): { readonly base: Operand; readonly accessed: string } | undefined {
    const each = this.index === undefined ? undefined : this.code?.instructions[this.index];
    const memory = each && memoryOf(each);
    if (!memory || this.index === undefined || memory.base < 0 || memory.base === programOf(this.runtime).machine.stackPointer)
      return undefined;
    const base = this.inRegister(this.index, memory.base, 0);
    // Only the first word of these can be nil: whatever else was found there is not what the instruction went through.
    if (!base || base.isAddress || base.word !== 0 || !NILABLE.has(this.runtime.types.get(base.type).kind)) return undefined;
    const accessed = this.load(base, memory)?.expression ?? "";
    return { base: this.toOperand(base) as Operand, accessed: accessed === base.expression ? "" : accessed };
  }

  private toOperand(term: Term | undefined): Operand | undefined {
    if (!term || (term.expression === "" && term.type === NONE && term.value === undefined)) return undefined;
    const { expression, type, value, isAddress } = term;
    return { expression: isAddress ? `&${expression}` : expression, type, ...(value === undefined ? {} : { value }) };
  }

  private inRegister(index: number, register: Register, depth: number): Term | undefined {
    return this.at(index, { kind: "register", register }, depth);
  }

  /** The value in a place just before an instruction: a variable that lies there, else what put it there. */
  private at(index: number, place: ValuePlace, depth: number): Term | undefined {
    const { code } = this;
    if (!code || depth > DEEPEST_OPERAND) return undefined;
    const own = this.variableAt(code.instructions[index].pc, place);
    if (own) return own;
    const sources = sourcesOf(this.runtime, code, index, place);
    if (!sources) return undefined;
    const terms = [
      ...sources.makers.map((each) => this.made(code, each.index, each.place, depth + 1)),
      ...sources.entries.map((register) => this.entered(register)),
    ];
    const [first] = terms;
    return first && terms.every((each) => each && each.expression === first.expression && each.word === first.word) ? first : undefined;
  }

  /** What an instruction leaves in a place. */
  private made(code: Code, index: number, place: ValuePlace, depth: number): Term | undefined {
    const each = code.instructions[index];
    // Behind it a variable may begin to lie there: the compiler names the result of a load or call so.
    const named = this.variableAt(each.next, place);
    if (named) return named;
    if (each.action === "move" && each.from.kind === "memory") {
      const { from } = each;
      if (from.base === -1) return this.load(undefined, from);
      const base = this.inRegister(index, from.base, depth);
      return base && this.load(base, from);
    }
    const onStack = this.stackAddress(each);
    if (onStack !== undefined) return { expression: "", type: NONE, word: 0, isAddress: false, value: onStack };
    if (each.action === "address") {
      if (each.of.base === -1) return this.global(each.of.offset, true);
      const base = this.inRegister(index, each.of.base, depth);
      return base && this.part(base, each.of, true);
    }
    return each.action === "call" ? this.result(index, each, depth) : undefined;
  }

  /** The address of something in the frame that an instruction makes. */
  private stackAddress(each: Instruction): Address | undefined {
    const { stackPointer } = programOf(this.runtime).machine;
    if (each.action === "address" && each.of.base === stackPointer && each.of.index === -1) return this.frame.sp + each.of.offset;
    const isSum = each.action === "add" && each.a.kind === "register" && each.a.register === stackPointer && each.b.kind === "constant";
    return isSum && each.b.kind === "constant" ? this.frame.sp + each.sign * each.b.value : undefined;
  }

  /** What a call gave: an element of a map, or whatever a function gives. */
  private result(index: number, each: Instruction, depth: number): Term | undefined {
    const { machine } = programOf(this.runtime);
    const target = callTarget(each);
    const name = target === undefined ? "" : (this.runtime.functions.find(target)?.name ?? "");
    if (/^runtime\.mapaccess[12]/.test(name)) {
      const map = this.inRegister(index, machine.arguments[1], depth);
      const type = map && this.runtime.types.get(map.type);
      // Its result is the address of the element.
      return map && type?.kind === "map"
        ? { expression: `${map.expression}[...]`, type: type.element, word: 0, isAddress: true }
        : undefined;
    }
    if (name === "" || name.startsWith("runtime.")) return undefined;
    return { expression: `${name.slice(name.lastIndexOf("/") + 1)}(...)`, type: NONE, word: 0, isAddress: false };
  }

  /** A register at the function's beginning: a parameter, or the closure. */
  private entered(register: Register): Term | undefined {
    const { runtime, frame } = this;
    const named = this.variableAt(frame.fn.entry, { kind: "register", register });
    // Without debug information captured variables have no names.
    if (named || register !== programOf(runtime).machine.context || runtime.binary.from !== "dwarf") return named;
    const type = runtime.closureType(frame.fn.entry);
    return type === NONE ? undefined : { expression: "", type, word: 0, isAddress: true };
  }

  /** The word of a variable that lies in a register or slot at a pc. */
  private variableAt(pc: Address, place: ValuePlace): Term | undefined {
    const { runtime, frame } = this;
    const { loadBias } = runtime.process;
    const context: FrameContext = { pc: pc - loadBias, cfa: frame.fp, bias: loadBias, register: () => undefined };
    // The variable of the innermost block comes last.
    for (const variable of runtime.binary.debug.localsAt(context.pc).toReversed()) {
      if (variable.name.startsWith(".") || variable.name.startsWith("~")) continue;
      const word = this.wordIn(variable.locate(context), place);
      if (word === undefined) continue;
      return this.part(this.ofVariable(variable), { kind: "memory", base: NOWHERE, index: -1, scale: 1, offset: word }, false);
    }
    return undefined;
  }

  /** Which byte of a value lies in the place. */
  private wordIn(at: Location, place: ValuePlace): Bytes | undefined {
    const { machine } = programOf(this.runtime);
    const pieces = at.kind === "pieces" ? at.pieces : [{ at, size: WORD }];
    let offset = 0;
    for (const piece of pieces) {
      if (piece.at.kind === "register" && place.kind === "register" && machine.dwarf[piece.at.register] === place.register) return offset;
      if (piece.at.kind === "memory" && place.kind === "slot" && piece.at.address === this.frame.sp + place.offset) return offset;
      offset += piece.size;
    }
    return undefined;
  }

  /** A variable as an address that its words are loaded from; its value is what the frame has now. */
  private ofVariable({ name, type }: DwarfVariable): Term {
    const { runtime, goroutine, frame } = this;
    const id = runtime.types.fromDwarf(type);
    const now = frameVariables(runtime, goroutine, frame, (each) => each === id).find((each) => each.name === name && !each.hidden);
    const { place } = now ?? {};
    const value = place?.kind === "memory" ? place.address : undefined;
    const bytes = place?.kind === "bytes" ? place.bytes : undefined;
    const known =
      bytes && bytes.byteLength >= WORD ? Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)) : undefined;
    this.inRegisters = known;
    // "&x" escaped: the word is the pointer to it.
    return { expression: name.replace(/^&/, ""), type: id, word: 0, isAddress: true, ...(value === undefined ? {} : { value }) };
  }

  /** First word of the variable asked last, when it is known from registers. */
  private inRegisters: Address | undefined;

  private global(address: Address, isAddress: boolean): Term | undefined {
    const found = this.runtime.variables.globalAt(address);
    if (!found) return undefined;
    const whole: Term = { expression: found.name, type: found.type, word: 0, isAddress: true, value: found.address };
    return this.part(whole, { kind: "memory", base: NOWHERE, index: -1, scale: 1, offset: address - found.address }, isAddress);
  }

  /** The word behind a pointer, or of a global variable. */
  private load(base: Term | undefined, memory: Memory): Term | undefined {
    if (!base) return this.global(memory.offset, false);
    if (base.isAddress) return this.part(base, memory, false);
    const { types } = this.runtime;
    const type = types.get(base.type);
    const { expression, value } = base;
    if (type.kind === "pointer" && base.word === 0)
      return this.part(
        { expression, type: type.element, word: 0, isAddress: true, ...(value === undefined ? {} : { value }) },
        memory,
        false,
      );
    if (type.kind === "slice" && base.word === 0 && type.element !== NONE) return this.element(base, memory);
    // The code of a func value, the table of an interface: the word itself is what was nil.
    return { expression, type: NONE, word: 0, isAddress: false };
  }

  private element({ expression, type, value }: Term, memory: Memory): Term | undefined {
    const { types } = this.runtime;
    const { element } = types.get(type);
    const { size } = types.get(element);
    if (size <= 0) return undefined;
    const number = memory.index === -1 ? String(Math.floor(memory.offset / size)) : "...";
    const known = value !== undefined && memory.index === -1 ? { value: value + memory.offset - (memory.offset % size) } : {};
    const whole: Term = { expression: `${expression}[${number}]`, type: element, word: 0, isAddress: true, ...known };
    return this.part(whole, { ...memory, index: -1, offset: memory.offset % size }, false);
  }

  /** The part of a value that begins at an offset, as its address or as what lies there. */
  private part(whole: Term, { offset, index }: Memory, isAddress: boolean): Term | undefined {
    const { types, memory } = this.runtime;
    if (index !== -1) return undefined;
    let { expression, type } = whole;
    let rest = offset;
    for (let depth = 0; depth < DEEPEST_OPERAND; depth++) {
      const row = types.get(type);
      if (row.kind === "array" && row.element !== NONE && types.get(row.element).size > 0) {
        const { size } = types.get(row.element);
        expression = `${expression}[${Math.floor(rest / size)}]`;
        type = row.element;
        rest %= size;
        continue;
      }
      if (row.kind !== "struct" || (isAddress && rest === 0)) break;
      const field = row.fields.findLast((each) => each.offset <= rest && types.get(each.type).size > 0);
      if (!field) return undefined;
      expression = expression === "" ? field.name : `${expression}.${field.name}`;
      type = field.type;
      rest -= field.offset;
    }
    if (rest < 0 || rest >= Math.max(types.get(type).size, WORD)) return undefined;
    const at = whole.value === undefined ? undefined : whole.value + offset;
    const value = isAddress ? at : at === undefined ? this.takeFromRegisters(offset) : memory.tryAddress(at);
    return { expression, type, word: rest, isAddress, ...(value === undefined ? {} : { value }) };
  }

  private takeFromRegisters(offset: Bytes): Address | undefined {
    const known = this.inRegisters;
    this.inRegisters = undefined;
    return offset === 0 ? known : undefined;
  }
}

/** The memory that an instruction reads or writes. */
function memoryOf(each: Instruction): Memory | undefined {
  switch (each.action) {
    case "move":
      return each.from.kind === "memory" ? each.from : each.to.kind === "memory" ? each.to : undefined;
    case "add":
    case "compare":
      return each.a.kind === "memory" ? each.a : each.b.kind === "memory" ? each.b : undefined;
    case "clobber":
      return each.reads?.memory ?? each.writes?.memory;
    case "zero":
      return each.memory;
    case "call":
      return typeof each.target === "object" && each.target.kind === "memory" ? each.target : undefined;
    default:
      return undefined;
  }
}
