/** The first screen of a terminal of 80 by 24, on every committed dump and on real crashes: death, findings and holders are on it. */
import { describe, expect, it } from "vitest";
import { overviewCommand } from "../../cli/commands/overview.js";
import { shortenAnswer } from "../../cli/text/names.js";
import { makePage } from "../../cli/text/style.js";
import { textWidth } from "../../cli/text/table.js";
import { listHeight } from "../../cli/ui/frame.js";
import type { Answer } from "../../cli/ui/screen.js";
import { overviewScreen } from "../../cli/ui/screens/overview.js";
import { suspectText } from "../../cli/views/suspects.js";
import { leakText, waitText } from "../../cli/views/waits.js";
import { type DumpWish, releases } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { openDump } from "../../src/dump.js";
import { overview } from "../../src/query/overview.js";
import { fixtures, made, missingGo, nameOf, type TestDump } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";
const size = { columns: 80, rows: 24 };
/** Holders are asked for by the screen too, the rest of the heap by both. */
const most = 3;

const crashes: readonly (readonly [string, ...string[]])[] = [
  ["services", "gateway"],
  ["services", "bus"],
  ["leaky", "20"],
  ["classics", "contexts"],
  ["classics", "planted"],
  ["deaths", "nested"],
  ["deaths", "storm"],
  ["deaths", "mapwrite"],
  ["demo", "500"],
];
const wishes = crashes.flatMap(([program, ...args], at): DumpWish[] =>
  (full ? ["1.21.13", "1.24.13", "1.27.2"] : [releases[at % releases.length]]).map((go) => ({ program, go, args })),
);

/** Text as words: lines joined, labels and indents one space each. */
const words = (lines: readonly string[]) => lines.join(" ").replace(/[›▌]/g, " ").replace(/\s+/g, " ");

/** The beginning of a text is there: all of it, or as much as two lines hold before it is cut. */
function beginning(text: string): string {
  return words([text]).slice(0, 60);
}

/** Titles of the findings that the first screen has room for: what explains the death first. */
function findingsOf(answer: ReturnType<typeof overview.run>): readonly string[] {
  const stalls = [...answer.waits.map(waitText), ...answer.leaks.map((each) => leakText(each, answer.userGoroutines))];
  const memory = answer.topSuspects.map(suspectText);
  const isMemory = answer.explanation === "memory";
  const [stalled, held] = stalls.length === 0 ? [0, most] : isMemory ? [1, most - 1] : [most - 1, 1];
  return [...stalls.slice(0, stalled), ...memory.slice(0, held)].map(({ title }) => title);
}

async function check(dump_: TestDump): Promise<void> {
  const dump = await openDump({ core: dump_.core, executable: dump_.executable });
  try {
    const context = { progress: silent, findings: dump.findings };
    // As commands and screens print it.
    const short = <T>(result: T): T => shortenAnswer(result, () => dump.names);
    const answer = short(overview.run(dump, {}, context));
    for (const { rule, bytes } of answer.topSuspects) expect(bytes, rule).toBeLessThanOrEqual(answer.memory.mappedBytes);
    const titles = findingsOf(answer);
    const printed = overviewCommand.text(answer, makePage(size.columns, false)).slice(0, size.rows);
    const piped = overviewCommand.text(answer, makePage(Number.POSITIVE_INFINITY, false)).slice(0, size.rows);
    const answers = overviewScreen
      .asks({})
      .map(({ query, args }): Answer => ({ state: "done", result: short(structuredClone(query.run(dump, args, context))) }));
    const body = overviewScreen.body({ args: {}, answers, width: size.columns - 2, folds: {}, findings: [] });
    const drawn = body.rows.slice(0, listHeight(size, body.head.length));
    for (const lines of [printed, piped, drawn.map(({ text }) => text)]) {
      const first = words(lines);
      expect(first, "death").toContain(beginning(answer.death.summary));
      if (answer.death.goroutine) expect(first, "who died").toContain(`goroutine ${answer.death.goroutine.id} `);
      if (answer.death.top)
        expect(first.replaceAll(" ", ""), "where").toContain(`${answer.death.top.file.slice(-20)}:${answer.death.top.line}`);
      for (const title of titles) expect(first, "findings").toContain(beginning(title));
      if (titles.length === 0 && answer.explanation === "memory") expect(first, "findings").toContain("nothing stands out");
      const holders = lines.slice(lines.findIndex((line) => line.startsWith("Holders")));
      const shown = holders.indexOf("");
      expect(shown < 0 ? holders.length : shown, "holders").toBe(Math.min(most, answer.topHolders.length));
      for (const line of lines) if (lines !== piped) expect(textWidth(line), line).toBeLessThanOrEqual(size.columns);
    }
    // Every holder and every finding leads on.
    expect(drawn.filter(({ text }) => /^(?:Holders| {12}) +[\d.]+ [KMGT]?i?B +[<>\d]+% /.test(text)).every(({ open }) => open)).toBe(true);
    expect(answer.topHolders.length, "a live heap has holders").toBeGreaterThan(0);
  } finally {
    dump.close();
  }
}

describe("the first screen of a committed dump", () => {
  it.each(fixtures().map((each) => [each.name, each] as const))("%s", async (_name, each) => check(each));
});

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(`the first screen of a crash${missing ? ` (${missing})` : ""}`, () => {
    it(nameOf(wish), async () => check(await made(wish)));
  });
}
