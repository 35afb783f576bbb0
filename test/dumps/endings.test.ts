/**
 * Where it broke and what it died of: real crashes whose places and culprits their source names in comments "at NAME", held against the
 * runtime's own last words too. Every ending of one release, every release some endings; --full is every release with every ending,
 * code that is not optimised, and arm64. A stripped twin may know less, and says nothing else.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DumpWish, makeDump } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { type DeathResult, death } from "../../src/query/death.js";
import { goroutine } from "../../src/query/goroutine.js";
import { goroutines } from "../../src/query/goroutines.js";
import { missingGo, nameOf, releases } from "../support/dump-cache.js";
import { stripped } from "../support/stripped.js";

const full = process.env.CORESCOPE_TIER === "full";

/** What is to be told of an ending. Places are names of lines. */
interface Ending {
  readonly origin?: string;
  readonly again?: readonly string[];
  readonly recovered?: boolean;
  readonly culprit?: Readonly<Record<string, string>>;
  /** Where the culprit was used. */
  readonly places?: readonly string[];
  /** What others do to the map, and where. */
  readonly others?: Readonly<Record<string, string>>;
  readonly period?: number;
  readonly grows?: string;
}

const serving = { recovered: true };
const ENDINGS: Readonly<Record<string, Ending>> = {
  rethrow: {
    ...serving,
    origin: "sendclosed",
    again: ["wrap"],
    culprit: { kind: "channel", expression: "s.events", type: "chan *main.order", state: "closed", action: "send" },
    places: ["sendclosed"],
  },
  wrap: { ...serving, origin: "checkout", again: ["wrap", "wrap"] },
  same: { ...serving, origin: "checkout", again: ["repanic"] },
  library: { ...serving, origin: "discount", again: ["wrap"] },
  nested: { recovered: false, origin: "checkout", again: ["cleanup"] },
  assign: {
    culprit: { kind: "map", expression: "main.counts", type: "map[string]int" },
    places: ["assign"],
    others: { write: "assign" },
  },
  iterate: {
    culprit: { kind: "map", expression: "main.counts", type: "map[string]int" },
    places: ["assign", "iterate"],
    others: { write: "assign", iteration: "iterate" },
  },
  field: {
    culprit: { kind: "map", expression: "s.byID", type: "map[int]*main.order" },
    places: ["field", "get"],
    others: { write: "field", read: "get" },
  },
  local: { culprit: { kind: "map", expression: "seen", type: "map[int]bool" }, places: ["local"], others: { write: "local" } },
  sendclosed: {
    culprit: { kind: "channel", expression: "s.events", type: "chan *main.order", state: "closed", action: "send" },
    places: ["sendclosed"],
  },
  closetwice: {
    culprit: { kind: "channel", expression: "s.done", type: "chan struct {}", state: "closed", action: "close" },
    places: ["closetwice"],
  },
  closenil: {
    culprit: { kind: "channel", expression: "s.absent", type: "chan int", state: "nil", action: "close" },
    places: ["closenil"],
  },
  closelocal: {
    culprit: { kind: "channel", expression: "results", type: "chan string", state: "closed", action: "close" },
    places: ["closelocal"],
  },
  nilmap: { culprit: { kind: "map", expression: "s.unmade", type: "map[string]int", state: "nil", action: "write" }, places: ["nilmap"] },
  nilparam: { culprit: { kind: "nil", expression: "p", type: "*main.person", accessed: "p.name" }, places: ["nilparam"] },
  nilfield: { culprit: { kind: "nil", expression: "p.home", type: "*main.address", accessed: "p.home.town" }, places: ["nilfield"] },
  nilglobal: {
    culprit: { kind: "nil", expression: "s.current.buyer.home", type: "*main.address", accessed: "s.current.buyer.home.street" },
    places: ["nilglobal"],
  },
  nilcall: { culprit: { kind: "nil", expression: "run", type: "func() int" }, places: ["nilcall"] },
  nilelement: {
    culprit: { kind: "nil", expression: "orders[...]", type: "*main.order", accessed: "orders[...].id" },
    places: ["nilelement"],
  },
  single: { period: 1, grows: "n" },
  mutual: { period: 3, grows: "depth" },
  stringer: { period: 6 },
};

const names = Object.keys(ENDINGS);
const wishes: DumpWish[] = full
  ? [
      ...releases.flatMap((go) => names.map((how): DumpWish => ({ program: "endings", go, args: [how] }))),
      ...names.map((how): DumpWish => ({ program: "endings", go: "1.26.8", args: [how], flags: ["-gcflags=all=-N -l"] })),
      ...["wrap", "sendclosed", "nilfield", "nilelement", "single"].map(
        (how): DumpWish => ({ program: "endings", go: "1.27.2", args: [how], arch: "arm64" }),
      ),
    ]
  : [
      ...names.map((how, index): DumpWish => ({ program: "endings", go: releases[index % releases.length], args: [how] })),
      ...["field", "nilfield"].flatMap((how) => ["1.21.13", "1.27.2"].map((go): DumpWish => ({ program: "endings", go, args: [how] }))),
    ];

const source = readFileSync(new URL("../../dumps/testdata/endings/main.go", import.meta.url), "utf8").split("\n");

/** Number of the line that has a name. */
function lineOf(name: string): number {
  const at = source.findIndex((line) => line.endsWith(`// at ${name}`));
  expect(at, name).toBeGreaterThan(0);
  return at + 1;
}

/** The frames of the last stack that the runtime printed of a goroutine; none of one that was running on another thread. */
function printedStack(stderr: string, goroutine: number): string {
  const block = stderr.split(/\n(?=goroutine \d+ )/).findLast((each) => each.startsWith(`goroutine ${goroutine} `)) ?? "";
  return block.split("\ncreated by ")[0] ?? "";
}

for (const go of full ? releases : ["1.21.13", "1.26.8"]) {
  const missing = await missingGo(go);
  it.skipIf(missing !== undefined)(
    `the calls that a goroutine has put off, by the statement, go${go}${missing ? ` (${missing})` : ""}`,
    async () => {
      const made = await makeDump({ program: "endings", go, args: ["pending"] });
      const dump = await openDump({ core: made.core, executable: made.executable }, silent);
      const asked = { progress: silent, findings: dump.findings };
      const rows = goroutines.run(
        dump,
        { group: false, status: [], minWaitNanoseconds: 0, system: false, retains: false, top: 0 },
        asked,
      ).rows;
      const id = rows?.find(({ top }) => top?.function === "main.pending")?.id ?? 0;
      const { deferred = [] } = goroutine.run(dump, { id }, asked);
      expect(deferred.map(({ function: fn, line, by, count }) => [fn, line, by, count])).toEqual([
        ["main.pending.func1", lineOf("closure"), "main.pending", 1],
        ["main.note", lineOf("note"), "main.pending", 3],
        ["main.(*lease).free", lineOf("free"), "main.pending", 20],
        ["sync.(*WaitGroup).Done", lineOf("done"), "main.pending", 1],
      ]);
      // The last one that was deferred runs first.
      expect(deferred[2]?.arguments).toEqual([{ name: "l", type: "*main.lease", text: '&{name:"lease 19" n:19}' }]);
      dump.close();
    },
  );
}

const ask = (dump: Dump) => death.run(dump, {}, { progress: silent, findings: dump.findings });

for (const wish of wishes) {
  const how = wish.args?.[0] as string;
  const wanted = ENDINGS[how];
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    let whole: DeathResult;
    let bare: DeathResult;
    let stderr: string;
    const opened: Dump[] = [];

    beforeAll(async () => {
      const made = await makeDump(wish);
      stderr = readFileSync(made.stderr, "utf8");
      for (const executable of [made.executable, stripped(made.executable)])
        opened.push(await openDump({ core: made.core, executable }, silent));
      [whole, bare] = opened.map(ask) as [DeathResult, DeathResult];
    });
    afterAll(() => {
      for (const each of opened) each.close();
    });
    const both = () => [whole, bare];

    it("tells where it broke, and who panicked again", () => {
      for (const { origin, again, recovered, goroutine } of both()) {
        expect([origin?.line, again?.map(({ line }) => line), recovered]).toEqual([
          wanted.origin === undefined ? undefined : lineOf(wanted.origin),
          wanted.again?.map(lineOf),
          wanted.recovered,
        ]);
        if (origin) expect(printedStack(stderr, goroutine?.id ?? 0)).toContain(`main.go:${origin.line} `);
      }
    });

    it("names the culprit, and where it was used", () => {
      const { kind, expression, type, state, action, accessed, place } = whole.culprit ?? {};
      const told = Object.fromEntries(
        Object.entries({ kind, expression, type, state, action, accessed }).filter(([key]) => key in (wanted.culprit ?? {})),
      );
      expect(told).toEqual(wanted.culprit ?? {});
      expect(whole.culprit === undefined).toBe(wanted.culprit === undefined);
      if (place) expect(wanted.places?.map(lineOf)).toContain(place.line);
      // Of variables a stripped program knows only where they lie.
      if (!bare.culprit) return;
      expect(bare.culprit.place.line).toBe(place?.line);
      expect([bare.culprit.kind, bare.culprit.state, bare.culprit.type ?? type]).toEqual([kind, state, type]);
      expect(bare.culprit.expression ?? "bss+").toMatch(/^(?:no)?(?:ptr)?(?:bss|data)\+/);
      expect([undefined, whole.culprit?.address]).toContain(bare.culprit.address);
    });

    it("tells who else was at the map", () => {
      for (const { culprit } of both()) {
        const users = culprit?.others ?? [];
        if (wanted.others && culprit === whole.culprit) expect(users.length).toBeGreaterThan(0);
        for (const { goroutine, inside, action, place, certain } of users) {
          expect(place.line, `goroutine ${goroutine}`).toBe(lineOf(wanted.others?.[action] as string));
          if (culprit === whole.culprit) expect(certain).toBe(true);
          const printed = printedStack(stderr, goroutine);
          if (!inside || !/main\.go:/.test(printed)) continue;
          expect(printed).toContain(`main.go:${place.line} `);
          expect(printed).toMatch(/runtime\.map\w+\(/);
        }
      }
    });

    it("tells the circle of calls that filled the stack", () => {
      for (const { recursion } of both()) {
        expect(recursion?.functions.length).toBe(wanted.period);
        if (!recursion || wanted.period === undefined) continue;
        // The runtime prints fifty frames from either end; it counts inlined calls too, and the start of the goroutine as it does here.
        const elided = Number(/\.\.\.(\d+) frames elided\.\.\./.exec(printedStack(stderr, 1))?.[1] ?? Number.NaN);
        const physical = recursion.functions.filter(({ inlined }) => !inlined).length;
        expect(recursion.rounds * wanted.period).toBeGreaterThanOrEqual(elided + 100 - 4 * wanted.period);
        expect(recursion.rounds * wanted.period).toBeLessThanOrEqual(elided + 100);
        expect(Math.abs(recursion.depth - recursion.rounds * physical)).toBeLessThan(20);
        if (recursion === whole.recursion && wanted.grows !== undefined)
          expect(recursion.arguments.map(({ name, change }) => [name, change])).toContainEqual([wanted.grows, 1]);
      }
    });
  });
}
