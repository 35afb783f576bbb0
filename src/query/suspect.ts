// One finding of what is probably wrong.
import type { Bytes } from "../base/units.js";

/** One finding. */
export interface Suspect {
  /** What kind of failure it is: "accumulation", "blocked goroutines", "timers"... */
  readonly kind: string;
  /** The sentence a person would say; names the culprit. */
  readonly title: string;
  readonly bytes: Bytes;
  /** Of all memory that was in use: the live heap, garbage, stacks, free spans, native memory; 0 to 1. */
  readonly share: number;
  /** Facts that speak for it, or against. */
  readonly evidence: readonly string[];
  /** Go expression of the holder, where there is one. */
  readonly expression?: string;
  /** Words after `corescope` that show more; CORE stands for the core. */
  readonly next: string;
  /** Rank: share weighed by how often such a thing is a failure. */
  readonly score: number;
}
