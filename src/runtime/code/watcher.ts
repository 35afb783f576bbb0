// What is asked of code that is followed: where it starts, and what is told to whom.
import type { Address } from "../../base/units.js";
import type { GoFunction } from "../functions.js";
import type { State, Value } from "./state.js";

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

/** The place that a function was followed to. */
export interface Reached<Facts> {
  readonly facts: Facts;
  readonly registers: Float64Array;
  /** The call made there, when its target is known. */
  readonly call: FutureCall | undefined;
}

/** What is known at one place of the code. */
export interface Flow<Facts> {
  readonly state: State;
  facts: Facts;
  deferred: readonly Address[];
}

/** The same, to go on from apart. */
export function copy<Facts>({ state, facts, deferred }: Flow<Facts>): Flow<Facts> {
  return { state: state.copy(), facts, deferred };
}

/** Keeps what both know. @returns whether the first knows less now, so that its place has to be followed again */
export function joinFlows<Facts>(watcher: Watcher<Facts>, known: Flow<Facts>, flow: Flow<Facts>): boolean {
  let changed = known.state.join(flow.state);
  const facts = watcher.join(known.facts, flow.facts);
  if (!watcher.same(facts, known.facts)) {
    known.facts = facts;
    changed = true;
  }
  if (flow.deferred.length > known.deferred.length) known.deferred = flow.deferred;
  return changed;
}
