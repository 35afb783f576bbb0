// Programs that died while they were tracing: what is extracted is read by golang.org/x/exp/trace and by each release's own tool.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bytesSource } from "../../src/base/source.js";
import { openDump } from "../../src/dump.js";
import { crashFinder } from "../../src/query/trace-source.js";
import { batchKey } from "../../src/recorder/buffers.js";
import { readBack } from "../../src/recorder/read-back.js";
import { extractTrace } from "../../src/recorder/recorder.js";
import { coreStatus } from "../../src/recorder/scheduler.js";
import { EV, G_STATUS } from "../../src/trace/events.js";
import { Ordering } from "../../src/trace/order.js";
import { readBatches, readGenerations } from "../../src/trace/reader.js";
import { made, missingGo } from "../support/dump-cache.js";
import { minorOf, missingTracer, Oracle, prefixOf, readable, type TraceTruth, tracedReleases, tracerWish } from "../support/traced.js";

const full = process.env.CORESCOPE_TIER === "full";
const modes = ["flight", "xflight", "file", "bytes", "bufio", "half", "stopping"];
const kinds = ["nil", "abort", "mapwrite", "oom", "raw"];

type Case = readonly [go: string, words: string];

/** Every mode and every crash on some release, every release several times. */
const pairs: readonly Case[] = [
  ["1.22.12", "file nil"],
  ["1.22.12", "bytes abort"],
  ["1.22.12", "half raw"],
  ["1.22.12", "xflight mapwrite"],
  ["1.23.12", "bufio mapwrite"],
  ["1.23.12", "blocked abort"],
  ["1.23.12", "xflight raw"],
  ["1.24.13", "file oom"],
  ["1.24.13", "bytes raw"],
  ["1.24.13", "xflight nil"],
  ["1.25.10", "flight abort"],
  ["1.25.10", "bytes nil"],
  ["1.25.10", "xflight oom"],
  ["1.26.8", "flight raw noise"],
  ["1.26.8", "flight mapwrite"],
  ["1.26.8", "stopping abort"],
  ["1.26.8", "xflight abort"],
  ["1.27.2", "flight nil"],
  ["1.27.2", "bufio oom"],
  ["1.27.2", "xflight raw noise"],
];

/** Every mode with every crash on every release, and two on an emulated arm64 machine. */
function product(): readonly Case[] {
  const amd64 = tracedReleases.flatMap((go) =>
    modes.flatMap((mode) => kinds.filter((kind) => canBe(go, mode, kind)).map((kind): Case => [go, `${mode} ${kind}`])),
  );
  return [...amd64, ["1.26.8", "flight mapwrite arm64"], ["1.24.13", "xflight raw arm64"]];
}

function canBe(go: string, mode: string, kind: string): boolean {
  if (mode === "flight") return minorOf(go) >= 25;
  // A panic would wait for ever for the writer: since Go 1.23 it flushes the trace first.
  return !((mode === "half" || mode === "stopping") && kind === "nil" && minorOf(go) >= 23);
}

const without: readonly (readonly [string, string, string])[] = [
  ["1.23.12", "none abort", "never started"],
  ["1.26.8", "stopped nil", "stopped"],
];

let oracle: Oracle;
/** Traces in which the crash was found: a program may die with nothing beside it to be stopped. */
let marked = 0;

beforeAll(async () => {
  oracle = new Oracle();
  await oracle.build();
});
afterAll(() => oracle.remove());

describe("a program that died while it was tracing", () => {
  it.each(full ? product() : pairs)("go%s %s", async (go, words) => {
    const why = await missingTracer(go);
    if (why) return console.warn(`skipped: ${why}`);
    const files = await readable(oracle, go, words);
    const truth = files.truth as unknown as TraceTruth;
    const dump = await openDump({ core: files.core, executable: files.executable });
    try {
      const prefix = prefixOf(dump, truth);
      const trace = extractTrace(dump.runtime, dump.findings, { prefix });
      if (!trace.found || !trace.whole) throw new Error("no trace");
      expect(dump.findings.list().filter((each) => each.code.startsWith("trace") && each.partial)).toEqual([]);
      expect(trace.trimmed).toBeUndefined();

      // Read to the end by others.
      const bytes = trace.whole.read(0, trace.whole.size);
      const said = await oracle.read(bytes);
      expect(said.events).toBe(trace.read?.events);
      // A reader moves an event on by 1 ns where the one before it has its time or a later one, and the oracle's unstable
      // sort may take one of the pseudo-thread's first: each reader ends at the latest time plus at most one per event.
      expect(Math.abs(Number(said.last) - (trace.read?.last ?? 0))).toBeLessThanOrEqual(said.events);
      await oracle.readByGoTool(go, bytes);

      // To the moment of death.
      if (!words.startsWith("stopping")) expect(said.death).toHaveLength(1);
      if (trace.read?.wallOffset !== undefined && !words.startsWith("stopping")) {
        const late = Number(trace.read.wallOffset + BigInt(Math.round(trace.read.last)) - BigInt(truth.deathWall));
        // The machine's wall clock is slewed while the trace's monotonic one runs on.
        expect(late).toBeGreaterThanOrEqual(-50e6);
        expect(late).toBeLessThan(5e9);
      }

      // Byte for byte what the program could have had itself.
      expect(truth.snapshot !== undefined).toBe(/^x?flight/.test(words));
      if (truth.snapshot) {
        expect(trace.destination).toEqual({
          kind: "flight recorder",
          name: words.startsWith("x") ? "golang.org/x/exp/trace.FlightRecorder" : "runtime/trace.FlightRecorder",
        });
        const own = [...readBatches(bytesSource("snapshot", Buffer.from(truth.snapshot, "base64")))].filter(
          (each) => !each.endOfGeneration,
        );
        expect(own.length).toBeGreaterThan(10);
        const ours = [...readBatches(trace.whole)];
        const held = new Set(ours.map((each) => each.generation));
        const keys = new Set(ours.map(batchKey));
        const wanted = own.filter((each) => held.has(each.generation));
        expect(wanted.filter((each) => !keys.has(batchKey(each)))).toHaveLength(0);
        if (!words.endsWith("noise")) expect(wanted.length).toBe(own.length);
      }

      // The kept part of the file and the tail are the whole; the file alone is not.
      if (prefix) {
        const kept = prefix.read(0, trace.keep);
        expect(Buffer.compare(Buffer.concat([kept, trace.tail.read(0, trace.tail.size)]), bytes)).toBe(0);
        let alone = 0;
        try {
          alone = readBack(prefix).events;
        } catch {
          alone = 0;
        }
        expect(alone).toBeLessThan(trace.read?.events ?? 0);
      }

      // The crash is between what the program did last and its end; the kernel alone freezes nothing.
      const finder = crashFinder(dump);
      let lastWord = 0;
      const ordering = new Ordering((event) => {
        finder.visit(event);
        if (event.type === EV.UserLog && event.generation.strings.get(event.args[1]) === "death") lastWord = event.time;
      });
      for (const generation of readGenerations(trace.whole)) ordering.run(generation);
      const crash = finder.time();
      if (words.includes(" raw")) expect(crash).toBeUndefined();
      if (crash !== undefined) {
        marked++;
        expect(crash).toBeGreaterThan(lastWord);
        expect(crash).toBeLessThanOrEqual(trace.read?.last ?? 0);
      }

      // Every live goroutine is where it is in the core, but for changes whose thread died before it had written them.
      const live = dump.runtime.goroutines.all.filter((each) => each.id !== 0 && coreStatus(dump.runtime, each) !== undefined);
      const different = live
        .map((each) => ({ goroutine: each.id, status: coreStatus(dump.runtime, each), traceStatus: ordering.statusOf(each.id) }))
        .filter((each) => each.status !== each.traceStatus);
      // Once tracing is being stopped nothing is written any more.
      if (!words.startsWith("stopping")) {
        expect(trace.stale).toEqual(different);
        // Made to run outside the tracer, each on a thread of its own. Everything else changes inside it, one at a time.
        const starting = different.filter((each) => each.status === G_STATUS.running && each.traceStatus === G_STATUS.runnable);
        expect(starting.length).toBeLessThanOrEqual(words.endsWith("noise") ? 3 : 1);
        expect(different.length - starting.length).toBeLessThanOrEqual(trace.inTracer.length);
      }
      expect(live.length).toBeGreaterThan(15);
    } finally {
      dump.close();
    }
  });

  // Go's own readers refuse a trace in which a region ends that was not begun last. Only the events of that region go.
  it.each(full ? tracedReleases : ["1.22.12", "1.26.8"])(
    "go%s: regions that end out of order cost their own events and no others",
    async (go) => {
      const why = await missingTracer(go);
      if (why) return console.warn(`skipped: ${why}`);
      const files = await made({ program: "crossed", go });
      const dump = await openDump({ core: files.core, executable: files.executable });
      try {
        const trace = extractTrace(dump.runtime, dump.findings);
        if (!trace.found || !trace.whole) throw new Error("no trace");
        const told = dump.findings.list().filter((each) => each.code.startsWith("trace"));
        // Three regions, of each the beginning and the end; the long one's beginning stays when only its end is in the last generation.
        expect(told).toMatchObject([{ code: "trace-regions", partial: true }]);
        expect([5, 6]).toContain(told[0]?.count);
        expect(trace.generations[0]?.number).toBe(1);
        const open: Record<string, number> = {};
        let logs = 0;
        const ordering = new Ordering((event) => {
          const name = event.generation.strings.get(event.args[1]) ?? "?";
          if (event.type === EV.UserRegionBegin) open[name] = (open[name] ?? 0) + 1;
          else if (event.type === EV.UserRegionEnd) open[name] = (open[name] ?? 0) - 1;
          else if (event.type === EV.UserLog) logs++;
        });
        for (const generation of readGenerations(trace.whole)) ordering.run(generation);
        expect(open).toEqual({ inner: 0, short: 0, tick: 0, ...(told[0]?.count === 5 ? { long: 1 } : {}) });
        expect(logs).toBe(4);
        const bytes = trace.whole.read(0, trace.whole.size);
        expect((await oracle.read(bytes)).events).toBe(trace.read?.events);
        expect(trace.read?.events).toBeGreaterThan(5000);
        await oracle.readByGoTool(go, bytes);
      } finally {
        dump.close();
      }
    },
  );

  it("marks crashes", async () => {
    for (const [go] of pairs) if (await missingTracer(go)) return console.warn("skipped: not all releases are here");
    expect(marked).toBeGreaterThan(3);
  });

  it.each(without)("go%s %s: %s", async (go, words, reason) => {
    const why = await missingGo(go);
    if (why) return console.warn(`skipped: ${why}`);
    const { core, executable } = await made(tracerWish(go, words));
    const dump = await openDump({ core, executable });
    try {
      expect(dump.trace.extract()).toMatchObject({ found: false, reason });
    } finally {
      dump.close();
    }
  });
});
