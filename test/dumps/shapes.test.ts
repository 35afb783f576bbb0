/**
 * Shapes of the published studies of Go's concurrency bugs, and shapes that look like them and are none: every circle is found, no
 * other is stated, and of every lock the holder that the program says it has. Every release; --full adds code that is not optimised
 * and arm64.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DumpWish, makeDump } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { type Blocked, blocked } from "../../src/query/blocked.js";
import { leaked } from "../../src/query/leaked.js";
import { missingGo, nameOf, releases } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";
const plain = ["-gcflags=all=-N -l"];

interface Truth {
  readonly ids: Readonly<Record<string, readonly number[]>>;
  readonly circles: readonly (readonly string[])[];
  readonly holders: Readonly<Record<string, readonly string[] | null>>;
  readonly lost: readonly string[];
  readonly shapes: number;
}

const wishes: DumpWish[] = releases.map((go) => ({ program: "shapes", go }));
if (full) {
  for (const go of releases) wishes.push({ program: "shapes", go, flags: plain }, { program: "shapes", go, flags: ["-gcflags=all=-l"] });
  for (const go of releases) wishes.push({ program: "shapes", go, arch: "arm64" });
} else wishes.push({ program: "shapes", go: "1.23.12", flags: plain }, { program: "shapes", go: "1.27.2", flags: plain });

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  const name = nameOf(wish);
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    let dump: Dump;
    let truth: Truth;
    let answer: Blocked;
    const ids = (names: readonly string[]) => names.flatMap((each) => truth.ids[each] ?? []).sort((a, b) => a - b);
    const parts = (list: readonly number[]) =>
      list.map((id) => Object.keys(truth.ids).find((each) => truth.ids[each]?.includes(id)) ?? `goroutine ${id}`);
    const told = (list: readonly number[]) => [...new Set(parts(list))].sort().join(" and ");

    beforeAll(async () => {
      const made = await makeDump(wish);
      truth = made.truth as unknown as Truth;
      dump = await openDump({ core: made.core, executable: made.executable }, silent);
      answer = blocked.run(dump, { top: 0 }, { progress: silent, findings: dump.findings });
    });
    afterAll(() => dump?.close());

    it("states every circle, and no other", () => {
      expect(truth.shapes).toBeGreaterThan(50);
      const wanted = truth.circles.map((each) => told(ids(each)));
      expect(answer.cycles.map((each) => told(each.involved)).sort()).toEqual([...wanted].sort());
      expect(answer.cycles.map((each) => String(each.involved)).sort()).toEqual(truth.circles.map((each) => String(ids(each))).sort());
    });

    it("names who has each lock, and nobody else", () => {
      const found: Record<string, string> = {};
      const wanted: Record<string, string> = {};
      for (const [waiter, holders] of Object.entries(truth.holders)) {
        const rows = answer.rows.filter(
          (row) => (row.kind === "mutex" || row.kind === "rwmutex") && row.waiting.some((each) => truth.ids[waiter]?.includes(each.id)),
        );
        wanted[waiter] = told(ids(holders ?? []));
        found[waiter] = told(rows.flatMap((row) => row.holders.filter((each) => each.evidence !== "announced").map((each) => each.id)));
      }
      expect(found).toEqual(wanted);
    });

    it("calls those leaked that can never go on, and no healthy one", () => {
      const gone = new Set(leaked.run(dump, { retains: false, top: 0 }, { progress: silent, findings: dump.findings }).ids);
      expect(parts(ids(truth.lost).filter((id) => !gone.has(id)))).toEqual([]);
      const sick = new Set([...truth.lost, ...truth.circles.flat()]);
      const healthy = Object.keys(truth.ids).filter((each) => !sick.has(each));
      expect(parts(ids(healthy).filter((id) => gone.has(id)))).toEqual([]);
    });
  });
}
