// Events of all threads in one order: a partial order by sequence numbers, as golang.org/x/exp/trace has it, and so the validator.
// Source: internal/trace order.go, reader.go, batchcursor.go (go1.22 to go1.27).
import { FormatError } from "../base/errors.js";
import { NONE } from "../base/units.js";
import type { Generation } from "./reader.js";
import { type Batch, EV, G_STATUS, idOrNone, NO_THREAD, cursor as number, P_STATUS, readVarint, SPECS } from "./wire.js";

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

interface RangeType {
  readonly type: number;
  readonly kind: number;
}

interface GState {
  status: number;
  generation: number;
  seq: number;
  readonly ranges: RangeType[];
  readonly regions: { readonly task: number; readonly name: string }[];
}

interface PState {
  status: number;
  generation: number;
  seq: number;
  readonly ranges: RangeType[];
}

interface MState {
  g: number;
  p: number;
}

/** The event that begins the range which this one ends or tells to be active. */
const RANGE_START: Readonly<Record<number, number>> = {
  [EV.GCActive]: EV.GCBegin,
  [EV.GCEnd]: EV.GCBegin,
  [EV.GCSweepActive]: EV.GCSweepBegin,
  [EV.GCSweepEnd]: EV.GCSweepBegin,
  [EV.GCMarkAssistActive]: EV.GCMarkAssistBegin,
  [EV.GCMarkAssistEnd]: EV.GCMarkAssistBegin,
  [EV.STWEnd]: EV.STWBegin,
};

/** Which arguments of an event are stacks and strings, as indices. */
const TABLE_ARGUMENTS = SPECS.map((spec) =>
  spec
    ? {
        stacks: spec.args.flatMap((arg, i) => (arg.kind === "stack" ? [i] : [])),
        strings: spec.args.flatMap((arg, i) => (arg.kind === "string" ? [i] : [])),
        ids: spec.args.flatMap((arg, i) => (arg.kind === "m" || arg.kind === "p" ? [i] : [])),
        count: spec.args.length,
      }
    : undefined,
);

/** One thread's events of a generation, the next one read. */
class ThreadCursor {
  readonly m: number;
  readonly batches: readonly Batch[];
  readonly args = new Float64Array(5);
  type = 0;
  time = 0;
  /** Where the event read stands. */
  batch = 0;
  eventAt = 0;
  private nextBatch = 0;
  private nextAt = 0;
  private lastTime = 0;
  private fresh = true;

  constructor(m: number, batches: readonly Batch[]) {
    this.m = m;
    this.batches = batches;
  }

  /** false at the end. @throws FormatError */
  next(generation: Generation): boolean {
    while (this.nextBatch < this.batches.length && (this.batches[this.nextBatch] as Batch).data.length === this.nextAt) {
      this.nextBatch++;
      this.nextAt = 0;
      this.fresh = true;
    }
    if (this.nextBatch === this.batches.length) return false;
    const { unit } = generation;
    const batch = this.batches[this.nextBatch] as Batch;
    const { data } = batch;
    if (this.fresh) {
      this.lastTime = batch.time * unit;
      this.fresh = false;
    }
    this.batch = this.nextBatch;
    this.eventAt = this.nextAt;
    const type = data[this.nextAt] as number;
    const spec = TABLE_ARGUMENTS[type];
    if (!spec) throw fault(generation, `found invalid event type ${type} of thread ${this.m}`);
    const dt = readVarint(data, this.nextAt + 1, data.length);
    if (dt < 0) throw fault(generation, `found invalid uvarint for timestamp of thread ${this.m}`);
    for (let i = 0; i < spec.count; i++) {
      const value = readVarint(data, number.at, data.length);
      if (value < 0) throw fault(generation, `found invalid uvarint in an event of thread ${this.m}`);
      this.args[i] = value;
    }
    for (const i of spec.ids) this.args[i] = idOrNone(this.args[i] as number);
    this.type = type;
    this.lastTime += dt * unit;
    this.time = this.lastTime;
    this.nextAt = number.at;
    return true;
  }
}

interface Cut {
  readonly cursor: ThreadCursor;
  readonly batch: number;
  readonly at: number;
  readonly time: number;
}

/** The event, no time after the one before it. */
const PROC_STOP = Uint8Array.of(EV.ProcStop, 0);

function fault(generation: Generation, message: string): FormatError {
  return new FormatError(generation.name, NONE, `generation ${generation.number}: ${message}`);
}

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
  readonly trimmed: Trimmed | undefined;
}

/** Emulates the scheduler's state over the generations of one trace. */
export class Ordering {
  private readonly visit: (event: TraceEvent) => void;
  private readonly gs = new Map<number, GState>();
  private readonly ps = new Map<number, PState>();
  private readonly ms = new Map<number, MState>();
  private readonly tasks = new Map<number, string>();
  private gcSeq = 0;
  private gc: "undetermined" | "off" | "running" = "undetermined";
  private initialGeneration = 0;
  private readonly event: TraceEvent;
  private lastTime = 0;
  private generation!: Generation;
  /** The event's context, and the thread's after it. */
  private m = NONE;
  private p = NONE;
  private g = NONE;
  private newP = NONE;
  private newG = NONE;

  constructor(visit: (event: TraceEvent) => void) {
    this.visit = visit;
    this.event = { type: 0, time: 0, m: NONE, p: NONE, g: NONE, args: new Float64Array(5), generation: undefined as never, first: false };
  }

  /** Status of a goroutine now, G_STATUS; undefined when it is not known. */
  statusOf(g: number): number | undefined {
    return this.gs.get(g)?.status;
  }
  goroutines(): Iterable<[number, { readonly status: number }]> {
    return this.gs;
  }
  /** The thread a goroutine is bound to, NONE. */
  threadOf(g: number): number {
    for (const [m, state] of this.ms) if (state.g === g) return m;
    return NONE;
  }
  /** The thread a P is bound to, NONE. */
  threadOfP(p: number): number {
    for (const [m, state] of this.ms) if (state.p === p) return m;
    return NONE;
  }
  /** Status of a P now, P_STATUS; undefined when it is not known. */
  statusOfP(p: number): number | undefined {
    return this.ps.get(p)?.status;
  }
  procs(): Iterable<[number, { readonly status: number }]> {
    return this.ps;
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
   * take gives the P up itself; any other thread is cut where it stands.
   */
  settle(generation: Generation): Settled {
    let reason = "";
    const cut = new Map<number, Cut>();
    const stops = new Map<number, { readonly batch: number; readonly at: number }[]>();
    this.order(
      generation,
      (error, cursors) => {
        reason ||= error.message;
        for (const each of cursors) cut.set(each.m, { cursor: each, batch: each.batch, at: each.eventAt, time: each.time });
      },
      (cursors) => {
        const silent = cursors.filter((each) => each.type === EV.GoSyscallEndBlocked && this.giveUpP(each.m));
        for (const each of silent) stops.set(each.m, [...(stops.get(each.m) ?? []), { batch: each.batch, at: each.eventAt }]);
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
    let count = 0;
    for (const [m, places] of stops) {
      const own = [...(batches.get(m) ?? [])];
      for (const { batch, at } of places.toReversed()) {
        const whole = own[batch];
        if (!whole || at > whole.data.length) continue;
        const data = new Uint8Array(whole.data.length + PROC_STOP.length);
        data.set(whole.data.subarray(0, at));
        data.set(PROC_STOP, at);
        data.set(whole.data.subarray(at), at + PROC_STOP.length);
        own[batch] = { ...whole, data };
        count++;
      }
      batches.set(m, own);
    }
    const trimmed = cut.size === 0 ? undefined : { events, span: Math.max(0, last - first), reason };
    return { batches, changed: new Set([...cut.keys(), ...stops.keys()]), stops: count, trimmed };
  }

  /** The P of a thread in a system call becomes idle; false when there is none. */
  private giveUpP(m: number): boolean {
    const thread = this.ms.get(m);
    const p = thread && this.ps.get(thread.p);
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
    this.generation = generation;
    this.initialGeneration ||= generation.number;
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
      const each = heap[i] as ThreadCursor;
      let moved: boolean;
      try {
        moved = this.advance(each);
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
      if (next && (heap.length === 0 || next.time < (heap[0] as ThreadCursor).time)) {
        sample++;
        this.emitSample(next.time, next.m, next.p, next.g, next.stack);
        continue;
      }
      if (tryAt(0)) continue;
      heap.sort((a, b) => a.time - b.time);
      let i = 1;
      while (i < heap.length && !tryAt(i)) i++;
      if (i >= heap.length && !mend(heap)) {
        const first = heap[0] as ThreadCursor;
        stuck(
          fault(
            generation,
            `failed to advance: ${heap.length} threads wait, thread ${first.m} at ${SPECS[first.type]?.name} ${first.args}`,
          ),
          heap,
        );
        return;
      }
    }
  }

  private emitSample(time: number, m: number, p: number, g: number, stack: number): void {
    this.m = m;
    this.p = p;
    this.g = g;
    const { args } = this.event;
    args.fill(0);
    args[0] = stack;
    if (!this.generation.stacks.has(stack)) throw fault(this.generation, `found invalid stack ID ${stack} for a CPU sample`);
    this.send(EV.CPUSample, time, false);
  }

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

  /** The event as it stands on the wire. */
  private push(each: ThreadCursor, first = false): true {
    this.event.args.set(each.args);
    const tables = TABLE_ARGUMENTS[each.type];
    if (tables) {
      for (const i of tables.stacks) {
        const id = each.args[i] as number;
        if (!this.generation.stacks.has(id))
          throw fault(this.generation, `found invalid stack ID ${id} for event ${SPECS[each.type]?.name}`);
      }
      for (const i of tables.strings) {
        const id = each.args[i] as number;
        if (!this.generation.strings.has(id))
          throw fault(this.generation, `found invalid string ID ${id} for event ${SPECS[each.type]?.name}`);
      }
    }
    this.send(each.type, each.time, first);
    return true;
  }

  /** An event that stands nowhere and follows from another. */
  private pushMade(type: number, time: number, a = 0, b = 0): void {
    this.event.args.fill(0);
    this.event.args[0] = a;
    this.event.args[1] = b;
    this.send(type, time, false);
  }

  private advance(each: ThreadCursor): boolean {
    let state: MState | undefined;
    this.m = each.m;
    if (each.m === NO_THREAD) {
      this.p = NONE;
      this.g = NONE;
    } else {
      state = this.ms.get(each.m);
      if (!state) {
        state = { g: NONE, p: NONE };
        this.ms.set(each.m, state);
      }
      this.p = state.p;
      this.g = state.g;
    }
    this.newP = this.p;
    this.newG = this.g;
    if (!this.dispatch(each)) return false;
    if (state) {
      state.p = this.newP;
      state.g = this.newG;
    }
    return true;
  }

  private dispatch(each: ThreadCursor): boolean {
    switch (each.type) {
      case EV.ProcsChange:
      case EV.GoLabel:
      case EV.UserLog:
        this.needUserCode(each);
        return this.push(each);
      case EV.ProcStart:
        return this.procStart(each);
      case EV.ProcStop:
        return this.procStop(each);
      case EV.ProcSteal:
        return this.procSteal(each);
      case EV.ProcStatus:
        return this.procStatus(each);
      case EV.GoCreate:
      case EV.GoCreateBlocked:
        return this.goCreate(each);
      case EV.GoCreateSyscall:
        return this.goCreateSyscall(each);
      case EV.GoStart:
        return this.goStart(each);
      case EV.GoDestroy:
      case EV.GoStop:
      case EV.GoBlock:
        return this.goStopExec(each);
      case EV.GoDestroySyscall:
        return this.goDestroySyscall(each);
      case EV.GoUnblock:
        return this.goUnblock(each);
      case EV.GoSyscallBegin:
        return this.goSyscallBegin(each);
      case EV.GoSyscallEnd:
        return this.goSyscallEnd(each);
      case EV.GoSyscallEndBlocked:
        return this.goSyscallEndBlocked(each);
      case EV.GoStatus:
      case EV.GoStatusStack:
        return this.goStatus(each);
      case EV.GoSwitch:
      case EV.GoSwitchDestroy:
        return this.goSwitch(each);
      case EV.STWBegin:
      case EV.GCMarkAssistBegin:
        this.needUserCode(each);
        this.beginRange(this.currentG(each).ranges, each.type, each.type === EV.STWBegin ? (each.args[0] as number) : 0);
        return this.push(each);
      case EV.STWEnd:
      case EV.GCMarkAssistEnd: {
        this.needUserCode(each);
        const kind = this.endRange(this.currentG(each).ranges, each.type);
        if (each.type === EV.STWEnd) each.args[0] = kind;
        return this.push(each);
      }
      case EV.GCMarkAssistActive: {
        const g = this.gs.get(each.args[0] as number);
        if (!g) throw this.error(each, `uninitialized goroutine ${each.args[0]}`);
        this.activeRange(g.ranges, each.type);
        return this.push(each);
      }
      case EV.GCSweepBegin:
        this.need(each, true, true, false);
        this.beginRange(this.currentP(each).ranges, each.type, 0);
        return this.push(each);
      case EV.GCSweepEnd:
        this.need(each, true, true, false);
        this.endRange(this.currentP(each).ranges, each.type);
        return this.push(each);
      case EV.GCSweepActive: {
        const p = this.ps.get(each.args[0] as number);
        if (!p) throw this.error(each, `unknown proc ${each.args[0]}`);
        this.activeRange(p.ranges, each.type);
        return this.push(each);
      }
      case EV.GCActive:
      case EV.GCBegin:
      case EV.GCEnd:
        return this.collection(each);
      case EV.HeapAlloc:
      case EV.HeapGoal:
        this.need(each, true, true, false);
        return this.push(each);
      case EV.UserTaskBegin:
      case EV.UserTaskEnd:
        return this.task(each);
      case EV.UserRegionBegin:
      case EV.UserRegionEnd:
        return this.region(each);
      default:
        if (each.type >= 128 && SPECS[each.type]) {
          this.need(each, true, false, false);
          return this.push(each);
        }
        throw fault(this.generation, `bad event type found while ordering: ${each.type}`);
    }
  }

  private error(each: ThreadCursor, message: string): FormatError {
    return fault(this.generation, `${SPECS[each.type]?.name ?? each.type} of thread ${each.m}: ${message}`);
  }

  /** What the context has to have; "may" is not asked for. */
  private need(each: ThreadCursor, m: boolean, p: boolean, g: boolean): void {
    if (m && this.m === NO_THREAD) throw this.error(each, "expected a thread but didn't have one");
    if (p && this.p === NONE) throw this.error(each, "expected a proc but didn't have one");
    if (g && this.g === NONE) throw this.error(each, "expected a goroutine but didn't have one");
  }

  private needUserCode(each: ThreadCursor): void {
    this.need(each, true, true, true);
  }

  private currentG(each: ThreadCursor): GState {
    const state = this.gs.get(this.g);
    if (!state) throw this.error(each, `goroutine ${this.g} doesn't exist`);
    return state;
  }

  private currentP(each: ThreadCursor): PState {
    const state = this.ps.get(this.p);
    if (!state) throw this.error(each, `proc ${this.p} doesn't exist`);
    return state;
  }

  private succeeds(seq: number, state: { readonly generation: number; readonly seq: number }): boolean {
    return state.generation === this.generation.number && seq === state.seq + 1;
  }

  private procStatus(each: ThreadCursor): boolean {
    const pid = each.args[0] as number;
    const status = each.args[1] as number;
    if (status < 0 || status > P_STATUS.syscallAbandoned) throw this.error(each, `invalid status for proc ${pid}: ${status}`);
    const state = this.ps.get(pid);
    let promoted = false;
    if (state) {
      if (status === P_STATUS.syscallAbandoned && state.status === P_STATUS.syscall) {
        promoted = true;
        each.args[1] = P_STATUS.syscall;
      } else if (status !== state.status)
        throw this.error(each, `inconsistent status for proc ${pid}: old ${state.status} vs. new ${status}`);
      state.generation = this.generation.number;
      state.seq = 0;
    } else this.ps.set(pid, { status, generation: this.generation.number, seq: 0, ranges: [] });
    if (status === P_STATUS.running || status === P_STATUS.syscall) this.newP = pid;
    if (promoted) {
      const bound = [...this.ms].find(([, each]) => each.p === pid);
      if (!bound) throw this.error(each, `failed to find sched context for proc ${pid} that's about to be stolen`);
      this.m = bound[0];
      this.p = pid;
      this.g = bound[1].g;
    }
    return this.push(each, state === undefined);
  }

  private procStart(each: ThreadCursor): boolean {
    const pid = each.args[0] as number;
    const seq = each.args[1] as number;
    const state = this.ps.get(pid);
    if (!state || state.status !== P_STATUS.idle || !this.succeeds(seq, state) || this.p !== NONE) return false;
    this.need(each, true, false, false);
    state.status = P_STATUS.running;
    state.seq = seq;
    this.newP = pid;
    return this.push(each);
  }

  private procStop(each: ThreadCursor): boolean {
    const state = this.currentP(each);
    if (state.status !== P_STATUS.running && state.status !== P_STATUS.syscall) throw this.error(each, "the proc is not running");
    this.need(each, true, true, false);
    state.status = P_STATUS.idle;
    this.newP = NONE;
    return this.push(each);
  }

  private procSteal(each: ThreadCursor): boolean {
    const pid = each.args[0] as number;
    const seq = each.args[1] as number;
    const state = this.ps.get(pid);
    const stealable = state && (state.status === P_STATUS.syscall || state.status === P_STATUS.syscallAbandoned);
    if (!stealable || !this.succeeds(seq, state)) return false;
    this.need(each, true, false, false);
    const lost = state.status === P_STATUS.syscallAbandoned;
    state.status = P_STATUS.idle;
    state.seq = seq;
    if (lost) return this.push(each);
    const mid = each.args[2] as number;
    if (mid === this.m) {
      if (this.p !== pid) throw this.error(each, `tried to self-steal proc ${pid} (thread ${mid}), but got proc ${this.p} instead`);
      this.newP = NONE;
      return this.push(each);
    }
    const from = this.ms.get(mid);
    if (!from) throw this.error(each, `stole proc from non-existent thread ${mid}`);
    if (from.p !== pid) throw this.error(each, `tried to steal proc ${pid} from thread ${mid}, but got proc ${from.p} instead`);
    from.p = NONE;
    return this.push(each);
  }

  private goStatus(each: ThreadCursor): boolean {
    const gid = each.args[0] as number;
    const mid = each.args[1] as number;
    const status = each.args[2] as number;
    const gen = this.generation.number;
    if (status < 0 || status > G_STATUS.waiting) throw this.error(each, `invalid status for goroutine ${gid}: ${status}`);
    const state = this.gs.get(gid);
    if (state) {
      if (state.status !== status)
        throw this.error(each, `inconsistent status for goroutine ${gid}: old ${state.status} vs. new ${status}`);
      state.generation = gen;
      state.seq = 0;
    } else if (gen === this.initialGeneration) this.gs.set(gid, { status, generation: gen, seq: 0, ranges: [], regions: [] });
    else throw this.error(each, `found goroutine status for new goroutine after the first generation: id=${gid} status=${status}`);
    if (status === G_STATUS.running) this.newG = gid;
    else if (status === G_STATUS.syscall) {
      if (mid === NO_THREAD) throw this.error(each, `found goroutine ${gid} in syscall without a thread`);
      if (mid === this.m) {
        if (gen !== this.initialGeneration && this.g !== gid)
          throw this.error(each, `inconsistent thread for syscalling goroutine ${gid}: thread has goroutine ${this.g}`);
        this.newG = gid;
      } else {
        const other = this.ms.get(mid);
        if (other) {
          if (other.g !== gid)
            throw this.error(each, `inconsistent thread for syscalling goroutine ${gid}: thread has goroutine ${other.g}`);
          this.g = other.g;
        } else this.ms.set(mid, { g: gid, p: NONE });
        this.m = mid;
      }
    }
    return this.push(each, state === undefined);
  }

  private goCreate(each: ThreadCursor): boolean {
    this.need(each, true, true, false);
    const current = this.gs.get(this.g);
    if (current && current.status !== G_STATUS.running) throw this.error(each, "the creating goroutine is not running");
    const gid = each.args[0] as number;
    if (this.gs.has(gid)) throw this.error(each, `tried to create goroutine (${gid}) that already exists`);
    const status = each.type === EV.GoCreateBlocked ? G_STATUS.waiting : G_STATUS.runnable;
    this.gs.set(gid, { status, generation: this.generation.number, seq: 0, ranges: [], regions: [] });
    return this.push(each);
  }

  private goStopExec(each: ThreadCursor): boolean {
    this.needUserCode(each);
    const state = this.currentG(each);
    if (state.status !== G_STATUS.running) throw this.error(each, `goroutine ${this.g} is not running`);
    if (each.type === EV.GoDestroy) this.gs.delete(this.g);
    else state.status = each.type === EV.GoStop ? G_STATUS.runnable : G_STATUS.waiting;
    this.newG = NONE;
    return this.push(each);
  }

  private goStart(each: ThreadCursor): boolean {
    const gid = each.args[0] as number;
    const seq = each.args[1] as number;
    const state = this.gs.get(gid);
    if (!state || state.status !== G_STATUS.runnable || !this.succeeds(seq, state)) return false;
    this.need(each, true, true, false);
    if (this.g !== NONE) throw this.error(each, "expected no goroutine but had one");
    state.status = G_STATUS.running;
    state.seq = seq;
    this.newG = gid;
    return this.push(each);
  }

  private goUnblock(each: ThreadCursor): boolean {
    const state = this.gs.get(each.args[0] as number);
    const seq = each.args[1] as number;
    if (!state || state.status !== G_STATUS.waiting || !this.succeeds(seq, state)) return false;
    state.status = G_STATUS.runnable;
    state.seq = seq;
    return this.push(each);
  }

  private goSwitch(each: ThreadCursor): boolean {
    this.needUserCode(each);
    const current = this.currentG(each);
    if (current.status !== G_STATUS.running) throw this.error(each, `goroutine ${this.g} is not running`);
    const gid = each.args[0] as number;
    const seq = each.args[1] as number;
    const next = this.gs.get(gid);
    if (!next || next.status !== G_STATUS.waiting || !this.succeeds(seq, next)) return false;
    this.push(each);
    if (each.type === EV.GoSwitch) {
      current.status = G_STATUS.waiting;
      this.pushMade(EV.GoBlock, each.time);
    } else {
      this.gs.delete(this.g);
      this.pushMade(EV.GoDestroy, each.time);
    }
    next.status = G_STATUS.running;
    next.seq = seq;
    this.newG = gid;
    this.g = NONE;
    this.pushMade(EV.GoStart, each.time, gid, seq);
    return true;
  }

  private goSyscallBegin(each: ThreadCursor): boolean {
    this.needUserCode(each);
    const state = this.currentG(each);
    if (state.status !== G_STATUS.running) throw this.error(each, `goroutine ${this.g} is not running`);
    const p = this.currentP(each);
    const seq = each.args[0] as number;
    if (!this.succeeds(seq, p)) throw this.error(each, `can't make sequence: ${p.seq} (gen=${p.generation}) -> ${seq}`);
    state.status = G_STATUS.syscall;
    p.status = P_STATUS.syscall;
    p.seq = seq;
    return this.push(each);
  }

  private goSyscallEnd(each: ThreadCursor): boolean {
    this.needUserCode(each);
    const state = this.currentG(each);
    if (state.status !== G_STATUS.syscall) throw this.error(each, `goroutine ${this.g} is not in a syscall`);
    const p = this.currentP(each);
    if (p.status !== P_STATUS.syscall) throw this.error(each, `expected proc ${this.p} in a syscall, but got status ${p.status}`);
    state.status = G_STATUS.running;
    p.status = P_STATUS.running;
    return this.push(each);
  }

  private goSyscallEndBlocked(each: ThreadCursor): boolean {
    if (this.p !== NONE && this.currentP(each).status === P_STATUS.syscall) return false;
    this.need(each, true, false, true);
    const state = this.currentG(each);
    if (state.status !== G_STATUS.syscall) throw this.error(each, `goroutine ${this.g} is not in a syscall`);
    state.status = G_STATUS.runnable;
    this.newG = NONE;
    return this.push(each);
  }

  private goCreateSyscall(each: ThreadCursor): boolean {
    this.need(each, true, false, false);
    if (this.g !== NONE) throw this.error(each, "expected no goroutine but had one");
    const gid = each.args[0] as number;
    if (this.gs.has(gid)) throw this.error(each, `tried to create goroutine (${gid}) in syscall that already exists`);
    this.gs.set(gid, { status: G_STATUS.syscall, generation: this.generation.number, seq: 0, ranges: [], regions: [] });
    this.newG = gid;
    return this.push(each);
  }

  private goDestroySyscall(each: ThreadCursor): boolean {
    this.need(each, true, false, true);
    const state = this.currentG(each);
    if (state.status !== G_STATUS.syscall) throw this.error(each, `goroutine ${this.g} is not in a syscall`);
    this.gs.delete(this.g);
    this.newG = NONE;
    if (this.p !== NONE) {
      const p = this.currentP(each);
      if (p.status !== P_STATUS.syscall) throw this.error(each, `proc ${this.p} in unexpected state ${p.status}`);
      p.status = P_STATUS.syscallAbandoned;
      this.newP = NONE;
      this.pushMade(EV.ProcSteal, each.time, this.p);
    }
    return this.push(each);
  }

  private collection(each: ThreadCursor): boolean {
    const seq = each.args[0] as number;
    const initial = this.generation.number === this.initialGeneration;
    if (each.type === EV.GCActive && initial) {
      if (this.gc !== "undetermined") throw this.error(each, "GCActive in the first generation isn't first GC event");
      this.gcSeq = seq;
      this.gc = "running";
      return this.push(each);
    }
    if (each.type === EV.GCBegin && this.gc === "undetermined") {
      this.gcSeq = seq;
      this.gc = "running";
      return this.push(each);
    }
    if (seq !== this.gcSeq + 1) return false;
    if (each.type === EV.GCBegin) {
      if (this.gc === "running") throw this.error(each, "GC was already in progress");
      this.gc = "running";
    } else {
      if (this.gc !== "running") throw this.error(each, "GC was not in progress");
      if (each.type === EV.GCEnd) this.gc = "off";
    }
    this.gcSeq = seq;
    this.needUserCode(each);
    return this.push(each);
  }

  private text(each: ThreadCursor, argument: number): string {
    const text = this.generation.strings.get(each.args[argument] as number);
    if (text === undefined) throw this.error(each, `invalid string ID ${each.args[argument]}`);
    return text;
  }

  private task(each: ThreadCursor): boolean {
    const id = each.args[0] as number;
    if (each.type === EV.UserTaskBegin) {
      if (this.tasks.has(id)) throw this.error(each, `task ID conflict: ${id}`);
      this.tasks.set(id, this.text(each, 2));
    } else this.tasks.delete(id);
    this.needUserCode(each);
    return this.push(each);
  }

  private region(each: ThreadCursor): boolean {
    this.needUserCode(each);
    const task = each.args[0] as number;
    const name = this.text(each, 1);
    const { regions } = this.currentG(each);
    if (each.type === EV.UserRegionBegin) regions.push({ task, name });
    else {
      const inner = regions.pop();
      if (inner && (inner.task !== task || inner.name !== name))
        throw this.error(each, `misuse of region in goroutine ${this.g}: end of ${name} when the inner-most is ${inner.name}`);
    }
    return this.push(each);
  }

  private beginRange(ranges: RangeType[], type: number, kind: number): void {
    if (ranges.some((each) => each.type === type && each.kind === kind))
      throw fault(this.generation, `discovered event already in-flight when starting event ${SPECS[type]?.name}`);
    ranges.push({ type, kind });
  }

  private activeRange(ranges: RangeType[], type: number): void {
    const start = RANGE_START[type] as number;
    const known = ranges.some((each) => each.type === start && each.kind === 0);
    if (this.generation.number === this.initialGeneration) {
      if (known) throw fault(this.generation, `found named active range already in first gen: ${SPECS[type]?.name}`);
      ranges.push({ type: start, kind: 0 });
    } else if (!known) throw fault(this.generation, `resource is missing active range: ${SPECS[type]?.name}`);
  }

  private endRange(ranges: RangeType[], type: number): number {
    const start = RANGE_START[type];
    const at = ranges.findIndex((each) => each.type === start);
    if (at < 0) throw fault(this.generation, `tried to end event ${SPECS[start as number]?.name}, but not in-flight`);
    const { kind } = ranges[at] as RangeType;
    ranges[at] = ranges[ranges.length - 1] as RangeType;
    ranges.pop();
    return kind;
  }
}

function advanceQuietly(each: ThreadCursor, generation: Generation): boolean {
  try {
    return each.next(generation);
  } catch {
    return false;
  }
}

function siftUp(heap: ThreadCursor[], from: number): number {
  let i = from;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if ((heap[parent] as ThreadCursor).time <= (heap[i] as ThreadCursor).time) break;
    swap(heap, parent, i);
    i = parent;
  }
  return i;
}

function siftDown(heap: ThreadCursor[], from: number): void {
  let i = from;
  for (;;) {
    let least = i;
    for (let child = 2 * i + 1; child <= 2 * i + 2; child++) {
      if (child < heap.length && (heap[child] as ThreadCursor).time < (heap[least] as ThreadCursor).time) least = child;
    }
    if (least === i) return;
    swap(heap, least, i);
    i = least;
  }
}

function removeAt(heap: ThreadCursor[], at: number): void {
  const last = heap.pop() as ThreadCursor;
  if (at >= heap.length) return;
  heap[at] = last;
  if (siftUp(heap, at) === at) siftDown(heap, at);
}

function swap(heap: ThreadCursor[], a: number, b: number): void {
  const one = heap[a] as ThreadCursor;
  heap[a] = heap[b] as ThreadCursor;
  heap[b] = one;
}
