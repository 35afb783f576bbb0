// Rules about waste that is large enough to be the failure itself.
import type { WasteKind } from "../accounting/waste-rows.js";
import type { Case } from "./case.js";
import type { WasteFigures } from "./figures.js";
import type { Rule } from "./rule.js";
import type { Evidence } from "./suspect.js";
import type { WasteHolder } from "./waste-holders.js";
import { WEIGHT } from "./weights.js";

/** Waste below this part of the memory in use is left to the command of that name. */
const LEAST_SHARE = 0.03;
/** Fields that are told. */
const MOST_PATHS = 3;

/** The same whatever is wasted. */
type WasteEvidence = Omit<Evidence<never>, "figures"> & { readonly figures: WasteFigures };

type WasteRule = "pinned-array" | "slice-capacity" | "map-slack" | "duplicate-strings";

/** A rule for each kind. */
export const wasteRules: readonly Rule<"waste", WasteRule>[] = [
  wasteRule("pinned-array", "pinned array"),
  wasteRule("slice-capacity", "slice capacity"),
  wasteRule("map-slack", "map slack"),
  wasteRule("duplicate-strings", "duplicate strings"),
];

function wasteRule<Id extends WasteRule>(id: Id, kind: WasteKind): Rule<"waste", Id> {
  return {
    id,
    looksAt: "waste",
    weight: WEIGHT[id],
    evidence: (seen, from) => (seen.kind === kind ? aboutWaste(seen, from) : undefined),
  };
}

function aboutWaste({ holder, paths, bytes, count, example, room, repeated }: WasteHolder, from: Case): WasteEvidence | undefined {
  if (bytes / from.inUse < LEAST_SHARE) return undefined;
  const more = { ...(room ? { entries: room.entries, slots: room.slots } : {}), ...(repeated ? { repeated } : {}) };
  const figures: WasteFigures = { holder, paths: paths.slice(0, MOST_PATHS), count, ...more };
  return {
    subject: { kind: "object", id: example, expression: holder },
    bytes,
    whole: { kind: "live heap", bytes: from.heap.liveBytes },
    figures,
    next: { query: "waste", args: {} },
  };
}
