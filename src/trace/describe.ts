// Events in words.
import { formatBytes, NONE } from "../base/units.js";
import { EV, SPECS } from "./events.js";
import type { TraceFrame } from "./generation.js";
import type { TraceEvent } from "./order.js";
import { stackOf } from "./states.js";

/** One event as people and programs read it. Times in ns. */
export interface EventRow {
  /** ns of the trace clock. */
  readonly time: number;
  /** ns before the trace's end, negative or 0. */
  readonly beforeEnd: number;
  readonly kind: string;
  /** -1 for none. */
  readonly thread: number;
  readonly proc: number;
  readonly goroutine: number;
  readonly text: string;
  readonly arguments: Readonly<Record<string, number | string>>;
  /** Innermost first; only when asked for. */
  readonly stack?: readonly TraceFrame[];
}

const G_WORDS = ["?", "runnable", "running", "in a system call", "waiting"];
const P_WORDS = ["?", "running", "idle", "in a system call", "left in a system call"];

/** The kind's name as --kind matches it. */
export function kindOf(event: TraceEvent): string {
  return event.type === EV.CPUSample ? "CPUSample" : (SPECS[event.type]?.name ?? `event ${event.type}`);
}

/** Every kind that --kind may match; those from 128 on are of experiments, which are no events of the trace. */
export const EVENT_KINDS: readonly string[] = [...SPECS.slice(0, 128).flatMap((spec) => spec?.name ?? []), "CPUSample"];

/** Does an event concern a goroutine: it happened on it, or is about it. */
export function concerns(event: TraceEvent, goroutine: number): boolean {
  if (event.g === goroutine) return true;
  return SPECS[event.type]?.args[0]?.kind === "g" && event.args[0] === goroutine;
}

/** Each generation repeats what everything does at its beginning or end; that is no news. */
export function repeatsStatus(event: TraceEvent): boolean {
  return !event.first && /Status/.test(kindOf(event));
}

/** A row of an event; the event itself may be used again afterwards. */
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

function sentence(event: TraceEvent, values: Readonly<Record<string, number | string>>): string {
  const v = (name: string) => values[name] ?? "?";
  const bytes = (name: string) => formatBytes(Number(v(name)));
  const of = (reason: number | string) => (reason === "" ? "" : ` (${reason})`);
  switch (event.type) {
    case EV.ProcsChange:
      return `GOMAXPROCS is ${v("procs")}`;
    case EV.ProcStart:
      return `P ${v("p")} starts`;
    case EV.ProcStop:
      return `P ${event.p} stops`;
    case EV.ProcSteal:
      return v("m") === NONE || v("m") === 0 ? `P ${v("p")} is taken` : `P ${v("p")} is taken from thread ${v("m")}`;
    case EV.ProcStatus:
      return `P ${v("p")} is ${v("status")}`;
    case EV.GoCreate:
    case EV.GoCreateBlocked:
      return `creates goroutine ${v("g")}${frameOf(event, 1)}`;
    case EV.GoCreateSyscall:
      return `goroutine ${v("g")} appears from C code`;
    case EV.GoStart:
      return `goroutine ${v("g")} starts to run`;
    case EV.GoDestroy:
    case EV.GoDestroySyscall:
      return "ends";
    case EV.GoStop:
      return `stops${of(v("reason"))}`;
    case EV.GoBlock:
      return `blocks${of(v("reason"))}`;
    case EV.GoUnblock:
      return `unblocks goroutine ${v("g")}`;
    case EV.GoSwitch:
    case EV.GoSwitchDestroy:
      return `switches to goroutine ${v("g")}`;
    case EV.GoSyscallBegin:
      return "enters a system call";
    case EV.GoSyscallEnd:
      return "returns from the system call";
    case EV.GoSyscallEndBlocked:
      return "returns from the system call without a P";
    case EV.GoStatus:
    case EV.GoStatusStack:
      return `goroutine ${v("g")} is ${v("status")}`;
    case EV.STWBegin:
      return `stops the world${of(v("kind"))}`;
    case EV.STWEnd:
      return "starts the world";
    case EV.GCActive:
      return "garbage collection is active";
    case EV.GCBegin:
      return "garbage collection begins";
    case EV.GCEnd:
      return "garbage collection ends";
    case EV.GCSweepActive:
      return `P ${v("p")} is sweeping`;
    case EV.GCSweepBegin:
      return "sweeping begins";
    case EV.GCSweepEnd:
      return `sweeping ends: ${bytes("swept")} swept, ${bytes("reclaimed")} reclaimed`;
    case EV.GCMarkAssistActive:
      return `goroutine ${v("g")} is assisting the collector`;
    case EV.GCMarkAssistBegin:
      return "assists the collector";
    case EV.GCMarkAssistEnd:
      return "assists no more";
    case EV.HeapAlloc:
      return `heap is ${bytes("bytes")}`;
    case EV.HeapGoal:
      return `heap goal is ${bytes("bytes")}`;
    case EV.GoLabel:
      return `label ${v("label")}`;
    case EV.UserTaskBegin:
      return `task ${v("task")} begins: ${v("name")}`;
    case EV.UserTaskEnd:
      return `task ${v("task")} ends`;
    case EV.UserRegionBegin:
      return `region begins: ${v("name")}`;
    case EV.UserRegionEnd:
      return `region ends: ${v("name")}`;
    case EV.UserLog:
      return `log ${v("key")}: ${v("value")}`;
    case EV.CPUSample:
      return `CPU sample${frameOf(event, 0)}`;
    default:
      return Object.entries(values)
        .map(([name, value]) => `${name} ${value}`)
        .join(", ");
  }
}

function frameOf(event: TraceEvent, argument: number): string {
  const name = event.generation.frames(event.args[argument])?.[0]?.function;
  return name ? `: ${name}` : "";
}
