import { describe, expect, test } from "vitest";
import { suspectText } from "../../cli/views/suspects.js";
import { silent } from "../../src/base/progress.js";
import { suspects } from "../../src/query/suspects.js";
import { fixtures, openFixture } from "../support/dump-cache.js";
import { contradictions } from "../support/findings.js";

describe.each(fixtures())("$name", ({ name }) => {
  test("no finding contradicts its evidence, and none is of the runtime's own", async () => {
    const dump = await openFixture(name);
    const { rows } = suspects.run(dump, { top: 0 }, { progress: silent, findings: dump.findings });
    expect(rows.length).toBeGreaterThan(0);
    expect(contradictions(dump, rows)).toEqual([]);
    const names = rows.map((row) => row.subject.expression ?? suspectText(row).title);
    expect(names.filter((each) => /^runtime[./]/.test(each))).toEqual([]);
  });
});
