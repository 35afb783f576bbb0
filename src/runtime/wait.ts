// What one goroutine waits for.
import type { Address } from "../base/units.js";

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
