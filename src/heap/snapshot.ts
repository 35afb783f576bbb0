// What questions about a dead process are answered from: its Go runtime, its typed heap, who holds how much. Eclipse MAT's ISnapshot.
import type { Findings } from "../base/findings.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { Heap } from "./heap.js";
import type { Retention } from "./retention.js";

/** Each part is read when it is first asked for; an engine names the parts that it uses with Pick, so that a test can build them. */
export interface Snapshot {
  /** Told what cannot be read or is not certain. */
  readonly findings: Findings;
  readonly runtime: GoRuntime;
  readonly heap: Heap;
  /** Dominators and retained sizes; its parts are computed one by one. */
  readonly retention: Retention;
}
