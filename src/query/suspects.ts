// What is probably wrong: findings with their figures, the likeliest culprit first.
import { allocationSites } from "../accounting/allocation-sites.js";
import { cut } from "../base/rows.js";
import { type Bytes, NONE, type NodeId } from "../base/units.js";
import { caseOf } from "../diagnosis/case.js";
import { diagnose } from "../diagnosis/diagnose.js";
import type { Suspect as Found } from "../diagnosis/suspect.js";
import type { Dump } from "../dump.js";
import { heapNames } from "./heap-names.js";
import { type SampledSites, sampledSites } from "./object-sites.js";
import type { Query } from "./query.js";

export type { Figures, GroupFigures, RuleId, WasteFigures } from "../diagnosis/figures.js";
export type { Sign } from "../diagnosis/sign.js";
export type { Confidence, Part, Whole } from "../diagnosis/suspect.js";

/** A finding, and where the heap profile saw what it holds allocated. */
export type Suspect = Found & { readonly sites?: SampledSites };

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
  return diagnose(caseOf(dump, heapNames(dump))).map((each) => ({ ...each, ...sitesOf(dump, each) }));
}

/** Of the sampled objects those that only the subject keeps: their places. */
function sitesOf(dump: Dump, { subject, bytes }: Found): { readonly sites?: SampledSites } {
  const { heap, runtime, retention } = dump;
  const { kind, id } = subject;
  if (runtime.sampled.size === 0 || id === undefined || bytes === 0 || (kind !== "object" && kind !== "owner")) return {};
  const holder = kind === "object" ? heap.graph.nodeOfObject(id) : heap.graph.nodeOfOwner(id);
  const { parent } = retention.dominators;
  const known = new Map<NodeId, boolean>();
  const isHeld = (start: NodeId): boolean => {
    const way: NodeId[] = [];
    let node = start;
    while (node !== holder && node !== 0 && node !== NONE && !known.has(node)) {
      way.push(node);
      node = parent[node];
    }
    const held = node === holder || known.get(node) === true;
    for (const each of way) known.set(each, held);
    return held;
  };
  const held = allocationSites(dump)
    .ids()
    .filter((each) => heap.isLive(each) && isHeld(heap.graph.nodeOfObject(each)));
  return sampledSites(dump, held);
}
