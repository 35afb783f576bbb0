// What a trace says as a whole: times of goroutines and Ps, collections, heap, tasks, regions and logs.
import { NONE } from "../base/units.js";
import { kindOf } from "./describe.js";
import { addPause, addTime, type Durations, named, type StateTimes, stateTimes } from "./durations.js";
import { EV } from "./events.js";
import type { Generation } from "./generation.js";
import { HEAP_POINTS } from "./limits.js";
import { type MisplacedRegion, Ordering, type TraceEvent } from "./order.js";
import { ProgramMarks, textOf } from "./program-marks.js";
import { type GoroutineState, stackOf, startFunction, type Transition, transitions } from "./states.js";

/** How long one goroutine was in each state, ns. Times before the trace are not known and not in it. */
interface GoroutineTimes {
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
  /** What it waited for, in the runtime's words; the longest first. */
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
  /** Times of the first and the last event. */
  readonly first: number;
  readonly last: number;
  /** ns since 1970 of the last event, as decimal digits; "" before format 1.25. */
  readonly lastWall: string;
  readonly kinds: readonly { readonly kind: string; readonly count: number }[];
  /** Those that ran longest first. */
  readonly goroutines: readonly GoroutineTimes[];
  /** By id; running includes system calls, share is of the trace's time. */
  readonly procs: readonly { readonly id: number; readonly running: number; readonly share: number }[];
  /** Cycles: end is NONE (-1) while it goes on. Pauses: the stopped world, by reason. Assist: ns of all goroutines together. */
  readonly gc: {
    readonly cycles: readonly { readonly begin: number; readonly end: number }[];
    readonly pauses: readonly { readonly kind: string; readonly count: number; readonly total: number; readonly longest: number }[];
    readonly assist: number;
  };
  /** Points of the heap's size and goal, evenly thinned, in bytes. */
  readonly heap: readonly { readonly time: number; readonly bytes: number; readonly goal: number }[];
  /** Of the program, by name; open: those that have not ended. */
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
  /** Messages of the program; last: the latest 20. */
  readonly logs: {
    readonly count: number;
    readonly last: readonly { readonly time: number; readonly goroutine: number; readonly key: string; readonly value: string }[];
  };
  /** Of the CPU profile. */
  readonly samples: number;
  /** Why the trace could not be read to its end; "" when it was. */
  readonly problem: string;
}

/**
 * Sums up a trace.
 *
 * @param failed    gives the words for an error that ends the reading; it may throw instead
 * @param misplaced is called for regions that end out of order
 */
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

/** The figures as they grow with each event. */
class Summary {
  private readonly ordering: Ordering;
  private readonly parts: { number: number; bytes: number; events: number; first: number; last: number }[] = [];
  private readonly kinds = new Map<string, number>();
  private readonly goroutines = new Map<number, StateTimes>();
  private readonly procs = new Map<number, StateTimes>();
  private readonly cycles: { begin: number; end: number }[] = [];
  private readonly pauses = new Map<string, Durations>();
  private readonly worlds = new Map<number, { readonly kind: string; readonly begin: number }>();
  private readonly assists = new Map<number, number>();
  private assist = 0;
  private heap: { time: number; bytes: number; goal: number }[] = [];
  private heapStep = 1;
  private heapSeen = 0;
  private goal = 0;
  private readonly program = new ProgramMarks();
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

  /** Takes the next event. */
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

  /** A goroutine or P is in another state from now on. A status that repeats what is known changes nothing. */
  private change(change: Transition, event: TraceEvent): void {
    const table = change.of === "goroutine" ? this.goroutines : this.procs;
    let timed = table.get(change.id);
    if (!timed) {
      // A status tells what it did all along.
      timed = stateTimes(change.to, change.reason, change.status ? this.first : this.now);
      table.set(change.id, timed);
    } else if (!change.status || timed.state !== change.to) {
      addTime(timed, this.now);
      timed.state = change.to;
      timed.reason = change.reason;
    }
    if (change.of === "goroutine" && change.stack !== 0 && timed.function === "") {
      const created = event.type === EV.GoCreate || event.type === EV.GoCreateBlocked;
      timed.function = startFunction(event.generation, change.stack, created);
    }
  }

  /** The function of a goroutine, from the first of its stacks. */
  private nameGoroutine(event: TraceEvent): void {
    if (event.g === NONE) return;
    const timed = this.goroutines.get(event.g);
    if (timed && timed.function === "") timed.function = startFunction(event.generation, stackOf(event), false);
  }

  /** Counts what an event says besides a change of state. */
  private note(event: TraceEvent): void {
    if (event.type === EV.CPUSample) this.samples++;
    // Types are numbered so that those of the program come after those of the runtime.
    else if (event.type < EV.GoLabel) this.noteCollector(event);
    else this.program.note(event);
  }

  /** Collections, pauses, assists and the heap. */
  private noteCollector(event: TraceEvent): void {
    const { type, args, time } = event;
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
        this.worlds.set(event.g, { kind: textOf(event, 0), begin: time });
        break;
      case EV.STWEnd: {
        const begun = this.worlds.get(event.g);
        if (begun) addPause(this.pauses, begun.kind, time - begun.begin);
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

  /** The figures at the end. */
  result(problem: string): TraceSummary {
    for (const table of [this.goroutines, this.procs]) for (const timed of table.values()) addTime(timed, this.last);
    const span = Math.max(1, this.last - this.first);
    return {
      generations: this.parts,
      events: this.events,
      first: this.first,
      last: this.last,
      lastWall: this.wall === undefined ? "" : String(this.wall + BigInt(Math.round(this.last))),
      kinds: [...this.kinds].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count),
      goroutines: this.goroutineTimes(),
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
      tasks: named(this.program.tasks),
      regions: named(this.program.regions),
      logs: { count: this.program.logCount, last: this.program.logs },
      samples: this.samples,
      problem,
    };
  }

  /** Those that ran longest first. */
  private goroutineTimes(): readonly GoroutineTimes[] {
    return [...this.goroutines]
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
  }
}
