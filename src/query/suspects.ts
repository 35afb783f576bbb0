// What is probably wrong: findings with their figures, the likeliest culprit first.
import { cut } from "../base/rows.js";
import type { Bytes } from "../base/units.js";
import { caseOf } from "../diagnosis/case.js";
import { diagnose } from "../diagnosis/diagnose.js";
import type { Suspect } from "../diagnosis/suspect.js";
import type { Dump } from "../dump.js";
import { heapNames } from "./heap-names.js";
import type { Query } from "./query.js";

export type { Figures, GroupFigures, RuleId, WasteFigures } from "../diagnosis/figures.js";
export type { Sign } from "../diagnosis/sign.js";
export type { Part, Suspect, Whole } from "../diagnosis/suspect.js";

export interface SuspectsArgs {
  /** 0 = all; 8 when absent. */
  readonly top?: number;
}

/**
 * Findings as figures and names; the sentences are the command line's. Bytes of live heap, against which a finding's bytes are measured.
 */
export interface Suspects {
  readonly rows: readonly Suspect[];
  readonly total: { readonly rows: number };
  readonly liveBytes: Bytes;
}

export const suspects: Query<SuspectsArgs, Suspects> = {
  name: "suspects",
  summary: "what is probably wrong, the likeliest culprit first",
  run(dump, { top = 8 }) {
    const rows = findSuspects(dump);
    return { rows: cut(rows, top), total: { rows: rows.length }, liveBytes: dump.heap.liveBytes };
  },
};

/** Every finding, the likeliest first. */
export function findSuspects(dump: Dump): readonly Suspect[] {
  return diagnose(caseOf(dump, heapNames(dump)));
}
