/**
 * The matrix: real programs of every supported release crash, and corescope has to say what they said of themselves
 * before they died. `npm run test:dumps` makes what it needs under .dumps/; without a Go toolchain its tests are skipped.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DumpWish, whyNoTool } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { why } from "../../src/query/why.js";
import type { Accounts } from "../../src/runtime/accounting.js";
import { fixtures, made, missingGo, nameOf, releases, type TestDump } from "../support/dump-cache.js";
import {
  countTypes,
  differences,
  disagreements,
  lost,
  memStats,
  mistyped,
  spansOff,
  typedByHeader,
  unmarkedSurvivors,
  unreachable,
  userGoroutines,
} from "./measure.js";

const full = process.env.CORESCOPE_TIER === "full";

/** A core can hold a few objects that nothing reaches although the program has just collected. */
const MOST_UNREACHABLE = 25;

const settled: DumpWish[] = releases.flatMap((go) => [
  { program: "leaky", go, args: ["100"] },
  { program: "zoo", go },
]);
for (const go of full ? releases : ["1.24.13"]) settled.push({ program: "leaky", go, args: ["20", "alive"] });
const variants: DumpWish[] = [
  { program: "leaky", go: "1.24.13", args: ["20"], experiment: "noswissmap" },
  { program: "zoo", go: "1.24.13", experiment: "noswissmap" },
  { program: "zoo", go: "1.25.10", experiment: "greenteagc" },
  { program: "zoo", go: "1.26.8", experiment: "nogreenteagc" },
  { program: "zoo", go: "1.27.2", experiment: "mapsplitgroup" },
  { program: "zoo", go: "1.26.8", flags: ["-buildmode=pie"] },
];
if (full) {
  for (const go of releases) variants.push({ program: "zoo", go, args: ["nil"] }, { program: "leaky", go, args: ["300"] });
  variants.push({ program: "zoo", go: "1.26.8", flags: ["-gcflags=all=-N -l"] });
  variants.push({ program: "zoo", go: "1.27.2", arch: "arm64" }, { program: "leaky", go: "1.24.13", args: ["20"], arch: "arm64" });
}

/** A described suite around one dump that is made, opened once and closed. */
async function suite(wish: DumpWish, body: (opened: () => { dump: Dump; test: TestDump }) => void): Promise<void> {
  const missing = (await missingGo(wish.go)) ?? (wish.args?.includes("alive") ? await whyNoTool("gcore") : undefined);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    around(() => made(wish), body);
  });
}

function around(make: () => Promise<TestDump>, body: (opened: () => { dump: Dump; test: TestDump }) => void): void {
  let now: { dump: Dump; test: TestDump } | undefined;
  beforeAll(async () => {
    const test = await make();
    now = { dump: await openDump({ core: test.core, executable: test.executable }), test };
  });
  afterAll(() => {
    now?.dump.close();
    now = undefined;
  });
  body(() => now as { dump: Dump; test: TestDump });
}

/** Fails with the list itself when there is anything in it. */
function none(problems: readonly string[]): void {
  expect(problems.length, problems.slice(0, 60).join("\n")).toBe(0);
}

/** What holds for every core, in whatever state it is. */
function always(opened: () => { dump: Dump; test: TestDump }): void {
  it("has the spans that the runtime counts", () => {
    const { runtime, findings } = opened().dump;
    expect(runtime.spans.count).toBeGreaterThan(0);
    expect(findings.list().filter(({ code }) => code === "spans-lost")).toEqual([]);
  });

  it("has as many allocated slots as each span counts", () => {
    none(spansOff(opened().dump));
  });

  it("has as many objects as the runtime's own statistics", () => {
    const { heap, runtime } = opened().dump;
    const accounts = runtime.accounts as Accounts;
    expect(heap.objects.count).toBe(accounts.heapObjects + accounts.unflushedObjects);
  });

  it("has memory classes that add up to what is mapped, and Go's to what it has from the system", () => {
    const { accounts, memoryClasses } = opened().dump.runtime;
    const { mappedBytes, classes, others } = memoryClasses;
    const sum = (rows: readonly { readonly bytes: number }[]) => rows.reduce((all, { bytes }) => all + bytes, 0);
    expect(sum(classes)).toBe(mappedBytes);
    expect(sum(others)).toBe(sum(classes.filter(({ name }) => name === "other mappings")));
    for (const { name } of others) expect(name).not.toBe("");
    expect(sum(classes.filter(({ go }) => go))).toBe((accounts as Accounts).sys);
    // Programs without C have nothing else: pages and buffers of the runtime's that no structure names.
    expect(sum(others)).toBeLessThan(64 * 1024);
  });

  it("keeps alive what only one feature of the language holds", () => {
    const { dump, test } = opened();
    none(lost(dump, test.truth));
  });

  it("explains known objects with the program's own expressions", () => {
    const { dump, test } = opened();
    const wrong: string[] = [];
    for (const { address, expressions, type } of test.truth.expressions ?? []) {
      const { object, reachable, paths } = why.run(dump, { address }, { progress: silent, findings: dump.findings });
      const said = paths[0]?.steps.at(-1)?.expression;
      if (!reachable || said === undefined || !expressions.includes(said)) wrong.push(`${expressions[0]}: ${said ?? "no path"}`);
      if (object.type !== type) wrong.push(`${expressions[0]}: is a ${type}, called ${object.type}`);
    }
    none(wrong);
  });
}

/** What a program says exactly when it has collected and then allocated nothing. */
function exact(opened: () => { dump: Dump; test: TestDump }): void {
  it("has the objects and bytes of MemStats", () => {
    const { dump, test } = opened();
    const { count, bytes } = dump.heap.objects;
    expect({ count, bytes }).toEqual({ count: test.truth.memStats.HeapObjects, bytes: test.truth.memStats.HeapAlloc });
  });

  it("knows the goroutines of the program", () => {
    const { dump, test } = opened();
    expect(userGoroutines(dump)).toBe(test.truth.goroutines);
  });

  it("has the accounts of MemStats", () => {
    const { dump, test } = opened();
    const found = memStats(dump);
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, test.truth.memStats[name]])));
  });
}

/** What holds after a collection when there is no garbage. */
function allLive(opened: () => { dump: Dump; test: TestDump }, wish?: DumpWish): void {
  it(`leaves at most ${MOST_UNREACHABLE} objects unreachable`, () => {
    const found = unreachable(opened().dump).filter(({ reason }) => reason !== "revived through a weak handle");
    expect(
      found.length,
      found
        .slice(0, 60)
        .map(({ address, type, bytes, reason }) => `0x${address.toString(16)} ${type} (${bytes} B) ${reason}`)
        .join("\n"),
    ).toBeLessThanOrEqual(MOST_UNREACHABLE);
  });

  it("counts the program's own types", () => {
    const { dump, test } = opened();
    none(differences(countTypes(dump, true), test.truth.types));
  });

  it("calls no object another type than it has", () => {
    const { dump, test } = opened();
    none(mistyped(dump, test.truth));
  });

  // Where a nil dereference stopped, registers still hold the zoo's own table of addresses; before Go 1.22 it carries no type.
  const holdsItsTable = wish?.go === "1.21.13" && wish.args?.includes("nil");
  if (holdsItsTable) return;
  it("types 99% of the live bytes", () => {
    const { heap } = opened().dump;
    expect(heap.typedBytes / heap.liveBytes).toBeGreaterThanOrEqual(0.99);
  });
}

for (const wish of [...settled, ...variants]) {
  await suite(wish, (opened) => {
    always(opened);
    // Printing the error of a nil dereference allocates.
    if (!wish.args?.includes("nil")) exact(opened);
    allLive(opened, wish);

    it("finds the type of a malloc header without it", async () => {
      const { dump, test } = opened();
      const blind = await openDump({ core: test.core, executable: test.executable }, silent, { hideHeaders: true });
      try {
        const { same, different } = disagreements(blind, typedByHeader(dump));
        expect(different.length / Math.max(1, same + different.length), different.slice(0, 20).join("\n")).toBeLessThanOrEqual(0.001);
      } finally {
        blind.close();
      }
    });
  });
}

for (const go of releases) {
  await suite({ program: "garbage", go, args: ["3000"] }, (opened) => {
    always(opened);
    exact(opened);

    it("finds exactly the garbage that was made", () => {
      const { dump, test } = opened();
      const said = test.truth.garbage ?? {};
      const total = Object.values(said).reduce((sum, count) => sum + count, 0);
      const extra = unreachable(dump).length - total;
      expect(extra).toBeGreaterThanOrEqual(0);
      expect(extra).toBeLessThanOrEqual(MOST_UNREACHABLE);
      // Before Go 1.22 no object carries its type, so nothing can name what nothing refers to.
      if (go !== "1.21.13") none(differences(countTypes(dump, false), said));
    });

    it("finds exactly what is live", () => {
      const { dump, test } = opened();
      const { truth } = test;
      const live = Object.entries(truth.types).map(([type, count]) => [type, count - (truth.garbage?.[type] ?? 0)] as const);
      none(differences(countTypes(dump, true), Object.fromEntries(live)));
    });
  });
}

/** Attempts to die in the middle of a collection before giving up. */
const MOST_ATTEMPTS = 20;

async function caught(wish: DumpWish, isCaught: (dump: Dump) => boolean): Promise<TestDump> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const test = await made({ ...wish, attempt });
    const dump = await openDump({ core: test.core, executable: test.executable });
    try {
      if (isCaught(dump)) return test;
    } finally {
      dump.close();
    }
  }
  throw new Error(`${nameOf(wish)} did not die in the middle of a collection in ${MOST_ATTEMPTS} attempts`);
}

function unsweptSpans(dump: Dump): number {
  const { spans } = dump.runtime;
  let unswept = 0;
  for (let span = 0; span < spans.count; span++) if (spans.sweepgen[span] === spans.heapSweepgen - 2) unswept++;
  return unswept;
}

for (const go of releases) {
  for (const [mode, isCaught] of [
    ["unswept", (dump: Dump) => dump.runtime.accounts?.gc.phase === "off" && unsweptSpans(dump) > 20],
    ["mark", (dump: Dump) => dump.runtime.accounts?.gc.phase !== "off"],
  ] as const) {
    const wish: DumpWish = { program: "midgc", go, args: [mode] };
    const missing = await missingGo(go);
    describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
      around(
        () => caught(wish, isCaught),
        (opened) => {
          always(opened);

          it("has the objects of the MemStats printed before, but for 20", () => {
            const { dump, test } = opened();
            expect(Math.abs(dump.heap.objects.count - test.truth.memStats.HeapObjects)).toBeLessThanOrEqual(20);
          });

          it("counts the program's own types", () => {
            const { dump, test } = opened();
            none(differences(countTypes(dump, true), test.truth.types));
          });

          it("reaches nothing that the finished mark phase did not", () => {
            const { dump } = opened();
            if (mode === "unswept") none(unmarkedSurvivors(dump));
            else expect(unreachable(dump).length).toBeLessThanOrEqual(MOST_UNREACHABLE);
          });
        },
      );
    });
  }
}

for (const test of fixtures()) {
  describe(`committed ${test.name}`, () => {
    around(
      () => Promise.resolve(test),
      (opened) => {
        always(opened);
        if (test.meta.program === "demo") return;
        exact(opened);
        allLive(opened);
      },
    );
  });
}
