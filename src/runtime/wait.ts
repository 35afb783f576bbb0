// What one goroutine waits for, and when a sleeping one would have woken.
import type { Address } from "../base/units.js";
import type { Goroutine } from "./goroutines.js";
import { readField } from "./layout/layout.js";
import type { GoRuntime } from "./runtime.js";

/** One reason for a goroutine not to run; a select has one per channel. */
export interface Wait {
  /** Of the g. */
  readonly goroutine: Address;
  /** Of the hchan, of the semaphore's word, of the notifyList of a sync.Cond, or of the pollDesc of a descriptor. */
  readonly object: Address;
  readonly operation: "receive" | "send" | "semaphore" | "condition" | "read" | "write";
  readonly select: boolean;
  /** Of the sudog that stands for the goroutine; 0 for descriptors, which have none. */
  readonly sudog: Address;
}

/**
 * When time.Sleep would have ended, in ns of the runtime's clock; undefined when the goroutine does not say.
 * Since Go 1.23 g.sleepWhen; before that the goroutine's own timer. runtime/time.go timeSleep
 */
export function wakeTime(runtime: GoRuntime, goroutine: Goroutine): number | undefined {
  const { memory } = runtime.process;
  const g = runtime.layout.struct("g");
  const read = <T>(address: Address, size: number, value: () => T) => (memory.tryBytes(address, size) ? value() : undefined);
  if (g.has("sleepWhen")) return read(goroutine.address, g.size, () => readField(memory, g, goroutine.address, "sleepWhen") || undefined);
  const timer = runtime.layout.struct("timer");
  const own = memory.tryAddress(goroutine.address + g.offset("timer")) ?? 0;
  return own > 0 ? read(own, timer.size, () => readField(memory, timer, own, "when") || undefined) : undefined;
}
