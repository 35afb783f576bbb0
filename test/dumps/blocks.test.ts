/**
 * Objects larger than any buffer: what is in them is found block by block, and no question about them takes memory by their size.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { dominators } from "../../src/query/dominators.js";
import { refs } from "../../src/query/refs.js";
import { show } from "../../src/query/show.js";
import { suspects } from "../../src/query/suspects.js";
import { waste } from "../../src/query/waste.js";
import { why } from "../../src/query/why.js";
import { made, missingGo, nameOf, rotate, type TestDump } from "../support/dump-cache.js";
import { countTypes, differences, memStats } from "./measure.js";

const full = process.env.CORESCOPE_TIER === "full";

const MIB = 1024 * 1024;
/** What all questions together may take, whatever the block's size. */
const MOST_RSS = 400 * MIB;

/** Blocks of a few times what is read at once, of every kind; and one past 2 GiB. */
const kinds = rotate(["pointers", "structs", "array", "interfaces", "bytes"], full);
const wishes = kinds.map(({ kind, go }): DumpWish => ({ program: "blocks", go, args: [kind, "40"] }));
wishes.push({ program: "blocks", go: "1.26.8", args: ["pointers", "2200"] });
if (full)
  for (const go of ["1.21.13", "1.24.13", "1.27.2"])
    wishes.push(
      { program: "blocks", go, args: ["pointers", "4200"] },
      { program: "blocks", go, args: ["structs", "3000"] },
      { program: "blocks", go, args: ["bytes", "4200"] },
    );

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  const name = nameOf(wish);
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    let dump: Dump;
    let test: TestDump;
    let before = 0;
    const context = () => ({ progress: silent, findings: dump.findings });

    beforeAll(async () => {
      test = await made(wish);
      before = process.memoryUsage().rss;
      dump = await openDump({ core: test.core, executable: test.executable });
    });
    afterAll(() => dump?.close());

    it("has the objects and bytes of MemStats, and the program's own types", () => {
      const { count, bytes } = dump.heap.objects;
      expect({ count, bytes }).toEqual({ count: test.truth.memStats.HeapObjects, bytes: test.truth.memStats.HeapAlloc });
      const found = memStats(dump);
      expect(found).toEqual(Object.fromEntries(Object.keys(found).map((each) => [each, test.truth.memStats[each]])));
      expect(differences(countTypes(dump, true), test.truth.types)).toEqual([]);
      expect(dump.heap.scan.badPointers).toBe(0);
    });

    it("names what lies in the block by its place", () => {
      const wrong = (test.truth.expressions ?? []).flatMap(({ address, expressions }) => {
        const said = why.run(dump, { address }, context()).paths[0]?.steps.at(-1)?.expression;
        return said !== undefined && expressions.includes(said) ? [] : [`${expressions[0]}: ${said ?? "no path"}`];
      });
      expect(wrong).toEqual([]);
    });

    it("answers every other question about it", () => {
      const variable = `main.${wish.args?.[0]}`;
      expect(show.run(dump, { of: variable, depth: 2, top: 20, offset: 0 }, context())).toBeDefined();
      const { objects } = dump.heap;
      let largest = 0;
      for (let id = 0; id < objects.count; id++) if (objects.sizeOf(id) > objects.sizeOf(largest)) largest = id;
      const of = `0x${objects.addressOf(largest).toString(16)}`;
      const out = refs.run(dump, { of, out: true, top: 0 }, context());
      expect(out.total.rows).toBe(wish.args?.[0] === "bytes" ? 0 : test.truth.types["main.leaf"]);
      expect(refs.run(dump, { of, out: false, top: 0 }, context()).total.rows).toBeGreaterThan(0);
      expect(dominators.run(dump, { depth: 2, min: 0, top: 10, group: "none" }, context())).toBeDefined();
      const wasted = waste.run(dump, { top: 0, min: 0 }, context());
      expect(JSON.stringify(wasted)).not.toMatch(/pinned array/);
      const found = suspects.run(dump, { top: 5 }, context());
      expect(JSON.stringify(found)).toMatch(new RegExp(variable.replace(".", "[.]")));
    });

    it("takes no memory by the block's size", () => {
      expect(process.memoryUsage().rss - before).toBeLessThan(MOST_RSS);
      expect(dump.findings.list().filter((each) => each.partial)).toEqual([]);
    });
  });
}
