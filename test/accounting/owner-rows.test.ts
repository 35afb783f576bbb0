import { beforeAll, describe, expect, test } from "vitest";
import { NO_GOROUTINE } from "../../src/accounting/retained-rows.js";
import { silent } from "../../src/base/progress.js";
import { NONE } from "../../src/base/units.js";
import type { Dump } from "../../src/dump.js";
import { shortestPath } from "../../src/graph/paths.js";
import { ownerName } from "../../src/naming/path-names.js";
import { dominators } from "../../src/query/dominators.js";
import { histogram } from "../../src/query/histogram.js";
import { goroutineName } from "../../src/stacks/goroutine-place.js";
import { fixtures, openFixture } from "../support/dump-cache.js";

const chosen = fixtures().filter(({ name }) => /demo|zoo-1\.(?:21|27)/.test(name));

describe.each(chosen)("$name", ({ name }) => {
  let dump: Dump;
  beforeAll(async () => {
    dump = await openFixture(name);
  });
  const ask = (by: "owner" | "goroutine") =>
    histogram.run(dump, { by, garbage: false, top: 0, sort: "bytes" }, { progress: silent, findings: dump.findings });

  /** Bytes by row, object by object: up the dominator tree to a child of the root, and from there along the shortest path. */
  function recounted(by: "owner" | "goroutine"): Record<string, number> {
    const { heap, retention } = dump;
    const { parent } = retention.dominators;
    const sums: Record<string, number> = {};
    for (let id = 0; id < heap.objects.count; id++) {
      let node = heap.graph.nodeOfObject(id);
      if (parent[node] === NONE) continue;
      while (parent[node] !== 0) node = parent[node];
      const owner = (node <= heap.graph.ownerCount ? node : shortestPath(heap.tree.parent, node)[1]) - 1;
      const { goroutine } = heap.roots.owners[owner] ?? {};
      const row = goroutine !== undefined ? goroutineName(dump, goroutine) : by === "owner" ? ownerName(dump, owner) : NO_GOROUTINE;
      sums[row] = (sums[row] ?? 0) + heap.objects.sizeOf(id);
    }
    return sums;
  }

  test.each(["owner", "goroutine"] as const)("rows by %s add up to the live heap, each what its shortest paths begin with", (by) => {
    const { rows, total } = ask(by);
    expect(total).toMatchObject({ bytes: dump.heap.liveBytes, objects: dump.heap.liveObjects });
    expect(Object.fromEntries(rows.map((row) => [row.type, row.bytes]))).toEqual(recounted(by));
    expect(rows.filter((row) => (row.retainedBytes ?? Number.NaN) > row.bytes)).toEqual([]);
  });

  test("what an owner holds alone is what the dominator tree says of it", () => {
    const args = { depth: 1, min: 1, group: "none", top: 0 } as const;
    const tree = dominators.run(dump, args, { progress: silent, findings: dump.findings });
    const said = (tree.children ?? []).filter((row) => row.type === "global" && row.owner !== undefined);
    const alone = new Map(ask("owner").rows.map((row) => [row.type, row.retainedBytes]));
    expect(said.length).toBeGreaterThan(0);
    for (const row of said) expect(alone.get(row.owner as string), row.owner).toBe(row.retainedBytes);
    const server = (tree.children ?? []).find((row) => row.expression === "main.server");
    const [first] = ask("owner").rows;
    if (name.startsWith("demo")) expect([first?.type, first?.bytes]).toEqual(["main.server", server?.retainedBytes]);
  });
});
