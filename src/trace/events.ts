// The events of a trace by number and name, with the kinds of their arguments. Source: internal/trace/tracev2 (Go 1.22 to 1.27).

import type { TraceFormat } from "./format.js";

/**
 * Types of what stands in a trace, one byte each. internal/trace/tracev2 events.go
 *
 * The structural ones make up batches and tables. All others are timed events: the type, the time since the event before in the
 * same batch, and the arguments that SPECS lists, as varints.
 */
export const EV = {
  // Structural: a batch of one thread, then the sections that a batch without events may hold.
  EventBatch: 1,
  Stacks: 2,
  Stack: 3,
  Strings: 4,
  String: 5,
  CPUSamples: 6,
  CPUSample: 7,
  Frequency: 8,
  // Ps, the processors of the scheduler.
  ProcsChange: 9,
  ProcStart: 10,
  ProcStop: 11,
  ProcSteal: 12,
  ProcStatus: 13,
  // Goroutines. Those with Syscall in their name come from C code or go through a system call.
  GoCreate: 14,
  GoCreateSyscall: 15,
  GoStart: 16,
  GoDestroy: 17,
  GoDestroySyscall: 18,
  GoStop: 19,
  GoBlock: 20,
  GoUnblock: 21,
  GoSyscallBegin: 22,
  GoSyscallEnd: 23,
  GoSyscallEndBlocked: 24,
  GoStatus: 25,
  // The stopped world and the collector. "Active" repeats in a new generation what had begun in an older one.
  STWBegin: 26,
  STWEnd: 27,
  GCActive: 28,
  GCBegin: 29,
  GCEnd: 30,
  GCSweepActive: 31,
  GCSweepBegin: 32,
  GCSweepEnd: 33,
  GCMarkAssistActive: 34,
  GCMarkAssistBegin: 35,
  GCMarkAssistEnd: 36,
  HeapAlloc: 37,
  HeapGoal: 38,
  // What the program says of itself: runtime/trace, and labels of the collector's workers.
  GoLabel: 39,
  UserTaskBegin: 40,
  UserTaskEnd: 41,
  UserRegionBegin: 42,
  UserRegionEnd: 43,
  UserLog: 44,
  // Since format 1.23: coroutines (iter.Pull), and statuses with stacks.
  GoSwitch: 45,
  GoSwitchDestroy: 46,
  GoCreateBlocked: 47,
  GoStatusStack: 48,
  // Structural again: batches of experiments, clocks since 1.25, the end of a generation since 1.26.
  ExperimentalBatch: 49,
  Sync: 50,
  ClockSnapshot: 51,
  EndOfGeneration: 52,
} as const;

/**
 * What an argument of a timed event is: a plain number, a sequence number, an id in the table of strings or of stacks, an id of a
 * goroutine, thread, P or task, or a status of a goroutine or of a P.
 */
type ArgumentKind = "value" | "seq" | "string" | "stack" | "g" | "m" | "p" | "task" | "gstatus" | "pstatus";

/** A timed event's name and its arguments, which follow the time difference that every event has. */
export interface EventSpec {
  readonly name: string;
  readonly args: readonly { readonly name: string; readonly kind: ArgumentKind }[];
  /** The first format that has the event. */
  readonly since: TraceFormat;
}

/** Reads the short form of the table below: "name:kind" for each argument, "value" when no kind is given. */
function spec(name: string, args = "", since: TraceFormat = 22): EventSpec {
  const list = args === "" ? [] : args.split(" ").map((word) => word.split(":") as [string, ArgumentKind]);
  return { name, since, args: list.map(([each, kind]) => ({ name: each, kind: kind ?? "value" })) };
}

/** Timed events by type: [256], undefined for structural ones and for types that no format has. internal/trace/tracev2 spec.go */
export const SPECS: readonly (EventSpec | undefined)[] = (() => {
  const table: (EventSpec | undefined)[] = new Array(256).fill(undefined);
  const add = (type: number, args?: string, since?: TraceFormat) => {
    const name = Object.entries(EV).find(([, value]) => value === type)?.[0] ?? "";
    table[type] = spec(name, args, since);
  };
  add(EV.ProcsChange, "procs:value stack:stack");
  add(EV.ProcStart, "p:p seq:seq");
  add(EV.ProcStop);
  add(EV.ProcSteal, "p:p seq:seq m:m");
  add(EV.ProcStatus, "p:p status:pstatus");
  add(EV.GoCreate, "g:g newStack:stack stack:stack");
  add(EV.GoCreateSyscall, "g:g");
  add(EV.GoStart, "g:g seq:seq");
  add(EV.GoDestroy);
  add(EV.GoDestroySyscall);
  add(EV.GoStop, "reason:string stack:stack");
  add(EV.GoBlock, "reason:string stack:stack");
  add(EV.GoUnblock, "g:g seq:seq stack:stack");
  add(EV.GoSyscallBegin, "pseq:seq stack:stack");
  add(EV.GoSyscallEnd);
  add(EV.GoSyscallEndBlocked);
  add(EV.GoStatus, "g:g m:m status:gstatus");
  add(EV.STWBegin, "kind:string stack:stack");
  add(EV.STWEnd);
  add(EV.GCActive, "seq:seq");
  add(EV.GCBegin, "seq:seq stack:stack");
  add(EV.GCEnd, "seq:seq");
  add(EV.GCSweepActive, "p:p");
  add(EV.GCSweepBegin, "stack:stack");
  add(EV.GCSweepEnd, "swept:value reclaimed:value");
  add(EV.GCMarkAssistActive, "g:g");
  add(EV.GCMarkAssistBegin, "stack:stack");
  add(EV.GCMarkAssistEnd);
  add(EV.HeapAlloc, "bytes:value");
  add(EV.HeapGoal, "bytes:value");
  add(EV.GoLabel, "label:string");
  add(EV.UserTaskBegin, "task:task parent:task name:string stack:stack");
  add(EV.UserTaskEnd, "task:task stack:stack");
  add(EV.UserRegionBegin, "task:task name:string stack:stack");
  add(EV.UserRegionEnd, "task:task name:string stack:stack");
  add(EV.UserLog, "task:task key:string value:string stack:stack");
  add(EV.GoSwitch, "g:g seq:seq", 23);
  add(EV.GoSwitchDestroy, "g:g seq:seq", 23);
  add(EV.GoCreateBlocked, "g:g newStack:stack stack:stack", 23);
  add(EV.GoStatusStack, "g:g m:m status:gstatus stack:stack", 23);
  // The experiment of allocations (GODEBUG=traceallocfree=1). They stand among the other events of a thread.
  table[128] = spec("Span", "id pages:value kind:value", 23);
  table[129] = spec("SpanAlloc", "id pages:value kind:value", 23);
  table[130] = spec("SpanFree", "id", 23);
  table[131] = spec("HeapObject", "id type:value", 23);
  table[132] = spec("HeapObjectAlloc", "id type:value", 23);
  table[133] = spec("HeapObjectFree", "id", 23);
  table[134] = spec("GoroutineStack", "id order:value", 23);
  table[135] = spec("GoroutineStackAlloc", "id order:value", 23);
  table[136] = spec("GoroutineStackFree", "id", 23);
  return table;
})();

/** Statuses of goroutines on the wire. internal/trace/tracev2 events.go GoStatus */
export const G_STATUS = { runnable: 1, running: 2, syscall: 3, waiting: 4 } as const;
/**
 * Statuses of Ps on the wire. syscallAbandoned: the first that a generation says of the P is that it is taken from a thread
 * whose system call began in an earlier one.
 * internal/trace/tracev2 events.go ProcStatus
 */
export const P_STATUS = { running: 1, idle: 2, syscall: 3, syscallAbandoned: 4 } as const;
