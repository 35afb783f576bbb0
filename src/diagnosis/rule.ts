// What a rule is, and what rules look at.
import type { Case } from "./case.js";
import type { RuleId } from "./figures.js";
import type { Group } from "./goroutine-groups.js";
import type { SeenPoint } from "./seen-points.js";
import type { Evidence } from "./suspect.js";
import type { WasteHolder } from "./waste-holders.js";

/** By what a rule looks at, one of what there is of it. */
export interface Looks {
  /** A place where live bytes pile up. The first rule that has something to say speaks; the bytes of points do not overlap. */
  readonly point: SeenPoint;
  /** Goroutines in one line of the program. */
  readonly goroutines: Group;
  /** What fields of one holder waste in one way. */
  readonly waste: WasteHolder;
  /** The process as a whole. */
  readonly process: Case;
}

export type LooksAt = keyof Looks;

export interface Rule<At extends LooksAt, Id extends RuleId = RuleId> {
  readonly id: Id;
  readonly looksAt: At;
  /** The usual one; evidence may name another. See weights.ts. */
  readonly weight: number;
  /** What it measured; undefined where it has nothing to say. */
  evidence(seen: Looks[At], from: Case): Evidence<Id> | undefined;
}
