// The threads of one generation merged: always the earliest event that the scheduler allows.
import { FormatError } from "../base/errors.js";
import { counted } from "../base/units.js";
import { advance } from "./dispatch.js";
import { SPECS } from "./events.js";
import { removeAt, siftDown, siftUp } from "./frontier.js";
import type { Generation } from "./generation.js";
import type { SchedulerState } from "./scheduler-state.js";
import { fault, ThreadCursor } from "./thread-cursor.js";

/** What happens where the merge cannot go on. */
export interface Trouble {
  /**
   * Threads whose next event can never be visited, and why; they are left out of what follows. It may throw to end the merge.
   */
  stuck(error: FormatError, cursors: readonly ThreadCursor[]): void;
  /** All threads wait for each other, earliest first. Changes the scheduler's state so that one can go on; false when it cannot. */
  repair(cursors: readonly ThreadCursor[]): boolean;
}

/** The events of one generation, visited in order. internal/trace reader.go ReadEvent */
export class Merge {
  private readonly scheduler: SchedulerState;
  private readonly generation: Generation;
  private readonly trouble: Trouble;
  /** One cursor a thread, a heap by the time of the next event. */
  private readonly heap: ThreadCursor[] = [];

  constructor(scheduler: SchedulerState, generation: Generation, trouble: Trouble) {
    this.scheduler = scheduler;
    this.generation = generation;
    this.trouble = trouble;
  }

  /** Visits all events. CPU samples have no thread's batch: they are put in by their time. */
  run(): void {
    const { scheduler, generation, heap } = this;
    scheduler.generation = generation;
    scheduler.initialGeneration ||= generation.number;
    this.open();
    let sample = 0;
    const { samples } = generation;
    while (heap.length > 0 || sample < samples.length) {
      const next = samples[sample];
      if (next && (heap.length === 0 || next.time < heap[0].time)) {
        sample++;
        scheduler.emitSample(next.time, next.m, next.p, next.g, next.stack);
        continue;
      }
      if (!this.tryAt(0) && !this.tryOthers() && !this.trouble.repair(heap)) {
        this.trouble.stuck(this.deadlock(), heap);
        return;
      }
    }
  }

  /** Reads the first event of every thread. */
  private open(): void {
    const { heap } = this;
    for (const [m, batches] of this.generation.batches) {
      const each = new ThreadCursor(m, batches);
      if (!this.readNext(each)) continue;
      heap.push(each);
      siftUp(heap, heap.length - 1);
    }
  }

  /** Reads a thread's next event; false at its end, and where damage ends it. */
  private readNext(each: ThreadCursor): boolean {
    try {
      return each.next(this.generation);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      each.time = Math.max(each.time, 0);
      this.trouble.stuck(error, [each]);
      return false;
    }
  }

  /** Visits the event of the thread at a place of the heap; false when it has to wait for another thread's. */
  private tryAt(i: number): boolean {
    const { heap } = this;
    const each = heap[i];
    let moved: boolean;
    try {
      moved = advance(this.scheduler, each);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.trouble.stuck(error, [each]);
      removeAt(heap, i);
      return true;
    }
    if (!moved) return false;
    if (this.readNext(each)) {
      if (siftUp(heap, i) === i) siftDown(heap, i);
    } else removeAt(heap, i);
    return true;
  }

  /** Visits the earliest event but the first that may be visited; false when all threads wait. */
  private tryOthers(): boolean {
    const { heap } = this;
    // What is sorted is a heap too. tryAt shortens it when it takes a thread's last event, so only its own word says that it moved.
    heap.sort((a, b) => a.time - b.time);
    for (let i = 1; i < heap.length; i++) if (this.tryAt(i)) return true;
    return false;
  }

  /** Every thread waits for another one's event. */
  private deadlock(): FormatError {
    const [first] = this.heap;
    const what = `thread ${first.m} at ${SPECS[first.type]?.name} ${first.args}`;
    return fault(this.generation, `failed to advance: ${counted(this.heap.length, "thread")} wait, ${what}`);
  }
}
