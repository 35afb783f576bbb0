import { expect, test } from "vitest";
import { accumulationTree, type TreeOptions } from "../../src/accounting/accumulation-tree.js";
import { dominatorRow } from "../../src/accounting/dominator-rows.js";
import type { Sources } from "../../src/accounting/sources.js";
import { NONE } from "../../src/base/units.js";
import { dominators } from "../../src/graph/dominators.js";
import { type Csr, csrOf, transpose } from "../../src/graph/graph.js";
import { retainedSizes } from "../../src/graph/retained.js";
import { roleOf } from "../../src/runtime/roles.js";
import { plainNames } from "../support/heap-builder.js";

/** Objects of 16 bytes behind one goroutine's stack: node 0, the owner 1, and objects from node 2 on. */
function sourcesOf(referents: Csr, types: readonly string[], typeOf: (id: number) => number): Sources {
  const { nodeCount } = referents;
  const tree = dominators(referents, transpose(referents));
  const sizes = new Float64Array(nodeCount).fill(16, 2);
  return {
    heap: {
      graph: { nodeOfObject: (id: number) => id + 2, objectOfNode: (node: number) => node - 2 },
      tree: { parent: tree.parent },
      objects: { sizeOf: () => 16, addressOf: (id: number) => 0xc000000000 + id * 16, spanOf: () => 0, dataStart: [0] },
      roots: { owners: [{ kind: "special", name: "finalizers" }] },
      wholes: { column: new Int32Array(nodeCount - 2).fill(NONE), labels: [] },
      types: { type: Int32Array.from({ length: nodeCount - 2 }, (_, id) => typeOf(id)) },
    },
    retention: { dominators: tree, retained: retainedSizes(tree, sizes) },
    runtime: { types: { count: types.length, get: (id: number) => ({ name: types[id], role: roleOf(types[id]) }) } },
  } as unknown as Sources;
}

const rowsOf = (sources: Sources, start: number, options: TreeOptions) => {
  const names = plainNames(sources);
  return dominatorRow(accumulationTree(sources, names, start, options), sources, names);
};

const whole = { depth: 4, min: 1000, group: "none", top: 0 } as const;

test("a chain of a million links of two types is one row, with the other type's below it", () => {
  const count = 1_000_000;
  const first = Uint32Array.from({ length: count + 1 }, (_, v) => Math.min(v, count - 1));
  const list = { nodeCount: count, first, targets: Uint32Array.from({ length: count - 1 }, (_, v) => v + 1) };
  const sources = sourcesOf(list, ["main.Ticket", "main.Payload"], (id) => id % 2);
  const bytes = (count - 2) * 16;
  const half = { bytes: bytes / 2, count: count / 2 - 1 };
  const payloads = { type: "main.Payload", ...half, retainedBytes: bytes / 2 };
  expect(rowsOf(sources, 0, whole).children).toMatchObject([
    { owner: "finalizers", retainedBytes: bytes, children: [{ type: "main.Ticket", ...half, retainedBytes: bytes, children: [payloads] }] },
  ]);
  // What lies between is folded also where it is not shown.
  expect(rowsOf(sources, 0, { ...whole, depth: 2 }).children?.[0].children).toEqual([
    { address: "0xc000000000", type: "main.Ticket", ...half, retainedBytes: bytes },
  ]);
  // The chain from a link on: it is named by its address, for the path to it is long.
  const left = half.count - 500;
  expect(rowsOf(sources, 1001, whole)).toMatchObject({
    type: "main.Payload",
    count: 1,
    children: [{ type: "main.Ticket", count: left, children: [{ type: "main.Payload", count: left }] }],
  });
});

test("what hangs on a chain's links is in its rows; children add up", () => {
  // Every Ticket has a Body, and a Payload that leads to the next Ticket.
  const edges: [number, number][] = [[0, 1]];
  for (let link = 0; link < 3000; link++) {
    const ticket = 2 + link * 3;
    edges.push([link === 0 ? 1 : ticket - 2, ticket], [ticket, ticket + 1], [ticket, ticket + 2]);
  }
  const sources = sourcesOf(csrOf(2 + 9000, edges), ["main.Ticket", "main.Payload", "main.Body"], (id) => id % 3);
  const [tickets] = rowsOf(sources, 1, whole).children ?? [];
  expect(tickets).toMatchObject({ type: "main.Ticket", count: 3000, retainedBytes: 9000 * 16 });
  expect(tickets.children).toMatchObject([
    { type: "main.Payload", count: 3000, bytes: 48_000, retainedBytes: 48_000 },
    { type: "main.Body", count: 3000, bytes: 48_000, retainedBytes: 48_000 },
  ]);
});

test("a nest of a few levels stays as it is", () => {
  const edges = Array.from({ length: 12 }, (_, node): [number, number] => [node, node + 1]);
  const sources = sourcesOf(csrOf(13, edges), ["main.Ticket", "main.Payload"], (id) => id % 2);
  const levels: string[] = [];
  for (let [row] = rowsOf(sources, 1, { ...whole, depth: 20, min: 1, group: "type" }).children ?? []; row; [row] = row.children ?? [])
    levels.push(row.type);
  expect(levels).toHaveLength(11);
});
