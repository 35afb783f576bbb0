// Long chains in the dominator tree: nodes of one kind below each other, whatever lies between them.
import { type Bytes, NONE, type NodeId } from "../base/units.js";
import type { Dominators } from "./dominators.js";
import { FARTHEST_LINK } from "./limits.js";

/** Links that make a chain long. Trees of things are seldom so deep, and their levels are worth seeing. */
export const LONG = 16;
/** The length of a chain at a node that is in a long one. */
const IN_LONG = 255;

/** Kinds of nodes: those from `first` on have the kinds 0 .. count - 1, or below 0 none. */
export interface NodeKinds {
  readonly first: NodeId;
  /** [nodes - first] */
  readonly kind: Int32Array;
  readonly count: number;
}

/**
 * The long chains below a node.
 *
 * @param min a chain is long by links that retain so much; those below them are its links too
 * @returns for a node, in the tree's order: the link above it in its long chain, NONE for those that are in none or at
 *          a chain's top
 */
export function longChains(
  tree: Dominators,
  start: NodeId,
  retained: Float64Array,
  min: Bytes,
  kinds: NodeKinds,
): (node: NodeId) => NodeId {
  const { parent, order } = tree;
  const { first, kind } = kinds;
  const length = new Uint8Array(parent.length);
  const isChained = new Uint8Array(kinds.count);
  const nearest = (node: NodeId): NodeId => {
    const wanted = kind[node - first];
    let at = parent[node];
    for (let step = 0; step < FARTHEST_LINK && at >= first && at !== start; step++) {
      if (kind[at - first] === wanted) return at;
      at = parent[at];
    }
    return NONE;
  };
  for (let i = 0; i < order.length; i++) {
    const node = order[i];
    if (node < first || node === start || retained[node] < min || kind[node - first] < 0) continue;
    const above = nearest(node);
    if (above === NONE) continue;
    length[node] = Math.min(length[above] + 1, IN_LONG);
    if (length[node] < LONG) continue;
    isChained[kind[node - first]] = 1;
    for (let at = node; at !== NONE && length[at] !== IN_LONG; at = nearest(at)) length[at] = IN_LONG;
  }
  return (node) => {
    if (node < first || node === start || !(isChained[kind[node - first]] === 1)) return NONE;
    const above = nearest(node);
    if (above === NONE || length[above] !== IN_LONG) return NONE;
    length[node] = IN_LONG;
    return above;
  };
}
