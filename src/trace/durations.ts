// How long things took: time in each state of a goroutine or P, and spans counted by name.
import { MOST_NAMES } from "./limits.js";
import type { GoroutineState } from "./states.js";

/** How often something was and how long, all together and at most; ns. */
export interface Durations {
  count: number;
  total: number;
  longest: number;
}

/** Durations of what ended, and how many began (count) and have not ended (open). */
export interface Spans extends Durations {
  open: number;
}

/** The state of a goroutine or P since when, and the time in each state before; ns. */
export interface StateTimes {
  state: GoroutineState;
  /** Why it is in that state: the runtime's words. */
  reason: string;
  since: number;
  /** The function it was started with; "" while it is not known, and of Ps. */
  function: string;
  readonly totals: Record<GoroutineState, number>;
  readonly waits: Map<string, { ns: number; count: number }>;
}

/** In a state since a time, nothing before. */
export function stateTimes(state: GoroutineState, reason: string, since: number): StateTimes {
  const totals = { running: 0, runnable: 0, waiting: 0, syscall: 0, gone: 0 };
  return { state, reason, since, function: "", totals, waits: new Map() };
}

/** Adds the time up to now to the state it was spent in, and when that is waiting, to what it waited for. */
export function addTime(times: StateTimes, now: number): void {
  const spent = Math.max(0, now - times.since);
  times.totals[times.state] += spent;
  times.since = now;
  if (times.state !== "waiting") return;
  const known = times.waits.get(times.reason);
  if (known) {
    known.ns += spent;
    known.count++;
  } else times.waits.set(times.reason, { ns: spent, count: 1 });
}

/** Counts one pause of so many ns by its name. */
export function addPause(table: Map<string, Durations>, name: string, ns: number): void {
  const known = table.get(name);
  if (!known) {
    table.set(name, { count: 1, total: ns, longest: ns });
    return;
  }
  known.count++;
  known.total += ns;
  known.longest = Math.max(known.longest, ns);
}

/** The spans of a name; of names beyond the bound those of "other names". */
function spansOf(table: Map<string, Spans>, name: string): Spans {
  const key = table.has(name) || table.size < MOST_NAMES ? name : "other names";
  let known = table.get(key);
  if (!known) {
    known = { count: 0, open: 0, total: 0, longest: 0 };
    table.set(key, known);
  }
  return known;
}

/** A span of the name begins. */
export function beginSpan(table: Map<string, Spans>, name: string): void {
  const spans = spansOf(table, name);
  spans.count++;
  spans.open++;
}

/** A span of the name ends after so many ns. */
export function endSpan(table: Map<string, Spans>, name: string, ns: number): void {
  const spans = spansOf(table, name);
  spans.open--;
  spans.total += ns;
  spans.longest = Math.max(spans.longest, ns);
}

/** All names, those that took most time first. */
export function named(table: ReadonlyMap<string, Spans>): readonly ({ readonly name: string } & Spans)[] {
  return [...table].map(([name, spans]) => ({ name, ...spans })).sort((a, b) => b.total - a.total);
}
