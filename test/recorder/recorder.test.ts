import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AnyCommand } from "../../cli/command.js";
import { traceEventsCommand } from "../../cli/commands/trace-events.js";
import { traceExportCommand } from "../../cli/commands/trace-export.js";
import { traceExtractCommand } from "../../cli/commands/trace-extract.js";
import { traceSummaryCommand } from "../../cli/commands/trace-summary.js";
import { runCommand } from "../../cli/run.js";
import { DumpError, MemoryFault } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { bytesSource } from "../../src/base/source.js";
import { type Dump, openDump } from "../../src/dump.js";
import type { AddressSpace } from "../../src/process/address-space.js";
import { readBack } from "../../src/recorder/read-back.js";
import { type ExtractedTrace, extractTrace, lastGenerationAlone } from "../../src/recorder/recorder.js";
import { coreStatus } from "../../src/recorder/scheduler.js";
import { StackExpander } from "../../src/recorder/stacks.js";
import { readTracer } from "../../src/recorder/tracer-state.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { Ordering } from "../../src/trace/order.js";
import { readGenerations } from "../../src/trace/reader.js";
import { fixture, openFixture, unpacked } from "../support/dump-cache.js";
import { leftOpen, makeWorld } from "../support/world.js";

const demo = fixture("demo-1.26-amd64");
let folder: string;
let dump: Dump;
let trace: ExtractedTrace;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "corescope-trace-"));
  dump = await openFixture(demo.name);
  const found = dump.trace.extract();
  if (!found.found) throw new Error(found.reason);
  trace = found;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the flight recorder of the demo", () => {
  it("holds a finished generation, and the one in flight is ended", () => {
    expect(trace.destination).toEqual({ kind: "flight recorder", name: "runtime/trace.FlightRecorder" });
    expect(trace.format).toBe(26);
    expect(trace.generations.map((each) => each.from)).toEqual(["passed on", "in flight"]);
    expect(trace.read?.events).toBeGreaterThan(100_000);
    expect(trace.trimmed).toBeUndefined();
    expect(dump.findings.list().filter((finding) => finding.code.startsWith("trace"))).toEqual([]);
  });

  it("is read back from its bytes", () => {
    const whole = trace.whole as NonNullable<typeof trace.whole>;
    const copy = bytesSource("copy", whole.read(0, whole.size));
    expect(readBack(copy)).toEqual(trace.read);
    expect(() => readBack(bytesSource("cut", copy.read(0, copy.size - 1)))).toThrow(/incomplete generation/);
  });

  it("leaves every live goroutine in the state it has in the core", () => {
    const ordering = new Ordering(() => {});
    for (const generation of readGenerations(trace.whole as NonNullable<typeof trace.whole>)) ordering.run(generation);
    expect(trace.stale).toEqual([]);
    let compared = 0;
    for (const goroutine of dump.runtime.goroutines.all) {
      const status = ordering.statusOf(goroutine.id);
      if (status === undefined) continue;
      expect(`${goroutine.id} ${status}`).toBe(`${goroutine.id} ${coreStatus(dump.runtime, goroutine)}`);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(20);
    expect(compared).toBeGreaterThanOrEqual(demo.truth.goroutines);
  });

  it("gives stacks the text that the runtime gives them", () => {
    const byPcs = new Map<string, string>();
    const expander = new StackExpander(dump.runtime);
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    let compared = 0;
    // The first generation's texts are the runtime's own: its stacks, expanded here from their pcs, have to say the same.
    for (const generation of readGenerations(trace.whole as NonNullable<typeof trace.whole>)) {
      for (const [id, pcs] of generation.stacks.pcs) {
        const text = (generation.frames(id) ?? []).map((each) => `${each.function} ${each.file}:${each.line}`).join("\n");
        const key = pcs.join();
        if (byPcs.has(key)) expect(text).toBe(byPcs.get(key));
        byPcs.set(key, text);
        if (pcs.length === 0 || pcs[0] === 0) continue;
        const own = expander.frames([2 ** 64, ...[...pcs].map((pc) => pc + 1)]);
        expect(own.map((each) => `${decode(each.function)} ${decode(each.file)}:${each.line}`).join("\n")).toBe(text);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(100);
  });

  it("has a last generation that stands alone", () => {
    const alone = lastGenerationAlone(trace.whole as NonNullable<typeof trace.whole>, trace.format, new Findings());
    const read = readBack(alone);
    expect(read.generations).toBe(1);
    expect(read.last).toBe(trace.read?.last);
  });
});

describe("where there is no trace", () => {
  const cases = [
    ["zoo-1.26-amd64", "never started"],
    ["zoo-1.22-amd64", "never started"],
    ["zoo-1.21-amd64", "old tracer"],
  ] as const;
  it.each(cases)("%s says: %s", async (name, reason) => {
    expect((await openFixture(name)).trace.extract()).toMatchObject({ found: false, reason });
  });
});

/** The same runtime over memory in which some bytes are others, or missing. */
function damaged(changes: readonly { readonly at: number; readonly bytes: Uint8Array | "missing"; readonly size?: number }[]): GoRuntime {
  const { memory } = dump.process;
  const tryBytes = (address: number, size: number): Uint8Array | undefined => {
    const found = memory.tryBytes(address, size);
    if (!found) return undefined;
    let out: Uint8Array = found;
    for (const { at, bytes, size: length = 0 } of changes) {
      const end = at + (bytes === "missing" ? length : bytes.length);
      if (end <= address || at >= address + size) continue;
      if (bytes === "missing") return undefined;
      if (out === found) out = found.slice();
      for (let i = Math.max(at, address); i < Math.min(end, address + size); i++) out[i - address] = bytes[i - at];
    }
    return out;
  };
  const bytes = (address: number, size: number) => {
    const found = tryBytes(address, size);
    if (!found) throw new MemoryFault(address, size, "not-dumped");
    return found;
  };
  const view = (address: number, size: number) => {
    const found = bytes(address, size);
    return new DataView(found.buffer, found.byteOffset, size);
  };
  const word = (address: number) => view(address, 8).getUint32(0, true) + view(address, 8).getUint32(4, true) * 2 ** 32;
  const changed: Partial<AddressSpace> = {
    tryBytes,
    bytes,
    readAddress: (address) => (word(address) > Number.MAX_SAFE_INTEGER ? -1 : word(address)),
    tryAddress: (address) => (tryBytes(address, 8) ? (word(address) > Number.MAX_SAFE_INTEGER ? -1 : word(address)) : undefined),
    readUint: (address, size) => {
      const found = view(address, size);
      return size === 1 ? found.getUint8(0) : size === 2 ? found.getUint16(0, true) : size === 4 ? found.getUint32(0, true) : word(address);
    },
  };
  const own = Object.assign(Object.create(memory), changed) as AddressSpace;
  const process = Object.assign(Object.create(dump.process), { memory: own });
  return Object.create(dump.runtime, { process: { value: process } }) as GoRuntime;
}

function wordBytes(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setUint32(0, value % 2 ** 32, true);
  new DataView(out.buffer).setUint32(4, Math.floor(value / 2 ** 32), true);
  return out;
}

describe("damage", () => {
  const state = () => readTracer(dump.runtime, new Findings()) as NonNullable<ReturnType<typeof readTracer>>;
  const openBuffers = () => state().threads.flatMap((thread) => thread.buffers.flat().filter((at) => at !== 0));
  const struct = () => dump.runtime.layout.struct("traceBuf");

  /** Extracts; what comes can be read back, and what is missing is told. */
  function extract(runtime: GoRuntime) {
    const findings = new Findings();
    try {
      const found = extractTrace(runtime, findings);
      if (found.found && found.whole) expect(readBack(found.whole).events).toBe(found.read?.events);
      return { found, findings: findings.list() };
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      return { found: undefined, findings: findings.list(), error };
    }
  }

  it("of nothing changes nothing", () => {
    const { found, findings } = extract(damaged([]));
    expect(found).toMatchObject({ found: true, read: trace.read });
    expect(findings).toEqual([]);
  });

  it("a buffer whose page is missing is told, the rest is kept", () => {
    for (const at of openBuffers()) {
      const { found, findings } = extract(
        damaged([
          { at: at + 4096 - (at % 4096), bytes: "missing", size: 1 },
          { at: at + 40, bytes: "missing", size: 1 },
        ]),
      );
      const again = findings.filter((finding) => finding.code.startsWith("trace"));
      // Buffers of a generation that has passed are not asked for.
      if (again.length > 0) expect(again.some((finding) => finding.partial)).toBe(true);
      else expect(found).toMatchObject({ found: true, read: trace.read });
    }
  });

  it("absurd positions, links that go in circles, and lengths beyond all bounds end in an answer", () => {
    const fields = ["pos", "lenPos", "link"] as const;
    const buffers = openBuffers();
    let turn = 0;
    for (const field of fields) {
      for (const absurd of [undefined, 65_505, 2 ** 63]) {
        const at = buffers[turn++ % buffers.length];
        const { found, findings, error } = extract(damaged([{ at: at + struct().offset(field), bytes: wordBytes(absurd ?? at) }]));
        expect(found?.found === true || error !== undefined || findings.length > 0).toBe(true);
      }
    }
  });

  it("a table of stacks that is a circle is told", () => {
    const { generation } = state();
    const tables = readTracer(dump.runtime, new Findings());
    expect(tables?.stacks(generation % 2).byId.size).toBeGreaterThan(0);
    const node = dump.runtime.layout.struct("traceMapNode");
    const before = trace.generations.at(-1)?.stacks ?? 0;
    // The root's address is found through the layout; its first child becomes the root itself.
    const root = rootOfStacks(generation % 2);
    const { found, findings } = extract(damaged([{ at: root + node.offset("children"), bytes: wordBytes(root) }]));
    expect(findings.some((finding) => finding.code === "trace-table" && finding.partial)).toBe(true);
    expect(found).toMatchObject({ found: true });
    expect(before).toBeGreaterThan(0);
  });

  function rootOfStacks(parity: number): number {
    const { memory } = dump.process;
    const variable = dump.runtime.variables.global("runtime.trace");
    const type = dump.runtime.types.get(variable?.type ?? 0);
    const field = type.fields.find((each) => each.name === "stackTab");
    const stride = dump.runtime.types.get(field?.type ?? 0).size / 2;
    return memory.readAddress((variable?.address ?? 0) + (field?.offset ?? 0) + parity * stride);
  }
});

describe("the commands", () => {
  const run = async (spec: AnyCommand, core: string, options: Record<string, string | boolean> = {}) => {
    const world = makeWorld();
    const open: typeof openDump = async (files, ...rest) => (core === demo.core ? leftOpen(dump) : openDump(files, ...rest));
    const code = await runCommand(spec, core, [], { color: "never", ...options }, { ...world, open });
    return { code, ...world.printed };
  };

  it("extract writes the file and says what it is", async () => {
    const output = join(folder, "out.trace");
    const { code, out } = await run(traceExtractCommand, demo.core, { output });
    expect(code).toBe(0);
    expect(out).toContain("trace.FlightRecorder");
    const written = readFileSync(output);
    expect(written.length).toBe(trace.whole?.size);
    expect(readBack(bytesSource("f", written))).toEqual(trace.read);
  });

  it("a core without a trace leaves no file, exit code 1", async () => {
    const output = join(folder, "none.trace");
    const { code, out } = await run(traceExtractCommand, unpacked("zoo-1.26-amd64").core, { output });
    expect(code).toBe(1);
    expect(out).toContain("was not tracing");
    expect(() => readFileSync(output)).toThrow(/ENOENT/);
  });

  it("summary and events answer alike from the core and from the file", async () => {
    const path = join(folder, "same.trace");
    await run(traceExtractCommand, demo.core, { output: path });
    const json = async (spec: AnyCommand, core: string, options = {}) => {
      const { code, out } = await run(spec, core, { json: true, ...options });
      expect(code).toBe(0);
      return JSON.parse(out).result;
    };
    const fromCore = await json(traceSummaryCommand, demo.core, { top: "0" });
    const fromFile = await json(traceSummaryCommand, path, { top: "0" });
    expect(fromFile.summary.events).toBe(fromCore.summary.events);
    expect(fromFile.summary.kinds).toEqual(fromCore.summary.kinds);
    expect(fromFile.summary.heap).toEqual(fromCore.summary.heap);
    const events = await json(traceEventsCommand, path, { last: "1ms", top: "0" });
    expect(events.rows.length).toBe(events.total);
    expect(events.rows.every((row: { beforeEnd: number }) => row.beforeEnd >= -1e6 && row.beforeEnd <= 0)).toBe(true);
    expect(await json(traceEventsCommand, demo.core, { last: "1ms", top: "0" })).toMatchObject({ rows: events.rows });
  });

  it("events of one goroutine, with stacks, as lines of JSON", async () => {
    const output = join(folder, "events.ndjson");
    const { code } = await run(traceEventsCommand, demo.core, { goroutine: "1", kind: "^GoBlock$", stacks: true, output });
    expect(code).toBe(0);
    const rows = readFileSync(output, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.every((row) => row.goroutine === 1 && row.kind === "GoBlock")).toBe(true);
    expect(rows.some((row) => row.stack?.some((frame: { function: string }) => frame.function === "main.main"))).toBe(true);
  });

  it("export writes JSON that Chrome's format describes", async () => {
    const chrome = join(folder, "t.json");
    expect((await run(traceExportCommand, demo.core, { format: "chrome", output: chrome })).code).toBe(0);
    const { traceEvents } = JSON.parse(readFileSync(chrome, "utf8"));
    const slices = traceEvents.filter((each: { ph: string }) => each.ph === "X");
    expect(slices.length).toBeGreaterThan(1000);
    expect(slices.every((each: { dur: number; ts: number }) => each.dur >= 0 && each.ts >= 0)).toBe(true);
    expect(
      traceEvents.filter((each: { cat: string; name: string }) => each.cat === "mark").map((each: { name: string }) => each.name),
    ).toContain("death");
    expect(traceEvents.some((each: { ph: string; name: string }) => each.ph === "C" && each.name.startsWith("heap in use"))).toBe(true);
  });

  it("a trace is no core, and text is no trace", async () => {
    const path = join(folder, "x.trace");
    await run(traceExtractCommand, demo.core, { output: path });
    await expect(run(traceExtractCommand, path)).rejects.toThrow(/is an execution trace, not a core/);
    writeFileSync(join(folder, "y"), "hello, this is text\n");
    await expect(run(traceSummaryCommand, join(folder, "y"))).rejects.toThrow(DumpError);
  });

  it("a trace that ends in the middle is summed up as far as it goes, exit code 4", async () => {
    const whole = trace.whole as NonNullable<typeof trace.whole>;
    const path = join(folder, "cut.trace");
    writeFileSync(path, whole.read(0, whole.size - 100));
    const { code, out, error } = await run(traceSummaryCommand, path);
    expect(code).toBe(4);
    expect(out).toContain("events over");
    expect(error).toContain("cannot be read to its end");
  });
});
