// What events of goroutines do. Source: internal/trace order.go
//
// Each function takes one kind of event. It changes the scheduler's state and visits the event, or it answers false and changes nothing:
// then the event has to wait for one of another thread. It throws FormatError when no order at all allows the event.
import { NONE } from "../base/units.js";
import { EV, G_STATUS, P_STATUS } from "./events.js";
import type { SchedulerState } from "./scheduler-state.js";
import type { ThreadCursor } from "./thread-cursor.js";
import { NO_THREAD } from "./wire.js";

/**
 * GoStatus, GoStatusStack: what a goroutine that was there before does when a generation begins, or all through it. In the first
 * generation it introduces the goroutine; later it has to agree with what is known. Its sequence numbers begin at 0 again.
 *
 * A status in a system call names the thread, because the one that writes it may be another: then the event happens on that thread.
 * order.go advanceGoStatus
 */
export function goStatus(scheduler: SchedulerState, each: ThreadCursor): boolean {
  const gid = each.args[0];
  const mid = each.args[1];
  const status = each.args[2];
  const gen = scheduler.generation.number;
  if (status < 0 || status > G_STATUS.waiting) throw scheduler.error(each, `invalid status for goroutine ${gid}: ${status}`);
  const state = scheduler.gs.get(gid);
  if (state) {
    if (state.status !== status)
      throw scheduler.error(each, `inconsistent status for goroutine ${gid}: old ${state.status} vs. new ${status}`);
    state.generation = gen;
    state.seq = 0;
  } else if (gen === scheduler.initialGeneration) scheduler.gs.set(gid, { status, generation: gen, seq: 0, ranges: [], regions: [] });
  else throw scheduler.error(each, `found goroutine status for new goroutine after the first generation: id=${gid} status=${status}`);
  if (status === G_STATUS.running) scheduler.newG = gid;
  else if (status === G_STATUS.syscall) {
    if (mid === NO_THREAD) throw scheduler.error(each, `found goroutine ${gid} in syscall without a thread`);
    if (mid === scheduler.m) {
      if (gen !== scheduler.initialGeneration && scheduler.g !== gid)
        throw scheduler.error(each, `inconsistent thread for syscalling goroutine ${gid}: thread has goroutine ${scheduler.g}`);
      scheduler.newG = gid;
    } else {
      const other = scheduler.ms.get(mid);
      if (other) {
        if (other.g !== gid)
          throw scheduler.error(each, `inconsistent thread for syscalling goroutine ${gid}: thread has goroutine ${other.g}`);
        scheduler.g = other.g;
      } else scheduler.ms.set(mid, { g: gid, p: NONE });
      scheduler.m = mid;
    }
  }
  return scheduler.push(each, state === undefined);
}

/** GoCreate, GoCreateBlocked: a running goroutine, or the runtime on a P, makes a new one. Its sequence numbers begin at 0. advanceGoCreate */
export function goCreate(scheduler: SchedulerState, each: ThreadCursor): boolean {
  scheduler.need(each, true, true, false);
  const current = scheduler.gs.get(scheduler.g);
  if (current && current.status !== G_STATUS.running) throw scheduler.error(each, "the creating goroutine is not running");
  const gid = each.args[0];
  if (scheduler.gs.has(gid)) throw scheduler.error(each, `tried to create goroutine (${gid}) that already exists`);
  const status = each.type === EV.GoCreateBlocked ? G_STATUS.waiting : G_STATUS.runnable;
  scheduler.gs.set(gid, { status, generation: scheduler.generation.number, seq: 0, ranges: [], regions: [] });
  return scheduler.push(each);
}

/** GoDestroy, GoStop, GoBlock: the running goroutine ends, is preempted or blocks, and leaves its thread without one. advanceGoStopExec */
export function goStopExec(scheduler: SchedulerState, each: ThreadCursor): boolean {
  scheduler.needUserCode(each);
  const state = scheduler.currentG(each);
  if (state.status !== G_STATUS.running) throw scheduler.error(each, `goroutine ${scheduler.g} is not running`);
  if (each.type === EV.GoDestroy) scheduler.gs.delete(scheduler.g);
  else state.status = each.type === EV.GoStop ? G_STATUS.runnable : G_STATUS.waiting;
  scheduler.newG = NONE;
  return scheduler.push(each);
}

/** GoStart: waits until the goroutine is runnable and the event is its next; the thread must have a P and no goroutine. advanceGoStart */
export function goStart(scheduler: SchedulerState, each: ThreadCursor): boolean {
  const gid = each.args[0];
  const seq = each.args[1];
  const state = scheduler.gs.get(gid);
  if (!state || state.status !== G_STATUS.runnable || !scheduler.succeeds(seq, state)) return false;
  scheduler.need(each, true, true, false);
  if (scheduler.g !== NONE) throw scheduler.error(each, "expected no goroutine but had one");
  state.status = G_STATUS.running;
  state.seq = seq;
  scheduler.newG = gid;
  return scheduler.push(each);
}

/** GoUnblock: waits until the goroutine has blocked and the event is its next. Whoever writes it need not run a goroutine. advanceGoUnblock */
export function goUnblock(scheduler: SchedulerState, each: ThreadCursor): boolean {
  const state = scheduler.gs.get(each.args[0]);
  const seq = each.args[1];
  if (!state || state.status !== G_STATUS.waiting || !scheduler.succeeds(seq, state)) return false;
  state.status = G_STATUS.runnable;
  state.seq = seq;
  return scheduler.push(each);
}

/**
 * GoSwitch, GoSwitchDestroy: a coroutine hands its thread to another goroutine, which is waiting, and waits or ends itself. The event
 * stands for three, so the two others are visited after it as if they had been written. advanceGoSwitch
 */
export function goSwitch(scheduler: SchedulerState, each: ThreadCursor): boolean {
  scheduler.needUserCode(each);
  const current = scheduler.currentG(each);
  if (current.status !== G_STATUS.running) throw scheduler.error(each, `goroutine ${scheduler.g} is not running`);
  const gid = each.args[0];
  const seq = each.args[1];
  const next = scheduler.gs.get(gid);
  if (!next || next.status !== G_STATUS.waiting || !scheduler.succeeds(seq, next)) return false;
  scheduler.push(each);
  if (each.type === EV.GoSwitch) {
    current.status = G_STATUS.waiting;
    scheduler.pushMade(EV.GoBlock, each.time);
  } else {
    scheduler.gs.delete(scheduler.g);
    scheduler.pushMade(EV.GoDestroy, each.time);
  }
  next.status = G_STATUS.running;
  next.seq = seq;
  scheduler.newG = gid;
  scheduler.g = NONE;
  scheduler.pushMade(EV.GoStart, each.time, gid, seq);
  return true;
}

/** GoSyscallBegin: the goroutine and its P are in a system call. The sequence number is the P's, which may be taken from now on. advanceGoSyscallBegin */
export function goSyscallBegin(scheduler: SchedulerState, each: ThreadCursor): boolean {
  scheduler.needUserCode(each);
  const state = scheduler.currentG(each);
  if (state.status !== G_STATUS.running) throw scheduler.error(each, `goroutine ${scheduler.g} is not running`);
  const p = scheduler.currentP(each);
  const seq = each.args[0];
  if (!scheduler.succeeds(seq, p)) throw scheduler.error(each, `can't make sequence: ${p.seq} (gen=${p.generation}) -> ${seq}`);
  state.status = G_STATUS.syscall;
  p.status = P_STATUS.syscall;
  p.seq = seq;
  return scheduler.push(each);
}

/** GoSyscallEnd: the goroutine is back and has kept its P. advanceGoSyscallEnd */
export function goSyscallEnd(scheduler: SchedulerState, each: ThreadCursor): boolean {
  scheduler.needUserCode(each);
  const state = scheduler.currentG(each);
  if (state.status !== G_STATUS.syscall) throw scheduler.error(each, `goroutine ${scheduler.g} is not in a syscall`);
  const p = scheduler.currentP(each);
  if (p.status !== P_STATUS.syscall) throw scheduler.error(each, `expected proc ${scheduler.p} in a syscall, but got status ${p.status}`);
  state.status = G_STATUS.running;
  p.status = P_STATUS.running;
  return scheduler.push(each);
}

/**
 * GoSyscallEndBlocked: the goroutine is back and its P was taken. While the thread still has its P, the event of who took it is yet to
 * come: wait for it. advanceGoSyscallEndBlocked
 */
export function goSyscallEndBlocked(scheduler: SchedulerState, each: ThreadCursor): boolean {
  if (scheduler.p !== NONE && scheduler.currentP(each).status === P_STATUS.syscall) return false;
  scheduler.need(each, true, false, true);
  const state = scheduler.currentG(each);
  if (state.status !== G_STATUS.syscall) throw scheduler.error(each, `goroutine ${scheduler.g} is not in a syscall`);
  state.status = G_STATUS.runnable;
  scheduler.newG = NONE;
  return scheduler.push(each);
}

/** GoCreateSyscall: a thread of C calls Go for the first time; its goroutine begins inside a system call. advanceGoCreateSyscall */
export function goCreateSyscall(scheduler: SchedulerState, each: ThreadCursor): boolean {
  scheduler.need(each, true, false, false);
  if (scheduler.g !== NONE) throw scheduler.error(each, "expected no goroutine but had one");
  const gid = each.args[0];
  if (scheduler.gs.has(gid)) throw scheduler.error(each, `tried to create goroutine (${gid}) in syscall that already exists`);
  scheduler.gs.set(gid, { status: G_STATUS.syscall, generation: scheduler.generation.number, seq: 0, ranges: [], regions: [] });
  scheduler.newG = gid;
  return scheduler.push(each);
}

/**
 * GoDestroySyscall: such a goroutine ends when its thread leaves Go for good. A P that it still has is left in the system call, where
 * another thread takes it; that it is lost here is visited as if it had been written. advanceGoDestroySyscall
 */
export function goDestroySyscall(scheduler: SchedulerState, each: ThreadCursor): boolean {
  scheduler.need(each, true, false, true);
  const state = scheduler.currentG(each);
  if (state.status !== G_STATUS.syscall) throw scheduler.error(each, `goroutine ${scheduler.g} is not in a syscall`);
  scheduler.gs.delete(scheduler.g);
  scheduler.newG = NONE;
  if (scheduler.p !== NONE) {
    const p = scheduler.currentP(each);
    if (p.status !== P_STATUS.syscall) throw scheduler.error(each, `proc ${scheduler.p} in unexpected state ${p.status}`);
    p.status = P_STATUS.syscallAbandoned;
    scheduler.newP = NONE;
    scheduler.pushMade(EV.ProcSteal, each.time, scheduler.p);
  }
  return scheduler.push(each);
}
