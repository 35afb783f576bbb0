// The signature of a finding: equal for the same leak in two cores, of another host, build or release.
import { functionShape, pathShape, signatureOf } from "../base/signature.js";
import type { Figures, RuleId } from "./figures.js";

/** Whom a finding is about, as Subject has it. */
interface Of {
  readonly kind: string;
  readonly expression?: string;
}

/** Of every rule's figures what may be in a signature: names, no counts, sizes, ids or lines. */
interface Named {
  readonly holder?: string;
  readonly channel?: string;
  readonly pool?: string;
  readonly parent?: string;
  readonly paths?: readonly string[];
  readonly function?: string;
  readonly maker?: string;
  readonly closure?: string;
  readonly stuck?: { readonly function: string };
  readonly state?: unknown;
  readonly type?: string;
  readonly members?: { readonly type: string };
  readonly by?: readonly string[];
}

/** What a sync.Map is made of: map[any]*sync.entry until Go 1.23, a tree of internal/sync since. */
const INSIDE_SYNC = /\b(?:internal\/)?(?:sync|concurrent)\./;

/**
 * The rule, the holder's path and type, and the functions of a finding. Where no path leads to it, what it is made of: below a named holder
 * that would say nothing more, and the inside of a `sync.Map` is another in each release. Of the process the rule.
 */
export function findingSignature(rule: RuleId, subject: Of, figures: Figures[RuleId], parts: readonly { readonly type: string }[]): string {
  const named = figures as Named;
  // Which of the tables of live mmaps it is; every other rule about the process finds one thing.
  if (subject.kind === "process") return signatureOf([rule, ...(named.by ?? [])]);
  const holder =
    named.holder ?? named.channel ?? named.pool ?? named.parent ?? (subject.kind === "goroutines" ? undefined : subject.expression);
  const isPath = holder !== undefined && !holder.includes("0x") && holder !== named.type;
  const made = isPath || subject.kind === "goroutines" ? undefined : (named.members?.type ?? parts[0]?.type);
  const functions = [named.function, named.maker, named.closure, named.stuck?.function];
  return signatureOf([
    rule,
    pathShape(holder ?? ""),
    isPath && INSIDE_SYNC.test(named.type ?? "") ? "" : (named.type ?? ""),
    made ?? "",
    ...functions.map((name) => functionShape(name ?? "")),
    // "chan receive" of goroutines; a channel's state is figures.
    typeof named.state === "string" ? named.state : "",
    named.paths?.[0] ?? "",
  ]);
}
