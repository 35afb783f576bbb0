/** Values on real crashes: what a program says of its variables through reflection against what show says of them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { type ShowArgs, show } from "../../src/query/show.js";
import { made, missingGo, nameOf, releases, type TestDump } from "../support/dump-cache.js";
import { differences, type SaidValue } from "../support/values.js";

const full = process.env.CORESCOPE_TIER === "full";

const wishes: DumpWish[] = releases.map((go) => ({ program: "values", go }));
if (full) wishes.push({ program: "values", go: "1.24.13", experiment: "noswissmap" });

/** As deep as any value of the program. */
const WHOLE = { depth: 64, offset: 0, top: 0 };

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    let test: TestDump;
    let dump: Dump;
    let said: Readonly<Record<string, SaidValue>>;
    // Before Go 1.23 DWARF does not say what a closure holds.
    const captures = !/^1\.2[12]\./.test(wish.go);
    beforeAll(async () => {
      test = await made(wish);
      dump = await openDump({ core: test.core, executable: test.executable });
      said = (test.truth as unknown as { values: Record<string, SaidValue> }).values;
    });
    afterAll(() => dump?.close());
    const shown = (of: string, args: Partial<ShowArgs> = {}) =>
      show.run(dump, { ...WHOLE, of, ...args }, { progress: silent, findings: dump.findings }).value;

    it("shows every variable as the program's reflection sees it", () => {
      const wrong = Object.entries(said).flatMap(([name, value]) => differences(name, value, shown(name), captures));
      expect(wrong.length, wrong.slice(0, 100).join("\n")).toBe(0);
    });
  });
}
