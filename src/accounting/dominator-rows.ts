// The dominator tree as a person reads it: what is small or alike is one row, the parts of a map are the map.
import { type Progress, silent } from "../base/progress.js";
import { type Bytes, type Hex, hex, NONE, type NodeId } from "../base/units.js";
import type { Dump } from "../dump.js";
import { longChains } from "../graph/chains.js";
import { readableType } from "../naming/object-names.js";
import { expressionOf, ownerName } from "../naming/path-names.js";
import { goroutinePlace } from "../stacks/goroutine-place.js";
import { packageOf } from "./histogram-rows.js";

/** One row: a node, or several of one type (or package) below the same row. */
export interface DominatorNode {
  /** Of a single object. */
  readonly address?: Hex;
  /** Of a single owner: the variable or goroutine. */
  readonly owner?: string;
  /** Type of the objects; what kind of owner otherwise. */
  readonly type: string;
  /** Go expression of a single object. */
  readonly expression?: string;
  /** Of the row's own objects. */
  readonly bytes: Bytes;
  readonly retainedBytes: Bytes;
  /** Objects or owners in the row. */
  readonly count: number;
  /** An object of a row of several. */
  readonly example?: Hex;
  readonly children?: readonly DominatorNode[];
}

export interface TreeOptions {
  /** Levels below the start. */
  readonly depth: number;
  /** Nodes that retain less are folded with others of their type. */
  readonly min: Bytes;
  readonly group: "none" | "type" | "package";
  readonly top: number;
}

/** Single rows of one type and about one size are folded from this many on. */
const ALIKE = 4;
/** Rows made in all; deeper and smaller ones are left out. */
const MOST_ROWS = 200_000;

/** Rows in the making, as columns. */
interface Rows {
  parent: number[];
  /** What the row's members have in common. */
  key: number[];
  /** The node of a row of one. */
  node: number[];
  first: number[];
  depth: number[];
  count: number[];
  bytes: number[];
  retained: number[];
}

/** How the members of a row are told apart. */
interface Keys {
  of(node: NodeId): number;
  name(key: number): string;
  /** The node belongs to its parent's row: the parts of a map, and in rows of one type whatever is of that type. */
  joins(node: NodeId, key: number, parentKey: number): boolean;
}

/** The tree below a node; its root is the node itself. */
export function dominatorTree(dump: Dump, start: NodeId, options: TreeOptions, progress: Progress = silent): DominatorNode {
  const { heap, retention } = dump;
  const { parent, order } = retention.dominators;
  const { retained } = retention;
  const objectNode = heap.graph.nodeOfObject(0);
  const keys = keysOf(dump, options.group);
  const rowOf = new Int32Array(parent.length).fill(NONE);
  const rows: Rows = { parent: [], key: [], node: [], first: [], depth: [], count: [], bytes: [], retained: [] };
  const sizeOf = (node: NodeId) => (node < objectNode ? 0 : heap.objects.sizeOf(node - objectNode));
  const merged: Map<number, number>[] = [];
  const addRow = (above: number, key: number, node: NodeId, single: boolean, depth: number): number => {
    rows.parent.push(above);
    rows.key.push(key);
    rows.node.push(single ? node : NONE);
    rows.first.push(node);
    rows.depth.push(depth);
    rows.count.push(0);
    rows.bytes.push(0);
    rows.retained.push(0);
    return rows.parent.length - 1;
  };
  // The start's own row has a key that nothing joins by type: a person asked to see what is below just this one.
  const startKey = start === 0 ? NONE : keys.of(start);
  rowOf[start] = addRow(NONE, startKey, start, true, 0);
  rows.count[0] = start === 0 ? 0 : 1;
  rows.bytes[0] = sizeOf(start);
  rows.retained[0] = retained[start];
  const kinds = { first: objectNode, kind: heap.types.type, count: dump.runtime.types.count };
  progress.stage("dominators: rows", order.length);
  const linkAbove = longChains(retention.dominators, start, retained, options.min, kinds);
  let from = 0;
  while (from < order.length && order[from] !== start) from++;
  for (let i = from + 1; i < order.length; i++) {
    if ((i & 0x3ffff) === 0) progress.tick(i);
    const node = order[i];
    const above = rowOf[parent[node]];
    const link = linkAbove(node);
    if (link !== NONE && rowOf[link] >= 0) {
      // The links of a long chain are one row, what lies between them as well: each below the first's.
      let holder = parent[node];
      while (rowOf[holder] < 0) holder = parent[holder];
      rowOf[node] = rowOf[link];
      if (keys.of(node) === rows.key[rowOf[link]]) rows.count[rowOf[link]]++;
      rows.bytes[rowOf[link]] += sizeOf(node);
      moveRetained(rows, rowOf[holder], rowOf[link], retained[node]);
      continue;
    }
    if (above < 0) continue;
    const key = keys.of(node);
    if (start === 0 || above > 0 ? keys.joins(node, key, rows.key[above]) : keys.joins(node, key, rows.key[0]) && key !== startKey) {
      rowOf[node] = above;
      // Parts of a map belong to the map; they are not counted as further ones.
      if (key === rows.key[above]) rows.count[above]++;
      rows.bytes[above] += sizeOf(node);
      continue;
    }
    const depth = rows.depth[above] + 1;
    if (depth > options.depth) continue;
    let row: number;
    if (options.group === "none" && retained[node] >= options.min && rows.parent.length < MOST_ROWS) {
      row = addRow(above, key, node, true, depth);
    } else {
      merged[above] ??= new Map();
      row = merged[above].get(key) ?? NONE;
      if (row === NONE) {
        if (rows.parent.length >= 2 * MOST_ROWS) continue;
        row = addRow(above, key, node, false, depth);
        merged[above].set(key, row);
      }
    }
    rowOf[node] = row;
    rows.count[row]++;
    rows.bytes[row] += sizeOf(node);
    rows.retained[row] += retained[node];
  }
  return shape(dump, rows, keys, options);
}

/** Takes bytes out of a row that held them and those above it, and into another and those above it. */
function moveRetained(rows: Rows, from: number, to: number, bytes: Bytes): void {
  let [left, entered] = [from, to];
  while (left !== entered) {
    if (rows.depth[left] >= rows.depth[entered]) {
      rows.retained[left] -= bytes;
      left = rows.parent[left];
    } else {
      rows.retained[entered] += bytes;
      entered = rows.parent[entered];
    }
  }
}

/** A row while rows are folded. */
interface Draft {
  key: number;
  node: NodeId;
  first: NodeId;
  count: number;
  bytes: Bytes;
  retained: Bytes;
  children: Draft[];
}

function shape(dump: Dump, rows: Rows, keys: Keys, options: TreeOptions): DominatorNode {
  const drafts = rows.parent.map(
    (_, row): Draft => ({
      key: rows.key[row],
      node: rows.node[row],
      first: rows.first[row],
      count: rows.count[row],
      bytes: rows.bytes[row],
      retained: rows.retained[row],
      children: [],
    }),
  );
  rows.parent.forEach((above, row) => {
    if (above >= 0) drafts[above].children.push(drafts[row]);
  });
  return finish(dump, drafts[0], keys, options, 0);
}

function finish(dump: Dump, draft: Draft, keys: Keys, options: TreeOptions, depth: number): DominatorNode {
  const { heap } = dump;
  const objectNode = heap.graph.nodeOfObject(0);
  const children = foldAlike(draft.children, objectNode).sort((a, b) => b.retained - a.retained);
  const large = children.filter((child) => child.retained >= options.min);
  const shown = options.top > 0 ? large.slice(0, options.top) : large;
  const rest = children.filter((child) => !shown.includes(child));
  const below = shown.map((child) => finish(dump, child, keys, options, depth + 1));
  if (rest.length > 0 && depth < options.depth) {
    const sum = (of: (each: Draft) => number) => rest.reduce((total, each) => total + of(each), 0);
    below.push({
      type: "(smaller ones)",
      bytes: sum((each) => each.bytes),
      retainedBytes: sum((each) => each.retained),
      count: sum((each) => each.count),
    });
  }
  const facts = { bytes: draft.bytes, retainedBytes: draft.retained, count: draft.count, ...(below.length > 0 ? { children: below } : {}) };
  const { node } = draft;
  if (node === 0) return { owner: "everything live", type: "(roots)", ...facts };
  if (node === NONE) {
    const example = draft.first >= objectNode ? { example: hex(heap.objects.addressOf(draft.first - objectNode)) } : {};
    return { type: keys.name(draft.key), ...facts, ...example };
  }
  if (node < objectNode) return { owner: ownerName(dump, node - 1), type: heap.roots.owners[node - 1].kind, ...facts };
  const id = node - objectNode;
  const single = { address: hex(heap.objects.addressOf(id)), type: keys.name(draft.key), ...facts };
  return draft.count > 1 ? single : { ...single, expression: expressionOf(dump, id) };
}

/** Four or more single objects of a type, none of them far larger than the others, become one row. */
function foldAlike(children: readonly Draft[], objectNode: NodeId): Draft[] {
  const byKey = new Map<number, Draft[]>();
  const out: Draft[] = [];
  for (const child of children) {
    const list = byKey.get(child.key);
    if (list) list.push(child);
    else byKey.set(child.key, [child]);
  }
  for (const list of byKey.values()) {
    const objects = list.every((each) => each.node === NONE || each.node >= objectNode);
    const singles = list.filter((each) => each.node !== NONE);
    const most = singles.reduce((max, each) => Math.max(max, each.retained), 0);
    const sum = list.reduce((total, each) => total + each.retained, 0);
    // Goroutines of one function have one key, and are folded like objects; variables have a key of their own each.
    const goroutines = !objects && list.length >= ALIKE;
    if ((objects || goroutines) && singles.length >= ALIKE && most <= sum / 2) out.push(list.reduce(unite));
    else for (const each of list) out.push(each);
  }
  return out;
}

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

/** Parts that the runtime makes maps of: tables, groups, buckets; and sync.Map's tries. */
const MAP_PART =
  /^(?:\[\])?\*?(?:noalg\.)?(?:map\.(?:group|bucket)\[|bucket<|table<|group<|internal\/runtime\/maps\.|internal\/sync\.(?:indirect|entry|node)\b)/;

export function isMapPart(name: string): boolean {
  return MAP_PART.test(name);
}

function keysOf(dump: Dump, group: "none" | "type" | "package"): Keys {
  const { heap, runtime } = dump;
  const objectNode = heap.graph.nodeOfObject(0);
  const names: string[] = [];
  const byName = new Map<string, number>();
  const intern = (name: string): number => {
    let key = byName.get(name);
    if (key === undefined) {
      key = names.length;
      names.push(name);
      byName.set(name, key);
    }
    return key;
  };
  const unknown = intern(group === "package" ? "(unknown)" : "unknown");
  const isPart: boolean[] = [];
  const typeKey: number[] = [];
  const part: boolean[] = [];
  const header: boolean[] = [];
  const keyOfType = (type: number): number => {
    if (typeKey[type] !== undefined) return typeKey[type];
    const { name } = runtime.types.get(type);
    part[type] = isMapPart(name);
    header[type] = readableType(name) !== name;
    const key = intern(group === "package" ? packageOf(name, dump.names) : readableType(name));
    isPart[key] = group !== "package" && (part[type] || header[type]);
    typeKey[type] = key;
    return key;
  };
  const ownerKey = heap.roots.owners.map((owner, id) => {
    if (owner.goroutine !== undefined) return intern(`goroutine ${goroutinePlace(dump, owner.goroutine).function}`);
    if (owner.kind === "global" && group !== "package") return intern(`variable ${id}`);
    if (owner.kind === "global" || owner.kind === "data") return intern(`global variables of ${packageOf(owner.name, dump.names)}`);
    return intern(owner.kind);
  });
  return {
    of(node) {
      if (node < objectNode) return node === 0 ? NONE : ownerKey[node - 1];
      const type = heap.types.type[node - objectNode];
      return type === NONE ? unknown : keyOfType(type);
    },
    name: (key) => (names[key].startsWith("variable ") ? "global variables" : names[key]),
    joins(node, key, parentKey) {
      if (node < objectNode || parentKey < 0) return false;
      if (key === parentKey) return true;
      const type = heap.types.type[node - objectNode];
      return isPart[parentKey] === true && type !== NONE && part[type] === true;
    },
  };
}
