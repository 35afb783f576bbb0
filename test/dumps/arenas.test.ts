/** Values in arenas (GOEXPERIMENT=arenas) are typed by what leads to them: dumps/testdata/arenas says what only they hold. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { why } from "../../src/query/why.js";
import { made, missingGo, nameOf, releases, type TestDump } from "../support/dump-cache.js";
import { stripped } from "../support/stripped.js";
import { countTypes, lost, mistyped, spansOff } from "./measure.js";

const full = process.env.CORESCOPE_TIER === "full";
const wishes: DumpWish[] = (full ? releases : ["1.22.12", "1.27.2"]).map((go) => ({ program: "arenas", go, experiment: "arenas" }));

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    let test: TestDump;
    let dump: Dump;
    let bare: Dump;
    beforeAll(async () => {
      test = await made(wish);
      dump = await openDump({ core: test.core, executable: test.executable });
      bare = await openDump({ core: test.core, executable: stripped(test.executable) });
    });
    afterAll(() => {
      dump?.close();
      bare?.close();
    });

    it("keeps alive what only rows of an arena hold, and knows its type", () => {
      expect(lost(dump, test.truth)).toEqual([]);
      expect(mistyped(dump, test.truth)).toEqual([]);
      expect(spansOff(dump)).toEqual([]);
    });

    it("calls a chunk a chunk", () => {
      expect(countTypes(dump, true).get("arena chunk")).toBe(1);
      expect(countTypes(dump, true).get("main.Row")).toBeUndefined();
      const { object, paths } = why.run(dump, { type: "OnlyBranch" }, { progress: silent, findings: dump.findings });
      expect(object.type).toBe("main.OnlyBranch");
      expect(paths.length).toBe(1);
    });

    it("has the same live objects stripped", () => {
      expect([bare.heap.objects.count, bare.heap.liveObjects]).toEqual([dump.heap.objects.count, dump.heap.liveObjects]);
    });
  });
}
