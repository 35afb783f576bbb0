import { describe, expect, test } from "vitest";
import { silent } from "../../src/base/progress.js";
import { suspectOf } from "../../src/diagnosis/suspect.js";
import { suspects } from "../../src/query/suspects.js";
import { fixtures, openFixture } from "../support/dump-cache.js";
import { contradictions } from "../support/findings.js";

describe("a finding is one record", () => {
  const measured = {
    kind: "accumulation",
    bytes: 1000,
    of: { bytes: 4000, name: "the live heap" },
    title: (size: string) => `main.s holds ${size}`,
    next: "",
    score: 1,
  };

  test("title, share and evidence are made of it", () => {
    const parts = [
      { bytes: 600, count: 20, what: "main.T" },
      { bytes: 300, count: 1, what: "main.s.u, main.U" },
    ];
    expect(suspectOf({ ...measured, parts, facts: ["a main.S"] })).toMatchObject([
      {
        title: "main.s holds 1000 B (25% of the live heap)",
        share: 0.25,
        of: "the live heap",
        parts,
        evidence: ["600 B: 20 × main.T", "300 B: main.s.u, main.U", "a main.S"],
      },
    ]);
  });

  test("parts that others hold too, or that are none, are not told of it", () => {
    const parts = [
      { bytes: 600, count: 20, what: "main.T" },
      { bytes: 600, count: 20, what: "main.TooMuch" },
      { bytes: 100, count: 0, what: "main.None" },
    ];
    expect(suspectOf({ ...measured, parts })[0]?.evidence).toEqual(["600 B: 20 × main.T"]);
  });

  test("of nothing there is no finding", () => {
    expect(suspectOf({ ...measured, bytes: 0 })).toEqual([]);
  });

  test("what exceeds its whole is a false measure, but of a limit it is all", () => {
    expect(suspectOf({ ...measured, bytes: 5000 })).toEqual([]);
    const limit = { ...measured.of, isLimit: true };
    expect(suspectOf({ ...measured, bytes: 5000, of: limit })[0]).toMatchObject({
      share: 1,
      title: "main.s holds 4.9 KiB (100% of the live heap)",
    });
  });
});

describe.each(fixtures())("$name", ({ name }) => {
  test("no finding contradicts its evidence, and none is of the runtime's own", async () => {
    const dump = await openFixture(name);
    const { rows } = suspects.run(dump, { top: 0 }, { progress: silent, findings: dump.findings });
    expect(rows.length).toBeGreaterThan(0);
    expect(contradictions(dump, rows)).toEqual([]);
    expect(rows.filter((row) => /^runtime[./]/.test(row.expression ?? row.title)).map((row) => row.title)).toEqual([]);
  });
});
