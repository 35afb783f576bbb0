// Points of accumulation as rules see them: who they are, what piles up in them, what that says.
import { type AccumulationTree, ROW, type Row } from "../accounting/accumulation-tree.js";
import { type Bytes, NONE } from "../base/units.js";
import type { Case } from "./case.js";
import { type Held, heldBy } from "./members.js";
import { findPoints, objectOf, type Point, type Points, type Remainder } from "./points.js";
import type { Sign } from "./sign.js";
import { signsOf } from "./signs.js";
import type { Evidence, Next, Part, Subject } from "./suspect.js";

export interface SeenPoint {
  readonly tree: AccumulationTree;
  readonly point: Point;
  readonly held: Held;
  /** Type of its objects, as people write it; what owners have in common otherwise. */
  readonly type: string;
  /** Objects or owners. */
  readonly count: number;
  /** The outermost row that dominates it, or its own. */
  readonly top: Row;
  /** Go expression or owner's name of the point or of what it lies in; undefined when several hold it. */
  readonly name: string | undefined;
  readonly signs: readonly Sign[];
}

/** The points of a case. */
export function seePoints(from: Case): readonly SeenPoint[] {
  const points = findPoints(from);
  const held = heldBy(from, points);
  from.progress.stage("suspects: holders", points.points.length);
  return points.points.flatMap((point, index) => {
    from.progress.tick(index);
    // Words that only a register holds are seldom the program's.
    const top = point.above[0] ?? point.row;
    const isRegister = points.tree.kind[top] === ROW.owner && from.heap.roots.owners[points.tree.node[top] - 1].kind === "register";
    return isRegister || held[index].bytes === 0 ? [] : [seePoint(from, points, point, held[index])];
  });
}

function seePoint(from: Case, points: Points, point: Point, held: Held): SeenPoint {
  const { tree } = points;
  const { row, above } = point;
  const top = above[0] ?? row;
  const own = nameOf(from, tree, row);
  const nearest = above.findLast((each) => nameOf(from, tree, each) !== undefined);
  const name = own ?? (nearest === undefined ? undefined : expressionOf(from, tree, nearest)) ?? ownerNameOf(from, tree, top);
  const signs = signsOf(from, points, point, held, own ?? "");
  return { tree, point, held, type: tree.label(row), count: tree.members[row], top, name, signs };
}

/** Go expression of a row's only object. */
export function expressionOf(from: Case, tree: AccumulationTree, row: Row): string | undefined {
  const isNamed = tree.kind[row] === ROW.object && tree.members[row] === 1;
  return isNamed ? from.names.expression(objectOf(from.heap, tree, row)) : undefined;
}

function ownerNameOf(from: Case, tree: AccumulationTree, row: Row): string | undefined {
  return tree.kind[row] === ROW.owner ? from.names.owner(tree.node[row] - 1) : undefined;
}

function nameOf(from: Case, tree: AccumulationTree, row: Row): string | undefined {
  return expressionOf(from, tree, row) ?? ownerNameOf(from, tree, row);
}

/** What evidence of every rule about a point has in common. */
export function aboutPoint(from: Case, seen: SeenPoint): Pick<Evidence<never>, "subject" | "bytes" | "whole" | "parts" | "signs" | "next"> {
  const { held, name, signs } = seen;
  return {
    subject: subjectOf(from, seen),
    bytes: held.bytes,
    whole: { kind: "live heap", bytes: from.heap.liveBytes },
    parts: partsOf(from, seen),
    signs,
    next: name === undefined ? whyNext(seen.type) : { query: "dominators", args: { of: name } },
  };
}

function subjectOf({ heap }: Case, { tree, point: { row }, name }: SeenPoint): Subject {
  const id = objectOf(heap, tree, row);
  const isOne = tree.kind[row] === ROW.object || tree.kind[row] === ROW.owner;
  const expression = name === undefined ? {} : { expression: name };
  if (id !== NONE) return { kind: isOne ? "object" : "objects", id, ...expression };
  return { kind: isOne ? "owner" : "owners", id: tree.node[row] - 1, ...expression };
}

/** Of objects that nobody holds alone the ways to them are asked. */
export function whyNext(type: string): Next {
  return { query: "why", args: { type: `^${type.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`, merge: true } };
}

/** Rows that are told where no type is most of a point. */
const MOST_ROWS = 3;

/** Types there are many of; where they are not most of it, the single values below the point. */
function partsOf(from: Case, { tree, point, held }: SeenPoint): readonly Part[] {
  const counted = held.parts.reduce((sum, part) => sum + part.bytes, 0);
  if (held.main || counted > held.bytes / 2) return held.parts;
  const below = point.children.filter(({ row }) => tree.kind[row] !== ROW.rest).slice(0, MOST_ROWS);
  return below.map((child) => partOf(from, tree, child));
}

function partOf(from: Case, tree: AccumulationTree, { row, retained }: Remainder): Part {
  return rowPart(from, tree, row, retained, tree.members[row]);
}

/** A row as a part of a finding. */
export function rowPart(from: Case, tree: AccumulationTree, row: Row, bytes: Bytes, count: number): Part {
  const expression = expressionOf(from, tree, row);
  return { bytes, count, type: tree.label(row), ...(expression === undefined ? {} : { expression }) };
}
