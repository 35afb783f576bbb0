// Statuses of what did nothing in a whole generation. runtime/tracestatus.go
import { MemoryFault } from "../base/errors.js";
import { type Address, NONE } from "../base/units.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { readField } from "../runtime/layout/layout.js";
import { type Processor, readProcessors } from "../runtime/records/processor.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { EV, G_STATUS, P_STATUS } from "../trace/events.js";
import { formatHas } from "../trace/format.js";
import { NO_THREAD } from "../trace/wire.js";
import { BatchMaker } from "./batch-maker.js";
import type { FoundBatch } from "./buffers.js";
import { Inventory } from "./inventory.js";
import { coreProcStatus, coreStatus } from "./scheduler.js";
import type { Unfinished } from "./unfinished.js";

/** Batches of status events, and how many are of goroutines and of Ps. */
export interface Statuses {
  readonly batches: readonly FoundBatch[];
  readonly goroutines: number;
  readonly procs: number;
}

/**
 * A status for every goroutine and every P without an event in the generation.
 *
 * What each did all along is known in two ways. Where a generation before was ordered, the scheduler's state at its end is the answer,
 * because nothing has happened since. Where this is the first generation, what the core shows must do: it is the state at the very
 * end, and that of a thing without events is the same as at the beginning.
 *
 * A status of what is running binds it to the thread in whose batch it stands, so those go into batches of their threads and all
 * others into one of no thread. Ps come first: a goroutine can only run where a P does.
 *
 * @param stackId gives a stack of return addresses an id
 */
export function writeStatuses(given: Unfinished, known: Inventory, stackId: (words: readonly number[]) => number): Statuses {
  const writer = new StatusWriter(given, known, stackId);
  const processors = readProcessors(given.runtime).filter((p) => !known.procs.has(p.id));
  const procs = processors.filter((p) => writer.proc(p)).length;
  let goroutines = 0;
  for (const goroutine of given.runtime.goroutines.all) {
    const { id } = goroutine;
    // One that the next generation sees created came into being after this one.
    if (id === 0 || known.goroutines.has(id) || writer.next?.isNew(id)) continue;
    try {
      if (writer.goroutine(goroutine)) goroutines++;
    } catch (error) {
      if (!(error instanceof MemoryFault)) throw error;
      const message = "a goroutine's record is not in the core; it is missing in the last generation";
      given.findings.add("trace-status", message, `goroutine ${id}`, { partial: true });
    }
  }
  return { batches: writer.batches(), goroutines, procs };
}

/** Writes one status after the other. */
class StatusWriter {
  /** What the generation after this one says, when it has begun. */
  readonly next: Inventory | undefined;
  private readonly given: Unfinished;
  private readonly known: Inventory;
  private readonly stackId: (words: readonly number[]) => number;
  /** Ids of threads by the addresses of their m. */
  private readonly tids: ReadonlyMap<Address, number>;
  /** Of no thread. */
  private readonly idle: BatchMaker;
  private readonly byThread = new Map<number, BatchMaker>();
  /** Threads that a P was bound to here. */
  private readonly bound = new Set<number>();

  constructor(given: Unfinished, known: Inventory, stackId: (words: readonly number[]) => number) {
    this.given = given;
    this.known = known;
    this.stackId = stackId;
    this.next = given.next && new Inventory(given.next, given.findings);
    this.tids = new Map(given.state.threads.map((thread) => [thread.address, thread.tid]));
    this.idle = new BatchMaker(given.generation, NO_THREAD, known.lastTime, undefined);
  }

  private ofThread(m: number): BatchMaker {
    let maker = this.byThread.get(m);
    if (!maker) {
      maker = new BatchMaker(this.given.generation, m, this.known.lastTime, undefined);
      this.byThread.set(m, maker);
    }
    return maker;
  }

  /** The batches of threads, then the one of none. */
  batches(): readonly FoundBatch[] {
    const own = [...this.byThread.values()].flatMap((maker) => maker.flush());
    return [...own, ...this.idle.flush()];
  }

  /** Writes ProcStatus; false when nothing true can be said: its thread has events, or another P, or is not known. */
  proc(p: Processor): boolean {
    const { before, format, runtime } = this.given;
    const earlier = before?.statusOfP(p.id);
    let status = earlier ?? coreProcStatus(p.status);
    if (status === undefined || status === P_STATUS.syscallAbandoned) return false;
    const thread = earlier === undefined ? (this.tids.get(p.machine) ?? 0) : (before?.threadOfP(p.id) ?? NONE);
    if (status !== P_STATUS.idle) {
      if (thread <= 0 || this.known.threads.has(thread) || this.bound.has(thread)) return false;
      if (earlier === undefined && formatHas(format, "syscallStatus") && currentStatus(runtime, p.machine) === G_STATUS.syscall)
        status = P_STATUS.syscall;
      this.bound.add(thread);
    }
    const to = (status === P_STATUS.idle ? this.idle : this.ofThread(thread)).record();
    to.byte(EV.ProcStatus).varint(0).varint(p.id).varint(status);
    if (earlier === undefined && p.inSweep && status !== P_STATUS.idle) to.byte(EV.GCSweepActive).varint(0).varint(p.id);
    return true;
  }

  /**
   * Writes GoStatus, or since format 1.23 GoStatusStack; false when nothing true can be said.
   * @throws MemoryFault when the goroutine's record is not in the core
   */
  goroutine(goroutine: Goroutine): boolean {
    const { before, runtime } = this.given;
    const { memory } = runtime.process;
    const g = runtime.layout.struct("tracedG");
    const { id, address } = goroutine;
    const earlier = before?.statusOf(id);
    if (before && earlier === undefined) return false; // unknown to a later generation: it cannot be introduced there
    const core = coreStatus(runtime, goroutine);
    let status = earlier ?? this.next?.statuses.get(id) ?? core;
    if (status === undefined) return false;
    let thread = earlier === undefined ? (this.tids.get(readField(memory, g, address, "m")) ?? 0) : (before?.threadOf(id) ?? NONE);
    if (status === G_STATUS.running) {
      // Had it run in this generation, its thread would have said so: then it is only about to.
      if (earlier === undefined && (this.known.threads.has(thread) || thread <= 0)) status = G_STATUS.runnable;
      else if (!this.bound.has(thread)) return false;
    }
    if (status === G_STATUS.syscall && thread <= 0) return false;
    if (status !== G_STATUS.running && status !== G_STATUS.syscall) thread = NONE;
    const stack = this.stackId(status === core && status !== G_STATUS.running ? this.stackWords(goroutine) : []);
    const isHere = this.bound.has(thread) && !this.known.threads.has(thread);
    const to = (isHere ? this.ofThread(thread) : this.idle).record();
    to.byte(stack === 0 ? EV.GoStatus : EV.GoStatusStack)
      .varint(0)
      .varint(id)
      .varint(thread)
      .varint(status);
    if (stack !== 0) to.varint(stack);
    const isAssisting = g.has("inMarkAssist") && readField(memory, g, address, "inMarkAssist") !== 0;
    if (isAssisting && earlier === undefined) to.byte(EV.GCMarkAssistActive).varint(0).varint(id);
    return true;
  }

  /** Return addresses of a goroutine that does not run; [] in formats whose statuses have no stacks. */
  private stackWords({ id, address, stack }: Goroutine): readonly number[] {
    return formatHas(this.given.format, "statusStacks") ? this.given.expander.wordsOf(address, id, stack) : [];
  }
}

/** The status of the goroutine that a thread is at; undefined when it has none, or the thread's record is not in the core. */
function currentStatus(runtime: GoRuntime, machine: Address): number | undefined {
  const { memory } = runtime.process;
  const m = runtime.layout.struct("tracedM");
  if (machine <= 0 || !memory.tryBytes(machine, m.size)) return undefined;
  const current = readField(memory, m, machine, "curg");
  const goroutine = runtime.goroutines.all.find((each) => each.address === current);
  return goroutine && coreStatus(runtime, goroutine);
}
