import { beforeAll, describe, expect, test } from "vitest";
import type { DominatorNode } from "../../src/accounting/dominator-rows.js";
import { silent } from "../../src/base/progress.js";
import { hex, NONE, parseAddress } from "../../src/base/units.js";
import type { Dump } from "../../src/dump.js";
import { readableType } from "../../src/naming/object-names.js";
import { dominators } from "../../src/query/dominators.js";
import { histogram } from "../../src/query/histogram.js";
import { refs } from "../../src/query/refs.js";
import { show } from "../../src/query/show.js";
import { why } from "../../src/query/why.js";
import { openFixture } from "../support/dump-cache.js";

describe.each(["zoo-1.26-amd64", "zoo-1.22-amd64"])("%s", (name) => {
  let dump: Dump;
  beforeAll(async () => {
    dump = await openFixture(name);
  });
  const context = () => ({ progress: silent, findings: dump.findings });
  const whole = { depth: 3, min: 0, group: "none", top: 0 } as const;

  test("the tree's root retains the live heap, and children add up to their row", () => {
    for (const group of ["none", "type", "package"] as const) {
      const root = dominators.run(dump, { ...whole, group, min: 1, depth: 40 }, context());
      expect(root.retainedBytes).toBe(dump.heap.liveBytes);
      const check = (row: DominatorNode): void => {
        if (!row.children) return;
        const below = row.children.reduce((sum, child) => sum + child.retainedBytes, 0);
        expect(row.bytes + below, JSON.stringify({ ...row, children: undefined })).toBe(row.retainedBytes);
        row.children.forEach(check);
      };
      check(root);
    }
  });

  test("an object's row is what the columns say", () => {
    const { heap, retention } = dump;
    let best = NONE;
    for (let id = 0; id < heap.objects.count; id++) {
      const node = heap.graph.nodeOfObject(id);
      if (best === NONE || retention.retained[node] > retention.retained[heap.graph.nodeOfObject(best)]) best = id;
    }
    const row = dominators.run(dump, { ...whole, of: hex(heap.objects.addressOf(best)) }, context());
    expect(row.retainedBytes).toBe(retention.retained[heap.graph.nodeOfObject(best)]);
  });

  test("owners' bytes add up to the live bytes, and none holds more alone than is its own", () => {
    const { rows } = histogram.run(dump, { by: "owner", garbage: false, top: 0, sort: "retained" }, context());
    expect(rows.reduce((sum, row) => sum + row.bytes, 0)).toBe(dump.heap.liveBytes);
    for (const row of rows) expect(row.retainedBytes, row.type).toBeLessThanOrEqual(row.bytes);
    expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(dump.heap.liveObjects);
  });

  test("a type retains at least its objects' bytes and at most the live heap", () => {
    const { rows } = histogram.run(dump, { by: "type", garbage: false, top: 0, sort: "retained" }, context());
    for (const row of rows) {
      expect(row.retainedBytes, row.type).toBeGreaterThanOrEqual(row.bytes);
      expect(row.retainedBytes, row.type).toBeLessThanOrEqual(dump.heap.liveBytes);
    }
  });

  test.each([false, true])("referrers and referents are the same pointers, each other value once (parts apart: %s)", (parts) => {
    const { heap } = dump;
    for (let id = 0; id < heap.objects.count; id += 97) {
      if (!heap.isLive(id)) continue;
      const address = hex(heap.objects.addressOf(id));
      const out = refs.run(dump, { of: address, out: true, top: 0, parts }, context());
      const others = out.rows.map((row) => row.address ?? row.owner);
      expect(new Set(others).size).toBe(others.length);
      expect(out.rows.reduce((sum, row) => sum + row.pointers, 0)).toBe(out.total.pointers);
      const first = out.rows[0]?.address;
      if (first === undefined) continue;
      const back = refs.run(dump, { of: first, out: false, top: 0, parts }, context());
      expect(back.rows.some((row) => row.address === out.object.address)).toBe(true);
      if (parts) expect(out.object.address).toBe(address);
    }
  });

  test("expressions that are printed lead back to the object", () => {
    const { heap } = dump;
    const wrong: string[] = [];
    let tried = 0;
    for (let id = 0; id < heap.objects.count && tried < 300; id += 41) {
      if (!heap.isLive(id)) continue;
      const address = hex(heap.objects.addressOf(id));
      const expression = why.run(dump, { address }, context()).paths[0].steps.at(-1)?.expression ?? "";
      if (!/^main\.[A-Za-z]/.test(expression)) continue;
      tried++;
      try {
        const shown = show.run(dump, { of: expression, depth: 0, offset: 0, top: 1 }, context());
        const hits = [shown.address, shown.value.address, shown.object?.address].map((text) =>
          text === undefined ? NONE : heap.objects.find(parseAddress(text) ?? NONE),
        );
        if (!hits.includes(id)) wrong.push(`${expression} is ${shown.address}, not ${address}`);
      } catch (error) {
        wrong.push(`${expression}: ${(error as Error).message}`);
      }
    }
    expect(tried).toBeGreaterThan(50);
    // Headers and tables of maps and the like have the name of the whole: those cannot lead back to every part.
    const serious = wrong.filter((line) => !/ is 0x/.test(line));
    expect(serious.slice(0, 10)).toEqual([]);
  });
});

test("maps of the runtime have Go's names", () => {
  expect(readableType("map<string,*main.Session>")).toBe("map[string]*main.Session");
  expect(readableType("hash<main.Pair[int,string],map[int]int>")).toBe("map[main.Pair[int,string]]map[int]int");
  expect(readableType("main.User")).toBe("main.User");
});
