// Events of all threads in one order: a partial order by sequence numbers, as golang.org/x/exp/trace has it, and so the validator.
// Source: internal/trace order.go, reader.go, batchcursor.go (go1.22 to go1.27).
//
// Each thread writes its own events, and clocks of different threads are not exact enough to merge them by time. What connects threads
// are sequence numbers: every event that moves a goroutine or a P from one thread to another carries the next number of that goroutine
// or P, which begins at 0 in each generation. So an event may be visited when the scheduler, as the events before it have left it,
// allows it: goroutine 7 starts on thread B only after thread A has made it ready.
//
// The time decides only which thread is tried first. When its event has to wait, the others are tried in the order of their times.
// When all wait, there is no order, and the trace is broken, or its end is lost.
import { NONE } from "../base/units.js";
import { type Edit, editBatches } from "./edit-batches.js";
import { EV, P_STATUS } from "./events.js";
import type { Generation } from "./generation.js";
import { Merge } from "./merge.js";
import { type MisplacedRegion, SchedulerState, type TraceEvent } from "./scheduler-state.js";
import type { ThreadCursor } from "./thread-cursor.js";
import type { Batch } from "./wire.js";

export type { MisplacedRegion, TraceEvent } from "./scheduler-state.js";

/** Where the events of a thread end because the next one can never be ordered: its batch, the byte in it, and its time in ns. */
interface Cut {
  readonly cursor: ThreadCursor;
  readonly batch: number;
  readonly at: number;
  readonly time: number;
}

/** The event as it stands in a batch, at the time of the one before it. */
const PROC_STOP = Uint8Array.of(EV.ProcStop, 0);

/** What had to be left out of a generation to bring the rest into order. */
export interface Trimmed {
  readonly events: number;
  /** From the first event left out to the last, ns. */
  readonly span: number;
  /** Why the first thread was cut. */
  readonly reason: string;
}

/** A generation that was brought into order, with what had to be changed for it. */
export interface Repaired {
  /** Each thread's batches as they have to be written. */
  readonly batches: ReadonlyMap<number, readonly Batch[]>;
  /** Threads whose batches are not the ones given. */
  readonly changed: ReadonlySet<number>;
  /** ProcStop events put in for Ps that were taken without an event. */
  readonly stops: number;
  /** Events left out because a region ended out of order: Go's reader refuses a trace that has them. */
  readonly regionEvents: number;
  /** The first such region. */
  readonly misplaced: MisplacedRegion | undefined;
  readonly trimmed: Trimmed | undefined;
}

/**
 * Orders the generations of one trace, one after the other. It follows the state of the scheduler as their events tell it, and its
 * questions answer for the end of the last one.
 */
export class Ordering {
  private readonly scheduler: SchedulerState;

  /**
   * @param visit is given every event, in order
   * @param misplaced is called for regions that end out of order; their events are visited like all others
   */
  constructor(visit: (event: TraceEvent) => void, misplaced: (region: MisplacedRegion) => void = () => {}) {
    this.scheduler = new SchedulerState(visit);
    this.scheduler.misplaced = misplaced;
  }

  /** Status of a goroutine now, G_STATUS; undefined when it is not known. */
  statusOf(g: number): number | undefined {
    return this.scheduler.gs.get(g)?.status;
  }
  /** All goroutines that live now, by id; status as G_STATUS. */
  goroutines(): Iterable<[number, { readonly status: number }]> {
    return this.scheduler.gs;
  }
  /** The id of the thread that a goroutine is on, NONE. */
  threadOf(g: number): number {
    for (const [m, state] of this.scheduler.ms) if (state.g === g) return m;
    return NONE;
  }
  /** The id of the thread that a P is bound to, NONE. */
  threadOfP(p: number): number {
    for (const [m, state] of this.scheduler.ms) if (state.p === p) return m;
    return NONE;
  }
  /** Status of a P now, P_STATUS; undefined when it is not known. */
  statusOfP(p: number): number | undefined {
    return this.scheduler.ps.get(p)?.status;
  }
  /** All Ps that are known, by id; status as P_STATUS. */
  procs(): Iterable<[number, { readonly status: number }]> {
    return this.scheduler.ps;
  }

  /**
   * Visits a generation's events in order.
   * @throws FormatError when no order exists, after the events before
   */
  run(generation: Generation): void {
    new Merge(this.scheduler, generation, {
      stuck(error) {
        throw error;
      },
      repair: () => false,
    }).run();
  }

  /**
   * Brings a generation into order that may lack its last events or have events that no order allows, as a crash leaves it:
   * - A goroutine came back from a system call without its P, and no event says who took it. When a runtime freezes to die it takes
   *   Ps without writing so. The thread gives the P up itself: ProcStop is put in.
   * - A region ends while one that began later is open. Its end is left out, and its beginning if it is of this generation.
   * - Any other event can never be ordered because what it follows is lost. The thread is cut where it stands.
   * Events are visited as by run.
   */
  repair(generation: Generation): Repaired {
    let reason = "";
    const cuts: Cut[] = [];
    const edits = new Edits();
    let stops = 0;
    let regionEvents = 0;
    let misplaced: MisplacedRegion | undefined;
    this.scheduler.misplaced = (region) => {
      misplaced ??= region;
      for (const place of [region.begin, region.end]) {
        if (place?.generation !== generation.number) continue;
        edits.add(place.m, { batch: place.batch, at: place.at });
        regionEvents++;
      }
    };
    new Merge(this.scheduler, generation, {
      stuck(error, cursors) {
        reason ||= error.message;
        for (const each of cursors) cuts.push({ cursor: each, batch: each.batch, at: each.eventAt, time: each.time });
      },
      repair: (cursors) => {
        const withoutEvent = cursors.filter((each) => each.type === EV.GoSyscallEndBlocked && this.giveUpP(each.m));
        for (const each of withoutEvent) edits.add(each.m, { batch: each.batch, at: each.eventAt, put: PROC_STOP });
        stops += withoutEvent.length;
        return withoutEvent.length > 0;
      },
    }).run();
    const batches = new Map<number, readonly Batch[]>(generation.batches);
    const trimmed = cutThreads(generation, batches, cuts, reason);
    for (const [m, changes] of edits.byThread) batches.set(m, editBatches(batches.get(m) ?? [], changes));
    const changed = new Set([...cuts.map(({ cursor }) => cursor.m), ...edits.byThread.keys()]);
    return { batches, changed, stops, regionEvents, misplaced, trimmed };
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
}

/** Changes to the batches of threads. */
class Edits {
  readonly byThread = new Map<number, Edit[]>();

  add(m: number, change: Edit): void {
    const known = this.byThread.get(m);
    if (known) known.push(change);
    else this.byThread.set(m, [change]);
  }
}

/**
 * Cuts the batches of threads, in place of those in `batches`, and reads on from each cut to count what is lost.
 * @param reason why the first of them was cut
 * @returns undefined when no thread is cut
 */
function cutThreads(
  generation: Generation,
  batches: Map<number, readonly Batch[]>,
  cuts: readonly Cut[],
  reason: string,
): Trimmed | undefined {
  if (cuts.length === 0) return undefined;
  let events = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const { cursor, batch, at, time } of cuts) {
    first = Math.min(first, time);
    const own = batches.get(cursor.m) ?? [];
    const half = own[batch];
    batches.set(cursor.m, [...own.slice(0, batch), ...(half && at > 0 ? [{ ...half, data: half.data.subarray(0, at) }] : [])]);
    do {
      events++;
      last = Math.max(last, cursor.time);
    } while (isFollowed(cursor, generation));
  }
  return { events, span: Math.max(0, last - first), reason };
}

/** Reads a thread's next event; false at its end, also where damage ends it. */
function isFollowed(cursor: ThreadCursor, generation: Generation): boolean {
  try {
    return cursor.next(generation);
  } catch {
    return false;
  }
}
