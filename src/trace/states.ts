// What goroutines and Ps do, followed over the events of a trace.
import { NONE } from "../base/units.js";
import { EV, G_STATUS, P_STATUS, SPECS } from "./events.js";
import type { Generation } from "./generation.js";
import type { TraceEvent } from "./order.js";

/** What a goroutine does; "gone": it has ended. */
export type GoroutineState = "running" | "runnable" | "waiting" | "syscall" | "gone";

/** What follows from one event. Ids of goroutines and Ps. */
export interface Transition {
  readonly of: "goroutine" | "proc";
  readonly id: number;
  /** For Ps only running and waiting (idle), and syscall. */
  readonly to: GoroutineState;
  /** Why it waits or stopped: the runtime's words. */
  readonly reason: string;
  /** The goroutine's first function when the event tells it: a stack of it alone. */
  readonly stack: number;
  /** true: a status, which repeats what was known before. */
  readonly status: boolean;
  /** P the goroutine runs on; NONE. */
  readonly p: number;
}

/** By G_STATUS. */
export const G_STATES: Readonly<Record<number, GoroutineState>> = {
  [G_STATUS.runnable]: "runnable",
  [G_STATUS.running]: "running",
  [G_STATUS.syscall]: "syscall",
  [G_STATUS.waiting]: "waiting",
};
/** By P_STATUS, in the words for goroutines: an idle P is waiting. */
const P_STATES: Readonly<Record<number, GoroutineState>> = {
  [P_STATUS.running]: "running",
  [P_STATUS.idle]: "waiting",
  [P_STATUS.syscall]: "syscall",
  [P_STATUS.syscallAbandoned]: "waiting",
};

/**
 * Tells what an event changes: nothing, or the state of one goroutine or P. GoSwitch makes two goroutines change, but the ordering puts
 * GoBlock or GoDestroy and then GoStart after it, and those tell the rest.
 */
export function transitions(event: TraceEvent, tell: (transition: Transition) => void): void {
  // Types are numbered so that those of Ps come first.
  if (event.type <= EV.ProcStatus) procTransition(event, tell);
  else goroutineTransition(event, tell);
}

/** Transitions of Ps; those of no P are left out. */
function procTransition({ type, args, p }: TraceEvent, tell: (transition: Transition) => void): void {
  const first = args[0];
  const proc = (id: number, to: GoroutineState, status = false) => {
    if (id !== NONE) tell({ of: "proc", id, to, reason: "", stack: 0, status, p: NONE });
  };
  switch (type) {
    case EV.ProcStart:
      proc(first, "running");
      break;
    case EV.ProcStop:
      proc(p, "waiting");
      break;
    case EV.ProcSteal:
      proc(first, "waiting");
      break;
    case EV.ProcStatus: {
      const state = P_STATES[args[1]];
      if (state) proc(first, state, true);
      break;
    }
  }
}

/** Transitions of goroutines. */
function goroutineTransition(event: TraceEvent, tell: (transition: Transition) => void): void {
  const { type, args, generation } = event;
  const first = args[0];
  const text = (id: number) => generation.strings.get(id) ?? "?";
  const goroutine = (id: number, to: GoroutineState, reason = "", stack = 0, status = false, p = NONE) =>
    tell({ of: "goroutine", id, to, reason, stack, status, p });
  switch (type) {
    case EV.GoCreate:
      goroutine(first, "runnable", "created", args[1]);
      break;
    case EV.GoCreateBlocked:
      goroutine(first, "waiting", "created", args[1]);
      break;
    case EV.GoCreateSyscall:
      goroutine(first, "syscall", "C code");
      break;
    case EV.GoStart:
      goroutine(first, "running", "", 0, false, event.p);
      break;
    case EV.GoDestroy:
    case EV.GoDestroySyscall:
      goroutine(event.g, "gone");
      break;
    case EV.GoStop:
      goroutine(event.g, "runnable", text(first), args[1]);
      break;
    case EV.GoBlock:
      goroutine(event.g, "waiting", first === 0 ? "coroutine" : text(first), args[1]);
      break;
    case EV.GoUnblock:
      goroutine(first, "runnable", "unblocked");
      break;
    case EV.GoSwitch:
    case EV.GoSwitchDestroy:
      goroutine(first, "runnable", "coroutine");
      break;
    case EV.GoSyscallBegin:
      goroutine(event.g, "syscall", "", args[1]);
      break;
    case EV.GoSyscallEnd:
      goroutine(event.g, "running", "", 0, false, event.p);
      break;
    case EV.GoSyscallEndBlocked:
      goroutine(event.g, "runnable", "syscall");
      break;
    case EV.GoStatus:
    case EV.GoStatusStack: {
      const state = G_STATES[args[2]];
      if (state) goroutine(first, state, "", type === EV.GoStatusStack ? args[3] : 0, true, event.p);
      break;
    }
  }
}

/** Which argument of an event is the stack of the goroutine it happened on; NONE. */
const OWN_STACK = SPECS.map((spec) => (spec ? spec.args.findIndex((arg) => arg.kind === "stack" && arg.name === "stack") : NONE));

/** The stack id of the place in the program where an event happened, 0 for none. */
export function stackOf(event: TraceEvent): number {
  if (event.type === EV.CPUSample) return event.args[0];
  const at = OWN_STACK[event.type] ?? NONE;
  return at >= 0 ? event.args[at] : 0;
}

/**
 * The function a goroutine was started with; "" when the stack does not tell.
 * @param stack      id of a stack, 0 for none
 * @param ofCreation true: the stack of GoCreate, which is that function alone; false: one of the goroutine's own, whose outermost frame
 *                   it is
 */
export function startFunction(generation: Generation, stack: number, ofCreation: boolean): string {
  if (stack === 0) return "";
  const pcs = generation.stacks.pcs.get(stack);
  if (!pcs || pcs.length === 0) return "";
  const pc = pcs[ofCreation ? 0 : pcs.length - 1];
  return generation.strings.get(generation.stacks.places.get(pc)?.function ?? NONE) ?? "";
}

/**
 * Takes out of a goroutine's open regions the one that an end names: the innermost of that task and name. A program may end another one
 * than it began last. undefined: there is none, it began before the trace.
 */
export function takeRegion<T extends { readonly task: number; readonly name: string }>(
  open: T[] | undefined,
  task: number,
  name: string,
): T | undefined {
  const at = open?.findLastIndex((region) => region.task === task && region.name === name) ?? NONE;
  return at < 0 ? undefined : open?.splice(at, 1)[0];
}
