/** Services that stand still: what the first screen says of them, against what the program knows; and nothing of one that only waits. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { overviewCommand } from "../../cli/commands/overview.js";
import { makePage } from "../../cli/text/style.js";
import { waitText } from "../../cli/views/waits.js";
import { silent } from "../../src/base/progress.js";
import { openDump } from "../../src/dump.js";
import { overview } from "../../src/query/overview.js";
import { waits } from "../../src/query/waits.js";
import { made, missingGo, nameOf, rotate } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";
const kinds = ["circle", "convoy", "chain", "writer", "forgotten", "group", "full", "leak", "nil", "finalizer", "healthy"];

interface Truth {
  readonly rule: string;
  readonly count: number;
  readonly name: string;
  /** Marks of lines of main.go: "put" is the one that ends with "// line:put". */
  readonly at: string;
  readonly end: string;
}

const source = readFileSync(fileURLToPath(new URL("../../dumps/testdata/stalled/main.go", import.meta.url)), "utf8").split("\n");
const lineOf = (mark: string) => source.findIndex((line) => line.endsWith(`// line:${mark}`)) + 1;

for (const { kind, go } of rotate(kinds, full)) {
  const wish = { program: "stalled", go, args: [kind] };
  const missing = await missingGo(go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    it("says what stands still", async () => {
      const { core, executable, truth } = await made(wish);
      const dump = await openDump({ core, executable });
      try {
        const { rule, count, name, at, end } = truth as unknown as Truth;
        const context = { progress: silent, findings: dump.findings };
        const quick = waits.run(dump, { top: 0 }, context).rows;
        const answer = overview.run(dump, {}, context);
        const page = makePage(80, false);
        const first = overviewCommand.text(answer, page).slice(0, 24).join(" ").replace(/\s+/g, " ");
        if (rule === "") {
          expect(quick.map((each) => waitText(each).title)).toEqual([]);
          expect(answer.leaks).toEqual([]);
          return;
        }
        expect(first, "the first thing below the death").toMatch(/Stalled 1\. /);
        if (rule === "leaked") {
          expect(answer.leaks[0]?.count).toBe(count);
          expect(answer.leaks[0]?.top?.line).toBe(lineOf(at));
          expect(first).toContain(`main.go:${lineOf(at)}`);
          return;
        }
        const [found, ...more] = quick;
        expect(more.map((each) => waitText(each).title)).toEqual([]);
        expect(found.rule).toBe(rule);
        expect(found.goroutines).toBe(count);
        expect(waitText(found).title).toContain(name);
        expect(first).toContain(name);
        if (at !== "" && rule !== "lock-convoy") expect(found.at?.line).toBe(lineOf(at));
        if (end !== "") expect(first, "where it hangs").toContain(`main.go:${lineOf(end)}`);
      } finally {
        dump.close();
      }
    });
  });
}
