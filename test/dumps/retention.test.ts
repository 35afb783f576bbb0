/** Retention on real crashes: retained sizes against recounts, and the classic failures against what suspects says first. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePage } from "../../cli/text/style.js";
import { wrongParts } from "../../cli/views/overview.js";
import { suspectText } from "../../cli/views/suspects.js";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import type { DominatorNode } from "../../src/accounting/dominator-rows.js";
import { silent } from "../../src/base/progress.js";
import { hex, NONE } from "../../src/base/units.js";
import { type Dump, openDump } from "../../src/dump.js";
import { dominators } from "../../src/query/dominators.js";
import { overview } from "../../src/query/overview.js";
import { show } from "../../src/query/show.js";
import { suspects } from "../../src/query/suspects.js";
import { waste } from "../../src/query/waste.js";
import { why } from "../../src/query/why.js";
import { iterativeDominators } from "../support/dominators.js";
import { fixtures, made, missingGo, nameOf, releases, type TestDump } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";

/** Every classic failure, and whether its culprit has to be the very first line. */
const FAILURES = [
  "cache",
  "blocked",
  "strings",
  "slices",
  "contexts",
  "timers",
  "oncehuge",
  "pool",
  "channel",
  "callbacks",
  "finalizer",
  "duplicates",
  "stacks",
  "native",
  "free",
  "limit",
  "planted",
  "traces",
  "forwarders",
] as const;

async function suite(wish: DumpWish, body: (opened: () => { dump: Dump; test: TestDump }) => void): Promise<void> {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => around(() => made(wish), body));
}

function around(make: () => Promise<TestDump>, body: (opened: () => { dump: Dump; test: TestDump }) => void): void {
  let now: { dump: Dump; test: TestDump } | undefined;
  beforeAll(async () => {
    const test = await make();
    now = { dump: await openDump({ core: test.core, executable: test.executable }), test };
  });
  afterAll(() => {
    now?.dump.close();
    now = undefined;
  });
  body(() => now as { dump: Dump; test: TestDump });
}

const context = (dump: Dump) => ({ progress: silent, findings: dump.findings });

/** Nodes whose retained size is not what a mark without them loses. */
function miscounted(dump: Dump, nodes: readonly number[]): string[] {
  const { heap, retention } = dump;
  return nodes.flatMap((node) => {
    const expected = heap.tree.parent[node] === NONE ? 0 : retention.recount(node);
    return retention.retained[node] === expected ? [] : [`node ${node}: ${retention.retained[node]}, recounted ${expected}`];
  });
}

/** Numbers below `below` in no order, without repeats: all of them when there are fewer. The steps of a golden section miss no neighbourhood. */
function spread(count: number, below: number): number[] {
  const found = new Set<number>();
  for (let i = 1; found.size < Math.min(count, below); i++) found.add(Math.floor(((i * 0.6180339887498949) % 1) * below));
  return [...found];
}

function heaviest(dump: Dump, from: number, to: number, count: number): number[] {
  const { retained } = dump.retention;
  const nodes: number[] = [];
  for (let node = from; node < to; node++) if (retained[node] > 0) nodes.push(node);
  return nodes.sort((a, b) => retained[b] - retained[a]).slice(0, count);
}

for (const test of fixtures()) {
  describe(`committed ${test.name}`, () => {
    around(
      () => Promise.resolve(test),
      (opened) => {
        it("retains, by every owner and 1,000 objects, what a mark without it loses", () => {
          const { dump } = opened();
          const { graph, objects } = dump.heap;
          const nodes = Array.from({ length: graph.ownerCount }, (_, owner) => graph.nodeOfOwner(owner));
          for (const id of spread(1000, objects.count)) nodes.push(graph.nodeOfObject(id));
          expect(miscounted(dump, nodes)).toEqual([]);
        });

        it("dominates every object as another algorithm says", () => {
          const { dump } = opened();
          const { parent } = dump.retention.dominators;
          const other = iterativeDominators(dump.heap.graph.referents);
          expect(parent.length).toBe(other.length);
          expect(other.reduce((sum, each, node) => sum + (each === parent[node] ? 0 : 1), 0)).toBe(0);
          expect(other.reduce((sum, each) => sum + (each === NONE ? 0 : 1), 0)).toBeGreaterThan(dump.heap.liveObjects);
        });

        it("retains by all that the virtual root dominates the live bytes, and no more", () => {
          const { dump } = opened();
          const { dominators, retained } = dump.retention;
          let sum = 0;
          for (let node = 1; node < retained.length; node++) if (dominators.parent[node] === 0) sum += retained[node];
          expect(sum).toBe(dump.heap.liveBytes);
        });
      },
    );
  });
}

for (const go of releases) {
  await suite({ program: "leaky", go, args: ["100"] }, (opened) => {
    it("retains, by the 20 heaviest owners and objects, what a mark without them loses", () => {
      const { dump } = opened();
      const { graph } = dump.heap;
      const objectNode = graph.nodeOfObject(0);
      const nodes = [...heaviest(dump, 1, objectNode, 20), ...heaviest(dump, objectNode, graph.referents.nodeCount, 20)];
      expect(miscounted(dump, nodes)).toEqual([]);
    });

    it("finds the three holders of a user, and no fourth", () => {
      const { dump } = opened();
      const cached = show.run(dump, { of: "main.cache", depth: 1, offset: 0, top: 1 }, context(dump)).value.children?.[0]?.address;
      const { paths } = why.run(dump, { address: cached ?? "", paths: 5 }, context(dump));
      const holders = paths.map((path) => path.steps.at(-1)?.expression.replace(/[[(].*$/s, ""));
      // Its own next user may point to it besides.
      expect(new Set(holders)).toEqual(new Set(["main.cache.Load", "main.global.byID", "main.global.sessions"]));
    });

    it("shows an entry of a map by its key", () => {
      const { dump } = opened();
      const shown = show.run(dump, { of: 'main.global.sessions["user-77"].User.Name', depth: 1, offset: 0, top: 1 }, context(dump));
      expect(shown.value.text).toBe('"user-77"');
      const byAddress = show.run(dump, { of: "main.global.byID[77]", depth: 1, offset: 0, top: 1 }, context(dump));
      expect(byAddress.value.children?.find((child) => child.name === "Name")?.text).toBe('"user-77"');
      expect(byAddress.value.address).toBe(hex(Number(byAddress.value.address)));
    });
  });
}

/** Rows of a tree from the second on, each with its level: "1 20,000 main.Ticket". */
function outline(root: DominatorNode): string[] {
  const lines: string[] = [];
  const walk = (row: DominatorNode, level: number): void => {
    lines.push(`${level} ${row.count} ${row.type}`);
    for (const child of row.children ?? []) walk(child, level + 1);
  };
  for (const child of root.children ?? []) walk(child, 1);
  return lines;
}

for (const go of releases) {
  await suite({ program: "chains", go, args: ["20000"] }, (opened) => {
    it.each([
      ["main.same", ["1 20000 main.Same"]],
      ["main.tickets", ["1 20000 main.Ticket", "2 20000 main.Payload"]],
      ["main.boxed", ["1 20000 main.Boxed", "2 20000 []interface {}"]],
      ["main.indexed", ["1 2000 main.Indexed", "2 2000 map[string]*main.Indexed", "2 2000 []uint8"]],
      ["main.ring", ["1 1 container/list.List", "2 20000 container/list.Element", "3 20000 main.Ticket"]],
    ])("shows the chain at %s as one row", (of, rows) => {
      const { dump } = opened();
      const root = dominators.run(dump, { of, depth: 30, min: 0, group: "none", top: 0 }, context(dump));
      expect(outline(root).filter((line) => !line.includes("(smaller ones)"))).toEqual(rows);
    });
  });
}

for (const [at, failure] of FAILURES.entries()) {
  // Every failure on the newest release, and one other release each; all of all in the full tier.
  const others = full ? releases : [releases[at % releases.length]];
  for (const go of new Set([...others, "1.26.8"])) {
    await suite({ program: "classics", go, args: [failure] }, (opened) => {
      it("names the culprit first", () => {
        const { dump, test } = opened();
        const rows = suspects.run(dump, { top: 3 }, context(dump)).rows.map(suspectText);
        const [culprit] = (test.truth as unknown as { culprit: string[] }).culprit;
        expect(rows[0].title, rows.map((row) => row.title).join("\n")).toContain(culprit);
        const answer = overview.run(dump, {}, context(dump));
        const page = makePage(Number.POSITIVE_INFINITY, false);
        const first = wrongParts(answer, answer.topSuspects, page).find(({ found }) => found.kind !== "none");
        expect(first?.lines.join("\n")).toContain(culprit);
      });

      if (["slices", "strings", "duplicates"].includes(failure))
        it("wastes as many bytes as the program says", () => {
          const { dump, test } = opened();
          const { rows } = waste.run(dump, { top: 0, min: 0 }, context(dump));
          const said = (test.truth as unknown as { waste: Record<string, number> }).waste;
          for (const [name, bytes] of Object.entries(said)) {
            if (bytes === 0) continue;
            const found = rows.filter((row) => `${row.path} ${row.kind}`.replace(/^(main\.metric)\.\w+/, "$1") === name);
            expect(
              found.reduce((sum, row) => sum + row.bytes, 0),
              name,
            ).toBe(bytes);
          }
        });
    });
  }
}

for (const go of releases) {
  for (const experiment of full && go === "1.24.13" ? ["", "noswissmap"] : [""]) {
    await suite({ program: "wasteful", go, experiment }, (opened) => {
      it("wastes, by every field and kind, as many bytes as the program says", () => {
        const { dump, test } = opened();
        const said = (test.truth as unknown as { waste: Record<string, number> }).waste;
        const { rows } = waste.run(dump, { top: 0, min: 0 }, context(dump));
        // What the program does not speak of is the runtime's and the libraries' own.
        const found = rows.map((row) => [`${row.path} ${row.kind}`, row.bytes] as const);
        expect(Object.fromEntries(found.filter(([name]) => name.startsWith("main.") || said[name] !== undefined))).toEqual(said);
      });
    });
  }
}
