// What is probably wrong: findings with their evidence, the likeliest culprit first.
import type { Bytes } from "../base/units.js";
import { goroutineSuspects } from "../diagnosis/goroutines.js";
import { holderSuspects } from "../diagnosis/holders.js";
import { processSuspects } from "../diagnosis/process.js";
import type { Suspect, Whole } from "../diagnosis/suspect.js";
import { wasteSuspects } from "../diagnosis/waste.js";
import type { Dump } from "../dump.js";
import { heapNames } from "./heap-names.js";
import type { Query } from "./query.js";

export interface SuspectsArgs {
  /** 0 = all. */
  readonly top: number;
}

export interface Suspects {
  readonly rows: readonly Suspect[];
  readonly total: { readonly rows: number };
  readonly liveBytes: Bytes;
}

export const suspects: Query<SuspectsArgs, Suspects> = {
  name: "suspects",
  summary: "what is probably wrong, the likeliest culprit first",
  run(dump, args) {
    const rows = findSuspects(dump);
    return { rows: args.top > 0 ? rows.slice(0, args.top) : rows, total: { rows: rows.length }, liveBytes: dump.heap.liveBytes };
  },
};

/** Every finding, the likeliest first. */
export function findSuspects(dump: Dump): readonly Suspect[] {
  const whole: Whole = { bytes: memoryInUse(dump), name: "the memory in use" };
  const found = [
    ...holderSuspects(dump, heapNames(dump), whole.bytes),
    ...goroutineSuspects(dump, whole),
    ...wasteSuspects(dump, whole.bytes),
    ...processSuspects(dump, whole),
  ];
  return found.sort((a, b) => b.score - a.score);
}

/** What the process held of memory: the heap's spans, free ones not yet given back, stacks, and what is not Go's. */
function memoryInUse(dump: Dump): Bytes {
  const { accounts } = dump.runtime;
  if (!accounts) return Math.max(1, dump.heap.objects.bytes);
  return Math.max(1, accounts.heapInuse + accounts.heapFree + accounts.stackInuse);
}
