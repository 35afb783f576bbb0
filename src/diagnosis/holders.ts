// Where live bytes pile up: the variables, containers and queues whose children hold much.

import type { DominatorNode } from "../accounting/dominator-rows.js";
import type { HeapNames } from "../accounting/sources.js";
import { type Bytes, NONE, type NodeId } from "../base/units.js";
import { quoteWord } from "../base/words.js";
import type { Dump } from "../dump.js";
import { goroutinePlace } from "../stacks/goroutine-place.js";
import { CHILDREN, CONTEXTS, TIMER_CLOSURE } from "./contexts.js";
import { habitsOf } from "./habits.js";
import { specialOf } from "./kinds.js";
import { type Held, heldBy, objectOfRow } from "./members.js";
import { ownersOf } from "./owners.js";
import { findPoints, type Point } from "./points.js";
import { type Measured, type Part, type Suspect, suspectOf, times, type Whole } from "./suspect.js";

/** What a person can do nothing about is told from this share of the memory in use, and size, on. */
const ENORMOUS = { share: 0.2, bytes: 64 * 2 ** 20 };

/** A point with all that was found out about it. */
interface Finding extends Omit<Measured, "title"> {
  readonly title: (size: string, count: number) => string;
  readonly point: Point;
  readonly held: Held;
  readonly cause: string | undefined;
  /** What its members' fields say; said of one point, not of several. */
  readonly signs: readonly string[];
  /** Of what the title counts. */
  readonly count: number;
}

/** Findings about the points of accumulation. @param whole the memory in use */
export function holderSuspects(dump: Dump, names: HeapNames, whole: Bytes): Suspect[] {
  const { points, singles } = findPoints(dump, names);
  const held = heldBy(dump, points, singles);
  dump.progress.stage("suspects: holders", points.length);
  const found = points.flatMap((point, index) => {
    dump.progress.tick(index);
    return describe(dump, point, held[index], whole);
  });
  return joinCauses(joinContexts(found)).flatMap(({ title, signs, facts = [], ...rest }) =>
    suspectOf({ ...rest, title: (size) => title(size, rest.count), facts: [...facts, ...signs] }),
  );
}

function describe(dump: Dump, point: Point, held: Held, whole: Bytes): Finding[] {
  const { row, above } = point;
  const { bytes } = held;
  const top = above[0] ?? row;
  if (top.type === "register" || bytes === 0) return [];
  const live: Whole = { bytes: dump.heap.liveBytes, name: "the live heap" };
  const habits = habitsOf(dump, point, held.members);
  const named = row.expression ?? row.owner ?? above.findLast((each) => each.expression ?? each.owner)?.expression ?? top.owner;
  const where = named ?? row.type;
  const common = { point, held, bytes, of: live, parts: partsOf(point, held), cause: undefined, count: row.count, signs: habits.evidence };
  const rank = (weight: number) => (bytes / whole) * weight * habits.weight;
  const special = specialOf(dump, point, held, where);
  if (special) {
    return [
      {
        ...common,
        kind: special.kind,
        cause: special.cause,
        count: special.count,
        title: special.title,
        facts: special.facts,
        ...(named === undefined ? { next: whyNext(row) } : { next: `dominators CORE ${quoteWord(where)}`, expression: where }),
        score: rank(special.weight),
      },
    ];
  }
  const ofRuntime = /^runtime[./]|^internal\/runtime/.test(named ?? row.type);
  if (ofRuntime && (bytes < ENORMOUS.bytes || bytes / whole < ENORMOUS.share)) return [];
  const runtimes = ofRuntime ? ", the Go runtime's own," : "";
  // Of several objects held by nobody alone the ways to them are asked.
  if (row.owner === undefined && row.address === undefined) {
    const owners = ownersOf(dump, sharedNodes(dump, held));
    const list = owners.length > 1 ? `: ${owners.join(", ")}` : "";
    return [
      {
        ...common,
        kind: "equal objects",
        title: (size) => `${times(row.count, row.type)}${runtimes} hold ${size}, reached from several owners${list}`,
        next: whyNext(row),
        score: rank(0.8),
      },
    ];
  }
  const own = row.bytes > bytes * 0.9;
  const id = own ? objectOfRow(dump, row) : NONE;
  const isBlock = id !== NONE && dump.heap.objects.sizeOf(id) > bytes * 0.9;
  const kindOf = row.owner === undefined || row.type === "global" ? "" : ` (${row.type})`;
  const members = held.main ? `: ${times(held.main.count, held.main.type)}` : "";
  const goroutine = goroutineOf(dump, where);
  return [
    {
      ...common,
      kind: own ? "large object" : "accumulation",
      title: (size) =>
        own
          ? `${where}${runtimes} ${isBlock ? "is one block of" : "itself takes"} ${size}, ${row.type}`
          : `${where}${runtimes}${kindOf} holds ${size}${members}${goroutine}`,
      facts: row.expression === undefined || own ? [] : [`a ${row.type}`],
      expression: where,
      next: `dominators CORE ${quoteWord(where)}`,
      score: rank(own ? 0.5 : 1),
    },
  ];
}

/** Types there are many of; where they are not most of it, the single values below the point. */
function partsOf({ row }: Point, held: Held): readonly Part[] {
  const counted = held.parts.reduce((sum, part) => sum + part.bytes, 0);
  if (held.main || counted > held.bytes / 2) return held.parts;
  const below = (row.children ?? []).filter((child) => !child.type.startsWith("("));
  return below.slice(0, 3).map((child) => ({ bytes: child.retainedBytes, count: child.count, what: singleName(child) }));
}

function singleName(row: DominatorNode): string {
  return row.expression === undefined ? row.type : `${row.expression}, ${row.type}`;
}

function whyNext(row: DominatorNode): string {
  return `why CORE --type ${quoteWord(`^${row.type.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`)} --merge`;
}

/** Some objects of a point of several. */
function sharedNodes(dump: Dump, held: Held): readonly NodeId[] {
  const { heap } = dump;
  return (held.members[0]?.samples ?? []).map((id) => heap.graph.nodeOfObject(id));
}

/** Where the goroutine is that an expression begins with: "; goroutine 7 is in main.write [sleep]". */
function goroutineOf(dump: Dump, expression: string): string {
  const id = /^g(\d+)\./.exec(expression)?.[1];
  if (id === undefined) return "";
  const place = goroutinePlace(dump, Number(id));
  return place.function === "" ? "" : `; goroutine ${id} is in ${place.function} [${place.state}]`;
}

/**
 * Contexts with a deadline are three points: they hang in their parent's map and in their timers, so none of these
 * holds them alone. They are one finding.
 */
function joinContexts(found: readonly Finding[]): readonly Finding[] {
  const contexts = found.filter((each) => each.kind === CONTEXTS).sort((a, b) => b.bytes - a.bytes);
  const [largest] = contexts;
  if (!largest) return found;
  const taken = found.filter((each) => !contexts.includes(each) && isPartOfContexts(each));
  const parts = taken.map((each) => ({ ...each, parts: partOf(each) }));
  return [join(largest, parts), ...found.filter((each) => each !== largest && !taken.includes(each))];
}

/** What has one cause is one finding: each P has timers of its own, a context may hang in several variables. */
function joinCauses(found: readonly Finding[]): readonly Finding[] {
  const alike = new Map<unknown, Finding[]>();
  for (const each of found) {
    const key = each.cause ?? each;
    alike.set(key, [...(alike.get(key) ?? []), each]);
  }
  return [...alike.values()].map(([first, ...rest]) => {
    const joined = join(first, rest);
    return { ...joined, count: rest.reduce((sum, each) => sum + each.count, first.count) };
  });
}

/** One finding of several that have no byte in common; its words and its weight are the first one's. */
function join(first: Finding, rest: readonly Finding[]): Finding {
  if (rest.length === 0) return first;
  const parts = new Map<string, Part>();
  for (const part of [first, ...rest].flatMap((each) => each.parts ?? [])) {
    const known = parts.get(part.what);
    parts.set(part.what, known ? { ...part, bytes: known.bytes + part.bytes, count: known.count + part.count } : part);
  }
  const bytes = rest.reduce((sum, each) => sum + each.bytes, first.bytes);
  return {
    ...first,
    bytes,
    signs: [],
    parts: [...parts.values()].sort((a, b) => b.bytes - a.bytes),
    score: (first.score / first.bytes) * bytes,
  };
}

function isPartOfContexts({ point: { row }, held }: Finding): boolean {
  return row.type === CHILDREN || held.members.some((each) => TIMER_CLOSURE.test(each.type) && each.count > row.count / 2);
}

/** What a finding is made of, as parts of another. */
function partOf({ point: { row }, held, parts = [] }: Finding): readonly Part[] {
  return row.type === CHILDREN ? [{ bytes: held.bytes, count: 1, what: singleName(row) }] : parts;
}
