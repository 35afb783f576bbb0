// Sizes summed up the dominator tree.
import type { Bytes } from "../base/units.js";
import type { Dominators } from "./dominators.js";

/**
 * What would be freed with each node: its own size and that of all it dominates.
 *
 * @param sizes [nodeCount] bytes, 0 for nodes that are no objects
 * @returns [nodeCount] bytes; 0 for unreached nodes
 */
export function retainedSizes(tree: Dominators, sizes: Float64Array): Float64Array {
  const { parent, order } = tree;
  const retained = new Float64Array(parent.length);
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    const size: Bytes = retained[node] + sizes[node];
    retained[node] = size;
    if (parent[node] !== node) retained[parent[node]] += size;
  }
  return retained;
}
