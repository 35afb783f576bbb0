// Programs that died while they were tracing: what is extracted is read by golang.org/x/exp/trace and by each release's own tool.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { bytesSource } from "../../src/base/source.js";
import { type Dump, openDump } from "../../src/dump.js";
import { joined, readBack, scanBase } from "../../src/recorder/assemble.js";
import { batchKey } from "../../src/recorder/buffers.js";
import { coreStatus } from "../../src/recorder/finish.js";
import { findDestination } from "../../src/recorder/held.js";
import { extractTrace } from "../../src/recorder/recorder.js";
import { readTracer } from "../../src/recorder/tracer-state.js";
import { Ordering } from "../../src/trace/order.js";
import { readBatches, readGenerations } from "../../src/trace/reader.js";
import { made, missingGo } from "../support/dump-cache.js";

const run = promisify(execFile);
/** The oracle needs the release its own module names. */
const ORACLE_GO = "1.26.8";
const oracleSource = fileURLToPath(new URL("../oracle/", import.meta.url));

/** Release, mode, crash: every mode and every crash on some release, every release several times. */
const cases: readonly (readonly [string, string])[] = [
  ["1.22.12", "file nil"],
  ["1.22.12", "bytes abort"],
  ["1.22.12", "half raw"],
  ["1.23.12", "bufio mapwrite"],
  ["1.23.12", "blocked abort"], // a panic would wait for ever for the writer: since Go 1.23 it flushes the trace first
  ["1.24.13", "file oom"],
  ["1.24.13", "bytes raw"],
  ["1.25.10", "flight abort"],
  ["1.25.10", "bytes nil"],
  ["1.26.8", "flight raw noise"],
  ["1.26.8", "flight mapwrite"],
  ["1.26.8", "stopping abort"],
  ["1.27.2", "flight nil"],
  ["1.27.2", "bufio oom"],
];
const without: readonly (readonly [string, string, string])[] = [
  ["1.23.12", "none abort", "never started"],
  ["1.26.8", "stopped nil", "stopped"],
];

interface TraceTruth {
  readonly snapshot?: string;
  readonly traceFile?: { readonly address: string; readonly size: number };
  readonly deathWall: string;
}

let folder: string;
let oracle: string;

beforeAll(async () => {
  if (await missingGo(ORACLE_GO)) return;
  folder = mkdtempSync(join(tmpdir(), "corescope-oracle-"));
  oracle = join(folder, "oracle");
  await run("go", ["build", "-o", oracle, "."], {
    cwd: oracleSource,
    env: { ...process.env, GOTOOLCHAIN: `go${ORACLE_GO}`, GOFLAGS: "-mod=mod", GOWORK: "off" },
  });
});
afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** What the program had written to its file or writer: it kept the file mapped, so the core has it, with zeros behind. */
function prefixOf(dump: Dump, truth: TraceTruth) {
  if (!truth.traceFile) return undefined;
  const all = dump.process.memory.bytes(Number(truth.traceFile.address), truth.traceFile.size);
  let end = all.length;
  while (end > 0 && all[end - 1] === 0) end--;
  const state = readTracer(dump.runtime, new Findings());
  const { pending } = findDestination(dump.runtime, state?.reader ?? 0, new Findings());
  if (pending) {
    // The file's own last bytes may be zeros: it ends where the waiting bytes make the most batches.
    const keeps = Array.from({ length: 64 }, (_, pad) => {
      const source = joined("file", [bytesSource("file", all.subarray(0, end + pad)), bytesSource("pending", pending)]);
      return scanBase(source, 26, new Findings()).keep;
    });
    end += keeps.indexOf(Math.max(...keeps));
  }
  return end > 16 ? bytesSource("app.trace", all.slice(0, end)) : undefined;
}

const MOST_ATTEMPTS = 4;

/**
 * A dump whose finished generations are readable at all. golang.org/x/exp/trace (and each release's own reader) sorts its
 * frontier with an unstable sort and then never tries the first: with more than 12 threads and two events of one time it
 * now and then refuses what the runtime itself has written. With slices.SortStableFunc it reads the one such trace we met
 * (go1.24.13), event for event as we do. Such a dump proves nothing about us.
 */
async function readable(go: string, words: string): ReturnType<typeof made> {
  for (let attempt = 0; ; attempt++) {
    const dump = await made({ program: "tracer", go, args: words.split(" "), attempt });
    if (attempt === MOST_ATTEMPTS || (await passedOnIsRead(dump))) return dump;
  }
}

/** Does the oracle read what had been passed on in whole generations, before anything of ours is added? */
async function passedOnIsRead(files: Awaited<ReturnType<typeof made>>): Promise<boolean> {
  const dump = await openDump({ core: files.core, executable: files.executable });
  try {
    const trace = extractTrace(dump.runtime, new Findings(), { prefix: prefixOf(dump, files.truth as unknown as TraceTruth) });
    if (!trace.found || !trace.whole) return true;
    const first = trace.generations.find((each) => each.from === "in flight")?.number ?? Number.POSITIVE_INFINITY;
    const { generations } = scanBase(trace.whole, trace.format, new Findings());
    const end = generations.filter((each) => each.number < first).at(-1)?.to;
    if (end === undefined) return true;
    const file = join(folder, "passed-on.trace");
    writeFileSync(file, trace.whole.read(0, end));
    return await run(oracle, [file], { maxBuffer: 1 << 26 }).then(
      () => true,
      () => false,
    );
  } finally {
    dump.close();
  }
}

describe("a program that died while it was tracing", () => {
  it.each(cases)("go%s %s", async (go, words) => {
    const why = (await missingGo(go)) ?? (await missingGo(ORACLE_GO));
    if (why) return console.warn(`skipped: ${why}`);
    const made_ = await readable(go, words);
    const truth = made_.truth as unknown as TraceTruth;
    const dump = await openDump({ core: made_.core, executable: made_.executable });
    try {
      const prefix = prefixOf(dump, truth);
      const trace = extractTrace(dump.runtime, dump.findings, { prefix });
      if (!trace.found || !trace.whole) throw new Error("no trace");
      expect(dump.findings.list().filter((each) => each.code.startsWith("trace") && each.partial)).toEqual([]);
      expect(trace.trimmed).toBeUndefined();

      // Read to the end by others.
      const bytes = trace.whole.read(0, trace.whole.size);
      const file = join(folder, "out.trace");
      writeFileSync(file, bytes);
      const { stdout } = await run(oracle, [file], { maxBuffer: 1 << 26 });
      const said = JSON.parse(stdout) as { events: number; last: string; death: string[] | null };
      expect(said.events).toBe(trace.read?.events);
      // A reader moves an event on by 1 ns where the one before it has its time or a later one, and the oracle's unstable
      // sort may take one of the pseudo-thread's first: each reader ends at the latest time plus at most one per event.
      expect(Math.abs(Number(said.last) - (trace.read?.last ?? 0))).toBeLessThanOrEqual(said.events);
      const minor = Number(go.split(".")[1]);
      const flag = minor >= 24 ? "-d=parsed" : "-d=2";
      await run("bash", ["-c", `set -o pipefail; go tool trace ${flag} "$0" | tail -1`, file], {
        env: { ...process.env, GOTOOLCHAIN: `go${go}` },
        cwd: folder,
      });

      // To the moment of death.
      if (!words.startsWith("stopping")) expect(said.death).toHaveLength(1);
      if (trace.read?.wallOffset !== undefined && !words.startsWith("stopping")) {
        const late = Number(trace.read.wallOffset + BigInt(Math.round(trace.read.last)) - BigInt(truth.deathWall));
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThan(5e9);
      }

      // Byte for byte what the program could have had itself.
      if (truth.snapshot) {
        const own = [...readBatches(bytesSource("snapshot", Buffer.from(truth.snapshot, "base64")))].filter(
          (each) => !each.endOfGeneration,
        );
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

      // Every live goroutine is where it is in the core, but for those whose thread was inside the tracer.
      const ordering = new Ordering(() => {});
      for (const generation of readGenerations(trace.whole)) ordering.run(generation);
      const writing = new Set(trace.inTracer.map((each) => each.goroutine));
      const live = dump.runtime.goroutines.all.filter(
        (each) => each.id !== 0 && !writing.has(each.id) && coreStatus(dump.runtime, each) !== undefined,
      );
      const different = live.filter((each) => ordering.statusOf(each.id) !== coreStatus(dump.runtime, each));
      // Once tracing is being stopped nothing is written any more; a thread may die between a change and its event.
      if (!words.startsWith("stopping")) expect(different.length).toBeLessThanOrEqual(words.endsWith("noise") ? 3 : 1);
      expect(live.length).toBeGreaterThan(15);
    } finally {
      dump.close();
    }
  });

  it.each(without)("go%s %s: %s", async (go, words, reason) => {
    const why = await missingGo(go);
    if (why) return console.warn(`skipped: ${why}`);
    const { core, executable } = await made({ program: "tracer", go, args: words.split(" ") });
    const dump = await openDump({ core, executable });
    try {
      expect(dump.trace.extract()).toMatchObject({ found: false, reason });
    } finally {
      dump.close();
    }
  });
});
