// What events of Ps, the processors of the scheduler, do: as for goroutines, false where one has to wait. Source: internal/trace order.go
import { NONE } from "../base/units.js";
import { P_STATUS } from "./events.js";
import type { SchedulerState } from "./scheduler-state.js";
import type { ThreadCursor } from "./thread-cursor.js";

/**
 * ProcStatus: what a P does when a generation begins. In the first generation it introduces the P; later it has to agree with what is
 * known. One status may differ: the P of a thread that is in a system call since an earlier generation is "abandoned" for the thread
 * that is about to take it. It is then the same status as before, and the event happens on the thread in the system call.
 * advanceProcStatus
 */
export function procStatus(scheduler: SchedulerState, each: ThreadCursor): boolean {
  const pid = each.args[0];
  const status = each.args[1];
  if (status < 0 || status > P_STATUS.syscallAbandoned) throw scheduler.error(each, `invalid status for proc ${pid}: ${status}`);
  const state = scheduler.ps.get(pid);
  let promoted = false;
  if (state) {
    if (status === P_STATUS.syscallAbandoned && state.status === P_STATUS.syscall) {
      promoted = true;
      each.args[1] = P_STATUS.syscall;
    } else if (status !== state.status)
      throw scheduler.error(each, `inconsistent status for proc ${pid}: old ${state.status} vs. new ${status}`);
    state.generation = scheduler.generation.number;
    state.seq = 0;
  } else scheduler.ps.set(pid, { status, generation: scheduler.generation.number, seq: 0, ranges: [] });
  if (status === P_STATUS.running || status === P_STATUS.syscall) scheduler.newP = pid;
  if (promoted) {
    const bound = [...scheduler.ms].find(([, each]) => each.p === pid);
    if (!bound) throw scheduler.error(each, `failed to find sched context for proc ${pid} that's about to be stolen`);
    scheduler.m = bound[0];
    scheduler.p = pid;
    scheduler.g = bound[1].g;
  }
  return scheduler.push(each, state === undefined);
}

/** ProcStart: waits until the P is idle, the event is its next and the thread has no other P. advanceProcStart */
export function procStart(scheduler: SchedulerState, each: ThreadCursor): boolean {
  const pid = each.args[0];
  const seq = each.args[1];
  const state = scheduler.ps.get(pid);
  if (!state || state.status !== P_STATUS.idle || !scheduler.succeeds(seq, state) || scheduler.p !== NONE) return false;
  scheduler.need(each, true, false, false);
  state.status = P_STATUS.running;
  state.seq = seq;
  scheduler.newP = pid;
  return scheduler.push(each);
}

/** ProcStop: the thread gives its P up, which becomes idle. The thread's own event: nothing to wait for. advanceProcStop */
export function procStop(scheduler: SchedulerState, each: ThreadCursor): boolean {
  const state = scheduler.currentP(each);
  if (state.status !== P_STATUS.running && state.status !== P_STATUS.syscall) throw scheduler.error(each, "the proc is not running");
  scheduler.need(each, true, true, false);
  state.status = P_STATUS.idle;
  scheduler.newP = NONE;
  return scheduler.push(each);
}

/**
 * ProcSteal: a thread takes the P of another that is in a system call. Waits until the P is there and the event is its next. An
 * abandoned P is bound to no thread any more; else it is taken from the thread that the event names, which may be the own one.
 * advanceProcSteal
 */
export function procSteal(scheduler: SchedulerState, each: ThreadCursor): boolean {
  const pid = each.args[0];
  const seq = each.args[1];
  const state = scheduler.ps.get(pid);
  const stealable = state && (state.status === P_STATUS.syscall || state.status === P_STATUS.syscallAbandoned);
  if (!stealable || !scheduler.succeeds(seq, state)) return false;
  scheduler.need(each, true, false, false);
  const lost = state.status === P_STATUS.syscallAbandoned;
  state.status = P_STATUS.idle;
  state.seq = seq;
  if (lost) return scheduler.push(each);
  const mid = each.args[2];
  if (mid === scheduler.m) {
    if (scheduler.p !== pid)
      throw scheduler.error(each, `tried to self-steal proc ${pid} (thread ${mid}), but got proc ${scheduler.p} instead`);
    scheduler.newP = NONE;
    return scheduler.push(each);
  }
  const from = scheduler.ms.get(mid);
  if (!from) throw scheduler.error(each, `stole proc from non-existent thread ${mid}`);
  if (from.p !== pid) throw scheduler.error(each, `tried to steal proc ${pid} from thread ${mid}, but got proc ${from.p} instead`);
  from.p = NONE;
  return scheduler.push(each);
}
