// Events in words.
import { formatBytes, NONE } from "../base/units.js";
import { EV, SPECS } from "./events.js";
import type { TraceFrame } from "./generation.js";
import type { TraceEvent } from "./order.js";
import { stackOf } from "./states.js";

/** One event as people and programs read it. Times in ns. Ids of threads, Ps and goroutines; NONE (-1) for none. */
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
  /** The event in words. */
  readonly text: string;
  readonly arguments: Readonly<Record<string, number | string>>;
  /** Innermost first; only when asked for. */
  readonly stack?: readonly TraceFrame[];
}

/** By G_STATUS and by P_STATUS. */
const G_WORDS = ["?", "runnable", "running", "in a system call", "waiting"];
const P_WORDS = ["?", "running", "idle", "in a system call", "left in a system call"];

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
  const row = {
    time: event.time,
    beforeEnd: event.time - end,
    kind,
    thread: event.m,
    proc: event.p,
    goroutine: event.g,
    text: sentence(event, values),
    arguments: values,
  };
  const stack = withStack ? event.generation.frames(stackOf(event)) : undefined;
  return stack && stack.length > 0 ? { ...row, stack } : row;
}

/** What a sentence may use: the event, and its arguments as text, in bytes, and as a reason in parentheses. */
interface Words {
  readonly event: TraceEvent;
  v(name: string): number | string;
  bytes(name: string): string;
  of(reason: number | string): string;
}

/** What an event says, by its type. Who it happens on is not repeated: that stands beside it. */
const SENTENCES: Readonly<Record<number, (words: Words) => string>> = {
  [EV.ProcsChange]: ({ v }) => `GOMAXPROCS is ${v("procs")}`,
  [EV.ProcStart]: ({ v }) => `P ${v("p")} starts`,
  [EV.ProcStop]: ({ event }) => `P ${event.p} stops`,
  [EV.ProcSteal]: ({ v }) => (v("m") === NONE || v("m") === 0 ? `P ${v("p")} is taken` : `P ${v("p")} is taken from thread ${v("m")}`),
  [EV.ProcStatus]: ({ v }) => `P ${v("p")} is ${v("status")}`,
  [EV.GoCreate]: ({ v, event }) => `creates goroutine ${v("g")}${frameOf(event, 1)}`,
  [EV.GoCreateBlocked]: ({ v, event }) => `creates goroutine ${v("g")}${frameOf(event, 1)}`,
  [EV.GoCreateSyscall]: ({ v }) => `goroutine ${v("g")} appears from C code`,
  [EV.GoStart]: ({ v }) => `goroutine ${v("g")} starts to run`,
  [EV.GoDestroy]: () => "ends",
  [EV.GoDestroySyscall]: () => "ends",
  [EV.GoStop]: ({ v, of }) => `stops${of(v("reason"))}`,
  [EV.GoBlock]: ({ v, of }) => `blocks${of(v("reason"))}`,
  [EV.GoUnblock]: ({ v }) => `unblocks goroutine ${v("g")}`,
  [EV.GoSwitch]: ({ v }) => `switches to goroutine ${v("g")}`,
  [EV.GoSwitchDestroy]: ({ v }) => `switches to goroutine ${v("g")}`,
  [EV.GoSyscallBegin]: () => "enters a system call",
  [EV.GoSyscallEnd]: () => "returns from the system call",
  [EV.GoSyscallEndBlocked]: () => "returns from the system call without a P",
  [EV.GoStatus]: ({ v }) => `goroutine ${v("g")} is ${v("status")}`,
  [EV.GoStatusStack]: ({ v }) => `goroutine ${v("g")} is ${v("status")}`,
  [EV.STWBegin]: ({ v, of }) => `stops the world${of(v("kind"))}`,
  [EV.STWEnd]: () => "starts the world",
  [EV.GCActive]: () => "garbage collection is active",
  [EV.GCBegin]: () => "garbage collection begins",
  [EV.GCEnd]: () => "garbage collection ends",
  [EV.GCSweepActive]: ({ v }) => `P ${v("p")} is sweeping`,
  [EV.GCSweepBegin]: () => "sweeping begins",
  [EV.GCSweepEnd]: ({ bytes }) => `sweeping ends: ${bytes("swept")} swept, ${bytes("reclaimed")} reclaimed`,
  [EV.GCMarkAssistActive]: ({ v }) => `goroutine ${v("g")} is assisting the collector`,
  [EV.GCMarkAssistBegin]: () => "assists the collector",
  [EV.GCMarkAssistEnd]: () => "assists no more",
  [EV.HeapAlloc]: ({ bytes }) => `heap is ${bytes("bytes")}`,
  [EV.HeapGoal]: ({ bytes }) => `heap goal is ${bytes("bytes")}`,
  [EV.GoLabel]: ({ v }) => `label ${v("label")}`,
  [EV.UserTaskBegin]: ({ v }) => `task ${v("task")} begins: ${v("name")}`,
  [EV.UserTaskEnd]: ({ v }) => `task ${v("task")} ends`,
  [EV.UserRegionBegin]: ({ v }) => `region begins: ${v("name")}`,
  [EV.UserRegionEnd]: ({ v }) => `region ends: ${v("name")}`,
  [EV.UserLog]: ({ v }) => `log ${v("key")}: ${v("value")}`,
  [EV.CPUSample]: ({ event }) => `CPU sample${frameOf(event, 0)}`,
};

/** The sentence of an event; "name value, name value" for a type that has none. */
function sentence(event: TraceEvent, values: Readonly<Record<string, number | string>>): string {
  const v = (name: string) => values[name] ?? "?";
  const make = SENTENCES[event.type];
  if (!make) {
    return Object.entries(values)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
  }
  return make({
    event,
    v,
    bytes: (name) => formatBytes(Number(v(name))),
    of: (reason) => (reason === "" ? "" : ` (${reason})`),
  });
}

/** ": function" of the innermost frame of a stack that an argument names; "" when it is not known. */
function frameOf(event: TraceEvent, argument: number): string {
  const name = event.generation.frames(event.args[argument])?.[0]?.function;
  return name ? `: ${name}` : "";
}
