// Whether references may be missing because memory is: then nothing can be said about what is not reached.
import type { Finding, Findings } from "../base/findings.js";
import type { Heap } from "../heap/heap.js";

/** What readers of roots and heap say when words that may be pointers are not in the core. */
export const LOST: ReadonlySet<string> = new Set([
  "heap-missing",
  "data-missing",
  "mask-missing",
  "heap-state-missing",
  "spans-missing",
  "span-missing",
  "span-odd",
  "goroutines-missing",
  "goroutine-missing",
  "stack-incomplete",
  "special-damaged",
  "queue-damaged",
  "memory-not-dumped",
  "no-threads",
]);

/** The first reason to think so; undefined when every root and object was read. Reads the heap. */
export function lostReferences(heap: Heap, findings: Findings): Finding | undefined {
  // What is missing is told while the graph is made.
  return heap.graph.referents.nodeCount >= 0 ? findings.list().find(({ code }) => LOST.has(code)) : undefined;
}
