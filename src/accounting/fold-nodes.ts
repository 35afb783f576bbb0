// Nodes of the dominator tree into rows, parents first: large ones by themselves, small ones by what they have in common.
import type { Progress } from "../base/progress.js";
import { type Bytes, NONE, type NodeId } from "../base/units.js";
import { longChains } from "../graph/chains.js";
import { MOST_ROWS } from "./limits.js";
import type { Grouping, RowKeys } from "./row-keys.js";
import type { Sources } from "./sources.js";

/** What a person asks of a tree. */
export interface TreeOptions {
  /** Levels below the start. */
  readonly depth: number;
  /** Nodes that retain less are folded with others of their type. */
  readonly min: Bytes;
  readonly group: Grouping;
  /** Children of a row, the largest, 0 = all; the others are one row. */
  readonly top: number;
}

/** [rows] the start is row 0, and a row stands after the one above it. */
export class Rows {
  /** Row above; NONE of the start's. */
  readonly parent: number[] = [];
  /** What the row's members have in common. */
  readonly key: number[] = [];
  /** The node of a row of one; NONE of several. */
  readonly node: number[] = [];
  /** The first member. */
  readonly first: number[] = [];
  readonly depth: number[] = [];
  /** Members: owners or objects; parts of a map are not counted as further ones. */
  readonly count: number[] = [];
  /** Of the row's own objects. */
  readonly bytes: number[] = [];
  readonly retained: number[] = [];

  /** Appends an empty row and gives its number; what it holds is added by the caller. */
  add(above: number, key: number, first: NodeId, isSingle: boolean): number {
    this.key.push(key);
    this.node.push(isSingle ? first : NONE);
    this.first.push(first);
    this.depth.push(above === NONE ? 0 : this.depth[above] + 1);
    this.count.push(0);
    this.bytes.push(0);
    this.retained.push(0);
    return this.parent.push(above) - 1;
  }

  /** Takes bytes out of a row that held them and those above it, and into another and those above it. */
  moveRetained(from: number, to: number, bytes: Bytes): void {
    let [left, entered] = [from, to];
    while (left !== entered) {
      if (this.depth[left] >= this.depth[entered]) {
        this.retained[left] -= bytes;
        left = this.parent[left];
      } else {
        this.retained[entered] += bytes;
        entered = this.parent[entered];
      }
    }
  }
}

/** Rows of a node and all below it. */
export function foldNodes(source: Sources, keys: RowKeys, start: NodeId, options: TreeOptions, progress: Progress): Rows {
  const { order } = source.retention.dominators;
  const fold = new Fold(source, keys, start, options);
  progress.stage("dominators: rows", order.length);
  // Nodes are taken in the order of the depth-first search that made the dominators: whoever dominates a node comes before it.
  let from = 0;
  while (from < order.length && order[from] !== start) from++;
  for (let i = from + 1; i < order.length; i++) {
    if ((i & 0x3ffff) === 0) progress.tick(i);
    fold.place(order[i]);
  }
  return fold.rows;
}

/** Takes the nodes one by one, parents first, and puts each into a row. */
class Fold {
  readonly rows = new Rows();
  /** [nodes] NONE: not below the start, or left out. */
  private readonly rowOf: Int32Array;
  /** [rows] the rows of several below a row, by key. */
  private readonly several: Map<number, number>[] = [];
  private readonly objectNode: NodeId;
  /** [objects] See Wholes.column. */
  private readonly wholeOf: Int32Array;
  private readonly linkAbove: (node: NodeId) => NodeId;

  private readonly source: Sources;
  private readonly keys: RowKeys;
  private readonly start: NodeId;
  private readonly options: TreeOptions;

  constructor(source: Sources, keys: RowKeys, start: NodeId, options: TreeOptions) {
    this.source = source;
    this.keys = keys;
    this.start = start;
    this.options = options;
    const { heap, retention, runtime } = source;
    const { rows } = this;
    this.objectNode = heap.graph.nodeOfObject(0);
    this.rowOf = new Int32Array(retention.dominators.parent.length).fill(NONE);
    this.wholeOf = heap.wholes.column;
    this.rowOf[start] = rows.add(NONE, keys.of(start), start, true);
    rows.count[0] = start === 0 ? 0 : 1;
    rows.bytes[0] = this.sizeOf(start);
    rows.retained[0] = retention.retained[start];
    const kinds = { first: this.objectNode, kind: heap.types.type, count: runtime.types.count };
    this.linkAbove = longChains(retention.dominators, start, retention.retained, options.min, kinds);
  }

  /** Parents come before their children. */
  place(node: NodeId): void {
    const { rows, rowOf, keys } = this;
    const link = this.linkAbove(node);
    if (link !== NONE && rowOf[link] >= 0) {
      this.lengthen(node, rowOf[link]);
      return;
    }
    const above = rowOf[this.source.retention.dominators.parent[node]];
    if (above < 0) return;
    const key = keys.of(node);
    const isPart = this.isPartOf(node, above);
    // What joins the row above brings its own bytes only: that row's retained size has it already.
    if (isPart || this.isAlike(key, above)) {
      rowOf[node] = above;
      if (!isPart) rows.count[above]++;
      rows.bytes[above] += this.sizeOf(node);
    } else if (rows.depth[above] < this.options.depth) this.enter(node, key, above);
  }

  /** A further link of a long chain: all are one row, what lies between them as well, each below the first's. */
  private lengthen(node: NodeId, chain: number): void {
    const { rows, rowOf, source } = this;
    const { parent } = source.retention.dominators;
    let holder = parent[node];
    while (rowOf[holder] < 0) holder = parent[holder];
    rowOf[node] = chain;
    if (this.keys.of(node) === rows.key[chain]) rows.count[chain]++;
    rows.bytes[chain] += this.sizeOf(node);
    rows.moveRetained(rowOf[holder], chain, source.retention.retained[node]);
  }

  /** A part of a value, and what stands for the value is in the row. */
  private isPartOf(node: NodeId, row: number): boolean {
    const whole = node < this.objectNode ? NONE : this.wholeOf[node - this.objectNode];
    return whole >= 0 && this.rowOf[this.objectNode + whole] === row;
  }

  /** In rows of one type whatever is of that type; but a person who asks for one object wants to see what is below just this one. */
  private isAlike(key: number, row: number): boolean {
    return key !== NONE && key === this.rows.key[row] && (this.start === 0 || row > 0);
  }

  /** A row of its own, or one with others of its key. */
  private enter(node: NodeId, key: number, above: number): void {
    const { rows, options } = this;
    const retained = this.source.retention.retained[node];
    // The bound on rows keeps a heap of millions of large objects from making millions of rows: from there on they share rows of their key.
    const isSingle = options.group === "none" && retained >= options.min && rows.parent.length < MOST_ROWS;
    let row = isSingle ? undefined : this.several[above]?.get(key);
    if (row === undefined) {
      if (!isSingle && rows.parent.length >= 2 * MOST_ROWS) return;
      row = rows.add(above, key, node, isSingle);
      if (!isSingle) {
        this.several[above] ??= new Map();
        this.several[above].set(key, row);
      }
    }
    this.rowOf[node] = row;
    rows.count[row]++;
    rows.bytes[row] += this.sizeOf(node);
    rows.retained[row] += retained;
  }

  /** Bytes of an object; owners have none, since globals and stacks are no part of the heap. */
  private sizeOf(node: NodeId): Bytes {
    return node < this.objectNode ? 0 : this.source.heap.objects.sizeOf(node - this.objectNode);
  }
}
