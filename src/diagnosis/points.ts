// Points of accumulation: rows of the dominator tree that hold much, each without what points below it hold.

import { accumulationTree } from "../accounting/accumulation-tree.js";
import { type DominatorNode, dominatorRow } from "../accounting/dominator-rows.js";
import type { HeapNames } from "../accounting/sources.js";
import type { Bytes, Hex } from "../base/units.js";
import type { Dump } from "../dump.js";

/** A point holds at least this part of the live bytes by itself. */
const LEAST_SHARE = 0.05;
const DEPTH = 24;
const MOST_POINTS = 24;

/** What a sync.Pool keeps its values in, one a P. */
export const POOL = "[]sync.poolLocal";

/** Levels of rows from a node to the next: a slice of nodes, or pointers in the nodes themselves. */
const NODE_LEVELS = 2;

export interface Point {
  /** Its children and bytes are what no point below it has taken. */
  readonly row: DominatorNode;
  /** The row as the tree has it, with what points below it took. */
  readonly whole: DominatorNode;
  /** Rows that dominate it, the outermost first. */
  readonly above: readonly DominatorNode[];
}

/** The largest points: every byte belongs to the innermost one; and the rows of single objects that the roots hold. */
export function findPoints(dump: Dump, names: HeapNames): { readonly points: readonly Point[]; readonly singles: readonly Hex[] } {
  const { liveBytes } = dump.heap;
  const options = { depth: DEPTH, min: Math.max(1, liveBytes / 200), group: "none", top: 0 } as const;
  const root = dominatorRow(accumulationTree(dump, names, 0, options, dump.progress), dump, names);
  const points: Point[] = [];
  for (const child of root.children ?? []) collect(child, [], liveBytes * LEAST_SHARE, points);
  return {
    points: points.sort((a, b) => b.row.retainedBytes - a.row.retainedBytes).slice(0, MOST_POINTS),
    singles: (root.children ?? []).flatMap((child) => child.address ?? []),
  };
}

/** A tree's root has several nodes of its own type below it, or in its slice of them: what it holds is the tree's. */
function comesBack(type: string, rows: readonly DominatorNode[], levels: number): boolean {
  if (levels === 0 || type === "unknown") return false;
  const inside = rows.filter((each) => !each.type.startsWith("map["));
  return inside.some((each) => (each.count > 1 && each.type === type) || comesBack(type, each.children ?? [], levels - 1));
}

/** The row less what became points in it; undefined when it became one itself. */
function collect(row: DominatorNode, above: readonly DominatorNode[], least: Bytes, points: Point[]): DominatorNode | undefined {
  // A type that comes back is a list of several types: its first element stands for all.
  const isLoop =
    row.address !== undefined && above.some((each) => each.address !== undefined && each.type === row.type && each.type !== "unknown");
  if (isLoop || row.retainedBytes < least || /^(?:\(smaller|goroutine(?: |$))/.test(row.type)) return row;
  const children: DominatorNode[] = [];
  let left = row.retainedBytes;
  const isTree = comesBack(row.type, row.children ?? [], NODE_LEVELS);
  for (const child of row.children ?? []) {
    // Rows of several are what a container holds, not holders themselves.
    const isHolder = row.type !== POOL && !isTree && child.count === 1 && !child.type.startsWith("(");
    const rest = isHolder ? collect(child, [...above, row], least, points) : child;
    left -= child.retainedBytes - (rest?.retainedBytes ?? 0);
    if (rest) children.push(rest);
  }
  const rest = { ...row, retainedBytes: left, children: children.sort((a, b) => b.retainedBytes - a.retainedBytes) };
  if (left < least) return rest;
  points.push({ row: rest, whole: row, above });
  return undefined;
}
