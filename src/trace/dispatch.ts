// One event of a thread, given to what knows its kind.
import { NONE } from "../base/units.js";
import { EV, SPECS } from "./events.js";
import {
  goCreate,
  goCreateSyscall,
  goDestroySyscall,
  goStart,
  goStatus,
  goStopExec,
  goSwitch,
  goSyscallBegin,
  goSyscallEnd,
  goSyscallEndBlocked,
  goUnblock,
} from "./goroutine-events.js";
import { procStart, procStatus, procSteal, procStop } from "./proc-events.js";
import { activeRange, beginRange, collection, endRange, region, task } from "./range-events.js";
import type { MState, SchedulerState } from "./scheduler-state.js";
import { fault, type ThreadCursor } from "./thread-cursor.js";
import { NO_THREAD } from "./wire.js";

/**
 * Takes a thread's next event in the context of its thread: what it runs before the event is what it ran after the one before. An event
 * that no thread wrote has no context. internal/trace order.go Advance
 *
 * @returns false: the event has to wait for one of another thread, and nothing has changed
 * @throws FormatError when no order at all allows the event
 */
export function advance(scheduler: SchedulerState, each: ThreadCursor): boolean {
  let state: MState | undefined;
  scheduler.m = each.m;
  if (each.m === NO_THREAD) {
    scheduler.p = NONE;
    scheduler.g = NONE;
  } else {
    state = scheduler.ms.get(each.m);
    if (!state) {
      state = { g: NONE, p: NONE };
      scheduler.ms.set(each.m, state);
    }
    scheduler.p = state.p;
    scheduler.g = state.g;
  }
  // An event changes newP and newG; only when it was allowed do they become the thread's.
  scheduler.newP = scheduler.p;
  scheduler.newG = scheduler.g;
  if (!dispatch(scheduler, each)) return false;
  if (state) {
    state.p = scheduler.newP;
    state.g = scheduler.newG;
  }
  return true;
}

/** One line for each kind of event: what it needs of its context, and who knows what it does. */
// oxlint-disable-next-line max-lines-per-function -- a dispatcher: one case a kind of event
function dispatch(scheduler: SchedulerState, each: ThreadCursor): boolean {
  switch (each.type) {
    case EV.ProcsChange:
    case EV.GoLabel:
    case EV.UserLog:
      scheduler.needUserCode(each);
      return scheduler.push(each);
    case EV.ProcStart:
      return procStart(scheduler, each);
    case EV.ProcStop:
      return procStop(scheduler, each);
    case EV.ProcSteal:
      return procSteal(scheduler, each);
    case EV.ProcStatus:
      return procStatus(scheduler, each);
    case EV.GoCreate:
    case EV.GoCreateBlocked:
      return goCreate(scheduler, each);
    case EV.GoCreateSyscall:
      return goCreateSyscall(scheduler, each);
    case EV.GoStart:
      return goStart(scheduler, each);
    case EV.GoDestroy:
    case EV.GoStop:
    case EV.GoBlock:
      return goStopExec(scheduler, each);
    case EV.GoDestroySyscall:
      return goDestroySyscall(scheduler, each);
    case EV.GoUnblock:
      return goUnblock(scheduler, each);
    case EV.GoSyscallBegin:
      return goSyscallBegin(scheduler, each);
    case EV.GoSyscallEnd:
      return goSyscallEnd(scheduler, each);
    case EV.GoSyscallEndBlocked:
      return goSyscallEndBlocked(scheduler, each);
    case EV.GoStatus:
    case EV.GoStatusStack:
      return goStatus(scheduler, each);
    case EV.GoSwitch:
    case EV.GoSwitchDestroy:
      return goSwitch(scheduler, each);
    // Ranges belong to what they are of: a goroutine, a P, or the whole program.
    case EV.STWBegin:
    case EV.GCMarkAssistBegin:
      scheduler.needUserCode(each);
      beginRange(scheduler, scheduler.currentG(each).ranges, each.type, each.type === EV.STWBegin ? each.args[0] : 0);
      return scheduler.push(each);
    case EV.STWEnd:
    case EV.GCMarkAssistEnd: {
      scheduler.needUserCode(each);
      const kind = endRange(scheduler, scheduler.currentG(each).ranges, each.type);
      // The event itself does not say what the world was stopped for: its beginning does.
      if (each.type === EV.STWEnd) each.args[0] = kind;
      return scheduler.push(each);
    }
    case EV.GCMarkAssistActive: {
      const g = scheduler.gs.get(each.args[0]);
      if (!g) throw scheduler.error(each, `uninitialized goroutine ${each.args[0]}`);
      activeRange(scheduler, g.ranges, each.type);
      return scheduler.push(each);
    }
    case EV.GCSweepBegin:
      scheduler.need(each, true, true, false);
      beginRange(scheduler, scheduler.currentP(each).ranges, each.type, 0);
      return scheduler.push(each);
    case EV.GCSweepEnd:
      scheduler.need(each, true, true, false);
      endRange(scheduler, scheduler.currentP(each).ranges, each.type);
      return scheduler.push(each);
    case EV.GCSweepActive: {
      const p = scheduler.ps.get(each.args[0]);
      if (!p) throw scheduler.error(each, `unknown proc ${each.args[0]}`);
      activeRange(scheduler, p.ranges, each.type);
      return scheduler.push(each);
    }
    case EV.GCActive:
    case EV.GCBegin:
    case EV.GCEnd:
      return collection(scheduler, each);
    case EV.HeapAlloc:
    case EV.HeapGoal:
      scheduler.need(each, true, true, false);
      return scheduler.push(each);
    case EV.UserTaskBegin:
    case EV.UserTaskEnd:
      return task(scheduler, each);
    case EV.UserRegionBegin:
    case EV.UserRegionEnd:
      return region(scheduler, each);
    default:
      // Kinds of experiments: they say nothing of the scheduler.
      if (each.type >= 128 && SPECS[each.type]) {
        scheduler.need(each, true, false, false);
        return scheduler.push(each);
      }
      throw fault(scheduler.generation, `bad event type found while ordering: ${each.type}`);
  }
}
