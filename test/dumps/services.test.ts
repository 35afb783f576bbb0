/** Services that leak a tenth of their heap, healthy holders around: what suspects and overview say first. */
import { describe, expect, it } from "vitest";
import { suspectText } from "../../cli/views/suspects.js";
import { silent } from "../../src/base/progress.js";
import { openDump } from "../../src/dump.js";
import { overview } from "../../src/query/overview.js";
import { suspects } from "../../src/query/suspects.js";
import { made, missingGo, nameOf, rotate } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";

for (const { kind, go } of rotate(["gateway", "bus"], full)) {
  const wish = { program: "services", go, args: [kind] };
  const missing = await missingGo(go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    it("names the leak in the first line", async () => {
      const { core, executable, truth } = await made(wish);
      const dump = await openDump({ core, executable });
      try {
        const { culprit } = truth as unknown as { culprit: string[] };
        const found = suspects.run(dump, { top: 3 }, { progress: silent, findings: dump.findings });
        const rows = found.rows.map(suspectText);
        const titles = rows.map((row) => row.title).join("\n");
        expect(
          culprit.filter((name) => rows[0].title.includes(name)),
          titles,
        ).not.toEqual([]);
        const first = overview.run(dump, {}, { progress: silent, findings: dump.findings }).topSuspects[0];
        expect(suspectText(first).title).toBe(rows[0].title);
      } finally {
        dump.close();
      }
    });
  });
}
