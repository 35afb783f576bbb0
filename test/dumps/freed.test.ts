/** Objects that code gave back before any collection (GOEXPERIMENT=runtimefreegc) are free: dumps/testdata/freed says which. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { NONE } from "../../src/base/units.js";
import { type Dump, openDump } from "../../src/dump.js";
import { doctor } from "../../src/query/doctor.js";
import { freedIn } from "../../src/runtime/spans.js";
import { made, missingGo, nameOf } from "../support/dump-cache.js";
import { stripped } from "../support/stripped.js";
import { countTypes, spansOff } from "./measure.js";

const wishes: DumpWish[] = ["1.26.8", "1.27.2"].map((go) => ({
  program: "freed",
  go,
  experiment: "runtimefreegc",
  flags: ["-ldflags=-checklinkname=0"],
}));

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    let dump: Dump;
    let bare: Dump;
    let said: { readonly freed: readonly string[]; readonly kept: number };
    beforeAll(async () => {
      const { core, executable, truth } = await made(wish);
      said = truth as unknown as typeof said;
      dump = await openDump({ core, executable });
      bare = await openDump({ core, executable: stripped(executable) });
    });
    afterAll(() => {
      dump?.close();
      bare?.close();
    });

    it("has no object where one was freed, and all beside them", () => {
      expect(said.freed.length).toBe(100);
      for (const { heap } of [dump, bare]) {
        expect(said.freed.filter((address) => heap.objects.find(Number(address)) !== NONE)).toEqual([]);
        expect(spansOff(dump)).toEqual([]);
      }
      expect(countTypes(dump, true).get("main.Kept")).toBe(said.kept);
      const { spans } = dump.runtime;
      const freed = Array.from({ length: spans.count }, (_, span) => freedIn(spans, span)).reduce((sum, each) => sum + each, 0);
      expect(freed).toBe(said.freed.length);
    });

    it("adds up, and is in no doubt", () => {
      const answer = doctor.run(dump, {}, { progress: silent, findings: dump.findings });
      const outcome = (check: string) => answer.checks.find((each) => each.check === check)?.outcome;
      expect([outcome("slots"), outcome("objects")]).toEqual(["passed", "passed"]);
      expect(dump.findings.list().map(({ code }) => code)).toEqual([]);
    });
  });
}
