// Programs killed at any moment under 16 Ps and generations of 2 ms: no trace may be refused. --full kills 50, else 5.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDump } from "../../src/dump.js";
import { extractTrace } from "../../src/recorder/recorder.js";
import { readTracer } from "../../src/recorder/tracer-state.js";
import { minorOf, missingTracer, Oracle, prefixOf, readable, type TraceTruth, tracedReleases } from "../support/traced.js";

const full = process.env.CORESCOPE_TIER === "full";
const count = full ? 50 : 5;

/**
 * The n-th way to die. raw: the kernel's core without Go's crash path, threads stopped anywhere; locked threads die all the
 * time (they have no id any more, their buffers do). cgo: threads of C come and go, so ids of goroutines are used again.
 * abort up to Go 1.25: threads that come back from system calls while the world freezes give up their P without a word.
 */
function wayToDie(n: number): readonly [go: string, words: string, attempt: number] {
  const go = tracedReleases[n % tracedReleases.length] as string;
  const minor = minorOf(go);
  const round = Math.floor(n / tracedReleases.length);
  const mode = (["file", minor >= 25 ? "flight" : "xflight", "bytes"] as const)[(n + round) % 3] as string;
  if (minor <= 25 && round % 4 === 3) return [go, `${mode} abort noise`, n];
  return [go, `${mode} raw noise${(n + round) % 4 === 1 ? " cgo" : ""}`, n];
}

let oracle: Oracle;
/** How often what is hard was met, over all cores. */
const met = { twoInFlight: 0, insideTracer: 0, dying: 0, givenUp: 0, halfWritten: 0, reading: 0 };
/** Cores whose finished generations, which the runtime itself wrote, x/exp refuses: see readable(). */
let discarded = 0;

beforeAll(async () => {
  oracle = new Oracle();
  await oracle.build();
});
afterAll(() => oracle.remove());

describe("a program killed at any moment", () => {
  it.each(Array.from({ length: count }, (_, n) => wayToDie(n)))("go%s %s %i", async (go, words, attempt) => {
    const why = await missingTracer(go);
    if (why) return console.warn(`skipped: ${why}`);
    const files = await readable(oracle, go, words, attempt * 10);
    discarded += files.meta.attempt - attempt * 10;
    const dump = await openDump({ core: files.core, executable: files.executable });
    try {
      const trace = extractTrace(dump.runtime, dump.findings, { prefix: prefixOf(dump, files.truth as unknown as TraceTruth) });
      if (!trace.found || !trace.whole) throw new Error("no trace");
      expect(dump.findings.list().filter((each) => each.code.startsWith("trace") && each.partial)).toEqual([]);
      expect(trace.trimmed).toBeUndefined();
      const state = readTracer(dump.runtime, dump.findings);
      met.twoInFlight += trace.generations.filter((each) => each.from === "in flight").length > 1 ? 1 : 0;
      met.insideTracer += trace.inTracer.length > 0 ? 1 : 0;
      met.dying += state?.threads.some((thread) => thread.tid === 0 && thread.buffers.flat().some((at) => at !== 0)) ? 1 : 0;
      met.givenUp += trace.generations.some((each) => each.stops > 0) ? 1 : 0;
      met.halfWritten += trace.cutEvents > 0 ? 1 : 0;
      met.reading += state?.reading ? 1 : 0;
      const said = await oracle.read(trace.whole.read(0, trace.whole.size));
      expect(said.events).toBe(trace.read?.events);
      expect(said.death).toHaveLength(1);
    } finally {
      dump.close();
    }
  });

  it("meets what is hard", async () => {
    for (const go of tracedReleases) if (await missingTracer(go)) return console.warn("skipped: not all releases are here");
    console.info(`of ${count} cores: ${JSON.stringify(met)}, ${discarded} more were discarded`);
    expect(met.insideTracer).toBeGreaterThan(0);
    if (full) expect(Math.min(...Object.values(met))).toBeGreaterThan(0);
  });
});
