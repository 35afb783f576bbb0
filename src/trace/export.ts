// A trace as a time line for ui.perfetto.dev or Chrome's about:tracing.
import { FormatError } from "../base/errors.js";
import { NONE } from "../base/units.js";
import { ChromeSink } from "./chrome.js";
import { EV } from "./events.js";
import type { Generation } from "./generation.js";
import { Ordering, type TraceEvent } from "./order.js";
import { PerfettoSink } from "./perfetto.js";
import { GROUP, type Sink } from "./sink.js";
import { type GoroutineState, stackOf, startFunction, takeRegion, transitions } from "./states.js";

/** How a trace is exported. */
export interface ExportOptions {
  readonly format: "perfetto" | "chrome";
  /** ns of the trace clock; the whole time line begins at the first event. */
  readonly marks: readonly { readonly time: number; readonly name: string }[];
  /** Names of goroutines' functions that the trace may not tell. */
  readonly functions: ReadonlyMap<number, string>;
}

/** Added to a goroutine's id: a second track of its regions. */
const ASIDE = 2 ** 39;
/** Marks of the exported file, by what they are at: names of tracks and marks are part of the file. */
export const MARKS = {
  lastOfThread: "last event of the thread that crashed",
  crash: "crash: the runtime freezes the program",
  death: "death",
  end: "end of the trace",
};
const GROUP_NAMES: Readonly<Record<number, string>> = {
  [GROUP.procs]: "Ps (processors of the scheduler)",
  [GROUP.goroutines]: "Goroutines",
  [GROUP.regions]: "User regions and logs",
  [GROUP.tasks]: "User tasks",
  [GROUP.gc]: "Garbage collection",
  [GROUP.marks]: "The end",
};
const STATE_NAMES: Readonly<Record<GoroutineState, string>> = {
  running: "running",
  runnable: "runnable",
  waiting: "waiting",
  syscall: "in a system call",
  gone: "gone",
};

/**
 * A trace as a time line: Ps, goroutines, regions, tasks, collections and counters, each on tracks of their own.
 *
 * @returns the pieces of the file, one or more a generation. Where the trace is damaged the file ends with what came before.
 */
export function* exportTrace(generations: Iterable<Generation>, options: ExportOptions): Generator<Uint8Array> {
  const sink = options.format === "chrome" ? new ChromeSink() : new PerfettoSink();
  const exporter = new Exporter(sink, options);
  const ordering = new Ordering((event) => exporter.visit(event));
  try {
    for (const generation of generations) {
      ordering.run(generation);
      yield sink.take();
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error; // what comes before the damage is exported
  }
  exporter.finish();
  yield sink.take();
  yield sink.end();
}

/** What the events of a trace put on the tracks. A state is written when it ends: only then its length is known. */
class Exporter {
  private readonly sink: Sink;
  private readonly options: ExportOptions;
  private readonly goroutines = new Map<number, { state: GoroutineState; reason: string; since: number; p: number }>();
  private readonly names = new Map<number, string>();
  private readonly tracks = new Set<string>();
  private readonly regions = new Map<number, { task: number; name: string; since: number }[]>();
  private readonly tasks = new Map<number, { name: string; since: number }>();
  private readonly worlds = new Map<number, { name: string; since: number }>();
  private collecting: number | undefined;
  private first: number | undefined;
  private now = 0;

  constructor(sink: Sink, options: ExportOptions) {
    this.sink = sink;
    this.options = options;
    for (const [group, name] of Object.entries(GROUP_NAMES)) sink.group(Number(group), name);
  }

  /** ns from the first event. */
  private at(time: number): number {
    return time - (this.first ?? time);
  }

  /** Announces a track before its first use. */
  private track(group: number, id: number, name: () => string): void {
    const key = `${group} ${id}`;
    if (this.tracks.has(key)) return;
    this.tracks.add(key);
    this.sink.track(group, id, name());
  }

  /** "G7 main.worker"; a goroutine that was there before the trace gets its function from the core. */
  private nameOf(g: number): string {
    const name = this.names.get(g) || this.options.functions.get(g);
    return name ? `G${g} ${name}` : `G${g}`;
  }

  /** Takes the next event. */
  visit(event: TraceEvent): void {
    this.first ??= event.time;
    this.now = event.time;
    const now = this.at(event.time);
    if (event.g !== NONE && !this.names.has(event.g)) {
      const stack = stackOf(event);
      if (stack !== 0) this.names.set(event.g, startFunction(event.generation, stack, false));
    }
    transitions(event, (change) => {
      if (change.of !== "goroutine") return;
      if (change.stack !== 0 && !this.names.get(change.id)) {
        this.names.set(
          change.id,
          startFunction(event.generation, change.stack, event.type === EV.GoCreate || event.type === EV.GoCreateBlocked),
        );
      }
      this.change(change.id, change.to, change.reason, change.p, change.status, now);
    });
    this.user(event, now);
    this.collection(event, now);
  }

  /** A goroutine is in another state from now on. A status that repeats what is known changes nothing. */
  private change(g: number, to: GoroutineState, reason: string, p: number, isStatus: boolean, now: number): void {
    const known = this.goroutines.get(g);
    if (known && isStatus && known.state === to) return;
    if (known) this.close(g, known, now);
    if (to === "gone") this.goroutines.delete(g);
    else this.goroutines.set(g, { state: to, reason, since: known || !isStatus ? now : 0, p });
  }

  /** Writes the state that ends now, on the goroutine's track; while it ran, on the track of its P too. */
  private close(g: number, known: { state: GoroutineState; reason: string; since: number; p: number }, now: number): void {
    this.track(GROUP.goroutines, g, () => this.nameOf(g));
    const name = known.reason === "" ? STATE_NAMES[known.state] : `${STATE_NAMES[known.state]}: ${known.reason}`;
    this.sink.slice(GROUP.goroutines, g, name, known.state, known.since, now, known.p === NONE ? {} : { p: known.p });
    if (known.state === "running" && known.p !== NONE) {
      this.track(GROUP.procs, known.p, () => `P${known.p}`);
      this.sink.slice(GROUP.procs, known.p, this.nameOf(g), "running", known.since, now, { goroutine: g });
    }
  }

  /** Regions, tasks and logs. */
  private user(event: TraceEvent, now: number): void {
    const text = (index: number) => event.generation.strings.get(event.args[index]) ?? "?";
    const id = event.args[0];
    switch (event.type) {
      case EV.UserRegionBegin: {
        const open = this.regions.get(event.g);
        const region = { task: id, name: text(1), since: now };
        if (open) open.push(region);
        else this.regions.set(event.g, [region]);
        break;
      }
      case EV.UserRegionEnd: {
        const open = this.regions.get(event.g);
        const innermost = open?.at(-1);
        const region = takeRegion(open, id, text(1));
        if (region) this.region(event.g, region, now, region !== innermost);
        break;
      }
      case EV.UserTaskBegin:
        this.tasks.set(id, { name: text(2), since: now });
        break;
      case EV.UserTaskEnd: {
        const task = this.tasks.get(id);
        if (task) this.task(id, task, now);
        this.tasks.delete(id);
        break;
      }
      case EV.UserLog:
        this.track(GROUP.regions, event.g, () => this.nameOf(event.g));
        this.sink.instant(GROUP.regions, event.g, `${text(1)}: ${text(2)}`, "log", now, { task: id });
        break;
    }
  }

  /** Slices of a track must lie within each other: a region that ends out of order gets another track. */
  private region(g: number, region: { name: string; since: number }, now: number, outOfOrder = false): void {
    const track = outOfOrder ? g + ASIDE : g;
    this.track(GROUP.regions, track, () => `${this.nameOf(g)}${outOfOrder ? " (ended out of order)" : ""}`);
    this.sink.slice(GROUP.regions, track, region.name, "region", region.since, now, {});
  }

  /** Writes a task that ends now. */
  private task(id: number, task: { name: string; since: number }, now: number): void {
    this.track(GROUP.tasks, id, () => `task ${id} ${task.name}`);
    this.sink.slice(GROUP.tasks, id, task.name, "task", task.since, now, { task: id });
  }

  /** Collections, the stopped world and the counters of the heap. */
  private collection(event: TraceEvent, now: number): void {
    const value = event.args[0];
    switch (event.type) {
      case EV.GCBegin:
      case EV.GCActive:
        this.collecting ??= event.type === EV.GCActive ? 0 : now;
        break;
      case EV.GCEnd:
        if (this.collecting !== undefined) this.collected(now);
        this.collecting = undefined;
        break;
      case EV.STWBegin:
        this.worlds.set(event.g, { name: event.generation.strings.get(value) ?? "?", since: now });
        break;
      case EV.STWEnd: {
        const world = this.worlds.get(event.g);
        if (world) {
          this.track(GROUP.gc, 2, () => "stop the world");
          this.sink.slice(GROUP.gc, 2, world.name, "stw", world.since, now, { goroutine: event.g });
        }
        this.worlds.delete(event.g);
        break;
      }
      case EV.HeapAlloc:
        this.sink.counter("heap in use (bytes)", now, value);
        break;
      case EV.HeapGoal:
        this.sink.counter("heap goal (bytes)", now, value);
        break;
      case EV.ProcsChange:
        this.sink.counter("GOMAXPROCS", now, value);
        break;
    }
  }

  /** Writes the collection that ends now. */
  private collected(now: number): void {
    this.track(GROUP.gc, 1, () => "cycles");
    this.sink.slice(GROUP.gc, 1, "garbage collection", "gc", this.collecting ?? 0, now, {});
  }

  /** Ends what is still open, at the time of the last event. */
  finish(): void {
    const now = this.at(this.now);
    for (const [g, known] of this.goroutines) this.close(g, known, now);
    for (const [g, open] of this.regions) for (const region of open.toReversed()) this.region(g, region, now);
    for (const [id, task] of this.tasks) this.task(id, task, now);
    if (this.collecting !== undefined) this.collected(now);
    this.track(GROUP.marks, 1, () => "death");
    for (const mark of this.options.marks) this.sink.instant(GROUP.marks, 1, mark.name, "mark", this.at(mark.time), {});
  }
}
