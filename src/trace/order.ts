// Events of all threads in one order: a partial order by sequence numbers, as golang.org/x/exp/trace has it, and so the validator.
// Source: internal/trace order.go, reader.go, batchcursor.go (go1.22 to go1.27).
import { FormatError } from "../base/errors.js";
import { counted, NONE } from "../base/units.js";
import { advance } from "./dispatch.js";
import { type Edit, editBatches } from "./edit-batches.js";
import { removeAt, siftDown, siftUp } from "./frontier.js";
import type { Generation } from "./reader.js";
import { type MisplacedRegion, SchedulerState, type TraceEvent } from "./scheduler-state.js";
import { fault, ThreadCursor } from "./thread-cursor.js";
import { type Batch, EV, P_STATUS, SPECS } from "./wire.js";

export type { MisplacedRegion, TraceEvent } from "./scheduler-state.js";

interface Cut {
  readonly cursor: ThreadCursor;
  readonly batch: number;
  readonly at: number;
  readonly time: number;
}

/** The event, no time after the one before it. */
const PROC_STOP = Uint8Array.of(EV.ProcStop, 0);

/** What had to be left out of a generation to bring the rest into order. */
export interface Trimmed {
  readonly events: number;
  /** From the first event left out to the last, ns. */
  readonly span: number;
  /** Why the first stream was cut. */
  readonly reason: string;
}

/** A generation that was brought into order. */
export interface Settled {
  /** Each thread's batches as they have to be written. */
  readonly batches: ReadonlyMap<number, readonly Batch[]>;
  /** Threads whose batches are not the ones given. */
  readonly changed: ReadonlySet<number>;
  /** ProcStop events put in for Ps that were taken without a word. */
  readonly stops: number;
  /** Events left out because a region ended out of order: Go's reader refuses a trace that has them. */
  readonly regionEvents: number;
  /** The first such region. */
  readonly misplaced: MisplacedRegion | undefined;
  readonly trimmed: Trimmed | undefined;
}

/** Emulates the scheduler's state over the generations of one trace. */
export class Ordering {
  private readonly scheduler: SchedulerState;

  /**
   * @param visit is given every event, in order
   * @param misplaced is told of regions that end out of order; their events are visited like all others
   */
  constructor(visit: (event: TraceEvent) => void, misplaced: (region: MisplacedRegion) => void = () => {}) {
    this.scheduler = new SchedulerState(visit);
    this.scheduler.misplaced = misplaced;
  }

  /** Status of a goroutine now, G_STATUS; undefined when it is not known. */
  statusOf(g: number): number | undefined {
    return this.scheduler.gs.get(g)?.status;
  }
  goroutines(): Iterable<[number, { readonly status: number }]> {
    return this.scheduler.gs;
  }
  /** The thread a goroutine is bound to, NONE. */
  threadOf(g: number): number {
    for (const [m, state] of this.scheduler.ms) if (state.g === g) return m;
    return NONE;
  }
  /** The thread a P is bound to, NONE. */
  threadOfP(p: number): number {
    for (const [m, state] of this.scheduler.ms) if (state.p === p) return m;
    return NONE;
  }
  /** Status of a P now, P_STATUS; undefined when it is not known. */
  statusOfP(p: number): number | undefined {
    return this.scheduler.ps.get(p)?.status;
  }
  procs(): Iterable<[number, { readonly status: number }]> {
    return this.scheduler.ps;
  }

  /**
   * Visits a generation's events in order.
   * @throws FormatError when no order exists, after the events before
   */
  run(generation: Generation): void {
    this.order(generation, (error) => {
      throw error;
    });
  }

  /**
   * The same, but what cannot go on is mended: a goroutine that came back from a system call and whose P nobody is seen to
   * take gives the P up itself; a region that ends out of order is left out, its beginning too when it is of this generation;
   * any other thread is cut where it stands.
   */
  settle(generation: Generation): Settled {
    let reason = "";
    const cut = new Map<number, Cut>();
    const edits = new Map<number, Edit[]>();
    const edit = (m: number, change: Edit): void => {
      const known = edits.get(m);
      if (known) known.push(change);
      else edits.set(m, [change]);
    };
    let stops = 0;
    let regionEvents = 0;
    let misplaced: MisplacedRegion | undefined;
    this.scheduler.misplaced = (region) => {
      misplaced ??= region;
      const { begin, end } = region;
      for (const place of [begin, end]) {
        if (place?.generation !== generation.number) continue;
        edit(place.m, { batch: place.batch, at: place.at });
        regionEvents++;
      }
    };
    this.order(
      generation,
      (error, cursors) => {
        reason ||= error.message;
        for (const each of cursors) cut.set(each.m, { cursor: each, batch: each.batch, at: each.eventAt, time: each.time });
      },
      (cursors) => {
        const silent = cursors.filter((each) => each.type === EV.GoSyscallEndBlocked && this.giveUpP(each.m));
        for (const each of silent) edit(each.m, { batch: each.batch, at: each.eventAt, put: PROC_STOP });
        stops += silent.length;
        return silent.length > 0;
      },
    );
    const batches = new Map<number, readonly Batch[]>(generation.batches);
    let events = 0;
    let first = Number.POSITIVE_INFINITY;
    let last = 0;
    for (const [m, { cursor: stuck, batch, at, time }] of cut) {
      first = Math.min(first, time);
      const own = batches.get(m) ?? [];
      const half = own[batch];
      batches.set(m, [...own.slice(0, batch), ...(half && at > 0 ? [{ ...half, data: half.data.subarray(0, at) }] : [])]);
      do {
        events++;
        last = Math.max(last, stuck.time);
      } while (advanceQuietly(stuck, generation));
    }
    for (const [m, changes] of edits) batches.set(m, editBatches(batches.get(m) ?? [], changes));
    const trimmed = cut.size === 0 ? undefined : { events, span: Math.max(0, last - first), reason };
    return { batches, changed: new Set([...cut.keys(), ...edits.keys()]), stops, regionEvents, misplaced, trimmed };
  }

  /** The P of a thread in a system call becomes idle; false when there is none. */
  private giveUpP(m: number): boolean {
    const thread = this.scheduler.ms.get(m);
    const p = thread && this.scheduler.ps.get(thread.p);
    if (!thread || !p || p.status !== P_STATUS.syscall) return false;
    p.status = P_STATUS.idle;
    thread.p = NONE;
    return true;
  }

  private order(
    generation: Generation,
    stuck: (error: FormatError, cursors: readonly ThreadCursor[]) => void,
    mend: (cursors: readonly ThreadCursor[]) => boolean = () => false,
  ): void {
    this.scheduler.generation = generation;
    this.scheduler.initialGeneration ||= generation.number;
    const heap: ThreadCursor[] = [];
    const begin = (each: ThreadCursor): boolean => {
      try {
        return each.next(generation);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        each.time = Math.max(each.time, 0);
        stuck(error, [each]);
        return false;
      }
    };
    for (const [m, batches] of generation.batches) {
      const each = new ThreadCursor(m, batches);
      if (begin(each)) {
        heap.push(each);
        siftUp(heap, heap.length - 1);
      }
    }
    let sample = 0;
    const { samples } = generation;
    const tryAt = (i: number): boolean => {
      const each = heap[i];
      let moved: boolean;
      try {
        moved = advance(this.scheduler, each);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        stuck(error, [each]);
        removeAt(heap, i);
        return true;
      }
      if (!moved) return false;
      if (begin(each)) {
        if (siftUp(heap, i) === i) siftDown(heap, i);
      } else removeAt(heap, i);
      return true;
    };
    while (heap.length > 0 || sample < samples.length) {
      const next = samples[sample];
      if (next && (heap.length === 0 || next.time < heap[0].time)) {
        sample++;
        this.scheduler.emitSample(next.time, next.m, next.p, next.g, next.stack);
        continue;
      }
      if (tryAt(0)) continue;
      // tryAt shortens the heap when it takes a thread's last event, so only its own word says whether anything moved.
      heap.sort((a, b) => a.time - b.time);
      let moved = false;
      for (let i = 1; i < heap.length && !moved; i++) moved = tryAt(i);
      if (!moved && !mend(heap)) {
        const first = heap[0];
        stuck(
          fault(
            generation,
            `failed to advance: ${counted(heap.length, "thread")} wait, thread ${first.m} at ${SPECS[first.type]?.name} ${first.args}`,
          ),
          heap,
        );
        return;
      }
    }
  }
}

function advanceQuietly(each: ThreadCursor, generation: Generation): boolean {
  try {
    return each.next(generation);
  } catch {
    return false;
  }
}
