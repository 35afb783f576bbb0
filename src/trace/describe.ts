// Events as rows of plain data.
import { EV, SPECS } from "./events.js";
import type { TraceFrame } from "./generation.js";
import type { TraceEvent } from "./order.js";
import { stackOf } from "./states.js";

/** One event. Times in ns. Ids of threads, Ps and goroutines; NONE (-1) for none. */
export interface EventRow {
  /** ns of the trace clock. */
  readonly time: number;
  /** ns before the trace's end, negative or 0. */
  readonly beforeEnd: number;
  /** The name that --kind matches. */
  readonly kind: string;
  readonly thread: number;
  readonly proc: number;
  readonly goroutine: number;
  /** By the names that Go's tracer gives them. */
  readonly arguments: Readonly<Record<string, number | string>>;
  /** Of a new goroutine what it runs, of a CPU sample what ran; absent when the trace does not tell. */
  readonly function?: string;
  /** Innermost first; only when asked for. */
  readonly stack?: readonly TraceFrame[];
}

/** By G_STATUS and by P_STATUS. */
const G_WORDS = ["?", "runnable", "running", "in a system call", "waiting"];
const P_WORDS = ["?", "running", "idle", "in a system call", "left in a system call"];

/** The argument whose stack tells a function: of a new goroutine its first, of a sample its own. */
const FUNCTIONS: Readonly<Record<number, number>> = { [EV.GoCreate]: 1, [EV.GoCreateBlocked]: 1, [EV.CPUSample]: 0 };

/** The kind's name as --kind matches it. */
export function kindOf(event: TraceEvent): string {
  return event.type === EV.CPUSample ? "CPUSample" : (SPECS[event.type]?.name ?? `event ${event.type}`);
}

/** Every kind that --kind may match; those from 128 on, of the experiment of allocations, are left out. */
export const EVENT_KINDS: readonly string[] = [...SPECS.slice(0, 128).flatMap((spec) => spec?.name ?? []), "CPUSample"];

/** Whether an event concerns a goroutine: it happened on it, or is about it. */
export function concerns(event: TraceEvent, goroutine: number): boolean {
  if (event.g === goroutine) return true;
  return SPECS[event.type]?.args[0]?.kind === "g" && event.args[0] === goroutine;
}

/** Whether an event only repeats a status, as every generation does for everything that was there before it. */
export function repeatsStatus(event: TraceEvent): boolean {
  return !event.first && /Status/.test(kindOf(event));
}

/**
 * A row of an event; the event itself may be used again afterwards.
 *
 * @param end       ns of the trace clock: the end that times are counted back from
 * @param withStack whether the row has the stack; an event without one never has
 */
export function describeEvent(event: TraceEvent, end: number, withStack: boolean): EventRow {
  const kind = kindOf(event);
  const values: Record<string, number | string> = {};
  SPECS[event.type]?.args.forEach((arg, i) => {
    const value = event.args[i];
    if (arg.kind === "stack") return;
    if (arg.kind === "string") values[arg.name] = event.generation.strings.get(value) ?? "?";
    else if (arg.kind === "gstatus") values[arg.name] = G_WORDS[value] ?? value;
    else if (arg.kind === "pstatus") values[arg.name] = P_WORDS[value] ?? value;
    else values[arg.name] = value;
  });
  const called = functionOf(event);
  const row = {
    time: event.time,
    beforeEnd: event.time - end,
    kind,
    thread: event.m,
    proc: event.p,
    goroutine: event.g,
    arguments: values,
    ...(called === undefined ? {} : { function: called }),
  };
  const stack = withStack ? event.generation.frames(stackOf(event)) : undefined;
  return stack && stack.length > 0 ? { ...row, stack } : row;
}

/** The innermost function of a stack that an argument names; undefined when it is not known, and for other events. */
function functionOf({ type, args, generation }: TraceEvent): string | undefined {
  const argument = FUNCTIONS[type];
  return argument === undefined ? undefined : generation.frames(args[argument])?.[0]?.function || undefined;
}
