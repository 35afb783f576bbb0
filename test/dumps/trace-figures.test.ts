// `trace summary` against an independent count: test/oracle sums up golang.org/x/exp/trace's events in Go.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDump } from "../../src/dump.js";
import { extractTrace } from "../../src/recorder/recorder.js";
import { readGenerations } from "../../src/trace/reader.js";
import { summarize } from "../../src/trace/summary.js";
import { missingTracer, Oracle, prefixOf, readable, type TraceTruth, tracedReleases } from "../support/traced.js";

const full = process.env.CORESCOPE_TIER === "full";
const cases: readonly (readonly [go: string, words: string])[] = full
  ? [...tracedReleases.map((go) => [go, "xflight mapwrite"] as const), ["1.22.12", "file nil"]]
  : [
      ["1.27.2", "flight nil"],
      ["1.22.12", "file nil"],
    ];

let oracle: Oracle;
beforeAll(async () => {
  oracle = new Oracle();
  await oracle.build();
});
afterAll(() => oracle.remove());

describe("trace summary says what another program counts", () => {
  it.each(cases)("go%s %s", async (go, words) => {
    const why = await missingTracer(go);
    if (why) return console.warn(`skipped: ${why}`);
    const files = await readable(oracle, go, words);
    const dump = await openDump({ core: files.core, executable: files.executable });
    try {
      const trace = extractTrace(dump.runtime, dump.findings, { prefix: prefixOf(dump, files.truth as unknown as TraceTruth) });
      if (!trace.found || !trace.whole) throw new Error("no trace");
      const summary = summarize(readGenerations(trace.whole), (error) => {
        throw error;
      });
      const said = await oracle.figures(trace.whole.read(0, trace.whole.size));
      // Events of one time are moved on by 1 ns each: which one of the very last is first may differ.
      const near = (ours: number, theirs: number, what: string) => {
        if (Math.abs(ours - theirs) > 4) throw new Error(`${what}: we say ${ours} ns, the oracle ${theirs} ns`);
      };

      expect(summary.goroutines.map((each) => String(each.id)).sort()).toEqual(Object.keys(said.goroutines).sort());
      for (const each of summary.goroutines) {
        const theirs = said.goroutines[each.id];
        const g = `goroutine ${each.id}`;
        near(each.running, theirs.totals.Running ?? 0, `${g} running`);
        near(each.runnable, theirs.totals.Runnable ?? 0, `${g} runnable`);
        near(each.waiting, theirs.totals.Waiting ?? 0, `${g} waiting`);
        near(each.syscall, theirs.totals.Syscall ?? 0, `${g} in system calls`);
        const waits = each.waits.reduce((sum, wait) => sum + wait.ns, 0);
        expect(waits).toBe(each.waiting);
      }
      expect(summary.procs.map((each) => String(each.id)).sort()).toEqual(Object.keys(said.procs).sort());
      for (const { id, running, share } of summary.procs) {
        const theirs = said.procs[id];
        near(running, theirs.totals.Running ?? 0, `P ${id} running`);
        expect(share).toBeCloseTo(running / (summary.last - summary.first), 9);
      }

      const mark = said.ranges["GC concurrent mark phase"];
      const cycles = summary.gc.cycles.filter((each) => each.end >= 0);
      expect(mark?.ended).toBeGreaterThan(3);
      expect(cycles.length - (mark?.ended ?? 0)).toBeGreaterThanOrEqual(0);
      expect(cycles.length - (mark?.ended ?? 0)).toBeLessThanOrEqual(1); // one that was active when the trace began
      const begun = cycles.slice(cycles.length - (mark?.ended ?? 0));
      near(
        begun.reduce((sum, each) => sum + each.end - each.begin, 0),
        mark?.total ?? 0,
        "marking",
      );
      const worlds = Object.entries(said.ranges).flatMap(([name, range]) => {
        const kind = /^stop-the-world \((.*)\)$/.exec(name)?.[1];
        return kind === undefined || range.ended === 0 ? [] : [{ kind, ...range }];
      });
      expect(summary.gc.pauses.map((each) => `${each.kind} ${each.count}`).sort()).toEqual(
        worlds.map((each) => `${each.kind} ${each.ended}`).sort(),
      );
      for (const { kind, total, longest } of worlds) {
        const ours = summary.gc.pauses.find((each) => each.kind === kind);
        near(ours?.total ?? 0, total, kind);
        near(ours?.longest ?? 0, longest, kind);
      }
      near(summary.gc.assist, said.ranges["GC mark assist"]?.total ?? 0, "mark assists");

      for (const [ours, theirs] of [
        [summary.tasks, said.tasks],
        [summary.regions, said.regions],
      ] as const) {
        expect(ours.map((each) => `${each.name} ${each.count} ${each.open}`).sort()).toEqual(
          Object.entries(theirs)
            .map(([name, each]) => `${name} ${each.count} ${each.count - each.ended}`)
            .sort(),
        );
        for (const each of ours) near(each.total, theirs[each.name]?.total ?? 0, each.name);
      }
      expect(summary.logs.count).toBe(said.logs);

      // The curve is thinned: its points are the program's, in their order.
      expect(summary.heap.length).toBeGreaterThan(10);
      let at = -1;
      for (const { bytes, goal } of summary.heap) {
        at = said.heap.findIndex((each, i) => i > at && each[0] === bytes && each[1] === goal);
        expect(at).toBeGreaterThanOrEqual(0);
      }
    } finally {
      dump.close();
    }
  });
});
