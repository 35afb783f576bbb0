// When Ps stopped for good: the first event of a freeze is found by the Ps that it stopped.

import { EV } from "./events.js";
import type { TraceEvent } from "./order.js";

/** Follows the Ps of a trace: give it every event in order. */
export class LastStops {
  /** By P, ns: when it began to stop and did not start again. */
  private readonly stopped = new Map<number, number>();
  /** By thread, ns: its goroutine was stopped and nothing has happened on it since. */
  private readonly preempted = new Map<number, number>();

  /** Goroutines that stop the world themselves: then Ps stand still for another reason. */
  private readonly stopping = new Set<number>();

  /** Takes the next event. */
  visit({ type, time, m, p, g, args }: TraceEvent): void {
    if (type === EV.STWBegin) this.stopping.add(g);
    else if (type === EV.STWEnd) this.stopping.delete(g);
    if (type === EV.GoStop) this.preempted.set(m, time);
    else {
      if (type === EV.ProcStop) this.stopped.set(p, this.preempted.get(m) ?? time);
      else if (type === EV.ProcStart) this.stopped.delete(args[0]);
      this.preempted.delete(m);
    }
  }

  /** The time of the first of these Ps' last stops, ns of the trace clock: with the preemption that led to it. undefined: none is in the trace, or the world was being stopped anyway. */
  first(procs: Iterable<number>): number | undefined {
    if (this.stopping.size > 0) return undefined;
    let first: number | undefined;
    for (const p of procs) {
      const time = this.stopped.get(p);
      if (time !== undefined && (first === undefined || time < first)) first = time;
    }
    return first;
  }
}
