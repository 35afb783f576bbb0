/**
 * Who waits for whom and who for ever: goroutines that wait in every way, on every release, against what the program says of them
 * and, where the release has it, the runtime's own profile of leaked goroutines.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stateText } from "../../cli/views/blocked.js";
import { type DumpWish, makeDump } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { type Blocked, blocked } from "../../src/query/blocked.js";
import { leaked } from "../../src/query/leaked.js";
import { coreWithout, cutCore } from "../support/cut-core.js";
import { missingGo, nameOf, releases } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";

interface Truth {
  readonly goroutines: number;
  /** By what they do. */
  readonly ids: Readonly<Record<string, readonly number[]>>;
  readonly descriptors: Readonly<Record<string, number>>;
}

const profiled: readonly DumpWish[] = [
  { program: "blocked", go: "1.26.8", args: ["profile"], experiment: "goroutineleakprofile" },
  { program: "blocked", go: "1.27.2", args: ["profile"] },
];
const wishes: DumpWish[] = [...releases.slice(0, -2).map((go) => ({ program: "blocked", go })), ...profiled];
if (full) {
  for (const go of releases.slice(-2)) wishes.push({ program: "blocked", go });
  for (const go of releases) wishes.push({ program: "blocked", go, flags: ["-gcflags=all=-N -l"] });
  for (const go of ["1.21.13", "1.24.13", "1.27.2"]) wishes.push({ program: "blocked", go, arch: "arm64" });
} else wishes.push({ program: "blocked", go: "1.22.12", flags: ["-gcflags=all=-N -l"] });

/** What nothing can wake: all of them wait for something that only they, or others like them, have. */
const lost =
  "abandoned lostSend lostSelect lostCond lostGroup lostMutex lostRead lostWrite chainInner chainOuter chained nilReceive nilSend emptySelect move ring again looped read readTwice write relay crew boss stoppedTimer".split(
    " ",
  );

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  const name = nameOf(wish);
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    let dump: Dump;
    let truth: Truth;
    let answer: Blocked;
    const context = () => ({ progress: silent, findings: dump.findings });
    const ids = (...names: string[]) => names.flatMap((each) => truth.ids[each] ?? []).sort((a, b) => a - b);
    /** The object that a goroutine of this name waits for. */
    const rowOf = (who: string, kind: string) =>
      answer.rows.find((row) => row.kind === kind && row.waiting.some((each) => truth.ids[who]?.includes(each.id)));
    const waiting = (who: string, kind: string) => (rowOf(who, kind)?.waiting ?? []).map((each) => each.id).sort((a, b) => a - b);

    beforeAll(async () => {
      const made = await makeDump(wish);
      truth = made.truth as unknown as Truth;
      dump = await openDump({ core: made.core, executable: made.executable }, silent);
      answer = blocked.run(dump, { top: 0 }, context());
    });
    afterAll(() => dump?.close());

    it("has all of them wait for what they wait for", () => {
      const seen = new Set(answer.rows.flatMap((row) => row.waiting.map((each) => each.id)));
      expect(ids(...Object.keys(truth.ids)).filter((id) => !seen.has(id))).toEqual([]);
      expect(waiting("abandoned", "channel")).toEqual(ids("abandoned"));
      expect(waiting("globalCond", "cond")).toEqual(ids("globalCond"));
      expect(waiting("lostCond", "cond")).toEqual(ids("lostCond"));
      expect(waiting("globalGroup", "waitgroup")).toEqual(ids("globalGroup"));
      expect(waiting("configRead", "rwmutex")).toEqual(ids("configRead", "configWrite"));
      expect(waiting("readTwice", "rwmutex")).toEqual(ids("readTwice", "write"));
      expect(waiting("globalSend", "channel")).toEqual(ids("globalSend", "globalSelect"));
      expect(waiting("nilSend", "nil channel")).toEqual(ids("nilSend", "nilReceive"));
      expect(waiting("chained", "empty select")).toEqual(ids("chained", "emptySelect"));
      expect(answer.rows.filter((row) => row.kind === "other" || row.kind === "semaphore")).toEqual([]);
    });

    it("says the state of each", () => {
      // Of what no global reaches: a variable where it is in scope, else type and field where the type is known.
      const states: Readonly<Record<string, readonly [string | RegExp, string]>> = {
        "globalCond cond": ["*main.signal", "2 waiting"],
        "globalGroup waitgroup": ["main.batch", "counter 3, 2 waiting"],
        "lostGroup waitgroup": [/^(?:group)?$/, "counter 2, 1 waiting"],
        "configRead rwmutex": ["main.config", "held by a writer, 2 readers behind it, 1 writer queued"],
        "readTwice rwmutex": [/^main\.table\.mu$/, "held by 1 reader, a writer waits for them, 1 reader behind it"],
        "lostRead rwmutex": [/^(?:lock)?$/, "held by a writer, 1 reader behind it"],
        "lostWrite rwmutex": [/^(?:lock)?$/, "held by 1 reader, a writer waits for them"],
        "globalSend channel": ["main.buffered", "2 of 2 buffered"],
        "globalReceive channel": ["main.requests", "unbuffered"],
        "lostMutex mutex": [/^(?:(?:main\.account|own)\.mu)?$/, "locked, 1 waiting"],
      };
      for (const [place, [name, state]] of Object.entries(states)) {
        const [who, kind] = place.split(" ");
        const row = rowOf(who, kind);
        expect([place, row?.name, row && stateText(row.state)]).toEqual([
          place,
          typeof name === "string" ? name : expect.stringMatching(name),
          state,
        ]);
      }
      for (const [who, operation] of Object.entries({ pipeRead: "read", pipeWrite: "write", accept: "read" })) {
        const row = rowOf(who, "network");
        expect(row && stateText(row.state)).toBe(`file descriptor ${truth.descriptors[who]}`);
        expect(row?.waiting.map((each) => each.reason)).toEqual([`IO wait, ${operation}`]);
      }
    });

    it("knows when sleepers would have woken", () => {
      const ends = new Map(rowOf("sleepHour", "sleep")?.waiting.map((each) => [each.id, each.endsInNanoseconds ?? 0]));
      for (const [who, hours] of Object.entries({ sleepHour: 1, holder: 1, holdConfig: 1, sleepDay: 24 })) {
        const end = ends.get(ids(who)[0]) ?? 0;
        expect(end).toBeLessThanOrEqual(hours * 3600e9);
        expect(end).toBeGreaterThan(hours * 3600e9 - 60e9);
      }
    });

    it("finds every deadlock, by what the goroutines have still to do", () => {
      const strong = answer.cycles.filter((each) => each.certainty === "strong").map((each) => each.involved);
      const circles = ["transfer", "move", "ring", "again", "looped", "read", "relay"].map((each) => ids(each));
      expect(new Set(strong.map(String))).toEqual(new Set([...circles, ids("readTwice", "write"), ids("boss", "crew")].map(String)));
      const steps = answer.cycles.flatMap((each) => each.goroutines);
      const evidence = (who: string) => new Set(steps.filter((each) => truth.ids[who]?.includes(each.id)).map((each) => each.evidence));
      expect(evidence("move")).toEqual(new Set(["deferred"]));
      expect(evidence("transfer")).toEqual(new Set(["releases"]));
      expect(evidence("readTwice")).toEqual(new Set(["announced"]));
      expect(evidence("write")).toEqual(new Set(["deferred"]));
      const ring = answer.cycles.find((each) => String(each.involved) === String(ids("ring")));
      expect(ring?.goroutines.length).toBe(3);
    });

    it("calls circles possible where the holder is not seen to release", () => {
      const possible = answer.cycles.filter((each) => each.certainty === "possible").map((each) => String(each.involved));
      expect(new Set(possible)).toEqual(new Set([ids("lostMutex"), ids("lostRead"), ids("lostWrite")].map(String)));
    });

    it("says who could help, and nobody where nobody can", () => {
      const holders = (who: string, kind: string) => rowOf(who, kind)?.holders.map((each) => each.id);
      expect(holders("configRead", "rwmutex")).toEqual(ids("holdConfig"));
      expect(holders("ofSleeper", "channel")).toEqual(ids("holder"));
      expect(holders("ofBlocked", "channel")).toEqual(ids("linked"));
      expect(holders("boss", "waitgroup")).toEqual(ids("crew"));
      expect(holders("abandoned", "channel")).toEqual([]);
      expect(holders("lostGroup", "waitgroup")).toEqual([]);
    });

    it("calls exactly those leaked that nothing can wake", () => {
      const found = leaked.run(dump, { retains: false, top: 0 }, context());
      const nameBy = new Map(Object.entries(truth.ids).flatMap(([who, list]) => list.map((id) => [id, who] as const)));
      const names = (list: readonly number[]) => [...new Set(list.map((id) => nameBy.get(id) ?? `goroutine ${id}`))].sort();
      // Before Go 1.23 a stopped timer stays in the runtime's heap for a while, and with it its channel: until then nothing is lost.
      const isStillHeld = /^1\.2[12]\./.test(wish.go) && !names(found.ids).includes("stoppedTimer");
      const wanted = isStillHeld ? lost.filter((each) => each !== "stoppedTimer") : lost;
      expect(names(found.ids)).toEqual([...wanted].sort());
      expect(found.ids).toEqual(ids(...wanted));
      if (!profiled.includes(wish)) return;
      const byRuntime = dump.runtime.goroutines.all.filter((each) => each.status === "leaked").map((each) => each.id);
      // The runtime follows g._defer, whose records in the heap lead to the locks that are to be released: it takes those for reachable.
      expect(names(byRuntime)).toEqual(names(found.ids).filter((each) => each !== "looped"));
      expect(byRuntime.sort((a, b) => a - b)).toEqual(found.ids.filter((id) => !truth.ids.looped?.includes(id)));
    });
  });
}

/** The heap is mapped by so many bytes. */
const ARENA = 1 << 26;

/** What a core lacks may hold what blocked goroutines wait for. */
describe("a core without all of its memory", async () => {
  const wish: DumpWish = { program: "blocked", go: "1.26.8" };
  const missing = await missingGo(wish.go);
  const forEver = ["nilReceive", "nilSend", "emptySelect", "chained"];
  const damaged: Readonly<Record<string, (core: string, to: string, isHeap: (address: number) => boolean) => string>> = {
    "without the heap": (core, to, isHeap) => coreWithout(core, isHeap, to),
    "cut at 90%": (core, to) => cutCore(core, 0.9, to),
    "cut at 60%": (core, to) => cutCore(core, 0.6, to),
    "cut at 30%": (core, to) => cutCore(core, 0.3, to),
  };
  for (const [how, damage] of Object.entries(damaged))
    it.skipIf(missing !== undefined)(`states no leak that it cannot prove: ${how}`, async () => {
      const made = await makeDump(wish);
      const truth = made.truth as unknown as Truth;
      const folder = mkdtempSync(join(tmpdir(), "corescope-cut-"));
      try {
        const whole = await openDump({ core: made.core, executable: made.executable }, silent);
        const arenas = new Set(whole.runtime.spans.base.map((each) => Math.floor(each / ARENA)));
        whole.close();
        const core = damage(made.core, join(folder, "core"), (address) => arenas.has(Math.floor(address / ARENA)));
        const dump = await openDump({ core, executable: made.executable }, silent);
        const answer = leaked.run(dump, { retains: false, top: 0 }, { progress: silent, findings: dump.findings });
        // Where only memory that holds no reference is gone, the truth is known.
        const isWhole = answer.total.complete;
        const sure = new Set((isWhole ? lost : forEver).flatMap((each) => truth.ids[each] ?? []));
        expect(how === "cut at 90%" || !isWhole).toBe(true);
        expect(answer.ids.filter((id) => !sure.has(id))).toEqual([]);
        expect(dump.findings.list().some((each) => each.partial)).toBe(true);
        if (!isWhole) {
          expect(dump.findings.list().find((each) => each.code === "leaks-undecided")?.count).toBe(Math.max(answer.total.undecided, 1));
          expect(answer.total.undecided).toBe(answer.total.blocked - answer.total.goroutines);
        }
        dump.close();
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
});
