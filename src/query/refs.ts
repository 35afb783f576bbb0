// Who points to an object, and what it points to, each with the field.
import { type Bytes, type Hex, hex, NONE, NOT_AN_ADDRESS, type NodeId, type ObjectId, WORD } from "../base/units.js";
import type { Dump } from "../dump.js";
import { INTERIOR, SLOT_MASK } from "../heap/pointers.js";
import { nameOffset } from "../value/fields.js";
import { locateNode, needText } from "./locate.js";
import { type NamedObject, nameObject, readableType } from "./object-names.js";
import { castOf, describeRoot, expressionVia, ownerName, rootExpression } from "./path-names.js";
import type { Query } from "./query.js";

export interface RefsArgs {
  /** Address or expression. */
  readonly of: string;
  /** What it points to instead of who points to it. */
  readonly out: boolean;
  /** 0 = all. */
  readonly top: number;
}

/** One pointer. */
export interface Reference {
  /** Of the other object; absent for owners. */
  readonly address?: Hex;
  /** The variable or goroutine that points to the object. */
  readonly owner?: string;
  readonly type: string;
  readonly bytes: Bytes;
  /** The pointed object as seen from there, as a Go expression: `main.global.sessions["user-5"]`. */
  readonly expression: string;
  /** The pointer is not to the first byte. */
  readonly interior: boolean;
  /** false: a conservative root, or the referrer is garbage itself. */
  readonly certain: boolean;
  readonly live: boolean;
}

export interface Refs {
  readonly object: NamedObject & { readonly live: boolean };
  readonly rows: readonly Reference[];
  readonly total: { readonly rows: number };
}

/** Pointers named by the path from a root; further ones by a cast of the referrer. */
const MOST_NAMED = 1000;

export const refs: Query<RefsArgs, Refs> = {
  name: "refs",
  summary: "who points to an object, or what it points to",
  run(dump, args) {
    const { heap } = dump;
    const { graph } = heap;
    const node = locateNode(dump, needText(args.of, "refs"));
    const found: Reference[] = [];
    let total = 0;
    const isRoom = () => args.top === 0 || found.length < args.top;
    if (args.out) {
      const { first, targets } = graph.referents;
      for (let edge = first[node]; edge < first[node + 1]; edge++) {
        total++;
        if (isRoom()) found.push(reference(dump, node, targets[edge], edge, targets[edge], found.length < MOST_NAMED));
      }
    } else {
      const { first, targets } = dump.retention.referrers;
      const out = graph.referents;
      let before = NONE;
      for (let e = first[node]; e < first[node + 1]; e++) {
        const referrer = targets[e];
        if (referrer === before || referrer === 0) continue;
        before = referrer;
        for (let edge = out.first[referrer]; edge < out.first[referrer + 1]; edge++) {
          if (out.targets[edge] !== node) continue;
          total++;
          if (isRoom()) found.push(reference(dump, referrer, node, edge, referrer, found.length < MOST_NAMED));
        }
      }
    }
    const object = isOwner(dump, node)
      ? {
          address: hex(heap.roots.owners[node - 1].global?.address ?? NOT_AN_ADDRESS),
          type: ownerName(dump, node - 1),
          bytes: 0,
          evidence: heap.roots.owners[node - 1].kind,
        }
      : nameObject(dump, graph.objectOfNode(node));
    return {
      object: { ...object, live: isOwner(dump, node) || heap.isLive(graph.objectOfNode(node)) },
      rows: found,
      total: { rows: total },
    };
  },
};

function isOwner(dump: Dump, node: NodeId): boolean {
  return node < dump.heap.graph.nodeOfObject(0);
}

/** An edge of `from`, described by the node at its other side. */
function reference(dump: Dump, from: NodeId, to: NodeId, edge: number, other: NodeId, named: boolean): Reference {
  const { heap } = dump;
  const slot = heap.graph.slots[edge];
  // Bit operators make the flag negative: compare as numbers.
  const interior = slot >= INTERIOR;
  const place = { interior, live: true, certain: true };
  const fromOwner = isOwner(dump, from);
  const row = slot & SLOT_MASK;
  const expression =
    (named ? expressionVia(dump, from, to) : undefined) ??
    (fromOwner ? ownerExpression(dump, row) : fieldExpression(dump, heap.graph.objectOfNode(from), row));
  if (isOwner(dump, other)) {
    const { kind } = heap.roots.owners[other - 1];
    const root = describeRoot(heap.roots.describe(row));
    return { ...place, owner: root.name, type: kind, bytes: 0, expression, certain: heap.roots.certain[row] === 1 };
  }
  const id = heap.graph.objectOfNode(other);
  const { address, type, bytes } = nameObject(dump, id);
  return {
    ...place,
    address,
    type: readableType(type),
    bytes,
    expression,
    live: heap.isLive(id),
    certain: !fromOwner || heap.roots.certain[row] === 1,
  };
}

function ownerExpression(dump: Dump, row: number): string {
  const root = rootExpression(dump, dump.heap.roots.describe(row));
  if (root.text === "") return castOf(dump, dump.heap.roots.object[row]);
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
