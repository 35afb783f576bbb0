/** Accumulations that are easily described wrongly: counts and holders as the programs say, and no finding against its own evidence. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { suspectText } from "../../cli/views/suspects.js";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { counted, formatCount } from "../../src/base/units.js";
import type { Suspect } from "../../src/diagnosis/suspect.js";
import { type Dump, openDump } from "../../src/dump.js";
import { suspects } from "../../src/query/suspects.js";
import { made, missingGo, nameOf, rotate } from "../support/dump-cache.js";
import { contradictions } from "../support/findings.js";

const full = process.env.CORESCOPE_TIER === "full";

interface Said {
  readonly count: number;
  readonly thing: string;
  readonly holder?: string;
  readonly other?: string;
}

async function findingsOf(wish: DumpWish, body: (now: () => { rows: readonly Suspect[]; said: Said; dump: Dump }) => void): Promise<void> {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    let now: { rows: readonly Suspect[]; said: Said; dump: Dump } | undefined;
    beforeAll(async () => {
      const { core, executable, truth } = await made(wish);
      const dump = await openDump({ core, executable });
      const { rows } = suspects.run(dump, { top: 0 }, { progress: silent, findings: dump.findings });
      now = { rows, said: truth as unknown as Said, dump };
    });
    afterAll(() => now?.dump.close());
    body(() => now as NonNullable<typeof now>);
  });
}

for (const { kind, go } of rotate(["timeout", "cancel", "background", "mixed", "nested", "btree", "both", "shared"], full)) {
  await findingsOf({ program: "suspects", go, args: [kind] }, (now) => {
    it("says first how many there are of what, and who holds them", () => {
      const { rows, said } = now();
      const title = suspectText(rows[0]).title;
      expect(title).toContain(said.thing === "contexts" ? counted(said.count, "context") : `${formatCount(said.count)} × ${said.thing}`);
      if (said.holder !== undefined) expect(title).toContain(said.holder);
      if (said.other !== undefined) expect(title).toContain(said.other);
      expect(rows[0]?.share).toBeGreaterThan(0.5);
      // One cause is one finding.
      expect(rows.filter((row) => /timer|context/.test(suspectText(row).title)).length).toBe(said.thing === "contexts" ? 1 : 0);
    });

    it("contradicts no evidence", () => {
      const { rows, dump } = now();
      expect(contradictions(dump, rows)).toEqual([]);
    });
  });
}

const others: DumpWish[] = [
  { program: "leaky", go: "1.26.8", args: ["20"] },
  { program: "classics", go: "1.22.12", args: ["cache"] },
  ...(full
    ? ["cache", "blocked", "timers", "channel", "callbacks", "finalizer", "pool", "free", "limit", "native", "slices", "duplicates"].map(
        (failure) => ({ program: "classics", go: "1.26.8", args: [failure] }),
      )
    : []),
];
for (const wish of others) {
  await findingsOf(wish, (now) => {
    it("contradicts no evidence", () => {
      const { rows, dump } = now();
      expect(rows.length).toBeGreaterThan(0);
      expect(contradictions(dump, rows)).toEqual([]);
    });
  });
}
