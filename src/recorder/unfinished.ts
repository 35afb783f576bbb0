// A generation that the program did not live to end.
import type { Findings } from "../base/findings.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { TraceFormat } from "../trace/format.js";
import type { Ordering } from "../trace/order.js";
import type { FoundBatch } from "./buffers.js";
import type { StackExpander } from "./stacks.js";
import type { TracerState } from "./tracer-state.js";

/** Everything that finishing a generation needs to know. */
export interface Unfinished {
  readonly runtime: GoRuntime;
  readonly state: TracerState;
  readonly expander: StackExpander;
  readonly format: TraceFormat;
  readonly generation: number;
  /** All that is known of it, in order. */
  readonly batches: readonly FoundBatch[];
  /** Of the generation after it, when that has begun. */
  readonly next: readonly FoundBatch[] | undefined;
  /** The scheduler as the generations before left it; undefined when there is none before. */
  readonly before: Ordering | undefined;
  /** Batches are missing that went to a file we do not have. */
  readonly isTail: boolean;
  /** The wall clock of the trace clock's zero in ns, of a generation that has a snapshot. */
  readonly wallOffset: bigint | undefined;
  readonly findings: Findings;
}
