// Who holds how much: the dominator tree of the heap, or what one object or variable holds.

import { accumulationTree } from "../accounting/accumulation-tree.js";
import { type DominatorNode, dominatorRow } from "../accounting/dominator-rows.js";
import { NotFoundError } from "../base/errors.js";
import { USUAL_TOP } from "../base/rows.js";
import { type Bytes, NONE } from "../base/units.js";
import { locateNode } from "../naming/locate.js";
import { heapNames } from "./heap-names.js";
import type { Query } from "./query.js";

export interface DominatorsArgs {
  /** Address or expression; the whole heap when absent. */
  readonly of?: string;
  /** Levels of the tree; 4 when absent. */
  readonly depth?: number;
  /** Smallest retained size that is shown on its own; 0, or absent: 1 % of what the start retains. */
  readonly min?: Bytes;
  /** What rows stand for; single values ("none") when absent. */
  readonly group?: "none" | "type" | "package";
  /** Children shown of each row, 0 = all; 20 when absent. */
  readonly top?: number;
}

/**
 * The start as a row, what it retains in its children. A node dominates another when every path from a root to that one leads through it;
 * its retained size, in bytes, is what would be garbage without it.
 */
export type DominatorsResult = DominatorNode;

export const dominators: Query<DominatorsArgs, DominatorsResult> = {
  name: "dominators",
  summary: "who holds how much: retained sizes as a tree",
  run(dump, { of, depth = 4, min: least = 0, group = "none", top = USUAL_TOP }, { progress }) {
    // Node 0 is the root above all roots: it retains the whole live heap.
    const start = of === undefined ? 0 : locateNode(dump, of);
    const { retention } = dump;
    if (retention.dominators.parent[start] === NONE)
      throw new NotFoundError("live object", of ?? "", [], "it is garbage: no root reaches it, so it retains nothing");
    const min = least > 0 ? least : Math.max(1, Math.ceil(retention.retained[start] / 100));
    const names = heapNames(dump);
    const tree = accumulationTree(dump, names, start, { depth, min, group, top }, progress);
    return dominatorRow(tree, dump, names);
  },
};
