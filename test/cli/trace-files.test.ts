// Trace files given to the command line: of formats that nobody here reads, without events, damaged, with regions out of order.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../cli/cli.js";
import { openDump } from "../../src/dump.js";
import { EV } from "../../src/trace/events.js";
import { writeHeader } from "../../src/trace/format.js";
import { makeWorld } from "../support/world.js";
import { clock, events, file, strings, THREAD_A, twoThreads } from "../trace/samples.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "trace-files-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ask(bytes: Uint8Array, ...words: readonly string[]) {
  const path = join(folder, "a.trace");
  writeFileSync(path, bytes);
  const world = { ...makeWorld(), open: openDump };
  const code = await run([words[0] ?? "", words[1] ?? "", path, ...words.slice(2)], world);
  return { code, ...world.printed, path };
}

const COMMANDS = [
  ["trace", "summary"],
  ["trace", "events"],
  ["trace", "export"],
] as const;

describe.each(COMMANDS)("%s %s", (...words) => {
  test.each(["go 1.19 trace\0\0\0", "go 1.21 trace\0\0\0"])("of %j: one sentence and what reads it, exit 3", async (header) => {
    const { code, out, error, path } = await ask(Buffer.concat([Buffer.from(header), Buffer.alloc(100, 2)]), ...words);
    expect([code, out]).toEqual([3, ""]);
    expect(error).toBe(
      `error: ${path}: found an execution trace of the old format ${header.slice(0, 7)}; corescope reads the formats go 1.22, 1.23, 1.25 and 1.26 (written by Go 1.22 to 1.27)\n  go tool trace ${path}\n`,
    );
  });
  test("of a format to come: exit 3", async () => {
    const { code, error } = await ask(Buffer.from("go 1.99 trace\0\0\0"), ...words);
    expect([code, error]).toEqual([3, expect.stringContaining("the unknown format go 1.99")]);
  });
  test("of a file without events, or damaged before the first: exit 3, no empty tables", async () => {
    for (const bytes of [writeHeader(26), Buffer.concat([writeHeader(26), Buffer.alloc(10, 0xff)])]) {
      const { code, out, error } = await ask(bytes, ...words);
      expect([code, out]).toEqual([3, ""]);
      expect(error).toMatch(/^error: .*a\.trace: .+\n$/);
    }
  });
  test("damaged further on: what comes before it, exit 4", async () => {
    const whole = file(26, [twoThreads(26), twoThreads(26, 0, 2)]);
    const { code, out, error } = await ask(whole.subarray(0, whole.length - 20), ...words);
    expect(code).toBe(4);
    expect(out).not.toBe("");
    expect(error).toContain("the trace cannot be read to its end");
  });
  test("with regions that end out of order: all of it, and a word", async () => {
    const region = (type: number, name: number): [number, ...number[]] => [type, 10, 0, name, 0];
    const list = [region(EV.UserRegionBegin, 1), region(EV.UserRegionBegin, 2), region(EV.UserRegionEnd, 1), region(EV.UserRegionEnd, 2)];
    const a = events(1, THREAD_A, 1000, [[EV.ProcStatus, 0, 0, 1], [EV.GoStatus, 0, 1, THREAD_A, 2], ...(list as [])]);
    const { code, out, error } = await ask(file(26, [[clock(1, 26), a, strings(1, { 1: "outer", 2: "inner" })]]), ...words);
    expect(code).toBe(0);
    expect(out).not.toBe("");
    expect(error).toContain("regions end out of order");
    expect(error).toContain("goroutine 1 ended region outer while another had begun after it");
  });
});

test("kinds that are none are told with the nearest and all there are; kinds that are missing with those that the trace has", async () => {
  const whole = file(26, [twoThreads(26)]);
  const typo = await ask(whole, "trace", "events", "--kind", "goblok");
  expect(typo.code).toBe(2);
  expect(typo.error).toMatch(/--kind goblok: no kind of event matches; did you mean GoBlock\?\n {2}kinds: ProcsChange /);
  for (const line of typo.error.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  const none = await ask(whole, "trace", "events", "--kind", "HeapAlloc");
  expect(none.code).toBe(1);
  expect(none.out).toMatch(/^no such events in the trace, which has\n *2 {2}\w+/);
  expect((await ask(whole, "trace", "events", "--kind", "^Go(Block|Start)$")).code).toBe(0);
});

test("bytes are told in units, and as numbers to programs", async () => {
  const a = events(1, THREAD_A, 1000, [
    [EV.ProcStatus, 0, 0, 1],
    [EV.HeapAlloc, 5, 180_711_864],
    [EV.HeapGoal, 5, 4096],
  ]);
  const bytes = file(26, [[clock(1, 26), a]]);
  const { out } = await ask(bytes, "trace", "events");
  expect(out).toContain("heap is 172.3 MiB");
  expect(out).toContain("heap goal is 4.0 KiB");
  const rows = JSON.parse((await ask(bytes, "trace", "events", "--json")).out).result.rows as { arguments: { bytes?: number } }[];
  expect(rows.map((row) => row.arguments.bytes)).toContain(180_711_864);
});
