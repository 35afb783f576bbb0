// What goroutines and Ps did when the program died, in the tracer's words. runtime/tracestatus.go
import type { Goroutine } from "../runtime/goroutines.js";
import { readField } from "../runtime/layout/layout.js";
import { readProcessors } from "../runtime/records/processor.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { G_STATUS, P_STATUS } from "../trace/events.js";

/** runtime/runtime2.go p.status */
const P_IDLE = 0;
const P_RUNNING = 1;
const P_SYSCALL = 2;
const P_GC_STOP = 3;
/** Where the wait reasons of goroutines that only seem to wait are no table of the runtime (Go 1.22). runtime/trace2status.go */
const SEEM_TO_WAIT = [
  "stopping the world",
  "GC mark termination",
  "garbage collection",
  "trace goroutine status",
  "trace proc status",
  "page trace flush",
  "GC worker (active)",
];

/** G_STATUS of a goroutine by its status in the core; undefined for one that is dead or idle. runtime/tracestatus.go goStatusToTraceGoStatus */
export function coreStatus(runtime: GoRuntime, goroutine: Goroutine): number | undefined {
  switch (goroutine.status) {
    case "runnable":
      return G_STATUS.runnable;
    case "running":
    case "copystack":
      return G_STATUS.running;
    case "syscall":
      return G_STATUS.syscall;
    case "waiting":
      return onlySeemsToWait(runtime, goroutine) ? G_STATUS.running : G_STATUS.waiting;
    case "preempted":
    case "leaked":
      return G_STATUS.waiting;
    default:
      return undefined;
  }
}

/** The runtime marks goroutines as waiting that are running on another stack. runtime/runtime2.go isWaitingForSuspendG */
function onlySeemsToWait(runtime: GoRuntime, goroutine: Goroutine): boolean {
  const { memory } = runtime.process;
  const g = runtime.layout.struct("tracedG");
  const table = runtime.layout.global("runtime.isWaitingForSuspendG") ?? runtime.layout.global("runtime.isWaitingForGC");
  if (table === undefined) return SEEM_TO_WAIT.includes(goroutine.waitReason);
  const reason = readField(memory, g, goroutine.address, "waitreason");
  return reason < 128 && memory.tryBytes(table + reason, 1)?.[0] === 1;
}

/** P_STATUS of a status of a p; undefined for one that is dead. runtime/tracestatus.go writeProcStatusForP */
export function coreProcStatus(status: number): number | undefined {
  if (status === P_RUNNING) return P_STATUS.running;
  if (status === P_SYSCALL) return P_STATUS.syscall;
  return status === P_IDLE || status === P_GC_STOP ? P_STATUS.idle : undefined;
}

/**
 * Ps that stopped because the runtime froze the world to die; empty when it did not: a core that the kernel made alone.
 * Idle Ps stay idle, and those whose threads were in system calls stay theirs. runtime/proc.go freezetheworld
 */
export function frozenPs(runtime: GoRuntime): ReadonlySet<number> {
  const freezing = runtime.layout.global("runtime.freezing");
  if (freezing === undefined || runtime.process.memory.tryBytes(freezing, 1)?.[0] !== 1) return new Set();
  const stopped = readProcessors(runtime).filter((p) => p.status === P_GC_STOP);
  return new Set(stopped.map((p) => p.id));
}
