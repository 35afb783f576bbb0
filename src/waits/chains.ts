// Locks held by who waits for the next lock: who stands at the end of such a chain, and how many behind him.
import type { Goroutine } from "../runtime/goroutines.js";
import type { WaitGroup, WaitKind } from "./groups.js";
import type { Evidence, Holder } from "./holders.js";
import { LONGEST_CHAIN } from "./limits.js";

/** Evidence that says who has a lock, rather than who could have it. */
const HAS: ReadonlySet<Evidence> = new Set(["announced", "deferred", "releases", "taken"]);
const LOCKS: ReadonlySet<WaitKind> = new Set(["mutex", "rwmutex"]);

/** One step: a lock, and who has it. */
export interface ChainLink {
  readonly group: WaitGroup;
  readonly holder: Holder;
}

/** The waits-for relation, asked from both sides. */
export class Chains {
  private readonly holders: ReadonlyMap<WaitGroup, readonly Holder[]>;
  private readonly waitsOf = new Map<Goroutine, WaitGroup[]>();
  private readonly heldBy = new Map<Goroutine, Set<WaitGroup>>();

  constructor(groups: readonly WaitGroup[], holders: ReadonlyMap<WaitGroup, readonly Holder[]>) {
    this.holders = holders;
    for (const group of groups) {
      for (const { goroutine } of group.members) this.waitsOf.set(goroutine, [...(this.waitsOf.get(goroutine) ?? []), group]);
      for (const { goroutine } of this.ownersOf(group)) this.heldBy.set(goroutine, (this.heldBy.get(goroutine) ?? new Set()).add(group));
    }
  }

  /** Those who have a lock as their code tells; of a group of package sync those who go on to count it down. */
  ownersOf(group: WaitGroup): readonly Holder[] {
    return (this.holders.get(group) ?? []).filter((each) => HAS.has(each.evidence));
  }

  /** What a goroutine waits for. */
  waits(goroutine: Goroutine): readonly WaitGroup[] {
    return this.waitsOf.get(goroutine) ?? [];
  }

  /**
   * From a lock to who has it, on to the lock that he waits for, and so on.
   * @returns empty when nobody is seen to have it; a circle ends where it would begin again
   */
  from(group: WaitGroup): readonly ChainLink[] {
    const links: ChainLink[] = [];
    const seen = new Set<Goroutine>();
    for (let at: WaitGroup | undefined = group; at !== undefined && links.length < LONGEST_CHAIN; ) {
      // A writer that is announced waits in the lock itself for readers: they come next.
      const owner: Holder | undefined = this.ownersOf(at).find((each) => !seen.has(each.goroutine));
      if (!owner) break;
      seen.add(owner.goroutine);
      links.push({ group: at, holder: owner });
      at = this.waits(owner.goroutine).find((each) => LOCKS.has(each.kind));
    }
    return links;
  }

  /** All that wait for a lock that a goroutine has, and all that wait for what those have. */
  behind(goroutines: Iterable<Goroutine>): ReadonlySet<number> {
    const found = new Set<number>();
    const queue = [...goroutines];
    const seen = new Set(queue);
    for (let head = 0; head < queue.length; head++) {
      for (const group of this.heldBy.get(queue[head]) ?? []) {
        if (!LOCKS.has(group.kind)) continue;
        for (const { goroutine } of group.members) {
          found.add(goroutine.id);
          if (seen.has(goroutine)) continue;
          seen.add(goroutine);
          queue.push(goroutine);
        }
      }
    }
    return found;
  }
}
