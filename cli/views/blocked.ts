// Sentences about waiting that the command and the screen share.
import { counted, formatCount } from "../../src/base/units.js";
import type { Blocked, Cycle, BlockedRow as Row } from "../../src/query/blocked.js";
import { formatPlace } from "../text/goroutine-group.js";

type State = NonNullable<Row["state"]>;
type Inference = Pick<Row["holders"][number], "evidence" | "mode" | "operations" | "where">;

/** What --json prints: the state in words. */
export interface BlockedJson extends Omit<Blocked, "rows" | "cycles"> {
  readonly rows: readonly BlockedRowJson[];
  readonly cycles: readonly CycleJson[];
}

interface CycleJson extends Cycle {
  readonly goroutines: readonly (Cycle["goroutines"][number] & Reasoned)[];
}

interface BlockedRowJson extends Omit<Row, "state"> {
  /** "unbuffered", "locked, 2 waiting", "counter 2, 1 waiting", "file descriptor 5"; "" of what has none. */
  readonly state: string;
  readonly holders: readonly (Row["holders"][number] & Reasoned)[];
}

/** "goes on to Unlock it: main.move at cycles.go:41". */
interface Reasoned {
  readonly why: string;
}

/** The answer as --json prints it. */
export function blockedJson(answer: Blocked): BlockedJson {
  return {
    ...answer,
    rows: answer.rows.map((row) => ({ ...row, state: stateText(row.state), holders: row.holders.map(reasoned) })),
    cycles: answer.cycles.map((cycle) => ({ ...cycle, goroutines: cycle.goroutines.map(reasoned) })),
  };
}

function reasoned<Held extends Inference>(held: Held): Held & Reasoned {
  return { ...held, why: holderText(held) };
}

const DOES = { read: "RUnlock", write: "Unlock", done: "Done" };
const USES = { send: "send to it", receive: "receive from it", close: "close it", signal: "signal it" };

/** Why a goroutine is thought to be able to end a wait, a clause: "goes on to Unlock it: main.move at cycles.go:41". */
export function holderText({ evidence, mode = "write", operations, where }: Inference): string {
  switch (evidence) {
    case "announced":
      return "is the writer that waits for the readers, all others are behind it";
    case "deferred":
      return `${where === "" ? "it" : where} defers its ${DOES[mode]}`;
    case "releases":
      return `goes on to ${DOES[mode]} it: ${where}`;
    case "taken":
      return `took it: ${where}`;
    case "uses":
      return `goes on to ${operations.map((each) => USES[each]).join(", ")}: ${where}`;
    case "reference":
      return "has a reference to it";
    case "alone":
      return "its code can come here again without having released it, and no stack shows another who has it";
  }
}

/** "2 of 3 buffered, closed", "locked, 2 waiting", "held by 2 readers, a writer waits for them"; "" for null. */
export function stateText(state: Row["state"]): string {
  if (!state) return "";
  switch (state.kind) {
    case "channel":
      return facts(state.capacity === 0 ? "unbuffered" : `${state.length} of ${state.capacity} buffered`, {
        closed: state.closed,
        "of a timer": state.ofTimer,
      });
    case "mutex":
      return facts(`${state.locked ? "locked" : "not locked"}, ${state.waiting} waiting`, { starving: state.starving });
    case "rwmutex":
      return rwmutexText(state);
    case "waitgroup":
      return `counter ${state.counter}, ${state.waiting} waiting`;
    case "cond":
      return `${state.waiting} waiting`;
    case "network":
      return facts(`file descriptor ${state.fileDescriptor}`, { closing: state.closing });
    case "not in the core":
      return state.kind;
  }
}

/** The first words, then each of the others that holds. */
function facts(first: string, others: Readonly<Record<string, boolean>>): string {
  return [first, ...Object.keys(others).filter((each) => others[each])].join(", ");
}

function rwmutexText({ readers, writer, readersWaiting, writersQueued }: Extract<State, { kind: "rwmutex" }>): string {
  const held = readers > 0 ? `held by ${counted(readers, "reader")}` : "not locked";
  const states = { none: held, announced: `${held}, a writer waits for them`, holds: "held by a writer" };
  return facts(states[writer], {
    [`${counted(readersWaiting, "reader")} behind it`]: readersWaiting > 0,
    [`${counted(writersQueued, "writer")} queued`]: writersQueued > 0,
  });
}

/** Whether a mutex is locked, by a writer or by readers. */
export function isHeld(state: Row["state"]): boolean {
  if (state?.kind === "rwmutex") return state.writer === "holds" || state.readers > 0;
  return state?.kind === "mutex" && state.locked;
}

/** "deadlock: 2 goroutines wait for each other in a circle, and 3 more with them". */
export function circleText({ goroutines, involved, certainty }: Blocked["cycles"][number]): string {
  const count = goroutines.length;
  const circle = count === 1 ? "a goroutine waits for itself" : `${counted(count, "goroutine")} wait for each other in a circle`;
  const more = involved.length > count ? `, and ${formatCount(involved.length - count)} more with them` : "";
  return `${certainty === "strong" ? "deadlock" : "possible deadlock"}: ${circle}${more}`;
}

/** " main.serve server.go:12", behind a goroutine's number; "" when nothing of the program is on its stack. */
export function atText(top: Row["waiting"][number]["top"]): string {
  return top ? ` ${top.function} ${formatPlace(top)}` : "";
}

/** "12 goroutines wait for 3 things". */
export function waitsText({ total }: Blocked): string {
  return `${counted(total.goroutines, "goroutine waits", "goroutines wait")} for ${counted(total.objects, "thing")}`;
}
