// Points of accumulation that have one cause are one finding.
import type { Case } from "./case.js";
import type { RuleId } from "./figures.js";
import { CONTEXT_CHILDREN, CONTEXT_TIMER } from "./name-lists.js";
import { rowPart, type SeenPoint } from "./seen-points.js";
import type { Evidence, Part } from "./suspect.js";

/** What a rule says of a point. */
export interface PointFinding {
  readonly rule: RuleId;
  readonly seen: SeenPoint;
  readonly evidence: Evidence<RuleId>;
  readonly score: number;
}

export function joinPoints(from: Case, found: readonly PointFinding[]): readonly PointFinding[] {
  return joinCauses(joinContexts(from, found));
}

/**
 * Contexts with a deadline are three points: they hang in their parent's map and in their timers, so none of these
 * holds them alone.
 */
function joinContexts(from: Case, found: readonly PointFinding[]): readonly PointFinding[] {
  const contexts = found.filter((each) => each.rule === "contexts-never-cancelled");
  const [largest] = contexts.toSorted((a, b) => b.evidence.bytes - a.evidence.bytes);
  if (!largest) return found;
  const taken = found.filter((each) => !contexts.includes(each) && isPartOfContexts(each));
  const parts = taken.map((each) => ({ ...each, evidence: { ...each.evidence, parts: partOf(from, each) } }));
  return [join(largest, parts), ...found.filter((each) => each !== largest && !taken.includes(each))];
}

function isPartOfContexts({ seen: { type, count, held } }: PointFinding): boolean {
  return type === CONTEXT_CHILDREN || held.members.some((each) => CONTEXT_TIMER.test(each.type) && each.count > count / 2);
}

/** What a finding is made of, as parts of another. */
function partOf(from: Case, { seen, evidence }: PointFinding): readonly Part[] {
  const { type, tree, point, held } = seen;
  return type === CONTEXT_CHILDREN ? [rowPart(from, tree, point.row, held.bytes, 1)] : (evidence.parts ?? []);
}

/** Each P has timers of its own, a context may hang in several variables. */
function joinCauses(found: readonly PointFinding[]): readonly PointFinding[] {
  const alike = new Map<unknown, PointFinding[]>();
  for (const each of found) {
    const key = each.evidence.cause ?? each;
    alike.set(key, [...(alike.get(key) ?? []), each]);
  }
  return [...alike.values()].map(([first, ...rest]) => {
    const joined = join(first, rest);
    const { figures } = joined.evidence;
    if (rest.length === 0 || !("count" in figures)) return joined;
    const all = [first, ...rest].map((each) => each.evidence.figures);
    const count = all.reduce((sum, each) => sum + ("count" in each ? each.count : 0), 0);
    const calls = all.reduce((sum, each) => sum + ("calls" in each ? (each.calls ?? 0) : 0), 0);
    const sums = "calls" in figures ? { count, calls } : { count };
    return { ...joined, evidence: { ...joined.evidence, figures: { ...figures, ...sums } } };
  });
}

/** One finding of several that have no byte in common; its figures and its weight are the first one's. */
function join(first: PointFinding, rest: readonly PointFinding[]): PointFinding {
  if (rest.length === 0) return first;
  const parts = new Map<string, Part>();
  for (const part of [first, ...rest].flatMap((each) => each.evidence.parts ?? [])) {
    const key = JSON.stringify([part.expression, part.type, part.each]);
    const known = parts.get(key);
    parts.set(key, known ? { ...part, bytes: known.bytes + part.bytes, count: known.count + part.count } : part);
  }
  const bytes = rest.reduce((sum, each) => sum + each.evidence.bytes, first.evidence.bytes);
  return {
    ...first,
    evidence: { ...first.evidence, bytes, signs: [], parts: [...parts.values()].sort((a, b) => b.bytes - a.bytes) },
    score: (first.score / first.evidence.bytes) * bytes,
  };
}
