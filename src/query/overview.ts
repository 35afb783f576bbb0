// The first screen: what died, what is probably wrong, who holds the memory, and what fills it.
import type { DominatorNode } from "../accounting/dominator-rows.js";
import { dominators } from "./dominators.js";
import { type FirstLook, firstLook } from "./first-look.js";
import { type HeapUse, heapUse } from "./heap-use.js";
import { type MemoryUse, memoryUse } from "./memory-use.js";
import type { NoArgs, Query } from "./query.js";
import { findSuspects, type Suspect } from "./suspects.js";

/** The three parts are queries of their own, since the screens ask for the quick ones first. */
export interface Overview extends FirstLook, MemoryUse, HeapUse {
  /** The likeliest culprits, `suspects` has them all. */
  readonly topSuspects: readonly Suspect[];
  /** Who holds most of the live heap, `dominators` has the tree. */
  readonly topHolders: readonly DominatorNode[];
}

/** Of suspects and holders: what one screen has room for. */
const TOP = 3;

export const overview: Query<NoArgs, Overview> = {
  name: "overview",
  summary: "death, suspects, holders, memory, heap, GC and goroutines at a glance",
  run(dump, args, context) {
    const first = { ...firstLook.run(dump, args, context), ...memoryUse.run(dump, args, context), ...heapUse.run(dump, args, context) };
    const holders = dominators.run(dump, { depth: 1, min: 0, group: "none", top: TOP }, context).children ?? [];
    return {
      ...first,
      topSuspects: findSuspects(dump).slice(0, TOP),
      topHolders: holders.filter((row) => row.count > 0).slice(0, TOP),
    };
  },
};
