// Rows of an accumulation tree as people and programs get them: with addresses, names and expressions.
import { type Bytes, type Hex, hex } from "../base/units.js";
import { type AccumulationTree, childrenOf, ROW, type Row } from "./accumulation-tree.js";
import type { HeapNames, Sources } from "./sources.js";

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
  /** What would be garbage without the row's members, their own bytes included. */
  readonly retainedBytes: Bytes;
  /** Objects or owners in the row. */
  readonly count: number;
  /** An object of a row of several. */
  readonly example?: Hex;
  readonly children?: readonly DominatorNode[];
}

/** A row of the tree and all below it. */
export function dominatorRow(tree: AccumulationTree, { heap }: Pick<Sources, "heap">, names: HeapNames, row: Row = 0): DominatorNode {
  const children = childrenOf(tree, row).map((child) => dominatorRow(tree, { heap }, names, child));
  const count = tree.members[row];
  const facts = {
    bytes: tree.bytes[row],
    retainedBytes: tree.retained[row],
    count,
    ...(children.length > 0 ? { children } : {}),
  };
  const node = tree.node[row];
  const type = tree.label(row);
  const object = heap.graph.objectOfNode(node);
  switch (tree.kind[row]) {
    case ROW.all:
      return { owner: "everything live", type: "(roots)", ...facts };
    case ROW.rest:
      return { type: "(smaller ones)", ...facts };
    case ROW.owner:
      return { owner: names.owner(node - 1), type: heap.roots.owners[node - 1].kind, ...facts };
    case ROW.owners:
      return { type, ...facts };
    case ROW.objects:
      return { type, ...facts, example: hex(heap.objects.addressOf(object)) };
    default: {
      const single = { address: hex(heap.objects.addressOf(object)), type, ...facts };
      return count > 1 ? single : { ...single, expression: names.expression(object) };
    }
  }
}
