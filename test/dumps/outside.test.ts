/**
 * Memory that is not Go's heap: ranges have owners, not mappings, and what only has been reserved is not counted as used.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DumpWish, whyNoTool } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { memoryUse } from "../../src/query/memory-use.js";
import { suspects } from "../../src/query/suspects.js";
import { made, missingGo, nameOf, releases, type TestDump } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";
const MIB = 1024 * 1024;

/** Opens a dump for the tests of a wish; a test that needs a tool or a release that is not here is skipped with the reason. */
async function around(wish: DumpWish, tools: readonly ("gcc" | "gcore")[], body: (now: () => { dump: Dump; test: TestDump }) => void) {
  let missing = await missingGo(wish.go);
  for (const tool of tools) missing ??= await whyNoTool(tool);
  const name = nameOf(wish);
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    let now: { dump: Dump; test: TestDump } | undefined;
    beforeAll(async () => {
      const test = await made(wish);
      now = { dump: await openDump({ core: test.core, executable: test.executable }), test };
    });
    afterAll(() => now?.dump.close());
    body(() => now as { dump: Dump; test: TestDump });
  });
}

const bytesOf = (dump: Dump, name: string) => dump.runtime.memoryClasses.classes.find((each) => each.name === name)?.bytes ?? 0;
const goOf = (dump: Dump) => dump.runtime.memoryClasses.classes.reduce((sum, each) => sum + (each.go ? each.bytes : 0), 0);
const isWhole = (dump: Dump) => {
  const { classes, mappedBytes } = dump.runtime.memoryClasses;
  expect(classes.reduce((sum, each) => sum + each.bytes, 0)).toBe(mappedBytes);
  for (const { name, bytes } of classes) expect([name, bytes]).toEqual([name, Math.max(0, bytes)]);
};

for (const go of full ? releases : ["1.21.13", "1.26.8"])
  await around({ program: "outside", go }, [], (now) => {
    it("tells the program's own maps and files from the runtime's memory", () => {
      const { dump, test } = now();
      isWhole(dump);
      expect(goOf(dump)).toBe(test.truth.memStats.Sys);
      // But for what rounding to pages adds to the runtime's buffers.
      expect(Math.abs(bytesOf(dump, "other mappings") - 64 * MIB)).toBeLessThan(64 * 1024);
      expect(bytesOf(dump, "mapped files")).toBe(8 * MIB);
      expect(bytesOf(dump, "shared libraries")).toBe(0);
      const { memory } = memoryUse.run(dump, {}, { progress: silent, findings: dump.findings });
      const { file } = test.truth as unknown as { readonly file: string };
      expect(memory.files).toEqual([{ name: `${file} (deleted)`, bytes: 8 * MIB }]);
    });
  });

await around({ program: "outside", go: "1.26.8", flags: ["-race"], cgo: true }, ["gcc"], (now) => {
  it("keeps the race detector's shadow apart", () => {
    const { dump } = now();
    isWhole(dump);
    expect(goOf(dump)).toBe(dump.runtime.accounts?.sys);
    expect(bytesOf(dump, "race detector, sanitizers")).toBeGreaterThan(32 * MIB);
    // The program's 64 MiB, and what the detector and C have beside them.
    expect(bytesOf(dump, "other mappings")).toBeGreaterThan(64 * MIB);
    expect(bytesOf(dump, "other mappings")).toBeLessThan(100 * MIB);
  });
});

await around({ program: "callback", go: "1.25.10", args: ["alive"], cgo: true }, ["gcc", "gcore"], (now) => {
  it("counts nothing that has no access, although gdb wrote it", () => {
    const { dump } = now();
    isWhole(dump);
    expect(goOf(dump)).toBe(dump.runtime.accounts?.sys);
    expect(bytesOf(dump, "other mappings")).toBeLessThan(4 * MIB);
    expect(bytesOf(dump, "Go reserve, not in use")).toBeLessThan(34 * MIB);
    const found = suspects.run(dump, { top: 0 }, { progress: silent, findings: dump.findings });
    expect(found.rows.filter((each) => each.rule === "native-memory")).toEqual([]);
  });
});
