// Programs killed at any moment under 16 Ps and generations of 2 ms: no trace may be refused. --full kills 50 and more, else 5.
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
 */
function wayToDie(n: number): readonly [go: string, words: string, attempt: number] {
  const go = tracedReleases[n % tracedReleases.length];
  const round = Math.floor(n / tracedReleases.length);
  return [go, `${modeOf(go, n + round)} raw noise${(n + round) % 4 === 1 ? " cgo" : ""}`, n];
}

function modeOf(go: string, n: number): string {
  return (["file", minorOf(go) >= 25 ? "flight" : "xflight", "bytes"] as const)[n % 3];
}

/** Up to Go 1.25: threads that come back from system calls while the world freezes give up their P without a word. */
const frozen = tracedReleases.filter((go) => minorOf(go) <= 25);
/** That happens in about one crash of twelve: they are made until it has happened so often, or so many have been made. */
const FROZEN_WANTED = 2;
const FROZEN_MOST = 80;

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

/** Extracts a trace whole and without loss, and golang.org/x/exp/trace reads as many events in it as we. */
async function accepted(go: string, words: string, attempt: number): Promise<void> {
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
}

describe("a program killed at any moment", () => {
  it.each(Array.from({ length: count }, (_, n) => wayToDie(n)))("go%s %s %i", async (go, words, attempt) => {
    const why = await missingTracer(go);
    if (why) return console.warn(`skipped: ${why}`);
    await accepted(go, words, attempt);
  });

  if (full) {
    it("up to Go 1.25, whose threads gave up their Ps while the world froze", { timeout: 1_800_000 }, async () => {
      for (const go of frozen) if (await missingTracer(go)) return console.warn("skipped: not all releases are here");
      let made = 0;
      for (; met.givenUp < FROZEN_WANTED && made < FROZEN_MOST; made++) {
        const go = frozen[made % frozen.length];
        await accepted(go, `${modeOf(go, made)} ${made % 3 === 2 ? "abort" : "nil"} noise`, 1000 + made);
      }
      console.info(`${met.givenUp} of ${made} crashes were such`);
    });
  }

  it("meets what is hard", async () => {
    for (const go of tracedReleases) if (await missingTracer(go)) return console.warn("skipped: not all releases are here");
    console.info(`of ${count} cores: ${JSON.stringify(met)}, ${discarded} more were discarded`);
    expect(met.insideTracer).toBeGreaterThan(0);
    if (full) expect(Math.min(...Object.values(met))).toBeGreaterThan(0);
  });
});
