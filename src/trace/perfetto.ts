// A trace for ui.perfetto.dev: as Perfetto's own protobuf, or as the JSON of Chrome's about:tracing.
// Sources: perfetto.dev/docs/reference/trace-packet-proto; "Trace Event Format" (Google, 2016).

import { ByteWriter } from "../base/byte-writer.js";
import { FormatError } from "../base/errors.js";
import { NONE } from "../base/units.js";
import { EV } from "./events.js";
import type { Generation } from "./generation.js";
import { Ordering, type TraceEvent } from "./order.js";
import { type GoroutineState, stackOf, startFunction, takeRegion, transitions } from "./states.js";

/** Where slices, points and counters go. Times in ns. */
interface Sink {
  /** A group of tracks. */
  group(id: number, name: string): void;
  track(group: number, id: number, name: string): void;
  slice(
    group: number,
    id: number,
    name: string,
    category: string,
    from: number,
    to: number,
    args: Readonly<Record<string, string | number>>,
  ): void;
  instant(group: number, id: number, name: string, category: string, at: number, args: Readonly<Record<string, string | number>>): void;
  counter(name: string, at: number, value: number): void;
  /** What has been written since; empties it. */
  take(): Uint8Array;
  end(): Uint8Array;
}

/** Marks at the end of the trace. */
export interface ExportOptions {
  readonly format: "perfetto" | "chrome";
  /** ns of the trace clock; the whole time line begins at the first event. */
  readonly marks: readonly { readonly time: number; readonly name: string }[];
  /** Names of goroutines' functions that the trace may not tell. */
  readonly functions: ReadonlyMap<number, string>;
}

const GROUP = { procs: 1, goroutines: 2, regions: 3, tasks: 4, gc: 5, marks: 6 } as const;
/** Added to a goroutine's id: a second track of its regions. */
const ASIDE = 2 ** 39;
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

/** The pieces of the exported file, up to damage. */
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

  private at(time: number): number {
    return time - (this.first ?? time);
  }

  private track(group: number, id: number, name: () => string): void {
    const key = `${group} ${id}`;
    if (this.tracks.has(key)) return;
    this.tracks.add(key);
    this.sink.track(group, id, name());
  }

  private nameOf(g: number): string {
    const name = this.names.get(g) || this.options.functions.get(g);
    return name ? `G${g} ${name}` : `G${g}`;
  }

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

  private change(g: number, to: GoroutineState, reason: string, p: number, isStatus: boolean, now: number): void {
    const known = this.goroutines.get(g);
    if (known && isStatus && known.state === to) return;
    if (known) this.close(g, known, now);
    if (to === "gone") this.goroutines.delete(g);
    else this.goroutines.set(g, { state: to, reason, since: known || !isStatus ? now : 0, p });
  }

  private close(g: number, known: { state: GoroutineState; reason: string; since: number; p: number }, now: number): void {
    this.track(GROUP.goroutines, g, () => this.nameOf(g));
    const name = known.reason === "" ? STATE_NAMES[known.state] : `${STATE_NAMES[known.state]}: ${known.reason}`;
    this.sink.slice(GROUP.goroutines, g, name, known.state, known.since, now, known.p === NONE ? {} : { p: known.p });
    if (known.state === "running" && known.p !== NONE) {
      this.track(GROUP.procs, known.p, () => `P${known.p}`);
      this.sink.slice(GROUP.procs, known.p, this.nameOf(g), "running", known.since, now, { goroutine: g });
    }
  }

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

  private task(id: number, task: { name: string; since: number }, now: number): void {
    this.track(GROUP.tasks, id, () => `task ${id} ${task.name}`);
    this.sink.slice(GROUP.tasks, id, task.name, "task", task.since, now, { task: id });
  }

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

  private collected(now: number): void {
    this.track(GROUP.gc, 1, () => "cycles");
    this.sink.slice(GROUP.gc, 1, "garbage collection", "gc", this.collecting ?? 0, now, {});
  }

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

/** One JSON object a line; "X" complete slices, "i" points, "C" counters. Times in microseconds. */
class ChromeSink implements Sink {
  private lines: string[] = [];
  private started = false;

  private put(event: Readonly<Record<string, unknown>>): void {
    this.lines.push(JSON.stringify(event));
  }
  group(id: number, name: string): void {
    this.put({ ph: "M", name: "process_name", pid: id, args: { name } });
    this.put({ ph: "M", name: "process_sort_index", pid: id, args: { sort_index: id } });
  }
  track(group: number, id: number, name: string): void {
    this.put({ ph: "M", name: "thread_name", pid: group, tid: id, args: { name } });
    this.put({ ph: "M", name: "thread_sort_index", pid: group, tid: id, args: { sort_index: id } });
  }
  slice(
    group: number,
    id: number,
    name: string,
    category: string,
    from: number,
    to: number,
    args: Readonly<Record<string, string | number>>,
  ): void {
    this.put({ ph: "X", pid: group, tid: id, name, cat: category, ts: from / 1000, dur: Math.max(0, to - from) / 1000, args });
  }
  instant(group: number, id: number, name: string, category: string, at: number, args: Readonly<Record<string, string | number>>): void {
    this.put({ ph: "i", pid: group, tid: id, name, cat: category, ts: at / 1000, s: category === "mark" ? "g" : "t", args });
  }
  counter(name: string, at: number, value: number): void {
    this.put({ ph: "C", pid: GROUP.gc, name, ts: at / 1000, args: { value } });
  }
  take(): Uint8Array {
    if (this.lines.length === 0) return new Uint8Array(0);
    const text = `${this.started ? ",\n" : '{"displayTimeUnit":"ns","traceEvents":[\n'}${this.lines.join(",\n")}`;
    this.started = true;
    this.lines = [];
    return new TextEncoder().encode(text);
  }
  end(): Uint8Array {
    return new TextEncoder().encode(this.started ? "\n]}\n" : '{"traceEvents":[]}\n');
  }
}

/** Field numbers of perfetto.protos. */
const FIELD = {
  trace: { packet: 1 },
  packet: { timestamp: 8, sequence: 10, trackEvent: 11, trackDescriptor: 60 },
  descriptor: { uuid: 1, name: 2, parent: 5, counter: 8, childOrdering: 11, orderRank: 12 },
  event: { type: 9, track: 11, categories: 22, name: 23, counterValue: 30, annotations: 4 },
  annotation: { intValue: 4, stringValue: 6, name: 10 },
  counter: { unit: 3 },
} as const;
const EVENT_TYPE = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
const EXPLICIT_ORDER = 3;

/** Packets of perfetto.protos.Trace. */
class PerfettoSink implements Sink {
  private out = new ByteWriter();
  private readonly counters = new Map<string, number>();

  private packet(time: number | undefined, fill: (packet: ByteWriter) => void): void {
    const packet = new ByteWriter();
    if (time !== undefined) number(packet, FIELD.packet.timestamp, time);
    number(packet, FIELD.packet.sequence, 1);
    fill(packet);
    message(this.out, FIELD.trace.packet, packet.done());
  }
  private descriptor(uuid: number, name: string, parent: number, rank: number, counter = false): void {
    this.packet(undefined, (packet) => {
      const to = new ByteWriter();
      number(to, FIELD.descriptor.uuid, uuid);
      text(to, FIELD.descriptor.name, name);
      if (parent !== 0) number(to, FIELD.descriptor.parent, parent);
      if (counter) message(to, FIELD.descriptor.counter, new ByteWriter().done());
      else number(to, FIELD.descriptor.childOrdering, EXPLICIT_ORDER);
      number(to, FIELD.descriptor.orderRank, rank);
      message(packet, FIELD.packet.trackDescriptor, to.done());
    });
  }
  private event(
    track: number,
    type: number,
    time: number,
    fields: {
      readonly name?: string;
      readonly category?: string;
      readonly value?: number;
      readonly args?: Readonly<Record<string, string | number>>;
    },
  ): void {
    this.packet(time, (packet) => {
      const to = new ByteWriter();
      number(to, FIELD.event.type, type);
      number(to, FIELD.event.track, track);
      if (fields.category !== undefined) text(to, FIELD.event.categories, fields.category);
      if (fields.name !== undefined) text(to, FIELD.event.name, fields.name);
      if (fields.value !== undefined) number(to, FIELD.event.counterValue, fields.value);
      for (const [name, value] of Object.entries(fields.args ?? {})) {
        const annotation = new ByteWriter();
        text(annotation, FIELD.annotation.name, name);
        if (typeof value === "number") number(annotation, FIELD.annotation.intValue, value);
        else text(annotation, FIELD.annotation.stringValue, value);
        message(to, FIELD.event.annotations, annotation.done());
      }
      message(packet, FIELD.packet.trackEvent, to.done());
    });
  }
  group(id: number, name: string): void {
    this.descriptor(id, name, 0, id);
  }
  track(group: number, id: number, name: string): void {
    this.descriptor(trackId(group, id), name, group, id);
  }
  slice(
    group: number,
    id: number,
    name: string,
    category: string,
    from: number,
    to: number,
    args: Readonly<Record<string, string | number>>,
  ): void {
    const track = trackId(group, id);
    this.event(track, EVENT_TYPE.begin, from, { name, category, args });
    this.event(track, EVENT_TYPE.end, Math.max(from, to), {});
  }
  instant(group: number, id: number, name: string, category: string, at: number, args: Readonly<Record<string, string | number>>): void {
    this.event(trackId(group, id), EVENT_TYPE.instant, at, { name, category, args });
  }
  counter(name: string, at: number, value: number): void {
    let track = this.counters.get(name);
    if (track === undefined) {
      track = trackId(0, this.counters.size + 1);
      this.counters.set(name, track);
      this.descriptor(track, name, GROUP.gc, 100 + this.counters.size, true);
    }
    this.event(track, EVENT_TYPE.counter, at, { value });
  }
  take(): Uint8Array {
    const bytes = this.out.done();
    this.out = new ByteWriter();
    return bytes;
  }
  end(): Uint8Array {
    return new Uint8Array(0);
  }
}

/** Groups have the ids 1 to 6; ids of tracks lie far above them and never meet. */
function trackId(group: number, id: number): number {
  return (group + 1) * 2 ** 40 + id;
}

function number(to: ByteWriter, field: number, value: number): void {
  to.varint(field * 8).varint(value < 0 ? 0 : Math.round(value));
}

function message(to: ByteWriter, field: number, bytes: Uint8Array): void {
  to.varint(field * 8 + 2)
    .varint(bytes.length)
    .put(bytes);
}

const encoder = new TextEncoder();
function text(to: ByteWriter, field: number, value: string): void {
  message(to, field, encoder.encode(value));
}
