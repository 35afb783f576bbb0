// A function's code followed forwards along all its ways: where values come from, what they are passed to and where they are kept.
import type { Address } from "../../base/units.js";
import { MOST_BLOCK_VISITS } from "../limits.js";
import { isBehind, isFrame, type Source, type Value, Values } from "./flow-values.js";
import type { Instruction, Machine, Memory, Operand, Register } from "./instructions.js";

/** Something that the code does with values. */
export type Event =
  /** A word of a variable gets a value. */
  | { readonly kind: "store"; readonly pc: Address; readonly address: Address; readonly value: Value }
  /** By registers, in the order of the calling convention. */
  | { readonly kind: "call"; readonly pc: Address; readonly target: Address; readonly passed: readonly Value[]; readonly result: Source }
  | { readonly kind: "return"; readonly pc: Address; readonly results: readonly Value[] }
  /** Two words of memory that lie side by side. */
  | { readonly kind: "pair"; readonly pc: Address; readonly first: number; readonly second: Value };

/** What is asked of the code. */
export interface Question {
  readonly machine: Machine;
  isVariable(address: Address): boolean;
  /** A number that may be the first word of an interface. */
  isTypeWord(value: number): boolean;
  /** Registers that a call changes; "all", or "never" when it does not return. */
  changes(target: Address | undefined): readonly Register[] | "all" | "never";
  /** A function that writes nothing through pointers it is passed. */
  onlyReads(target: Address): boolean;
}

/** Results in registers that are told apart. */
const RESULTS = 3;

/** @returns what the code does, in the order of its addresses; undefined when it is too long to be followed */
export function followValues(code: readonly Instruction[], question: Question): readonly Event[] | undefined {
  return code.length === 0 ? [] : new ValueFlow(code, question).run();
}

class ValueFlow {
  private readonly code: readonly Instruction[];
  private readonly question: Question;
  /** Index of the instruction that each block begins with. */
  private readonly starts: readonly number[];
  private readonly blockAt = new Map<Address, number>();
  private readonly entry: (Values | undefined)[];
  private readonly waiting: Uint8Array;
  /** Of each block, by its last visit. */
  private readonly events: Event[][];
  /** Of each instruction those that it made: seldom more than one, but of a call one for each result. */
  private readonly sources: (Source[] | undefined)[];
  private made = 0;
  private values: Values;
  private found: Event[] = [];
  /** Index of the instruction that is being followed. */
  private at = 0;

  constructor(code: readonly Instruction[], question: Question) {
    this.code = code;
    this.question = question;
    this.starts = blockStarts(code);
    this.starts.forEach((start, block) => {
      this.blockAt.set(code[start].pc, block);
    });
    this.entry = new Array(this.starts.length).fill(undefined);
    this.waiting = new Uint8Array(this.starts.length);
    this.events = this.starts.map(() => []);
    this.sources = new Array(code.length).fill(undefined);
    const { machine } = question;
    this.values = Values.atEntry(machine.registers, machine.stackPointer);
    machine.arguments.forEach((register, index) => {
      this.values.registers[register] = {
        kind: "argument",
        id: this.made++,
        pc: code[0].pc,
        index,
        address: 0,
        usedAt: Number.POSITIVE_INFINITY,
      };
    });
  }

  run(): readonly Event[] | undefined {
    this.arrive(0, this.values, true);
    let visits = this.starts.length * MOST_BLOCK_VISITS;
    for (let block = 0; block < this.starts.length; ) {
      if (!this.waiting[block]) {
        block++;
        continue;
      }
      if (--visits < 0) return undefined;
      this.waiting[block] = 0;
      const back = this.visit(block);
      block = Math.min(back, block + 1);
    }
    return this.events.flat();
  }

  /** @returns the first block that has to be visited again because of this visit */
  private visit(block: number): number {
    const { code } = this;
    const end = this.starts[block + 1] ?? code.length;
    this.values = (this.entry[block] as Values).copy();
    this.found = [];
    let goesOn = true;
    let first = Number.POSITIVE_INFINITY;
    for (let index = this.starts[block]; index < end && goesOn; index++) {
      const each = code[index];
      if (each.action === "jump" || each.action === "branch") {
        const target = each.target === undefined ? undefined : this.blockAt.get(each.target);
        if (target !== undefined && this.arrive(target, this.values, false)) first = Math.min(first, target);
        goesOn = each.action === "branch";
      } else {
        this.at = index;
        goesOn = this.step(each);
      }
    }
    this.events[block] = this.found;
    if (goesOn && block + 1 < this.starts.length) this.arrive(block + 1, this.values, true);
    return first;
  }

  /** @param isLast  the values are not changed any more @returns whether the block has to be visited */
  private arrive(block: number, values: Values, isLast: boolean): boolean {
    const known = this.entry[block];
    if (!known) this.entry[block] = isLast ? values : values.copy();
    else if (!known.join(values)) return false;
    this.waiting[block] = 1;
    return true;
  }

  /** @returns whether the code goes on behind the instruction */
  private step(each: Instruction): boolean {
    const { registers } = this.values;
    switch (each.action) {
      case "move": {
        const value = each.size === 8 ? this.read(each.from, each.pc) : this.touch(each.from, each.pc);
        if (each.to.kind === "register") registers[each.to.register] = value;
        else if (each.to.kind === "memory") this.write(each.to, each.size, value, each.pc);
        return true;
      }
      case "address": {
        const place = this.values.place(each.of);
        registers[each.to] = place !== undefined && !isBehind(place) ? place : undefined;
        return true;
      }
      case "add": {
        const [a, b] = [this.read(each.a, each.pc), this.read(each.b, each.pc)];
        registers[each.to] = each.size === 8 && typeof a === "number" && typeof b === "number" ? a + each.sign * b : undefined;
        return true;
      }
      case "compare":
        for (const operand of [each.a, each.b]) {
          this.touch(operand, each.pc);
          if (operand.kind === "register") this.use(registers[operand.register], each.pc);
        }
        return true;
      case "clobber":
        if (each.reads) this.touch(each.reads.memory, each.pc);
        if (each.writes) this.write(each.writes.memory, each.writes.size, undefined, each.pc);
        for (const register of each.registers) registers[register] = undefined;
        return true;
      case "zero":
        this.write(each.memory, each.size, undefined, each.pc);
        return true;
      case "call":
        return this.call(each);
      case "return":
        this.return(each.pc);
        return false;
      case "stop":
        return false;
      default:
        return true;
    }
  }

  private call(each: Instruction & { readonly action: "call" }): boolean {
    const { question, values } = this;
    const { machine } = question;
    const target = typeof each.target === "number" ? each.target : undefined;
    const changes = question.changes(target);
    if (changes === "never") return false;
    if (changes !== "all") {
      for (const register of changes) values.registers[register] = undefined;
      return true;
    }
    const passed = machine.arguments.map((register) => values.registers[register]);
    const results = machine.arguments.slice(0, RESULTS).map((_, index) => this.source("result", each.pc, index, target ?? 0));
    if (target !== undefined) {
      this.found.push({ kind: "call", pc: each.pc, target, passed, result: results[0] });
    }
    values.afterCall(machine, target !== undefined && question.onlyReads(target));
    const stack = values.registers[machine.stackPointer];
    values.registers.fill(undefined);
    values.registers[machine.stackPointer] = stack;
    results.forEach((result, index) => {
      values.registers[machine.arguments[index]] = result;
    });
    return true;
  }

  private return(pc: Address): void {
    const results = this.question.machine.arguments.slice(0, RESULTS).map((register) => this.values.registers[register]);
    this.found.push({ kind: "return", pc, results });
  }

  /** Of 8 bytes. */
  private read(operand: Operand, pc: Address): Value {
    if (operand.kind === "register") return this.values.registers[operand.register];
    if (operand.kind === "constant") return Number.isNaN(operand.value) ? undefined : operand.value;
    this.touch(operand, pc);
    const place = this.values.place(operand);
    if (place === undefined) return this.source("memory", pc, 0, 0);
    if (this.question.isVariable(place)) return this.source("variable", pc, 0, place);
    return this.values.word(place) ?? (isFrame(place) ? undefined : this.source("memory", pc, 0, 0));
  }

  private write(memory: Memory, size: number, value: Value, pc: Address): void {
    this.touch(memory, pc);
    const { values, question } = this;
    const place = values.place(memory);
    if (place === undefined) return;
    values.store(place, size, this.isKept(value) ? value : undefined);
    if (question.isVariable(place)) {
      for (let at = 0; at < size; at += 8)
        this.found.push({ kind: "store", pc, address: place + at, value: size === 8 ? value : undefined });
      return;
    }
    if (size !== 8) return;
    const isFirst = (word: Value, at: number): word is number => {
      const before = values.word(at - 8);
      return typeof word === "number" && question.isTypeWord(word) && !(typeof before === "number" && question.isTypeWord(before));
    };
    const [before, after] = [values.word(place - 8), values.word(place + 8)];
    if (isFirst(before, place - 8)) this.found.push({ kind: "pair", pc, first: before, second: value });
    if (isFirst(value, place) && after !== undefined) this.found.push({ kind: "pair", pc, first: value, second: after });
  }

  /** Of values in memory only those that may tell something: the fewer, the faster. */
  private isKept(value: Value): boolean {
    if (typeof value === "object") return value.kind !== "memory" && (value.kind !== "argument" || value.index === 0);
    return value !== undefined && (value === 0 || this.question.isTypeWord(value) || this.question.isVariable(value));
  }

  /** A value whose pointed-to memory is looked at is not nil from here on. */
  private touch(operand: Operand, pc: Address): undefined {
    if (operand.kind !== "memory") return;
    if (operand.base >= 0) this.use(this.values.registers[operand.base], pc);
    if (operand.index >= 0) this.use(this.values.registers[operand.index], pc);
  }

  private use(value: Value, pc: Address): void {
    if (typeof value === "object" && pc < value.usedAt) value.usedAt = pc;
  }

  /** What the instruction makes; the same at each visit. */
  private source(kind: Source["kind"], pc: Address, index: number, address: Address): Source {
    this.sources[this.at] ??= [];
    const made = this.sources[this.at] as Source[];
    let source = made[index];
    if (source?.kind !== kind || source.address !== address) {
      source = { kind, id: this.made++, pc, index, address, usedAt: Number.POSITIVE_INFINITY };
      made[index] = source;
    }
    return source;
  }
}

/** Where code is jumped to, and what follows a jump. */
function blockStarts(code: readonly Instruction[]): readonly number[] {
  const targets = new Set<Address>([code[0].pc]);
  for (const each of code) {
    if (each.action !== "jump" && each.action !== "branch") continue;
    if (each.target !== undefined) targets.add(each.target);
    targets.add(each.next);
  }
  const found: number[] = [];
  // Several steps may share one instruction: the first of them is where one arrives.
  code.forEach((each, index) => {
    if (targets.has(each.pc) && each.pc !== code[index - 1]?.pc) found.push(index);
  });
  return found;
}
