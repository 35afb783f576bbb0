// What events of Ps do: false where one has to wait for another thread's. Source: internal/trace order.go
import { NONE } from "../base/units.js";
import { P_STATUS } from "./events.js";
import type { SchedulerState } from "./scheduler-state.js";
import type { ThreadCursor } from "./thread-cursor.js";

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

export function procStop(scheduler: SchedulerState, each: ThreadCursor): boolean {
  const state = scheduler.currentP(each);
  if (state.status !== P_STATUS.running && state.status !== P_STATUS.syscall) throw scheduler.error(each, "the proc is not running");
  scheduler.need(each, true, true, false);
  state.status = P_STATUS.idle;
  scheduler.newP = NONE;
  return scheduler.push(each);
}

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
