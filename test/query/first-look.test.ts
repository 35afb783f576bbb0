// The first screen on a core of a gigabyte must not wait for its spans: they are a third of a second, the heap is many.
import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { silent } from "../../src/base/progress.js";
import { openDump } from "../../src/dump.js";
import { firstLook } from "../../src/query/first-look.js";
import { goroutines } from "../../src/query/goroutines.js";
import { fixtures, unpacked } from "../support/dump-cache.js";

test.each(fixtures())("$name: cause of death and groups of goroutines are known before a span is read", async ({ name }) => {
  const dump = await openDump(unpacked(name));
  const refuse = (what: string) => ({
    get: () => {
      throw new Error(`${what} read`);
    },
  });
  for (const what of ["spans", "accounts", "memoryClasses", "specials"]) Object.defineProperty(dump.runtime, what, refuse(what));
  Object.defineProperty(dump, "heap", refuse("heap"));
  try {
    const context = { progress: silent, findings: new Findings() };
    const look = firstLook.run(dump, {}, context);
    expect(look.death.summary).toMatch(/panic|signal|fatal|SIG/);
    expect(look.goroutines.total).toBeGreaterThan(3);
    const { groups } = goroutines.run(
      dump,
      { group: true, status: [], minWaitNanoseconds: 0, system: false, retains: false, top: 5 },
      context,
    );
    expect(groups?.length).toBeGreaterThan(0);
  } finally {
    dump.close();
  }
});
