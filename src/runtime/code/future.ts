// What a goroutine goes on to do: its functions followed from where they stand, with the values that the core has in its frames.
import type { Address } from "../../base/units.js";
import type { GoFunction } from "../functions.js";
import { DEEPEST_FUTURE_CALL, MOST_FUTURE_STEPS } from "../limits.js";
import type { GoRuntime } from "../runtime.js";
import type { Instruction } from "./instructions.js";
import { type Code, type Program, programOf } from "./program.js";
import { SlowPaths } from "./slow-paths.js";
import { State } from "./state.js";
import type { Symbols } from "./symbols.js";
import { copy, type Flow, type FutureCall, joinFlows, type Reached, type Standing, type Watcher } from "./watcher.js";

export type { FutureCall, Reached, Standing, Watcher } from "./watcher.js";

/** Registers with results that are followed. */
const RESULTS = 3;

/**
 * Follows code with what is known of registers and memory, every way that may be gone, and tells a watcher of the calls that it meets.
 * Where ways meet only what all of them know is kept; calls are followed where the watcher asks for it.
 */
export class Future<Facts> {
  /** Instructions that were followed, of all goroutines together. */
  steps = 0;
  private readonly runtime: GoRuntime;
  private readonly program: Program;
  private readonly watcher: Watcher<Facts>;
  private readonly slowPaths: SlowPaths;
  /** Instructions that may still be followed for this goroutine. */
  private left = 0;
  /** Functions that are being followed, each called by the one before. */
  private chain: GoFunction[] = [];
  private goal: { readonly code: Code; readonly index: number; flow: Flow<Facts> | undefined } | undefined;
  private closures: Address[] = [];

  constructor(runtime: GoRuntime, watcher: Watcher<Facts>, program = programOf(runtime)) {
    this.runtime = runtime;
    this.program = program;
    this.watcher = watcher;
    this.slowPaths = new SlowPaths(watcher);
  }

  /** Starts the account of a goroutine: what one takes does not go off from another. */
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
    const index = code?.indexBefore(standing.pc) ?? -1;
    const call = code?.instructions[index];
    if (!code || call?.action !== "call") return undefined;
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
    if (!flow) return undefined;
    const target = typeof call.target === "number" ? this.program.at(call.target) : undefined;
    // A word that was written on every way still holds what was written.
    for (const [address, value] of flow.state.words(standing.sp))
      if (address < standing.stack.hi) symbols.bind(value, this.runtime.process.memory.tryAddress(address) ?? 0);
    return {
      facts: flow.facts,
      registers: flow.state.registers,
      call: target && this.futureCall(code.fn, call.pc, target, flow.state),
    };
  }

  /**
   * Follows a function along all its ways until nothing new is learned of any place: a fixed point, for what is known at a place where
   * ways meet can only become less.
   * @returns what holds when it returns, undefined when it never does
   */
  private run(fn: GoFunction, pc: Address, entry: Flow<Facts>): Flow<Facts> | undefined {
    const code = this.program.read(fn);
    const start = code?.indexOf(pc) ?? -1;
    if (!code || start < 0 || this.chain.length > DEEPEST_FUTURE_CALL || this.chain.includes(fn)) return undefined;
    this.chain.push(fn);
    // What is known where each stretch of code begins; ways that meet there are joined.
    const flows = new Map<number, Flow<Facts>>();
    const pending = new Set<number>([start]);
    flows.set(start, entry);
    let end: Flow<Facts> | undefined;
    const arrive = (index: number, flow: Flow<Facts>) => {
      const known = flows.get(index);
      if (!known) {
        flows.set(index, copy(flow));
        pending.add(index);
      } else if (joinFlows(this.watcher, known, flow)) pending.add(index);
    };
    const leave = (flow: Flow<Facts>) => {
      if (end) joinFlows(this.watcher, end, flow);
      else end = copy(flow);
    };
    // A Set is walked in the order of insertion, and what is added again meanwhile comes at its end.
    for (const index of pending) {
      pending.delete(index);
      const flow = copy(flows.get(index) as Flow<Facts>);
      this.block(code, index, flow, arrive, leave);
      if (this.left <= 0) break;
    }
    this.chain.pop();
    return end;
  }

  /** From an instruction to the next place where ways meet or part. */
  private block(
    code: Code,
    start: number,
    flow: Flow<Facts>,
    arrive: (index: number, flow: Flow<Facts>) => void,
    leave: (flow: Flow<Facts>) => void,
  ): void {
    for (let index = start; index < code.instructions.length; index++) {
      if (index > start && code.targets.has(index)) {
        arrive(index, flow);
        return;
      }
      if (this.left-- <= 0) return;
      if (this.goal?.index === index && this.goal.code === code) {
        if (this.goal.flow) joinFlows(this.watcher, this.goal.flow, flow);
        else this.goal.flow = copy(flow);
      }
      this.steps++;
      const each = code.instructions[index];
      const goesOn = each.action === "call" ? this.call(code.fn, each, flow) : this.step(code, each, index, flow, arrive, leave);
      if (!goesOn) return;
    }
  }

  /** @returns false where the way ends, or goes on elsewhere only */
  private step(
    code: Code,
    each: Instruction,
    index: number,
    flow: Flow<Facts>,
    arrive: (index: number, flow: Flow<Facts>) => void,
    leave: (flow: Flow<Facts>) => void,
  ): boolean {
    switch (each.action) {
      case "jump":
        if (each.target !== undefined) this.jump(code, each, each.target, flow, arrive, leave);
        return false;
      case "branch": {
        flow.facts = this.watcher.passes(code.fn, each.pc, flow.facts);
        let taken = flow.state.decides(each.condition);
        if (taken === undefined) {
          taken = this.slowPaths.isTaken(code, index);
          if (taken !== undefined) flow.state.suppose();
        }
        if (taken !== false) this.jump(code, each, each.target, flow, arrive, leave);
        return taken !== true;
      }
      case "return":
        leave(flow);
        return false;
      case "stop":
        return false;
      default:
        flow.state.apply(each);
        return true;
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
      // Helpers with a convention of their own: write barriers, copying loops.
      const changed = machine.helpers.find(({ name }) => target.name.startsWith(name))?.changes;
      if (changed) {
        for (const register of changed) state.forget(register);
        return true;
      }
      // Deferred calls run here, the last one first.
      if (target.name === "runtime.deferreturn") {
        for (const closure of flow.deferred) this.closure(closure, flow);
        flow.deferred = [];
      } else if (target.name === "runtime.deferproc") {
        flow.deferred = [state.registers[machine.arguments[0]], ...flow.deferred];
      } else if (target.name === "runtime.deferprocStack") {
        const record = state.registers[machine.arguments[0]] + this.runtime.layout.struct("_defer").offset("fn");
        flow.deferred = [state.load(record, 8), ...flow.deferred];
      } else {
        // A call through a closure: its context tells which one, and with that who deferred it.
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

  /** The call as the watcher sees it: its arguments are read when they are asked for. */
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

  /** Tells the watcher of a call. @returns false when it does not return */
  private enter(target: GoFunction, within: GoFunction, pc: Address, flow: Flow<Facts>): boolean {
    const { state } = flow;
    const after = this.watcher.call(this.futureCall(within, pc, target, state), flow.facts);
    if (after === "never") return false;
    if (after === "enter") this.descend(target, flow);
    else flow.facts = after;
    return true;
  }

  /** Follows the function that is called. Only facts come back: what it wrote to registers and memory is taken to be lost. */
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
}
