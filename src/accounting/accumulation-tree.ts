// The dominator tree folded for a person: what is small or alike is one row, the parts of a map are the map.

import { type Progress, silent } from "../base/progress.js";
import { cut } from "../base/rows.js";
import { type Bytes, NONE, type NodeId } from "../base/units.js";
import { foldNodes, type Rows, type TreeOptions } from "./fold-nodes.js";
import { type RowKeys, rowKeys } from "./row-keys.js";
import type { HeapNames, Sources } from "./sources.js";

export type { TreeOptions } from "./fold-nodes.js";

/** Kinds of rows. */
export const ROW = {
  /** Everything live: the virtual root. */
  all: 0,
  /** One variable, goroutine, queue... */
  owner: 1,
  /** Owners with something in common: goroutines in one function. */
  owners: 2,
  /** One object; with more than one member, the first link of a long chain and all the others. */
  object: 3,
  /** Objects of one type, or package. */
  objects: 4,
  /** What was too small, or too many, for rows of their own. */
  rest: 5,
} as const;

/** Index of a row. */
export type Row = number;

/** [rows] columns, row 0 the start; level after level, so that the children of a row stand beside each other, the largest first. */
export interface AccumulationTree {
  readonly rowCount: number;
  /** See ROW. */
  readonly kind: Uint8Array;
  /** The node of a row of one; a member of a row of several; NONE of the rest. */
  readonly node: Int32Array;
  /** What a row's members have in common; rows of one key are alike. NONE of everything and of the rest. */
  readonly key: Int32Array;
  /** Owners or objects. */
  readonly members: Uint32Array;
  /** Of the row's own objects. */
  readonly bytes: Float64Array;
  readonly retained: Float64Array;
  /** [rows + 1] the children of a row are those from its entry up to the next one's. */
  readonly firstChild: Uint32Array;
  /** What people call the row's members: their type, package or kind; "" of everything and of the rest. */
  label(row: Row): string;
  /** The key that a node's row would have. */
  keyOf(node: NodeId): number;
}

/** Single rows of one type and about one size are folded from this many on. */
const ALIKE = 4;

/** The tree below a node, which is its row 0. */
export function accumulationTree(
  source: Sources,
  names: HeapNames,
  start: NodeId,
  options: TreeOptions,
  progress: Progress = silent,
): AccumulationTree {
  const keys = rowKeys(source, names, options.group);
  const [first, ...rest] = draftsOf(foldNodes(source, keys, start, options, progress));
  for (const draft of rest) (draft.above as Draft).children.push(draft);
  const objectNode = source.heap.graph.nodeOfObject(0);
  return columnsOf(foldBelow(first, options), keys, objectNode);
}

/** Rows below a row, as row numbers. */
export function childrenOf({ firstChild }: AccumulationTree, row: Row): Row[] {
  const count = firstChild[row + 1] - firstChild[row];
  return Array.from({ length: count }, (_, index) => firstChild[row] + index);
}

/** A row while rows are folded. */
interface Draft {
  readonly above?: Draft | undefined;
  /** NONE of the rest and of everything. */
  readonly key: number;
  /** NONE of several. */
  readonly node: NodeId;
  readonly first: NodeId;
  readonly count: number;
  readonly bytes: Bytes;
  readonly retained: Bytes;
  children: Draft[];
}

/** Columns of numbers as records with their children, to sort and fold them; there are at most twice MOST_ROWS. */
function draftsOf(rows: Rows): Draft[] {
  const drafts: Draft[] = [];
  rows.parent.forEach((above, row) => {
    drafts.push({
      above: drafts[above],
      key: rows.key[row],
      node: rows.node[row],
      first: rows.first[row],
      count: rows.count[row],
      bytes: rows.bytes[row],
      retained: rows.retained[row],
      children: [],
    });
  });
  return drafts;
}

/** Folds, sorts and cuts the rows below one, down to the leaves. */
function foldBelow(draft: Draft, options: TreeOptions, depth = 0): Draft {
  const children = foldAlike(draft.children).sort((a, b) => b.retained - a.retained);
  // Below `min`, or behind the first `top`, they are one row of the rest, so that the sums of a level stay right.
  const large = children.filter((child) => child.retained >= options.min);
  const shown = new Set(cut(large, options.top));
  const below = [...shown].map((child) => foldBelow(child, options, depth + 1));
  const rest = children.filter((child) => !shown.has(child));
  if (rest.length > 0 && depth < options.depth) below.push(restOf(rest));
  return { ...draft, children: below };
}

/** The row that stands for all that are not shown. */
function restOf(rest: readonly Draft[]): Draft {
  const sum = (of: (each: Draft) => number) => rest.reduce((total, each) => total + of(each), 0);
  return {
    key: NONE,
    node: NONE,
    first: NONE,
    count: sum((each) => each.count),
    bytes: sum((each) => each.bytes),
    retained: sum((each) => each.retained),
    children: [],
  };
}

/** Four or more single nodes of a key, none of them far larger than the others, become one row. */
function foldAlike(children: readonly Draft[]): Draft[] {
  const byKey = new Map<number, Draft[]>();
  for (const child of children) {
    const list = byKey.get(child.key);
    if (list) list.push(child);
    else byKey.set(child.key, [child]);
  }
  return [...byKey.values()].flatMap((list) => (isAlike(list) ? [list.reduce(unite)] : list));
}

/** The largest must not be more than half of all: one large map among a hundred small ones is what the reader looks for. */
function isAlike(list: readonly Draft[]): boolean {
  const singles = list.filter((each) => each.node !== NONE);
  if (singles.length < ALIKE) return false;
  const most = singles.reduce((max, each) => Math.max(max, each.retained), 0);
  const sum = list.reduce((total, each) => total + each.retained, 0);
  return most <= sum / 2;
}

/** Two rows of a key as one; rows of the same key below them become one too, down to the leaves. */
function unite(a: Draft, b: Draft): Draft {
  const children = new Map<number, Draft>();
  for (const child of [...a.children, ...b.children]) {
    const known = children.get(child.key);
    children.set(child.key, known ? unite(known, child) : child);
  }
  return {
    key: a.key,
    node: NONE,
    first: a.first,
    count: a.count + b.count,
    bytes: a.bytes + b.bytes,
    retained: a.retained + b.retained,
    children: [...children.values()],
  };
}

/** Breadth first: the children of a row get consecutive numbers. */
function columnsOf(start: Draft, keys: RowKeys, objectNode: NodeId): AccumulationTree {
  const rows = [start];
  const firstChild: number[] = [];
  for (let row = 0; row < rows.length; row++) {
    firstChild.push(rows.length);
    for (const child of rows[row].children) rows.push(child);
  }
  firstChild.push(rows.length);
  const key = Int32Array.from(rows, (draft) => draft.key);
  return {
    rowCount: rows.length,
    kind: Uint8Array.from(rows, (draft) => kindOf(draft, objectNode)),
    node: Int32Array.from(rows, (draft) => draft.first),
    key,
    members: Uint32Array.from(rows, (draft) => draft.count),
    bytes: Float64Array.from(rows, (draft) => draft.bytes),
    retained: Float64Array.from(rows, (draft) => draft.retained),
    firstChild: Uint32Array.from(firstChild),
    label: (row) => (key[row] === NONE ? "" : keys.label(key[row])),
    keyOf: (node) => keys.of(node),
  };
}

/** Told by the first member's node: 0 is the root, owners come before objects, NONE is the rest. */
function kindOf({ node, first }: Draft, objectNode: NodeId): number {
  if (first === 0) return ROW.all;
  if (first === NONE) return ROW.rest;
  if (first < objectNode) return node === NONE ? ROW.owners : ROW.owner;
  return node === NONE ? ROW.objects : ROW.object;
}
