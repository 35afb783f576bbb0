// What begins and ends: collections, tasks, regions, and ranges of goroutines and Ps. Source: internal/trace order.go

import { EV, SPECS } from "./events.js";
import type { RangeType, SchedulerState } from "./scheduler-state.js";
import { fault, type ThreadCursor } from "./thread-cursor.js";

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

/**
 * GCActive, GCBegin, GCEnd: collections have one row of sequence numbers for the whole program, which goes on over generations. In the
 * first generation the first of these events says where it stands. advanceGCActive, advanceGCBegin, advanceGCEnd
 */
export function collection(scheduler: SchedulerState, each: ThreadCursor): boolean {
  const seq = each.args[0];
  const initial = scheduler.generation.number === scheduler.initialGeneration;
  if (each.type === EV.GCActive && initial) {
    if (scheduler.gc !== "undetermined") throw scheduler.error(each, "GCActive in the first generation isn't first GC event");
    scheduler.gcSeq = seq;
    scheduler.gc = "running";
    return scheduler.push(each);
  }
  if (each.type === EV.GCBegin && scheduler.gc === "undetermined") {
    scheduler.gcSeq = seq;
    scheduler.gc = "running";
    return scheduler.push(each);
  }
  if (seq !== scheduler.gcSeq + 1) return false;
  if (each.type === EV.GCBegin) {
    if (scheduler.gc === "running") throw scheduler.error(each, "GC was already in progress");
    scheduler.gc = "running";
  } else {
    if (scheduler.gc !== "running") throw scheduler.error(each, "GC was not in progress");
    if (each.type === EV.GCEnd) scheduler.gc = "off";
  }
  scheduler.gcSeq = seq;
  scheduler.needUserCode(each);
  return scheduler.push(each);
}

/** The text that an argument names. @throws FormatError when the generation has none */
function text(scheduler: SchedulerState, each: ThreadCursor, argument: number): string {
  const text = scheduler.generation.strings.get(each.args[argument]);
  if (text === undefined) throw scheduler.error(each, `invalid string ID ${each.args[argument]}`);
  return text;
}

/** UserTaskBegin, UserTaskEnd: tasks belong to no goroutine. An end without a beginning is of a task from before the trace. */
export function task(scheduler: SchedulerState, each: ThreadCursor): boolean {
  const id = each.args[0];
  if (each.type === EV.UserTaskBegin) {
    if (scheduler.tasks.has(id)) throw scheduler.error(each, `task ID conflict: ${id}`);
    scheduler.tasks.set(id, text(scheduler, each, 2));
  } else scheduler.tasks.delete(id);
  scheduler.needUserCode(each);
  return scheduler.push(each);
}

/**
 * UserRegionBegin, UserRegionEnd: regions belong to a goroutine.
 *
 * The runtime writes regions as the program ends them; nothing makes it end the one it began last. Go's own reader refuses
 * such a trace. Here the end belongs to the region that it names, and whoever orders the trace hears of it.
 */
export function region(scheduler: SchedulerState, each: ThreadCursor): boolean {
  scheduler.needUserCode(each);
  const task = each.args[0];
  const name = text(scheduler, each, 1);
  const { regions } = scheduler.currentG(each);
  const place = { generation: scheduler.generation.number, m: each.m, batch: each.batch, at: each.eventAt };
  if (each.type === EV.UserRegionBegin) regions.push({ task, name, begin: place });
  else if (regions.length > 0) {
    // With none open it began before the trace: that is no fault.
    const at = regions.findLastIndex((open) => open.task === task && open.name === name);
    if (at < regions.length - 1) scheduler.misplaced({ goroutine: scheduler.g, name, begin: regions[at]?.begin, end: place });
    if (at >= 0) regions.splice(at, 1);
  }
  return scheduler.push(each);
}

/** Something begins on a goroutine or a P: a stopped world, an assist, sweeping. @throws FormatError when the same goes on already */
export function beginRange(scheduler: SchedulerState, ranges: RangeType[], type: number, kind: number): void {
  if (ranges.some((each) => each.type === type && each.kind === kind))
    throw fault(scheduler.generation, `discovered event already in-flight when starting event ${SPECS[type]?.name}`);
  ranges.push({ type, kind });
}

/** Says at the beginning of a generation that something goes on. In the first generation that is news; later it must be known. */
export function activeRange(scheduler: SchedulerState, ranges: RangeType[], type: number): void {
  const start = RANGE_START[type];
  const known = ranges.some((each) => each.type === start && each.kind === 0);
  if (scheduler.generation.number === scheduler.initialGeneration) {
    if (known) throw fault(scheduler.generation, `found named active range already in first gen: ${SPECS[type]?.name}`);
    ranges.push({ type: start, kind: 0 });
  } else if (!known) throw fault(scheduler.generation, `resource is missing active range: ${SPECS[type]?.name}`);
}

/** Something ends; its kind: the id of the name it began with. @throws FormatError when it had not begun */
export function endRange(scheduler: SchedulerState, ranges: RangeType[], type: number): number {
  const start = RANGE_START[type];
  const at = ranges.findIndex((each) => each.type === start);
  if (at < 0) throw fault(scheduler.generation, `tried to end event ${SPECS[start]?.name}, but not in-flight`);
  const { kind } = ranges[at];
  ranges[at] = ranges[ranges.length - 1];
  ranges.pop();
  return kind;
}
