/** Goroutines in a bubble of testing/synctest: which of their waits the runtime calls durable, in its own words. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type DumpWish, makeDump } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { openDump } from "../../src/dump.js";
import { traceback } from "../../src/query/traceback.js";
import { missingGo, nameOf, releases } from "../support/dump-cache.js";
import { compareText } from "../support/traceback.js";

// Before that a bubble was an experiment, without words of its own.
for (const go of releases.filter((each) => Number(each.split(".")[1]) >= 25)) {
  const wish: DumpWish = { program: "bubble", go };
  const missing = await missingGo(go);
  it.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), async () => {
    const made = await makeDump(wish);
    const stderr = readFileSync(made.stderr, "utf8");
    const dump = await openDump({ core: made.core, executable: made.executable }, silent);
    const { rows } = traceback.run(dump, { level: "crash" }, { progress: silent, findings: dump.findings });
    dump.close();
    expect(compareText(stderr, rows)).toEqual([]);
    const headers = rows.map((each) => each.lines[0]);
    expect(headers.filter((each) => each.includes("(durable), synctest bubble 1]")).length).toBe(9);
    expect(headers.filter((each) => each.includes("[sync.Mutex.Lock, synctest bubble 1]")).length).toBe(1);
  });
}
