// What one goroutine is to those who ask. runtime/runtime2.go g
import type { Address } from "../base/units.js";
import type { Registers, Thread } from "../process/process.js";
import type { Frame, UnwindStart, Unwound } from "./unwind.js";

/** runtime.g.atomicstatus by the names of its constants. runtime/runtime2.go _Gidle and others */
export type GoroutineStatus =
  | "idle"
  | "runnable"
  | "running"
  | "syscall"
  | "waiting"
  | "dead"
  | "copystack"
  | "preempted"
  | "leaked"
  | "deadextra"
  | "unknown";

/** One goroutine. Fields are read from the dump when asked for. */
export interface Goroutine {
  readonly id: number;
  /** Of its runtime.g. */
  readonly address: Address;
  readonly status: GoroutineStatus;
  /** In the runtime's words, "" when it waits for nothing. */
  readonly waitReason: string;
  /** Clock of the runtime in ns when it began to wait, as far as a garbage collection noticed; 0 unknown. */
  readonly waitSince: number;
  readonly stack: { readonly lo: Address; readonly hi: Address };
  /** pc after the go statement, 0 for the first goroutine. */
  readonly createdByPc: Address;
  /** Entry of the function it was started with. */
  readonly startPc: Address;
  /** 0 when the release does not tell, or for the first goroutines. */
  readonly parentId: number;
  /** The m of runtime.LockOSThread, 0 for none. */
  readonly lockedM: Address;
  /** Belongs to the runtime, not to the program. */
  readonly system: boolean;
  /** Which function it began in is known; else only what it waits for can tell that it is the runtime's. */
  readonly hasKnownStart: boolean;
  /** The thread it is on, running or in a system call. */
  readonly thread: Thread | undefined;
  /** Registers of its own code when it was interrupted at an arbitrary instruction: they may hold pointers. */
  readonly registers: Registers | undefined;
  /** Where its stack is walked from. */
  readonly start: UnwindStart | undefined;
  /** The most recently asked for are kept. */
  unwound(): Unwound;
  /** The same frames one by one, of stacks of any depth. */
  walk(visit: (frame: Frame) => void): void;
}
