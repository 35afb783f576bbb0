// What a trace says as a whole: times of goroutines and Ps, collections, heap, tasks, regions and logs.
import { NONE } from "../base/units.js";
import { kindOf } from "./describe.js";
import { EV } from "./events.js";
import type { Generation } from "./generation.js";
import { HEAP_POINTS, MOST_LOGS, MOST_NAMES } from "./limits.js";
import { type MisplacedRegion, Ordering, type TraceEvent } from "./order.js";
import { type GoroutineState, stackOf, startFunction, type Transition, takeRegion, transitions } from "./states.js";

/** Times of one goroutine, ns. */
export interface GoroutineTimes {
  readonly id: number;
  /** The function it was started with, "" unknown. */
  readonly function: string;
  readonly state: GoroutineState;
  /** Why it waits at the end. */
  readonly reason: string;
  readonly running: number;
  readonly runnable: number;
  readonly waiting: number;
  readonly syscall: number;
  readonly waits: readonly { readonly reason: string; readonly ns: number; readonly count: number }[];
}

/** A trace in numbers; all times in ns, of the trace clock where they are points. */
export interface TraceSummary {
  readonly generations: readonly {
    readonly number: number;
    readonly bytes: number;
    readonly events: number;
    readonly first: number;
    readonly last: number;
  }[];
  readonly events: number;
  readonly first: number;
  readonly last: number;
  /** ns since 1970 of the last event, as decimal digits; "" before format 1.25. */
  readonly lastWall: string;
  readonly kinds: readonly { readonly kind: string; readonly count: number }[];
  readonly goroutines: readonly GoroutineTimes[];
  readonly procs: readonly { readonly id: number; readonly running: number; readonly share: number }[];
  readonly gc: {
    readonly cycles: readonly { readonly begin: number; readonly end: number }[];
    readonly pauses: readonly { readonly kind: string; readonly count: number; readonly total: number; readonly longest: number }[];
    readonly assist: number;
  };
  /** Points of the heap's size and goal, evenly thinned, in bytes. */
  readonly heap: readonly { readonly time: number; readonly bytes: number; readonly goal: number }[];
  readonly tasks: readonly {
    readonly name: string;
    readonly count: number;
    readonly open: number;
    readonly total: number;
    readonly longest: number;
  }[];
  readonly regions: readonly {
    readonly name: string;
    readonly count: number;
    readonly open: number;
    readonly total: number;
    readonly longest: number;
  }[];
  readonly logs: {
    readonly count: number;
    readonly last: readonly { readonly time: number; readonly goroutine: number; readonly key: string; readonly value: string }[];
  };
  readonly samples: number;
  /** Why the trace could not be read to its end; "" when it was. */
  readonly problem: string;
}

interface Timed {
  state: GoroutineState;
  reason: string;
  since: number;
  function: string;
  readonly totals: Record<GoroutineState, number>;
  readonly waits: Map<string, { ns: number; count: number }>;
}

interface Spans {
  count: number;
  open: number;
  total: number;
  longest: number;
}

/** Reads all generations. */
export function summarize(
  generations: Iterable<Generation>,
  failed: (error: unknown) => string,
  misplaced: (region: MisplacedRegion) => void = () => {},
): TraceSummary {
  const summary = new Summary(misplaced);
  let problem = "";
  try {
    for (const generation of generations) summary.add(generation);
  } catch (error) {
    problem = failed(error);
  }
  return summary.result(problem);
}

class Summary {
  private readonly ordering: Ordering;
  private readonly parts: { number: number; bytes: number; events: number; first: number; last: number }[] = [];
  private readonly kinds = new Map<string, number>();
  private readonly goroutines = new Map<number, Timed>();
  private readonly procs = new Map<number, Timed>();
  private readonly cycles: { begin: number; end: number }[] = [];
  private readonly pauses = new Map<string, { count: number; total: number; longest: number }>();
  private readonly worlds = new Map<number, { readonly kind: string; readonly begin: number }>();
  private readonly assists = new Map<number, number>();
  private assist = 0;
  private heap: { time: number; bytes: number; goal: number }[] = [];
  private heapStep = 1;
  private heapSeen = 0;
  private goal = 0;
  private readonly tasks = new Map<string, Spans>();
  private readonly openTasks = new Map<number, { readonly name: string; readonly begin: number }>();
  private readonly regions = new Map<string, Spans>();
  private readonly openRegions = new Map<number, { readonly task: number; readonly name: string; readonly begin: number }[]>();
  private readonly logs: { time: number; goroutine: number; key: string; value: string }[] = [];
  private logCount = 0;
  private samples = 0;
  private events = 0;
  private first = 0;
  private last = 0;
  private wall: bigint | undefined;
  private now = 0;

  constructor(misplaced: (region: MisplacedRegion) => void) {
    this.ordering = new Ordering((event) => this.visit(event), misplaced);
  }

  add(generation: Generation): void {
    this.parts.push({ number: generation.number, bytes: generation.size, events: 0, first: 0, last: 0 });
    if (generation.clock) this.wall = generation.clock.wall - BigInt(Math.round(generation.clock.time));
    this.ordering.run(generation);
  }

  private visit(event: TraceEvent): void {
    const part = this.parts[this.parts.length - 1];
    if (this.events++ === 0) this.first = event.time;
    if (part.events++ === 0) part.first = event.time;
    part.last = event.time;
    this.last = event.time;
    this.now = event.time;
    const kind = kindOf(event);
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    transitions(event, (change) => this.change(change, event));
    this.nameGoroutine(event);
    this.note(event);
  }

  private change(change: Transition, event: TraceEvent): void {
    const table = change.of === "goroutine" ? this.goroutines : this.procs;
    let timed = table.get(change.id);
    if (!timed) {
      timed = {
        state: change.to,
        reason: change.reason,
        // A status tells what it did all along.
        since: change.status ? this.first : this.now,
        function: "",
        totals: { running: 0, runnable: 0, waiting: 0, syscall: 0, gone: 0 },
        waits: new Map(),
      };
      table.set(change.id, timed);
    } else if (!change.status || timed.state !== change.to) {
      settle(timed, this.now);
      timed.state = change.to;
      timed.reason = change.reason;
    }
    if (change.of === "goroutine" && change.stack !== 0 && timed.function === "") {
      const created = event.type === EV.GoCreate || event.type === EV.GoCreateBlocked;
      timed.function = startFunction(event.generation, change.stack, created);
    }
  }

  private nameGoroutine(event: TraceEvent): void {
    if (event.g === NONE) return;
    const timed = this.goroutines.get(event.g);
    if (timed && timed.function === "") timed.function = startFunction(event.generation, stackOf(event), false);
  }

  private note(event: TraceEvent): void {
    const { type, args, time, generation } = event;
    const text = (index: number) => generation.strings.get(args[index]) ?? "?";
    switch (type) {
      case EV.GCBegin:
      case EV.GCActive:
        if (this.cycles.at(-1)?.end !== NONE) this.cycles.push({ begin: time, end: NONE });
        break;
      case EV.GCEnd: {
        const cycle = this.cycles.at(-1);
        if (cycle && cycle.end === NONE) cycle.end = time;
        break;
      }
      case EV.STWBegin:
        this.worlds.set(event.g, { kind: text(0), begin: time });
        break;
      case EV.STWEnd: {
        const begun = this.worlds.get(event.g);
        if (begun) addSpan(this.pauses, begun.kind, time - begun.begin);
        this.worlds.delete(event.g);
        break;
      }
      case EV.GCMarkAssistBegin:
        this.assists.set(event.g, time);
        break;
      case EV.GCMarkAssistEnd:
        this.assist += time - (this.assists.get(event.g) ?? time);
        this.assists.delete(event.g);
        break;
      case EV.HeapGoal:
        this.goal = args[0];
        break;
      case EV.HeapAlloc:
        this.addHeap(time, args[0]);
        break;
      case EV.UserTaskBegin:
        begin(this.tasks, text(2));
        this.openTasks.set(args[0], { name: text(2), begin: time });
        break;
      case EV.UserTaskEnd: {
        const task = this.openTasks.get(args[0]);
        if (task) end(this.tasks, task.name, time - task.begin);
        this.openTasks.delete(args[0]);
        break;
      }
      case EV.UserRegionBegin: {
        begin(this.regions, text(1));
        const open = this.openRegions.get(event.g);
        const region = { task: args[0], name: text(1), begin: time };
        if (open) open.push(region);
        else this.openRegions.set(event.g, [region]);
        break;
      }
      case EV.UserRegionEnd: {
        const region = takeRegion(this.openRegions.get(event.g), args[0], text(1));
        if (region) end(this.regions, region.name, time - region.begin);
        break;
      }
      case EV.UserLog:
        this.logCount++;
        this.logs.push({ time, goroutine: event.g, key: text(1), value: text(2) });
        if (this.logs.length > MOST_LOGS) this.logs.shift();
        break;
      case EV.CPUSample:
        this.samples++;
        break;
    }
  }

  /** Every heapStep-th point is kept; when there are too many, every second of those. */
  private addHeap(time: number, bytes: number): void {
    if (this.heapSeen++ % this.heapStep !== 0) return;
    this.heap.push({ time, bytes, goal: this.goal });
    if (this.heap.length < 2 * HEAP_POINTS) return;
    this.heap = this.heap.filter((_, i) => i % 2 === 0);
    this.heapStep *= 2;
  }

  result(problem: string): TraceSummary {
    for (const table of [this.goroutines, this.procs]) for (const timed of table.values()) settle(timed, this.last);
    const span = Math.max(1, this.last - this.first);
    const goroutines = [...this.goroutines]
      .map(([id, timed]) => ({
        id,
        function: timed.function,
        state: timed.state,
        reason: timed.reason,
        running: timed.totals.running,
        runnable: timed.totals.runnable,
        waiting: timed.totals.waiting,
        syscall: timed.totals.syscall,
        waits: [...timed.waits].map(([reason, wait]) => ({ reason, ...wait })).sort((a, b) => b.ns - a.ns),
      }))
      .sort((a, b) => b.running - a.running || a.id - b.id);
    return {
      generations: this.parts,
      events: this.events,
      first: this.first,
      last: this.last,
      lastWall: this.wall === undefined ? "" : String(this.wall + BigInt(Math.round(this.last))),
      kinds: [...this.kinds].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count),
      goroutines,
      procs: [...this.procs]
        .map(([id, timed]) => {
          const running = timed.totals.running + timed.totals.syscall;
          return { id, running, share: running / span };
        })
        .sort((a, b) => a.id - b.id),
      gc: {
        cycles: this.cycles,
        pauses: [...this.pauses].map(([kind, pause]) => ({ kind, ...pause })).sort((a, b) => b.total - a.total),
        assist: this.assist,
      },
      heap: this.heap,
      tasks: named(this.tasks),
      regions: named(this.regions),
      logs: { count: this.logCount, last: this.logs },
      samples: this.samples,
      problem,
    };
  }
}

function settle(timed: Timed, now: number): void {
  const spent = Math.max(0, now - timed.since);
  timed.totals[timed.state] += spent;
  timed.since = now;
  if (timed.state !== "waiting") return;
  const known = timed.waits.get(timed.reason);
  if (known) {
    known.ns += spent;
    known.count++;
  } else timed.waits.set(timed.reason, { ns: spent, count: 1 });
}

function addSpan(table: Map<string, { count: number; total: number; longest: number }>, name: string, ns: number): void {
  const known = table.get(name);
  if (!known) {
    table.set(name, { count: 1, total: ns, longest: ns });
    return;
  }
  known.count++;
  known.total += ns;
  known.longest = Math.max(known.longest, ns);
}

function spansOf(table: Map<string, Spans>, name: string): Spans {
  const key = table.has(name) || table.size < MOST_NAMES ? name : "other names";
  let known = table.get(key);
  if (!known) {
    known = { count: 0, open: 0, total: 0, longest: 0 };
    table.set(key, known);
  }
  return known;
}

function begin(table: Map<string, Spans>, name: string): void {
  const spans = spansOf(table, name);
  spans.count++;
  spans.open++;
}

function end(table: Map<string, Spans>, name: string, ns: number): void {
  const spans = spansOf(table, name);
  spans.open--;
  spans.total += ns;
  spans.longest = Math.max(spans.longest, ns);
}

function named(table: ReadonlyMap<string, Spans>): readonly ({ readonly name: string } & Spans)[] {
  return [...table].map(([name, spans]) => ({ name, ...spans })).sort((a, b) => b.total - a.total);
}
