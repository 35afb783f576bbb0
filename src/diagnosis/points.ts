// Points of accumulation: rows of the dominator tree that hold much, each without what points below it hold.

import { type AccumulationTree, accumulationTree, childrenOf, ROW, type Row } from "../accounting/accumulation-tree.js";
import { type Bytes, NONE, type ObjectId } from "../base/units.js";
import type { Heap } from "../heap/heap.js";
import type { Owner } from "../heap/roots.js";
import type { Case } from "./case.js";
import { POOL } from "./name-lists.js";

/** A point holds at least this part of the live bytes by itself. */
const LEAST_SHARE = 0.05;
/** Rows that retain less than the live bytes divided by this are folded. */
const MOST_ROWS_BESIDE = 200;
const DEPTH = 24;
const MOST_POINTS = 24;
/** Levels of rows from a node to the next: a slice of nodes, or pointers in the nodes themselves. */
const NODE_LEVELS = 2;

/** A row less what became points below it, with what is left of its children, the largest first. */
export interface Remainder {
  readonly row: Row;
  readonly retained: Bytes;
  readonly children: readonly Remainder[];
}

export interface Point extends Remainder {
  /** Rows that dominate it, the outermost first. */
  readonly above: readonly Row[];
}

export interface Points {
  readonly tree: AccumulationTree;
  /** The largest first: every byte belongs to the innermost point. */
  readonly points: readonly Point[];
}

export function findPoints(from: Case): Points {
  const { liveBytes } = from.heap;
  const options = { depth: DEPTH, min: Math.max(1, liveBytes / MOST_ROWS_BESIDE), group: "none", top: 0 } as const;
  const tree = accumulationTree(from, from.names, 0, options, from.progress);
  const search = new Search(from.heap, tree);
  for (const row of childrenOf(tree, 0)) search.collect(row, []);
  return { tree, points: search.points.sort((a, b) => b.retained - a.retained).slice(0, MOST_POINTS) };
}

/** The object of a row of one, or one of a row of several; NONE of owners. */
export function objectOf(heap: Heap, { kind, node }: AccumulationTree, row: Row): ObjectId {
  return kind[row] === ROW.object || kind[row] === ROW.objects ? heap.graph.objectOfNode(node[row]) : NONE;
}

/** The owner of a row of one, or one of a row of several; undefined of objects. */
export function ownerOf(heap: Heap, { kind, node }: AccumulationTree, row: Row): Owner | undefined {
  return kind[row] === ROW.owner || kind[row] === ROW.owners ? heap.roots.owners[node[row] - 1] : undefined;
}

class Search {
  readonly points: Point[] = [];
  private readonly heap: Heap;
  private readonly tree: AccumulationTree;

  constructor(heap: Heap, tree: AccumulationTree) {
    this.heap = heap;
    this.tree = tree;
  }

  /** The row less what became points in it; undefined when it became one itself. */
  collect(row: Row, above: readonly Row[]): Remainder | undefined {
    const { tree } = this;
    const least = this.heap.liveBytes * LEAST_SHARE;
    if (tree.retained[row] < least || tree.kind[row] === ROW.rest || this.isLoop(row, above) || this.isGoroutine(row)) return this.all(row);
    const isClosed = tree.label(row) === POOL || this.comesBack(tree.key[row], childrenOf(tree, row), NODE_LEVELS);
    const children: Remainder[] = [];
    let left = tree.retained[row];
    for (const child of childrenOf(tree, row)) {
      // Rows of several are what a container holds, not holders themselves.
      const isHolder = !isClosed && tree.members[child] === 1 && tree.kind[child] !== ROW.rest;
      const rest = isHolder ? this.collect(child, [...above, row]) : this.all(child);
      left -= tree.retained[child] - (rest?.retained ?? 0);
      if (rest) children.push(rest);
    }
    const rest = { row, retained: left, children: children.sort((a, b) => b.retained - a.retained) };
    if (left < least) return rest;
    this.points.push({ ...rest, above });
    return undefined;
  }

  /** The row with all below it. */
  private all(row: Row): Remainder {
    return { row, retained: this.tree.retained[row], children: childrenOf(this.tree, row).map((child) => this.all(child)) };
  }

  /** A type that comes back is a list of several types: its first element stands for all. */
  private isLoop(row: Row, above: readonly Row[]): boolean {
    const { kind, key } = this.tree;
    const isAlike = (each: Row) => kind[each] === ROW.object && key[each] === key[row];
    return kind[row] === ROW.object && this.isTyped(row) && above.some(isAlike);
  }

  /** Rules of their own look at goroutines. */
  private isGoroutine(row: Row): boolean {
    const owner = ownerOf(this.heap, this.tree, row);
    return this.tree.kind[row] === ROW.owner ? owner?.kind === "goroutine" : owner?.goroutine !== undefined;
  }

  private isTyped(row: Row): boolean {
    const id = objectOf(this.heap, this.tree, row);
    return id !== NONE && this.heap.types.type[id] !== NONE;
  }

  /** A tree's root has several nodes of its own type below it, or in its slice of them: what it holds is the tree's. */
  private comesBack(key: number, rows: readonly Row[], levels: number): boolean {
    const { tree } = this;
    if (levels === 0) return false;
    const inside = rows.filter((each) => !tree.label(each).startsWith("map["));
    return inside.some(
      (each) =>
        (tree.members[each] > 1 && tree.key[each] === key && this.isTyped(each)) || this.comesBack(key, childrenOf(tree, each), levels - 1),
    );
  }
}
