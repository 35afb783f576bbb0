// The first screen: what died, what explains it, who holds the memory, and what fills it.
import type { DominatorNode } from "../accounting/dominator-rows.js";
import { dominators } from "./dominators.js";
import { type FirstLook, firstLook } from "./first-look.js";
import { type GoroutineGroup, goroutines } from "./goroutines.js";
import { type HeapUse, heapUse } from "./heap-use.js";
import { leaked } from "./leaked.js";
import { type MemoryUse, memoryUse } from "./memory-use.js";
import type { NoArgs, Query } from "./query.js";
import { findSuspects, type Suspect } from "./suspects.js";
import { isToldByStalls, type Stalls, stallsOf, waits } from "./waits.js";

/** The parts are queries of their own, since the screens ask for the quick ones first. */
export interface Overview extends FirstLook, MemoryUse, HeapUse, Stalls {
  /** The likeliest culprits of what fills the memory, `suspects` has them all. */
  readonly topSuspects: readonly Suspect[];
  /** Who holds most of the live heap, `dominators` has the tree. */
  readonly topHolders: readonly DominatorNode[];
  /** The most frequent stacks, `goroutines --group` has them all. */
  readonly topStacks: readonly GoroutineGroup[];
  /** Goroutines of the program itself. */
  readonly userGoroutines: number;
}

/** Of suspects, holders and findings about waits: what one screen has room for. */
const TOP = 3;
const TOP_STACKS = 5;

export const overview: Query<NoArgs, Overview> = {
  name: "overview",
  summary: "death, what explains it, holders, memory, heap, GC and goroutines at a glance",
  run(dump, args, context) {
    const first = { ...firstLook.run(dump, args, context), ...memoryUse.run(dump, args, context), ...heapUse.run(dump, args, context) };
    const holders = dominators.run(dump, { depth: 1, min: 0, group: "none", top: TOP }, context).children ?? [];
    const stacks = goroutines.run(dump, { group: true, top: TOP_STACKS }, context);
    const stalls = stallsOf(
      first.death,
      stacks.total.user,
      waits.run(dump, { top: 0, proof: true, glance: true }, context).rows,
      leaked.run(dump, { top: 0, retains: true, circles: false }, context).groups,
    );
    return {
      ...first,
      ...stalls,
      topSuspects: findSuspects(dump)
        .filter((each) => !isToldByStalls(stalls, each))
        .slice(0, TOP),
      topHolders: holders.filter((row) => row.count > 0).slice(0, TOP),
      topStacks: stacks.groups ?? [],
      userGoroutines: stacks.total.user,
    };
  },
};
