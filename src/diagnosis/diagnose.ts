// What is probably wrong: every rule looks at what there is of its kind, and the findings are ranked.
import type { Case } from "./case.js";
import { groupGoroutines } from "./goroutine-groups.js";
import { joinPoints, type PointFinding } from "./joined-points.js";
import type { Looks, LooksAt, Rule } from "./rule.js";
import { rulesOf } from "./rules.js";
import { type SeenPoint, seePoints } from "./seen-points.js";
import { type Evidence, type Suspect, suspectOf } from "./suspect.js";
import { groupWaste } from "./waste-holders.js";
import { weightOf } from "./weights.js";

/** Every finding, the likeliest culprit first. */
export function diagnose(from: Case): readonly Suspect[] {
  const found = [
    ...aboutPoints(from),
    ...about(from, "goroutines", groupGoroutines(from)),
    ...about(from, "waste", groupWaste(from)),
    ...about(from, "process", [from]),
  ];
  return found.sort((a, b) => b.score - a.score);
}

/** Every rule of a kind on everything of that kind: several may have something to say of one. */
function about<At extends LooksAt>(from: Case, at: At, things: readonly Looks[At][]): readonly Suspect[] {
  const rules = rulesOf(at);
  return things.flatMap((seen) =>
    rules.flatMap((rule) => {
      const evidence = rule.evidence(seen, from);
      return evidence ? suspectOf(rule.id, evidence, scoreOf(from, rule, evidence)) : [];
    }),
  );
}

/** Of a point only one rule speaks; points with the same cause become one finding. */
function aboutPoints(from: Case): readonly Suspect[] {
  const found = seePoints(from).flatMap((seen) => firstFinding(from, seen));
  return joinPoints(from, found).flatMap(({ rule, evidence, score }) => suspectOf(rule, evidence, score));
}

/** What the first rule says that has something to say. */
function firstFinding(from: Case, seen: SeenPoint): readonly PointFinding[] {
  for (const rule of rulesOf("point")) {
    const evidence = rule.evidence(seen, from);
    if (evidence) return [{ rule: rule.id, seen, evidence, score: scoreOf(from, rule, evidence) }];
  }
  return [];
}

/** Share of the memory in use (or the rule's own measure, 0 to 1) by the rule's weight, by what the signs say for and against. */
function scoreOf<At extends LooksAt>(from: Case, rule: Rule<At>, { bytes, rank, weight, signs = [] }: Evidence<Rule<At>["id"]>): number {
  return (rank ?? bytes / from.inUse) * (weight ?? rule.weight) * weightOf(signs);
}
