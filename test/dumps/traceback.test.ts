/**
 * Stacks: what the runtime printed as it died is what we read, frame by frame; and what only stacks hold is live.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DumpWish, makeDump } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { NONE } from "../../src/base/units.js";
import { type Dump, openDump } from "../../src/dump.js";
import { traceback } from "../../src/query/traceback.js";
import { missingGo, nameOf, releases, rotate } from "../support/dump-cache.js";
import { compareGoroutine, compareText, type PrintedGoroutine, parseTraceback } from "../support/traceback.js";

const full = process.env.CORESCOPE_TIER === "full";

const wishes: DumpWish[] = releases.map((go) => ({ program: "stacks", go, args: ["nil", "spin"] }));
for (const { kind, go } of rotate(["outside", "quit", "abort"], full))
  wishes.push({ program: "stacks", go, args: [kind, "spin", "crowd"] });
wishes.push({ program: "stacks", go: "1.26.8", args: ["panic"], flags: ["-buildmode=pie"] });
if (full) {
  for (const go of releases) {
    wishes.push(
      { program: "leaky", go, args: ["20"] },
      { program: "stacks", go, args: ["overflow"] },
      { program: "stacks", go, args: ["nil"], flags: ["-gcflags=all=-N -l"] },
    );
  }
  for (const go of ["1.21.13", "1.24.13", "1.27.2"]) wishes.push({ program: "stacks", go, args: ["nil"], arch: "arm64" });
}

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  const name = nameOf(wish);
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    let dump: Dump;
    let made: Awaited<ReturnType<typeof makeDump>>;
    let truth: { readonly held?: Readonly<Record<string, string>>; readonly dropped?: Readonly<Record<string, string>> };
    let printed: readonly PrintedGoroutine[];

    beforeAll(async () => {
      made = await makeDump(wish);
      truth = made.truth;
      printed = parseTraceback(readFileSync(made.stderr, "utf8"));
      dump = await openDump({ core: made.core, executable: made.executable }, silent);
    });
    afterAll(() => dump?.close());

    it("has every goroutine and frame the runtime printed", () => {
      const { goroutines, functions } = dump.runtime;
      const wrong = printed.flatMap((each) => {
        const goroutine = goroutines.find(each.id);
        return goroutine ? compareGoroutine(each, goroutine, functions) : [`goroutine ${each.id} is missing`];
      });
      expect(wrong).toEqual([]);
      expect(printed.length).toBeGreaterThan(wish.args?.includes("crowd") ? 110 : 20);
      expect(printed.length).toBe(goroutines.all.length);
    });

    it("writes the runtime's own text, letter by letter", () => {
      const { rows } = traceback.run(dump, { level: "crash" }, { progress: silent, findings: dump.findings });
      expect(compareText(readFileSync(made.stderr, "utf8"), rows)).toEqual([]);
    });

    it("walks every stack to its end and finds every stack map", () => {
      for (const goroutine of dump.runtime.goroutines.all) expect(goroutine.unwound()).toMatchObject({ complete: true });
      void dump.heap;
      expect(dump.findings.list().filter((each) => each.code.startsWith("stack-") || each.code.startsWith("goroutine"))).toEqual([]);
    });

    it("keeps what stacks hold, and not what they have dropped", () => {
      const { objects } = dump.heap;
      const live = (address: string) => {
        const id = objects.find(Number(address));
        return id !== NONE && dump.heap.isLive(id);
      };
      const names = (table: Readonly<Record<string, string>> | undefined, wanted: boolean) =>
        Object.entries(table ?? {}).flatMap(([each, address]) => (live(address) === wanted ? [] : [each]));
      expect(names(truth.held, true)).toEqual([]);
      expect(names(truth.dropped, false)).toEqual([]);
    });
  });
}

describe("the comparison", () => {
  it("notices a difference", async () => {
    const wish = wishes[0];
    if (await missingGo(wish.go)) return;
    const made = await makeDump(wish);
    const dump = await openDump({ core: made.core, executable: made.executable }, silent);
    const text = readFileSync(made.stderr, "utf8").replace(/ \+0x([0-9a-f]+) fp=/, " +0x1$1 fp=");
    const [first] = parseTraceback(text);
    if (!first) throw new Error("nothing was printed");
    const goroutine = dump.runtime.goroutines.find(first.id);
    if (!goroutine) throw new Error("the goroutine is lost");
    expect(compareGoroutine(first, goroutine, dump.runtime.functions).length).toBe(1);
    const { rows } = traceback.run(dump, { level: "crash" }, { progress: silent, findings: dump.findings });
    expect(compareText(text, rows).length).toBe(1);
    expect(compareText(text, rows.slice(1))).toEqual([`goroutine ${first.id} was not read`]);
    dump.close();
  });
});
