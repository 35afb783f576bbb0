// Who points to an object, and what it points to, each with the field.
import { USUAL_TOP } from "../base/rows.js";
import { type Bytes, type Hex, hex, NONE, NOT_AN_ADDRESS, type NodeId, type ObjectId, WORD } from "../base/units.js";
import type { Dump } from "../dump.js";
import { INTERIOR, OFFSET_MASK } from "../heap/edges.js";
import { NO_PARTS } from "../heap/wholes.js";
import { locateNode, needText } from "../naming/locate.js";
import { type NamedObject, nameObject, objectName } from "../naming/object-names.js";
import { castOf, describeRoot, expressionVia, ownerName, rootExpression } from "../naming/path-names.js";
import { nameOffset } from "../value/fields.js";
import { MOST_FIELDS, MOST_NAMED } from "./limits.js";
import type { Query } from "./query.js";

/** Which value, and which side of its pointers. */
export interface RefsArgs {
  /** Address or expression. */
  readonly of: string;
  /** What it points to instead of who points to it. */
  readonly out?: boolean;
  /** 0 = all; 20 when absent. */
  readonly top?: number;
  /** The parts of maps, channels and buffers by themselves. */
  readonly parts?: boolean;
}

/** All pointers from, or to, one other value. */
interface Reference {
  /** Of the other object; absent for owners. */
  readonly address?: Hex;
  /** The variable or goroutine that points to the object. */
  readonly owner?: string;
  readonly type: string;
  readonly bytes: Bytes;
  /** Further objects of the other value. */
  readonly parts?: number;
  /** The pointed object as seen from there, as a Go expression: `main.global.sessions["user-5"]`. */
  readonly expression: string;
  /** How many pointers there are, and the fields that the first of them lie in: expressions like that one. */
  readonly pointers: number;
  readonly fields: readonly string[];
  /** The first pointer is not to the first byte. */
  readonly interior: boolean;
  /** false: a conservative root, or the referrer is garbage itself. */
  readonly certain: boolean;
  readonly live: boolean;
}

/** What was asked for, and a row for each value at the other side, in the order in which the pointers were found. */
export interface Refs {
  readonly object: NamedObject & { readonly live: boolean };
  readonly rows: readonly Reference[];
  /** Rows: values at the other side, each once. */
  readonly total: { readonly rows: number; readonly pointers: number };
}

export const refs: Query<RefsArgs, Refs> = {
  name: "refs",
  summary: "who points to an object, or what it points to",
  run(dump, args) {
    const { heap } = dump;
    const { graph } = heap;
    const { out = false, top = USUAL_TOP, parts = false } = args;
    const asked = locateNode(dump, needText(args.of, "refs", "of"));
    const node = valueNode(dump, asked, parts);
    // A map is asked for with its tables and groups: whoever points to one of them points to the map.
    const own = nodesOf(dump, node, parts);
    const rows = new RowsByValue(dump, top, parts, node, own.length > 1);
    const { first, targets } = graph.referents;
    for (const each of own) {
      if (out) {
        for (let edge = first[each]; edge < first[each + 1]; edge++) rows.add(targets[edge], each, targets[edge], edge);
        continue;
      }
      // Referrers has a node once for each of its pointers, side by side; offsets stand at the edges of the referrer itself, so those are
      // walked once for each.
      const back = dump.retention.referrers;
      let before = NONE;
      for (let e = back.first[each]; e < back.first[each + 1]; e++) {
        const referrer = back.targets[e];
        if (referrer === before || referrer === 0) continue;
        before = referrer;
        for (let edge = first[referrer]; edge < first[referrer + 1]; edge++)
          if (targets[edge] === each) rows.add(referrer, referrer, each, edge);
      }
    }
    const object = isOwner(dump, node)
      ? {
          address: hex(heap.roots.owners[node - 1].global?.address ?? NOT_AN_ADDRESS),
          type: ownerName(dump, node - 1),
          bytes: 0,
          evidence: heap.roots.owners[node - 1].kind,
        }
      : nameValue(dump, graph.objectOfNode(node), parts);
    return {
      object: { ...object, live: isOwner(dump, node) || heap.isLive(graph.objectOfNode(node)) },
      rows: rows.shown,
      total: { rows: rows.total, pointers: rows.pointers },
    };
  },
};

/** The node of the value that an object is a part of. */
function valueNode(dump: Dump, node: NodeId, parts: boolean): NodeId {
  const { graph, wholes } = dump.heap;
  return parts || isOwner(dump, node) ? node : graph.nodeOfObject(wholes.of(graph.objectOfNode(node)));
}

/** The nodes of the object and, unless each part counts by itself, of its parts. */
function nodesOf(dump: Dump, node: NodeId, parts: boolean): readonly NodeId[] {
  const { graph, wholes } = dump.heap;
  if (parts || isOwner(dump, node)) return [node];
  const id = graph.objectOfNode(node);
  return [id, ...(wholes.partsOf(id).count > 0 ? wholes.listParts(id) : [])].map((each) => graph.nodeOfObject(each));
}

/** The object with the type and bytes of the whole value it stands for. */
function nameValue(dump: Dump, id: ObjectId, parts: boolean): NamedObject {
  const named = nameObject(dump, id);
  const { count, bytes } = parts ? NO_PARTS : dump.heap.wholes.partsOf(id);
  return { ...named, type: objectName(dump, id, parts), bytes: named.bytes + bytes, ...(count > 0 ? { parts: count } : {}) };
}

/** Values at the other side of pointers, each once with its fields: a bit for each value met, a row for each shown. */
class RowsByValue {
  readonly shown: Mutable<Reference>[] = [];
  total = 0;
  pointers = 0;
  private readonly rowOf = new Map<NodeId, number>();
  private readonly met: Uint32Array;
  private readonly dump: Dump;
  private readonly top: number;
  private readonly parts: boolean;
  private readonly own: NodeId;
  private readonly isSeveral: boolean;

  /**
   * @param own        the value that was asked for
   * @param isSeveral  it is several objects: pointers within it are none
   */
  constructor(dump: Dump, top: number, parts: boolean, own: NodeId, isSeveral: boolean) {
    this.dump = dump;
    this.top = top;
    this.parts = parts;
    this.own = own;
    this.isSeveral = isSeveral;
    this.met = new Uint32Array((dump.heap.graph.referents.nodeCount >>> 5) + 1);
  }

  /**
   * Counts one pointer.
   * @param other the node at the other side, of which the row is
   * @param from where the pointer lies
   * @param to what it points to
   * @param edge its number in graph.referents, by which its offset is found
   */
  add(other: NodeId, from: NodeId, to: NodeId, edge: number): void {
    const value = valueNode(this.dump, other, this.parts);
    // An object that points to itself is worth a row; a map whose table points to its groups is not.
    if (value === this.own && (this.isSeveral || from !== to)) return;
    this.pointers++;
    const isNew = (this.met[value >>> 5] & (1 << (value & 31))) === 0;
    this.met[value >>> 5] |= 1 << (value & 31);
    if (isNew) {
      this.total++;
      if (this.top > 0 && this.shown.length === this.top) return;
      const row = reference(this.dump, from, to, edge, value, this.shown.length < MOST_NAMED, this.parts);
      this.rowOf.set(value, this.shown.push(row) - 1);
      return;
    }
    const row = this.shown[this.rowOf.get(value) ?? NONE];
    if (!row) return;
    row.pointers++;
    if (row.fields.length >= MOST_FIELDS) return;
    const { expression, certain } = reference(this.dump, from, to, edge, value, true, this.parts);
    row.fields = [...row.fields, expression];
    row.certain ||= certain;
  }
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

/** Nodes of owners (global variables, goroutines) come before those of objects; node 0 is the root above them all. */
function isOwner(dump: Dump, node: NodeId): boolean {
  return node < dump.heap.graph.nodeOfObject(0);
}

/** An edge of `from`, described by the node at its other side. */
function reference(dump: Dump, from: NodeId, to: NodeId, edge: number, other: NodeId, named: boolean, parts: boolean): Mutable<Reference> {
  const { heap } = dump;
  const slot = heap.graph.offsets[edge];
  // Bit operators make the flag negative: compare as numbers.
  const interior = slot >= INTERIOR;
  const place = { interior, live: true, certain: true };
  const fromOwner = isOwner(dump, from);
  const row = slot & OFFSET_MASK;
  const expression =
    (named ? expressionVia(dump, from, to, slot) : undefined) ??
    (fromOwner ? ownerExpression(dump, row) : fieldExpression(dump, heap.graph.objectOfNode(from), row));
  const pointer = { expression, pointers: 1, fields: [expression] };
  if (isOwner(dump, other)) {
    const { kind } = heap.roots.owners[other - 1];
    const root = describeRoot(heap.roots.describe(row));
    return { ...place, ...pointer, owner: root.name, type: kind, bytes: 0, certain: heap.roots.certain[row] === 1 };
  }
  const id = heap.graph.objectOfNode(other);
  const { evidence: _, ...object } = nameValue(dump, id, parts);
  return {
    ...place,
    ...pointer,
    ...object,
    live: heap.isLive(id),
    certain: !fromOwner || heap.roots.certain[row] === 1,
  };
}

/** A pointer in a root: the variable and the field in it. A cast of the object when the root has no name. */
function ownerExpression(dump: Dump, row: number): string {
  const root = rootExpression(dump, dump.heap.roots.describe(row));
  if (root.text === "" || root.through.length > 0) return castOf(dump, dump.heap.roots.object[row]);
  return `${root.text}${nameOffset(dump.runtime.types, root.type, root.offset).text}`;
}

/** `(*main.Session)(0xc000012000).User`: the field of an object that a word is in. */
function fieldExpression(dump: Dump, id: ObjectId, word: number): string {
  const { objects, types } = dump.heap;
  const offset = word * WORD - objects.dataStart[objects.spanOf(id)];
  const type = types.type[id];
  const whole = castOf(dump, id);
  if (type === NONE) return `${whole}+${offset}`;
  const known = dump.runtime.types.get(type);
  if (known.kind === "array" && known.count === -1 && known.element !== NONE) {
    const { size } = dump.runtime.types.get(known.element);
    if (size === 0) return whole;
    const index = Math.floor(offset / size);
    const start = hex(objects.addressOf(id) + objects.dataStart[objects.spanOf(id)] + index * size);
    return `(*${dump.runtime.types.get(known.element).name})(${start})${nameOffset(dump.runtime.types, known.element, offset - index * size).text}`;
  }
  return `${whole}${nameOffset(dump.runtime.types, type, offset).text}`;
}
