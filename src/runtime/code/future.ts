// What a goroutine goes on to do: its functions followed from where they stand, with the values that the core has in its frames.
import type { Address } from "../../base/units.js";
import type { GoFunction } from "../functions.js";
import { DEEPEST_FUTURE_CALL, MOST_FUTURE_STEPS } from "../limits.js";
import type { GoRuntime } from "../runtime.js";
import type { Instruction } from "./instructions.js";
import { type Code, type Program, programOf } from "./program.js";
import { State, type Value } from "./state.js";
import { isSymbol, type Symbols } from "./symbols.js";

/** A call that the goroutine will come to, unless its way is another. */
export interface FutureCall {
  /** Of the call instruction, in `within`. */
  readonly pc: Address;
  readonly within: GoFunction;
  readonly target: GoFunction;
  /** Func values through which the code is reached: a deferred call's among them. */
  readonly closures: readonly Address[];
  /** NaN when it is not known. */
  argument(index: number): Value;
  /** A word of memory as it will be then. */
  word(address: Address): Value;
}

/** Facts of the watcher flow with the code: they are joined where ways meet. */
export interface Watcher<Facts> {
  /** What holds after the call; "enter" to follow the function that is called, "never" when it does not return. */
  call(call: FutureCall, facts: Facts): Facts | "enter" | "never";
  join(a: Facts, b: Facts): Facts;
  same(a: Facts, b: Facts): boolean;
  /** Whether to read the branch's one way only: that which makes the call of an inlined function's slow path. */
  isInlined(fn: GoFunction, pc: Address): string | undefined;
  /** What holds after a branch. */
  passes(fn: GoFunction, pc: Address, facts: Facts): Facts;
}

/** Where a function continues. */
export interface Standing {
  readonly fn: GoFunction;
  readonly pc: Address;
  readonly sp: Address;
  readonly stack: { readonly lo: Address; readonly hi: Address };
  /** Func values of the calls it has deferred by records, the first to run first. */
  readonly deferred: readonly Address[];
  /** Values of registers, where they are known. */
  register?(index: number): Value;
}

const SLOW_PATH = 16;
/** Registers with results that are followed. */
const RESULTS = 3;
const LARGEST_OFFSET = 2 ** 31;

/** The place that a function was followed to. */
export interface Reached<Facts> {
  readonly facts: Facts;
  readonly registers: Float64Array;
  /** The call made there, when its target is known. */
  readonly call: FutureCall | undefined;
}

interface Flow<Facts> {
  readonly state: State;
  facts: Facts;
  deferred: readonly Address[];
}

export class Future<Facts> {
  /** All that were followed. */
  steps = 0;
  private readonly runtime: GoRuntime;
  private readonly program: Program;
  private readonly watcher: Watcher<Facts>;
  private readonly slow = new Map<Address, boolean | undefined>();
  private left = 0;
  private chain: GoFunction[] = [];
  private goal: { readonly code: Code; readonly index: number; flow: Flow<Facts> | undefined } | undefined;
  private closures: Address[] = [];

  constructor(runtime: GoRuntime, watcher: Watcher<Facts>, program = programOf(runtime)) {
    this.runtime = runtime;
    this.program = program;
    this.watcher = watcher;
  }

  /** Starts the account of a goroutine. */
  begin(): void {
    this.left = MOST_FUTURE_STEPS;
  }

  /** Facts when the function has returned; those before when it never does. */
  follow(standing: Standing, facts: Facts): Facts {
    const { machine } = this.program;
    const registers = new Float64Array(machine.registers).fill(Number.NaN);
    if (standing.register) for (let i = 0; i < registers.length; i++) registers[i] = standing.register(i);
    registers[machine.stackPointer] = standing.sp;
    const state = new State(this.runtime.process.memory, registers, standing.stack);
    this.chain = [];
    return this.run(standing.fn, standing.pc, { state, facts, deferred: standing.deferred })?.facts ?? facts;
  }

  /**
   * What holds on every way from the function's beginning to the call it stands in, before that; undefined when none was found.
   * Values are symbols: what they stand for is told by words of the frame that were written on every way.
   * @param entry registers as the function was called
   */
  reach(
    standing: Standing & { readonly fp: Address },
    facts: Facts,
    symbols: Symbols,
    entry: Float64Array | undefined,
  ): Reached<Facts> | undefined {
    const { machine } = this.program;
    const code = this.program.read(standing.fn);
    const index = code?.instructions.findLastIndex((each) => each.next === standing.pc && each.action === "call") ?? -1;
    if (!code || index < 0) return undefined;
    const registers = new Float64Array(machine.registers).fill(Number.NaN);
    for (const each of [...machine.arguments, machine.context])
      registers[each] = entry?.[each] ?? symbols.of(`${standing.sp} entry ${each}`);
    registers[machine.stackPointer] = standing.fp - machine.pushed;
    const state = new State(this.runtime.process.memory, registers, standing.stack);
    state.symbols = symbols;
    this.goal = { code, index, flow: undefined };
    this.chain = [];
    this.run(standing.fn, standing.fn.entry, { state, facts, deferred: [] });
    const { flow } = this.goal;
    this.goal = undefined;
    const instruction = code.instructions[index];
    if (!flow || instruction?.action !== "call") return undefined;
    const target = typeof instruction.target === "number" ? this.program.at(instruction.target) : undefined;
    // A word that was written on every way still holds what was written.
    for (const [address, value] of flow.state.words(standing.sp))
      if (address < standing.stack.hi) symbols.bind(value, this.runtime.process.memory.tryAddress(address) ?? 0);
    return {
      facts: flow.facts,
      registers: flow.state.registers,
      call: target && this.futureCall(code.fn, instruction.pc, target, flow.state),
    };
  }

  private run(fn: GoFunction, pc: Address, entry: Flow<Facts>): Flow<Facts> | undefined {
    const code = this.program.read(fn);
    const start = code?.indexOf(pc) ?? -1;
    if (!code || start < 0 || this.chain.length > DEEPEST_FUTURE_CALL || this.chain.includes(fn)) return undefined;
    this.chain.push(fn);
    const flows = new Map<number, Flow<Facts>>();
    const pending = new Set<number>([start]);
    flows.set(start, entry);
    let end: Flow<Facts> | undefined;
    const arrive = (index: number, flow: Flow<Facts>) => {
      const known = flows.get(index);
      if (!known) {
        flows.set(index, copy(flow));
        pending.add(index);
      } else if (this.join(known, flow)) pending.add(index);
    };
    const leave = (flow: Flow<Facts>) => {
      if (end) this.join(end, flow);
      else end = copy(flow);
    };
    for (const index of pending) {
      pending.delete(index);
      const flow = copy(flows.get(index) as Flow<Facts>);
      this.block(code, index, flow, arrive, leave);
      if (this.left <= 0) break;
    }
    this.chain.pop();
    return end;
  }

  private join(known: Flow<Facts>, flow: Flow<Facts>): boolean {
    let changed = known.state.join(flow.state);
    const facts = this.watcher.join(known.facts, flow.facts);
    if (!this.watcher.same(facts, known.facts)) {
      known.facts = facts;
      changed = true;
    }
    if (flow.deferred.length > known.deferred.length) known.deferred = flow.deferred;
    return changed;
  }

  /** From an instruction to the next place where ways meet or part. */
  private block(
    code: Code,
    start: number,
    flow: Flow<Facts>,
    arrive: (index: number, flow: Flow<Facts>) => void,
    leave: (flow: Flow<Facts>) => void,
  ): void {
    const { state } = flow;
    for (let index = start; index < code.instructions.length; index++) {
      if (index > start && code.targets.has(index)) {
        arrive(index, flow);
        return;
      }
      if (this.left-- <= 0) return;
      if (this.goal?.index === index && this.goal.code === code) {
        if (this.goal.flow) this.join(this.goal.flow, flow);
        else this.goal.flow = copy(flow);
      }
      this.steps++;
      const each = code.instructions[index];
      switch (each.action) {
        case "move":
          state.set(each.to, each.size, state.get(each.from, each.size, each.signed));
          break;
        case "address":
          state.registers[each.to] = state.addressOf(each.of);
          break;
        case "add": {
          const [a, b] = [state.get(each.a, each.size), state.get(each.b, each.size)];
          const isKnown = each.size === 8 && !isSymbol(b) && !(isSymbol(a) && Math.abs(b) > LARGEST_OFFSET);
          state.registers[each.to] = isKnown ? a + each.sign * b : Number.NaN;
          break;
        }
        case "compare":
          state.comparison = { a: state.get(each.a, each.size), b: state.get(each.b, each.size), mask: each.mask, size: each.size };
          break;
        case "clobber":
          if (each.writes) state.store(state.addressOf(each.writes.memory), each.writes.size, Number.NaN);
          for (const register of each.registers) state.forget(register);
          break;
        case "zero":
          state.store(state.addressOf(each.memory), each.size, 0);
          break;
        case "call":
          if (!this.call(code.fn, each, flow)) return;
          break;
        case "jump":
          if (each.target === undefined) return;
          this.jump(code, each, each.target, flow, arrive, leave);
          return;
        case "branch": {
          flow.facts = this.watcher.passes(code.fn, each.pc, flow.facts);
          let taken = state.decides(each.condition);
          if (taken === undefined) {
            taken = this.towardsSlowPath(code, index);
            if (taken !== undefined) state.suppose();
          }
          if (taken !== false) this.jump(code, each, each.target, flow, arrive, leave);
          if (taken === true) return;
          break;
        }
        case "return":
          leave(flow);
          return;
        case "stop":
          return;
        case "nothing":
          break;
      }
    }
  }

  private jump(
    code: Code,
    { pc }: Instruction,
    target: Address,
    flow: Flow<Facts>,
    arrive: (index: number, flow: Flow<Facts>) => void,
    leave: (flow: Flow<Facts>) => void,
  ): void {
    const index = code.indexOf(target);
    if (index >= 0) {
      arrive(index, flow);
      return;
    }
    // Out of the function: a call in its last place, which returns for it.
    const other = this.program.at(target);
    if (other && this.enter(other, code.fn, pc, flow)) leave(flow);
  }

  /** @returns false when it does not return */
  private call(within: GoFunction, instruction: Instruction & { readonly action: "call" }, flow: Flow<Facts>): boolean {
    const { state } = flow;
    const { machine } = this.program;
    const place = typeof instruction.target === "number" ? instruction.target : state.get(instruction.target, 8);
    const target = this.program.at(place);
    if (target) {
      const changed = machine.helpers.find(({ name }) => target.name.startsWith(name))?.changes;
      if (changed) {
        for (const register of changed) state.forget(register);
        return true;
      }
      if (target.name === "runtime.deferreturn") {
        for (const closure of flow.deferred) this.closure(closure, flow);
        flow.deferred = [];
      } else if (target.name === "runtime.deferproc") {
        flow.deferred = [state.registers[machine.arguments[0]], ...flow.deferred];
      } else if (target.name === "runtime.deferprocStack") {
        const record = state.registers[machine.arguments[0]] + this.runtime.layout.struct("_defer").offset("fn");
        flow.deferred = [state.load(record, 8), ...flow.deferred];
      } else {
        const isIndirect = typeof instruction.target !== "number";
        if (isIndirect) this.closures.push(state.registers[machine.context]);
        const returns = this.enter(target, within, instruction.pc, flow);
        if (isIndirect) this.closures.pop();
        if (!returns) return false;
      }
    }
    this.afterCall(state, instruction.pc, target?.name.startsWith("runtime.deferproc") === true);
    return true;
  }

  private futureCall(within: GoFunction, pc: Address, target: GoFunction, state: State): FutureCall {
    const { machine } = this.program;
    return {
      pc,
      within,
      target,
      closures: this.closures,
      argument: (index) => state.registers[machine.arguments[index]] ?? Number.NaN,
      word: (address) => state.load(address, 8),
    };
  }

  private enter(target: GoFunction, within: GoFunction, pc: Address, flow: Flow<Facts>): boolean {
    const { state } = flow;
    const after = this.watcher.call(this.futureCall(within, pc, target, state), flow.facts);
    if (after === "never") return false;
    if (after === "enter") this.descend(target, flow);
    else flow.facts = after;
    return true;
  }

  private descend(target: GoFunction, flow: Flow<Facts>): void {
    const { state } = flow;
    const { stackPointer, pushed } = this.program.machine;
    const sp = state.registers[stackPointer];
    const inner = { state: state.copy(), facts: flow.facts, deferred: [] };
    inner.state.registers[stackPointer] = sp - pushed;
    const end = this.run(target, target.entry, inner);
    if (end) flow.facts = end.facts;
  }

  /** A deferred call. */
  private closure(closure: Address, flow: Flow<Facts>): void {
    const target = this.program.at(flow.state.load(closure, 8));
    if (!target) return;
    flow.state.registers[this.program.machine.context] = closure;
    this.closures.push(closure);
    this.enter(target, target, target.entry, flow);
    this.closures.pop();
  }

  /** Every register may hold something else, but the stack pointer. */
  private afterCall(state: State, pc: Address, answersZero: boolean): void {
    const { stackPointer, arguments: places } = this.program.machine;
    const sp = state.registers[stackPointer];
    state.registers.fill(Number.NaN);
    state.registers[stackPointer] = sp;
    for (const each of state.symbols ? places.slice(0, RESULTS) : [])
      state.registers[each] = state.symbols?.of(`${pc} result ${each}`) ?? Number.NaN;
    // deferproc answers 1 only when a panic was recovered.
    if (answersZero) state.registers[places[0]] = 0;
    state.comparison = undefined;
    state.leave(sp);
    state.supposed();
  }

  /** Inlined locks try first without a call, which no trace is left of: the way with the call tells which lock it is. */
  private towardsSlowPath(code: Code, index: number): boolean | undefined {
    const each = code.instructions[index];
    if (each.action !== "branch") return undefined;
    if (this.slow.has(each.pc)) return this.slow.get(each.pc);
    const region = this.watcher.isInlined(code.fn, each.pc);
    let answer: boolean | undefined;
    if (region !== undefined) {
      const calls = (from: number) => this.callsWithin(code, from, region);
      const [taken, passed] = [calls(code.indexOf(each.target)), calls(index + 1)];
      if (taken !== passed) answer = taken;
    }
    this.slow.set(each.pc, answer);
    return answer;
  }

  private callsWithin(code: Code, from: number, region: string): boolean {
    let index = from;
    for (let count = 0; count < SLOW_PATH && index >= 0; count++) {
      const each = code.instructions[index];
      if (!each || each.action === "branch" || each.action === "return" || each.action === "stop") return false;
      if (each.action === "call") return this.watcher.isInlined(code.fn, each.pc) === region;
      index = each.action === "jump" ? (each.target === undefined ? -1 : code.indexOf(each.target)) : index + 1;
    }
    return false;
  }
}

function copy<Facts>({ state, facts, deferred }: Flow<Facts>): Flow<Facts> {
  return { state: state.copy(), facts, deferred };
}
