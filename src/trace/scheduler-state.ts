// The state of the scheduler as the events of a trace tell it, and the events that come out in order.
import type { FormatError } from "../base/errors.js";
import { NONE } from "../base/units.js";
import { EV, SPECS } from "./events.js";
import type { Generation } from "./generation.js";
import { fault, TABLE_ARGUMENTS, type ThreadCursor } from "./thread-cursor.js";
import { NO_THREAD } from "./wire.js";

/** One event, in the state the program was in before it. The object is used again: copy what you keep. */
export interface TraceEvent {
  /** EV.*; EV.CPUSample for samples (its stack is args[0]). */
  type: number;
  /** ns of the trace clock, strictly increasing. */
  time: number;
  /** Thread, P and goroutine it happened on; NONE. */
  m: number;
  p: number;
  g: number;
  /** [5] as in SPECS, ids of threads and Ps NONE instead of 2^64-1. */
  readonly args: Float64Array;
  /** Its strings and stacks. */
  generation: Generation;
  /** Of a status: nothing was known of this goroutine or P before. */
  first: boolean;
}

/** Something that has begun and not ended: the event that began it, and its name's id for a stopped world. */
export interface RangeType {
  readonly type: number;
  readonly kind: number;
}

/** Where an event stands: in which batch of a thread's in a generation, and at which byte of it. */
interface EventPlace {
  readonly generation: number;
  readonly m: number;
  readonly batch: number;
  readonly at: number;
}

/** A region of the program that has begun. */
interface OpenRegion {
  readonly task: number;
  readonly name: string;
  readonly begin: EventPlace;
}

/** The end of a region that was not the one begun last; begin: undefined when the trace has none for it. */
export interface MisplacedRegion {
  readonly goroutine: number;
  readonly name: string;
  readonly begin: EventPlace | undefined;
  readonly end: EventPlace;
}

/** A goroutine: status as G_STATUS, the last sequence number in a generation. */
export interface GState {
  status: number;
  generation: number;
  seq: number;
  readonly ranges: RangeType[];
  readonly regions: OpenRegion[];
}

/** A P: status as P_STATUS, the last sequence number in a generation. */
export interface PState {
  status: number;
  generation: number;
  seq: number;
  readonly ranges: RangeType[];
}

/** A thread: the goroutine and P bound to it; NONE. */
export interface MState {
  g: number;
  p: number;
}

/** Goroutines, Ps and threads, and the context of the event at hand. */
export class SchedulerState {
  private readonly visit: (event: TraceEvent) => void;
  /** By id. */
  readonly gs = new Map<number, GState>();
  readonly ps = new Map<number, PState>();
  readonly ms = new Map<number, MState>();
  /** Names of the tasks that have begun and not ended. */
  readonly tasks = new Map<number, string>();
  /** Is called for every region that ends out of order. */
  misplaced: (region: MisplacedRegion) => void = () => {};
  /** The last sequence number of collections; it goes on over generations. */
  gcSeq = 0;
  gc: "undetermined" | "off" | "running" = "undetermined";
  /** The number of the first generation ordered, in which statuses introduce goroutines and Ps. */
  initialGeneration = 0;
  private readonly event: TraceEvent;
  private lastTime = 0;
  generation!: Generation;
  /** The event's context, and the thread's after it. */
  m = NONE;
  p = NONE;
  g = NONE;
  newP = NONE;
  newG = NONE;

  constructor(visit: (event: TraceEvent) => void) {
    this.visit = visit;
    this.event = { type: 0, time: 0, m: NONE, p: NONE, g: NONE, args: new Float64Array(5), generation: undefined as never, first: false };
  }

  /** A CPU sample: it changes nothing. */
  emitSample(time: number, m: number, p: number, g: number, stack: number): void {
    this.m = m;
    this.p = p;
    this.g = g;
    const { args } = this.event;
    args.fill(0);
    args[0] = stack;
    if (!this.generation.stacks.has(stack)) throw fault(this.generation, `found invalid stack ID ${stack} for a CPU sample`);
    this.send(EV.CPUSample, time, false);
  }

  /** Visits an event. Times of one thread may be equal, and clocks differ: whatever would go back is put 1 ns after the one before. */
  private send(type: number, time: number, first: boolean): void {
    const { event } = this;
    event.type = type;
    event.time = time <= this.lastTime ? this.lastTime + 1 : time;
    this.lastTime = event.time;
    event.m = this.m;
    event.p = this.p;
    event.g = this.g;
    event.generation = this.generation;
    event.first = first;
    this.visit(event);
  }

  /** Visits the event as it stands on the wire; true. @throws FormatError when it names a stack or a text that the generation has not */
  push(each: ThreadCursor, first = false): true {
    this.event.args.set(each.args);
    const tables = TABLE_ARGUMENTS[each.type];
    if (tables) {
      for (const i of tables.stacks) {
        const id = each.args[i];
        if (!this.generation.stacks.has(id))
          throw fault(this.generation, `found invalid stack ID ${id} for event ${SPECS[each.type]?.name}`);
      }
      for (const i of tables.strings) {
        const id = each.args[i];
        if (!this.generation.strings.has(id))
          throw fault(this.generation, `found invalid string ID ${id} for event ${SPECS[each.type]?.name}`);
      }
    }
    this.send(each.type, each.time, first);
    return true;
  }

  /** Visits an event that stands nowhere and follows from another; a, b: its first arguments. */
  pushMade(type: number, time: number, a = 0, b = 0): void {
    this.event.args.fill(0);
    this.event.args[0] = a;
    this.event.args[1] = b;
    this.send(type, time, false);
  }

  /** What an event is refused for. */
  error(each: ThreadCursor, message: string): FormatError {
    return fault(this.generation, `${SPECS[each.type]?.name ?? each.type} of thread ${each.m}: ${message}`);
  }

  /** What the context has to have: a thread, a P, a goroutine. @throws FormatError when it lacks one of those asked for */
  need(each: ThreadCursor, m: boolean, p: boolean, g: boolean): void {
    if (m && this.m === NO_THREAD) throw this.error(each, "expected a thread but didn't have one");
    if (p && this.p === NONE) throw this.error(each, "expected a proc but didn't have one");
    if (g && this.g === NONE) throw this.error(each, "expected a goroutine but didn't have one");
  }

  /** A goroutine that runs on a P of a thread. */
  needUserCode(each: ThreadCursor): void {
    this.need(each, true, true, true);
  }

  /** @throws FormatError when there is none */
  currentG(each: ThreadCursor): GState {
    const state = this.gs.get(this.g);
    if (!state) throw this.error(each, `goroutine ${this.g} doesn't exist`);
    return state;
  }

  /** @throws FormatError when there is none */
  currentP(each: ThreadCursor): PState {
    const state = this.ps.get(this.p);
    if (!state) throw this.error(each, `proc ${this.p} doesn't exist`);
    return state;
  }

  /** Whether a sequence number is the next one of a goroutine or P in this generation. */
  succeeds(seq: number, state: { readonly generation: number; readonly seq: number }): boolean {
    return state.generation === this.generation.number && seq === state.seq + 1;
  }
}
