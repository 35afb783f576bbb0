// Events of an execution trace in words, and the crash among them.
import { formatBytes } from "../../src/base/units.js";
import type { EventRow } from "../../src/query/trace-events.js";

/** What a row has to have to be told. */
type Told = Pick<EventRow, "kind" | "proc" | "arguments" | "function">;
/** What a row has to have to be told before or after the crash. */
type Timed = Told & Pick<EventRow, "beforeEnd" | "goroutine">;

/** An event as --json and the lines of -o have it. */
export interface EventJson extends EventRow {
  /** The event in words. */
  readonly text: string;
}

/** What a sentence may use: the event, and its arguments as they are, in bytes, and as a reason in parentheses. */
interface Words {
  readonly event: Told;
  /** ": main.work"; "" when it is not known. */
  readonly called: string;
  v(name: string): number | string;
  bytes(name: string): string;
  of(reason: number | string): string;
}

/** What an event says, by its kind. Who it happens on is not repeated: that stands beside it. */
const SENTENCES: Readonly<Record<string, (words: Words) => string>> = {
  ProcsChange: ({ v }) => `GOMAXPROCS is ${v("procs")}`,
  ProcStart: ({ v }) => `P ${v("p")} starts`,
  ProcStop: ({ event }) => `P ${event.proc} stops`,
  // No thread is -1, of older formats 0.
  ProcSteal: ({ v }) => (Number(v("m")) <= 0 ? `P ${v("p")} is taken` : `P ${v("p")} is taken from thread ${v("m")}`),
  ProcStatus: ({ v }) => `P ${v("p")} is ${v("status")}`,
  GoCreate: ({ v, called }) => `creates goroutine ${v("g")}${called}`,
  GoCreateBlocked: ({ v, called }) => `creates goroutine ${v("g")}${called}`,
  GoCreateSyscall: ({ v }) => `goroutine ${v("g")} appears from C code`,
  GoStart: ({ v }) => `goroutine ${v("g")} starts to run`,
  GoDestroy: () => "ends",
  GoDestroySyscall: () => "ends",
  GoStop: ({ v, of }) => `stops${of(v("reason"))}`,
  GoBlock: ({ v, of }) => `blocks${of(v("reason"))}`,
  GoUnblock: ({ v }) => `unblocks goroutine ${v("g")}`,
  GoSwitch: ({ v }) => `switches to goroutine ${v("g")}`,
  GoSwitchDestroy: ({ v }) => `switches to goroutine ${v("g")}`,
  GoSyscallBegin: () => "enters a system call",
  GoSyscallEnd: () => "returns from the system call",
  GoSyscallEndBlocked: () => "returns from the system call without a P",
  GoStatus: ({ v }) => `goroutine ${v("g")} is ${v("status")}`,
  GoStatusStack: ({ v }) => `goroutine ${v("g")} is ${v("status")}`,
  STWBegin: ({ v, of }) => `stops the world${of(v("kind"))}`,
  STWEnd: () => "starts the world",
  GCActive: () => "garbage collection is active",
  GCBegin: () => "garbage collection begins",
  GCEnd: () => "garbage collection ends",
  GCSweepActive: ({ v }) => `P ${v("p")} is sweeping`,
  GCSweepBegin: () => "sweeping begins",
  GCSweepEnd: ({ bytes }) => `sweeping ends: ${bytes("swept")} swept, ${bytes("reclaimed")} reclaimed`,
  GCMarkAssistActive: ({ v }) => `goroutine ${v("g")} is assisting the collector`,
  GCMarkAssistBegin: () => "assists the collector",
  GCMarkAssistEnd: () => "assists no more",
  HeapAlloc: ({ bytes }) => `heap is ${bytes("bytes")}`,
  HeapGoal: ({ bytes }) => `heap goal is ${bytes("bytes")}`,
  GoLabel: ({ v }) => `label ${v("label")}`,
  UserTaskBegin: ({ v }) => `task ${v("task")} begins: ${v("name")}`,
  UserTaskEnd: ({ v }) => `task ${v("task")} ends`,
  UserRegionBegin: ({ v }) => `region begins: ${v("name")}`,
  UserRegionEnd: ({ v }) => `region ends: ${v("name")}`,
  UserLog: ({ v }) => `log ${v("key")}: ${v("value")}`,
  CPUSample: ({ called }) => `CPU sample${called}`,
  crash: () => "== the runtime freezes the program to die ==",
};

/** The sentence of an event; "name value, name value" of a kind that has none. */
export function eventText(event: Told): string {
  const v = (name: string) => event.arguments[name] ?? "?";
  const make = SENTENCES[event.kind];
  if (!make) {
    return Object.entries(event.arguments)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
  }
  return make({
    event,
    called: event.function === undefined ? "" : `: ${event.function}`,
    v,
    bytes: (name) => formatBytes(Number(v(name))),
    of: (reason) => (reason === "" ? "" : ` (${reason})`),
  });
}

/** A row as --json prints it. */
export function eventJson(row: EventRow): EventJson {
  const { arguments: named, function: called, stack, ...facts } = row;
  const more = { ...(called === undefined ? {} : { function: called }), ...(stack === undefined ? {} : { stack }) };
  return { ...facts, text: eventText(row), arguments: named, ...more };
}

/** Lines of JSON, as an answer has them to be written, each with its text; a piece is of whole lines. */
export function* eventLines(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const piece of pieces) {
    const lines = new TextDecoder().decode(piece).split("\n").filter(Boolean);
    yield new TextEncoder().encode(lines.map((line) => `${JSON.stringify(eventJson(JSON.parse(line)))}\n`).join(""));
  }
}

/** Rows in the order of time, the crash as a row among them. @param crash ns before the end; undefined: not known */
export function withCrash<Row extends Timed>(rows: readonly Row[], crash: number | undefined): readonly (Row | Timed)[] {
  if (crash === undefined) return rows;
  const at = rows.findIndex((row) => row.beforeEnd >= crash);
  const mark: Timed = { beforeEnd: crash, proc: -1, goroutine: -1, kind: "crash", arguments: {} };
  return at < 0 ? [...rows, mark] : [...rows.slice(0, at), mark, ...rows.slice(at)];
}
