// Who holds how much: the dominator tree of the heap, or what one object or variable holds.

import { accumulationTree } from "../accounting/accumulation-tree.js";
import { type DominatorNode, dominatorRow } from "../accounting/dominator-rows.js";
import { NotFoundError } from "../base/errors.js";
import { type Bytes, NONE } from "../base/units.js";
import { locateNode } from "../naming/locate.js";
import { heapNames } from "./heap-names.js";
import type { Query } from "./query.js";

export interface DominatorsArgs {
  /** Address or expression; the whole heap when absent. */
  readonly of?: string;
  readonly depth: number;
  /** Smallest retained size that is shown on its own; 0 = 1 % of what the start retains. */
  readonly min: Bytes;
  readonly group: "none" | "type" | "package";
  /** Children shown of each row, 0 = all. */
  readonly top: number;
}

export const dominators: Query<DominatorsArgs, DominatorNode> = {
  name: "dominators",
  summary: "who holds how much: retained sizes as a tree",
  run(dump, args, { progress }) {
    const start = args.of === undefined ? 0 : locateNode(dump, args.of);
    const { retention } = dump;
    if (retention.dominators.parent[start] === NONE)
      throw new NotFoundError("live object", args.of ?? "", [], "it is garbage: no root reaches it, so it retains nothing");
    const min = args.min > 0 ? args.min : Math.max(1, Math.ceil(retention.retained[start] / 100));
    const names = heapNames(dump);
    const tree = accumulationTree(dump, names, start, { depth: args.depth, min, group: args.group, top: args.top }, progress);
    return dominatorRow(tree, dump, names);
  },
};
