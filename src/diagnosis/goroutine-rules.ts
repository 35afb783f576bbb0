// Rules about goroutines that stand in one place by the hundred, or hold much.
import type { Case } from "./case.js";
import type { GroupFigures } from "./figures.js";
import type { Group } from "./goroutine-groups.js";
import type { Rule } from "./rule.js";
import type { Evidence } from "./suspect.js";
import { CROWDS, WEIGHT } from "./weights.js";

/** Groups that hold less of the memory in use, and have fewer goroutines, are told by `goroutines`. */
const LEAST_SHARE = 0.03;
const MANY = 1000;
/** Goroutines of a group that are told by id. */
const MOST_IDS = 5;

/** Stacks that weigh more than what they hold. */
export const goroutineStacks: Rule<"goroutines", "goroutine-stacks"> = {
  id: "goroutine-stacks",
  looksAt: "goroutines",
  weight: WEIGHT["goroutine-stacks"],
  evidence: (group, from) => (group.stackBytes > group.heapBytes ? aboutGroup(group, from) : undefined),
};

export const blockedGoroutines: Rule<"goroutines", "blocked-goroutines"> = {
  id: "blocked-goroutines",
  looksAt: "goroutines",
  weight: WEIGHT["blocked-goroutines"],
  evidence: (group, from) => (group.stackBytes <= group.heapBytes && group.ids.length > 1 ? aboutGroup(group, from) : undefined),
};

export const oneGoroutine: Rule<"goroutines", "goroutine"> = {
  id: "goroutine",
  looksAt: "goroutines",
  weight: WEIGHT.goroutine,
  evidence: (group, from) => (group.stackBytes <= group.heapBytes && group.ids.length === 1 ? aboutGroup(group, from) : undefined),
};

/** The same whichever of them it is. */
type GroupEvidence = Omit<Evidence<never>, "figures"> & { readonly figures: GroupFigures };

function aboutGroup(group: Group, { inUse }: Case): GroupEvidence | undefined {
  const bytes = group.heapBytes + group.stackBytes;
  const count = group.ids.length;
  if (bytes / inUse < LEAST_SHARE && count < MANY) return undefined;
  const { ids, entries, ...rest } = group;
  const others = [...entries].filter((each) => each !== group.function);
  const figures: GroupFigures = { ...rest, count, ids: ids.slice(0, MOST_IDS), entries: others };
  const weight = CROWDS.find(([least]) => count >= least)?.[1];
  return {
    subject: { kind: "goroutines", id: ids[0] },
    bytes,
    whole: { kind: "memory in use", bytes: inUse },
    figures,
    next: { query: "histogram", args: { by: "goroutine", focus: group.function.replace(/[()*[\]]/g, ".") } },
    ...(weight === undefined ? {} : { weight }),
  };
}
