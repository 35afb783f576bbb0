// A trace as lanes: for each P and goroutine how long it was in which state, column by column of time.
import { NONE } from "../base/units.js";
import { EV } from "./events.js";
import type { Generation } from "./generation.js";
import { Ordering, type TraceEvent } from "./order.js";
import { type GoroutineState, stackOf, startFunction, transitions } from "./states.js";

/** [columns] ns in each state, one P or goroutine. What is missing to a column's width: it was not there. */
export interface Lane {
  readonly id: number;
  /** The function a goroutine was started with; "" unknown, and of Ps. */
  readonly function: string;
  readonly running: readonly number[];
  readonly runnable: readonly number[];
  readonly syscall: readonly number[];
  /** Of a P: idle. */
  readonly waiting: readonly number[];
}

/** What Ps and goroutines did, column by column. */
export interface Timeline {
  /** ns of the trace clock; columns divide the time between them evenly. */
  readonly from: number;
  readonly to: number;
  readonly columns: number;
  readonly procs: readonly Lane[];
  /** Those that did most, the busiest first; waiting is doing nothing. */
  readonly goroutines: readonly Lane[];
  /** How many goroutines the time has. */
  readonly total: number;
  /** [columns] ns during which a collection went on. */
  readonly collecting: readonly number[];
  /** Why the trace could not be read to its end; "" when it was. */
  readonly problem: string;
}

/** What is looked at, and how finely. */
export interface TimelineWish {
  /** Share of the time that is looked at, its end; above 0, 1: all. */
  readonly part: number;
  readonly columns: number;
  /** Lanes of goroutines. */
  readonly top: number;
}

/**
 * Reads all generations, three times: for the end, for who is busy, for the lanes. So no more lanes are kept than are asked for.
 * @param failed gives the words for an error that ends the reading; it may throw instead
 */
export function timeline(generations: Iterable<Generation>, wish: TimelineWish, failed: (error: unknown) => string): Timeline {
  const { first, last, problem } = spanOf(generations, failed);
  const from = last - (last - first) * wish.part;
  const ignore = () => "";
  const busy = new Map<number, number>();
  eachStretch(
    generations,
    ({ of, id, state, begin, end }) => {
      if (of !== "goroutine" || state === "gone" || end < from) return;
      const time = state === "waiting" ? 0 : end - Math.max(from, begin);
      busy.set(id, (busy.get(id) ?? 0) + time);
    },
    ignore,
  );
  const order = [...busy].sort(([a, x], [b, y]) => y - x || a - b).slice(0, wish.top);
  const wanted = new Map(order.map(([id]) => [id, emptyLane(id, wish.columns)]));
  const procs = new Map<number, MutableLane>();
  const collecting = new Array<number>(wish.columns).fill(0);
  const width = Math.max(1, last - from) / wish.columns;
  const names = eachStretch(
    generations,
    ({ of, id, state, begin, end }) => {
      if (state === "gone" || end < from) return;
      if (of === "collection") spread(collecting, from, width, begin, end);
      else if (of === "goroutine") {
        const lane = wanted.get(id);
        if (lane) spread(lane[state], from, width, begin, end);
      } else {
        const lane = procs.get(id) ?? emptyLane(id, wish.columns);
        procs.set(id, lane);
        spread(lane[state], from, width, begin, end);
      }
    },
    ignore,
  );
  return {
    from,
    to: last,
    columns: wish.columns,
    procs: [...procs.values()].sort((a, b) => a.id - b.id),
    goroutines: [...wanted.values()].map((lane) => ({ ...lane, function: names.get(lane.id) ?? "" })),
    total: busy.size,
    collecting,
    problem,
  };
}

type LaneState = Exclude<GoroutineState, "gone">;
type MutableLane = { readonly id: number; readonly function: string } & Readonly<Record<LaneState, number[]>>;

/** A lane with nothing in it. */
function emptyLane(id: number, columns: number): MutableLane {
  const column = () => new Array<number>(columns).fill(0);
  return { id, function: "", running: column(), runnable: column(), syscall: column(), waiting: column() };
}

/** Adds a stretch of time to the columns it lies in. */
function spread(columns: number[], from: number, width: number, begin: number, end: number): void {
  const last = columns.length - 1;
  const start = Math.max(begin, from);
  const begun = Math.min(last, Math.floor((start - from) / width));
  const ended = Math.min(last, Math.floor((end - from) / width));
  for (let column = begun; column <= ended; column++) {
    const left = Math.max(start, from + column * width);
    const right = column === last ? end : Math.min(end, from + (column + 1) * width);
    columns[column] = columns[column] + Math.max(0, right - left);
  }
}

/** A time that one state lasted; ns of the trace clock. */
interface Stretch {
  readonly of: "goroutine" | "proc" | "collection";
  readonly id: number;
  readonly state: GoroutineState;
  readonly begin: number;
  readonly end: number;
}

/** Times of the first and the last event; 0 and 0 of none. */
function spanOf(generations: Iterable<Generation>, failed: (error: unknown) => string): { first: number; last: number; problem: string } {
  let first = NONE;
  let last = 0;
  const problem = forEachEvent(
    generations,
    (event) => {
      if (first === NONE) first = event.time;
      last = event.time;
    },
    failed,
  );
  return { first: Math.max(0, first), last, problem };
}

/** Tells each time that something was in one state, those at the end too; returns the functions of goroutines. */
function eachStretch(
  generations: Iterable<Generation>,
  tell: (stretch: Stretch) => void,
  failed: (error: unknown) => string,
): ReadonlyMap<number, string> {
  const states = { goroutine: new Map<number, Since>(), proc: new Map<number, Since>() };
  const names = new Map<number, string>();
  let first = NONE;
  let now = 0;
  let collecting = NONE;
  forEachEvent(
    generations,
    (event) => {
      if (first === NONE) first = event.time;
      now = event.time;
      transitions(event, ({ of, id, to, status, stack }) => {
        const known = states[of].get(id);
        if (of === "goroutine" && stack !== 0 && !names.get(id))
          names.set(id, startFunction(event.generation, stack, event.type === EV.GoCreate || event.type === EV.GoCreateBlocked));
        if (known && status && known.state === to) return;
        if (known) tell({ of, id, state: known.state, begin: known.since, end: now });
        // A status tells what it did all along.
        states[of].set(id, { state: to, since: known || !status ? now : first });
      });
      if (event.g !== NONE && states.goroutine.has(event.g) && !names.get(event.g))
        names.set(event.g, startFunction(event.generation, stackOf(event), false));
      if ((event.type === EV.GCBegin || event.type === EV.GCActive) && collecting === NONE) collecting = now;
      if (event.type === EV.GCEnd && collecting !== NONE) {
        tell({ of: "collection", id: 0, state: "running", begin: collecting, end: now });
        collecting = NONE;
      }
    },
    failed,
  );
  for (const of of ["goroutine", "proc"] as const)
    for (const [id, { state, since }] of states[of]) tell({ of, id, state, begin: since, end: now });
  if (collecting !== NONE) tell({ of: "collection", id: 0, state: "running", begin: collecting, end: now });
  return names;
}

/** The state of something, and since when. */
interface Since {
  readonly state: GoroutineState;
  readonly since: number;
}

/** Visits all events in order; the words for the error that ended it, "" for none. */
function forEachEvent(generations: Iterable<Generation>, visit: (event: TraceEvent) => void, failed: (error: unknown) => string): string {
  const ordering = new Ordering(visit);
  try {
    for (const generation of generations) ordering.run(generation);
    return "";
  } catch (error) {
    return failed(error);
  }
}
