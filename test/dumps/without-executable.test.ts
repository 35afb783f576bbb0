/** A core alone: opened with its executable, and without. What does not need its code, names and types has to be the same. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import { Findings } from "../../src/base/findings.js";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { goroutines as goroutinesQuery } from "../../src/query/goroutines.js";
import { made, missingGo, nameOf, releases } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";

const wishes: DumpWish[] = (full ? releases : ["1.22.12", "1.27.2"]).map((go) => ({ program: "leaky", go, args: ["100"] }));
wishes.push(...(full ? releases : ["1.22.12", "1.24.13", "1.26.8", "1.27.2"]).map((go) => ({ program: "zoo", go })));
if (full) wishes.push({ program: "zoo", go: "1.26.8", flags: ["-buildmode=pie"] });

const context = { progress: silent, findings: new Findings() };

/** Objects, of some 26,000, that a word of a stack holds that no function would name as its pointer: without code each word is one. */
const MOST_KEPT = 3;

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    let folder = "";
    let whole: Dump;
    let alone: Dump;
    beforeAll(async () => {
      const { core, executable } = await made(wish);
      whole = await openDump({ core, executable });
      // Beside its core the executable would be found.
      folder = mkdtempSync(join(tmpdir(), "corescope-alone-"));
      copyFileSync(core, join(folder, "core"));
      alone = await openDump({ core: join(folder, "core") });
    });
    afterAll(() => {
      whole?.close();
      alone?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it("says which executable is missing", () => {
      expect(alone.process.executable).toBeUndefined();
      const told = alone.findings.list().find(({ code }) => code === "executable-missing");
      expect(told?.partial).toBe(true);
      expect(told?.message).toContain(`built by go${wish.go}`);
      expect(told?.message).toContain(`build id ${whole.identity.buildId}`);
      expect(alone.identity).toMatchObject({ goVersion: whole.identity.goVersion, buildId: whole.identity.buildId });
    });

    it("has the same goroutines, and what they wait for", () => {
      const facts = ({ runtime }: Dump) =>
        runtime.goroutines.all.map(({ id, status, waitReason, waitSince }) => ({ id, status, waitReason, waitSince }));
      expect(facts(alone)).toEqual(facts(whole));
      expect(facts(alone).length).toBeGreaterThan(4);
    });

    it("tells goroutines of the runtime by what they wait for, and of the rest that it does not know", () => {
      const { total } = goroutinesQuery.run(alone, { top: 0 }, context);
      const known = goroutinesQuery.run(whole, { top: 0 }, context).total;
      expect(known.unknown).toBeUndefined();
      expect(total.user + total.system).toBe(known.user + known.system);
      expect(total.system).toBeGreaterThan(0);
      expect(total.system).toBeLessThanOrEqual(known.system);
      // runtime.goexit is where a goroutine that C's threads are lent stands.
      expect(total.unknown).toBe(total.user);
      const own = (dump: Dump) => dump.runtime.goroutines.all.filter(({ system }) => system).map(({ id }) => id);
      expect(own(whole)).toEqual(expect.arrayContaining(own(alone)));
    });

    it("counts the executable's memory as such", () => {
      const bytes = (dump: Dump, name: string) => dump.runtime.memoryClasses.classes.find((each) => each.name === name)?.bytes ?? 0;
      expect(bytes(alone, "executable")).toBe(bytes(whole, "executable"));
      expect(bytes(alone, "shared libraries")).toBe(0);
    });

    it("has the same objects, and the same of them are live", () => {
      const { objects } = whole.heap;
      expect([alone.heap.objects.count, alone.heap.objects.bytes]).toEqual([objects.count, objects.bytes]);
      const kept: number[] = [];
      let lost = 0;
      for (let id = 0; id < objects.count; id++) {
        const [a, b] = [whole, alone].map(({ heap }) => heap.isLive(id));
        if (a && !b) lost++;
        if (b && !a) kept.push(id);
      }
      expect(lost).toBe(0);
      expect(kept.length).toBeLessThanOrEqual(wish.program === "leaky" ? 0 : MOST_KEPT);
      // Each hangs on a stack, and on nothing else.
      const { graph, roots, tree } = alone.heap;
      for (const id of kept) {
        let node = graph.nodeOfObject(id);
        while (tree.parent[node] !== 0) node = tree.parent[node];
        expect(roots.owners[node - 1].kind).toBe("goroutine");
      }
    });
  });
}

const withCode: DumpWish = { program: "zoo", go: "1.24.13", filter: "0x7f" };
const missing = await missingGo(withCode.go);
describe.skipIf(missing !== undefined)(missing ? `a core with its code in it (${missing})` : "a core with its code in it", () => {
  it("has the same frames, functions and lines without the executable", async () => {
    const { core, executable } = await made(withCode);
    const folder = mkdtempSync(join(tmpdir(), "corescope-alone-"));
    copyFileSync(core, join(folder, "core"));
    const dumps = [await openDump({ core, executable }), await openDump({ core: join(folder, "core") })];
    try {
      const [expected, alone] = dumps.map(({ runtime }) =>
        runtime.goroutines.all.map((each) => ({
          id: each.id,
          system: each.system,
          frames: each.unwound().frames.map(({ fn, pc }) => [fn.name, pc]),
        })),
      );
      expect(alone).toEqual(expected);
      expect(alone.flatMap(({ frames }) => frames.map(([name]) => name))).toContain("main.main");
      const { total } = goroutinesQuery.run(dumps[1], {}, context);
      expect(total.unknown).toBeUndefined();
    } finally {
      for (const dump of dumps) dump.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
