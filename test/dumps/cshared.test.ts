/**
 * Libraries of Go in a program of C: found by themselves, with symbols and stripped, and told apart where there are two. What is in them
 * is held against what they said of themselves.
 */
import { linkSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DumpWish, whyNoTool } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { death } from "../../src/query/death.js";
import { goroutines } from "../../src/query/goroutines.js";
import { histogram } from "../../src/query/histogram.js";
import { why } from "../../src/query/why.js";
import { made, missingGo, nameOf, rotate, type TestDump } from "../support/dump-cache.js";
import { stripped } from "../support/stripped.js";

const full = process.env.CORESCOPE_TIER === "full";
const LIBRARIES = ["libfirst.so", "libsecond.so"];
const deaths: Readonly<Record<string, RegExp>> = {
  go: /^panic: broke with 3000 tickets in goroutine \d+ \(main\.Blow\)$/,
  c: /^SIGABRT: abort, raised by itself in libc[^,]*, on the main thread, which is C's$/,
  two: /^SIGABRT: abort, raised by itself in libc[^,]*, on the main thread, which is C's$/,
};

for (const { kind, go } of rotate(Object.keys(deaths), full)) {
  const wish: DumpWish = { program: "cshared", go, args: [kind], cgo: true };
  const missing = (await missingGo(go)) ?? (await whyNoTool("gcc"));
  const name = nameOf(wish);
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    const open: Dump[] = [];
    let test: TestDump;
    /** The same core with stripped libraries beside it. */
    let bare: string;
    /** It counted the goroutine of the very call, which ends when C has control again. */
    let alive: number;
    const opened = async (files: Parameters<typeof openDump>[0]) => {
      const dump = await openDump(files);
      open.push(dump);
      return dump;
    };
    beforeAll(async () => {
      test = await made(wish);
      alive = test.truth.goroutines - (kind === "go" ? 0 : 1);
      const folder = join(test.core, "..");
      bare = mkdtempSync(join(folder, "stripped-"));
      linkSync(test.core, join(bare, "core"));
      for (const library of LIBRARIES) linkSync(stripped(join(folder, library)), join(bare, library));
    });
    afterAll(() => {
      for (const dump of open) dump.close();
      if (bare) rmSync(bare, { recursive: true });
    });

    it("finds the library, and in it what it said of itself", async () => {
      const dump = await opened({ core: test.core });
      expect(codesOf(dump)).toContain(kind === "two" ? "image-several" : "image-library");
      const first = await opened({ core: test.core, executable: test.executable, image: "libfirst.so" });
      expect(codesOf(first).filter((code) => code.startsWith("image-"))).toEqual(["image-library"]);
      expect(summaryOf(first)).toMatch(deaths[kind]);
      expect(countOf(first, "main.Ticket")).toBe(test.truth.types["main.Ticket"]);
      expect(programGoroutines(first)).toBe(alive);
      expect(saidOf(first, test, "main.Ticket")).toEqual(wantedOf(test, "main.Ticket"));
      // Nothing was allocated after the statistics were read, if it was C that gave up.
      const { objects } = first.heap;
      if (kind !== "go") expect([objects.count, objects.bytes]).toEqual([test.truth.memStats.HeapObjects, test.truth.memStats.HeapAlloc]);
    });

    it("knows what is the program's and not the library's: its functions, its memory", async () => {
      const dump = await opened({ core: test.core, executable: test.executable, image: "libfirst.so" });
      const { callersInC } = death.run(dump, {}, context(dump));
      if (kind !== "go") expect((callersInC ?? []).map((each) => each.function)).toEqual(["give_up", "main"]);
      const { classes, mappedBytes } = dump.runtime.memoryClasses;
      const bytesOf = (wanted: string) => classes.find((each) => each.name === wanted)?.bytes ?? 0;
      expect(classes.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(mappedBytes);
      expect(bytesOf("executable")).toBeLessThan(64 * 1024);
      expect(bytesOf("shared libraries")).toBeGreaterThan(1024 * 1024);
    });

    it("finds a stripped one, with the same goroutines, objects and death", async () => {
      const whole = await opened({ core: test.core, image: "libfirst.so" });
      const same = await opened({ core: join(bare, "core"), image: "libfirst.so" });
      expect(same.runtime.binary.from).toBe("tables");
      expect(programGoroutines(same)).toBe(alive);
      expect([same.heap.objects.count, same.heap.liveObjects]).toEqual([whole.heap.objects.count, whole.heap.liveObjects]);
      expect(summaryOf(same)).toBe(summaryOf(whole));
    });

    it("tells two libraries apart, and refuses what has no Go", async () => {
      await expect(openDump({ core: test.core, image: "libc.so.6" })).rejects.toThrow("no Go runtime in libc.so.6: it is in /");
      if (kind !== "two") return;
      for (const core of [test.core, join(bare, "core")]) {
        const second = await opened({ core, image: "libsecond.so" });
        expect(programGoroutines(second)).toBe(0);
        if (core !== test.core) continue;
        expect([countOf(second, "main.Order"), countOf(second, "main.Ticket")]).toEqual([test.truth.types["main.Order"], 0]);
        expect(saidOf(second, test, "main.Order")).toEqual(wantedOf(test, "main.Order"));
      }
      const moved = await opened({ core: test.core, image: join(bare, "libsecond.so") });
      expect(moved.process.executable?.source.name).toBe(join(bare, "libsecond.so"));
    });
  });
}

const context = (dump: Dump) => ({ progress: silent, findings: dump.findings });
const codesOf = (dump: Dump) => dump.findings.list().map(({ code }) => code);
const summaryOf = (dump: Dump) => death.run(dump, {}, context(dump)).summary;
const programGoroutines = (dump: Dump) => goroutines.run(dump, { top: 0 }, context(dump)).rows.length;
const countOf = (dump: Dump, type: string) =>
  histogram.run(dump, { top: 0 }, context(dump)).rows.find((row) => row.type === type)?.count ?? 0;

/** What leads to the known object of a type, and its type. */
function saidOf(dump: Dump, { truth }: TestDump, type: string) {
  const known = truth.expressions?.find((each) => each.type === type);
  const { object, paths } = why.run(dump, { address: known?.address ?? "" }, context(dump));
  return [object.type, paths[0]?.steps.at(-1)?.expression];
}

function wantedOf({ truth }: TestDump, type: string) {
  return [type, truth.expressions?.find((each) => each.type === type)?.expressions[0]];
}
