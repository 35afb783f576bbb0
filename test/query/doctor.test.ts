/** What the doctor says of whole cores and of ones that lack something; each figure is compared with what another question says. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../cli/cli.js";
import { silent } from "../../src/base/progress.js";
import { type Dump, type DumpFiles, openDump } from "../../src/dump.js";
import { type Doctor, doctor } from "../../src/query/doctor.js";
import { coreWithout, cutCore } from "../support/cut-core.js";
import { fixtures, unpacked } from "../support/dump-cache.js";
import { stripped } from "../support/stripped.js";

const demo = unpacked("demo-1.26-amd64");
const zoo = unpacked("zoo-1.26-amd64");
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "doctor-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ask<T = Doctor>(files: DumpFiles, about: (answer: Doctor, dump: Dump) => T): Promise<T> {
  const dump = await openDump({ ...files, alone: true });
  try {
    return about(doctor.run(dump, {}, { progress: silent, findings: dump.findings }), dump);
  } finally {
    dump.close();
  }
}
const answerTo = (answer: Doctor, question: string) => answer.trust.find((each) => each.question === question);
const checkOf = (answer: Doctor, check: string) => answer.checks.find((each) => each.check === check);

describe.each(fixtures())("$name", ({ name }) => {
  test("holds in everything that is told twice", () =>
    ask(unpacked(name), (answer, { heap, runtime, process }) => {
      expect(answer.checks.map(({ outcome }) => outcome)).toEqual(answer.checks.map(() => "passed"));
      expect(answer.trust.filter((each) => each.answer !== "yes" && each.question !== "trace")).toEqual([]);
      expect(answer.settings).toEqual([]);
      expect(checkOf(answer, "slots")?.figures).toMatchObject({ found: heap.objects.count, spans: 0 });
      expect(checkOf(answer, "stacks")?.figures.found).toBe(runtime.goroutines.all.length);
      expect(answer.core).toMatchObject({ producer: "kernel", missingBytes: 0, threads: process.threads.length });
      const live = Object.values(answer.types?.bytesByEvidence ?? {}).reduce((sum, each) => sum + each, 0);
      expect(live).toBe(heap.liveBytes);
      expect(answer.environment?.goTraceback).toBe("crash");
    }));
});

test("without an executable the core alone is told of, and where it was looked for", async () => {
  copyFileSync(demo.core, at("lonely"));
  await ask({ core: at("lonely") }, (answer, dump) => {
    expect(answer.executable).toBeNull();
    expect(answer.failure?.code).toBe("not-found");
    expect(answer.failure?.looked).toContain(join(folder, "exe"));
    expect(answerTo(answer, "memory")?.answer).toBe("yes");
    expect(answerTo(answer, "goroutines")?.answer).not.toBe("yes");
    expect(answer.settings.map(({ id }) => id)).toEqual(["executable"]);
    expect(dump.findings.list().some(({ partial }) => partial)).toBe(true);
  });
});

test("an executable of another build is refused with both ids", () =>
  ask({ core: demo.core, executable: zoo.executable }, (answer) => {
    expect(answer.executable).toBeNull();
    const build = checkOf(answer, "build");
    expect(build?.outcome).toBe("failed");
    expect(build?.doubt).toMatchObject({ code: "error", message: expect.stringMatching(/build id .* is not the core's/) });
  }));

test("what is no Go program has a core, an executable and nothing else", async () => {
  const bytes = readFileSync(demo.executable).toString("latin1");
  const bare = bytes.replaceAll(".debug_", ".dobug_").replaceAll(".gopclntab", ".xopclntab").replaceAll(".go.buildinfo", ".xo.buildinfo");
  writeFileSync(at("other"), bare.replaceAll("\xff Go buildinf:", "\xff No buildinf:"), "latin1");
  await ask({ core: demo.core, executable: at("other") }, (answer) => {
    expect(answer.executable?.path).toBe(at("other"));
    expect(answer.trust.length).toBeGreaterThan(5);
  });
});

test("a stripped program lacks names of local variables, and nothing that is told twice", () =>
  ask({ core: zoo.core, executable: stripped(zoo.executable) }, (answer) => {
    expect(answer.debug.path).toBeNull();
    expect(answer.debug.refused.length).toBeGreaterThan(0);
    expect(checkOf(answer, "layouts")?.facts.from).toBe("tables");
    expect(checkOf(answer, "variables")?.figures.recipe).toBeGreaterThan(10);
    expect(checkOf(answer, "slots")?.outcome).toBe("passed");
    expect(answerTo(answer, "variables")).toMatchObject({ answer: "partly", because: [{ code: "stripped" }] });
    expect(answer.settings.map(({ id }) => id)).toEqual(["debug"]);
  }));

test("of a core that is cut the whole size is known, and no garbage is believed", () =>
  ask({ core: cutCore(demo.core, 0.1, at("cut")), executable: demo.executable }, (answer) => {
    const { bytes, missingBytes } = answer.core;
    expect(bytes + missingBytes).toBe(readFileSync(demo.core).length);
    expect(answer.settings).toMatchObject([{ id: "core-size", bytes: bytes + missingBytes }]);
    expect(answerTo(answer, "liveness")?.answer).not.toBe("yes");
    expect(checkOf(answer, "heap spans")?.outcome).toBe("failed");
  }));

test("of a core without anonymous memory the filter is named", () => {
  const core = coreWithout(demo.core, (address) => address > 2 ** 32, at("filtered"));
  return ask({ core, executable: demo.executable }, (answer) => {
    expect(answer.settings.map(({ id }) => id)).toContain("filter");
    expect(answerTo(answer, "goroutines")?.answer).toBe("no");
  });
});

test("exits with 0 when all is well, with 4 when something is missing, with 3 when it is no core", async () => {
  const world = { open: openDump, out: { write: done }, error: { write: done }, environment: {}, version: "", now: () => 0 };
  expect(await run(["doctor", zoo.core, "--exe", zoo.executable], world)).toBe(0);
  expect(await run(["doctor", zoo.core, "--exe", stripped(zoo.executable)], world)).toBe(4);
  expect(await run(["doctor", zoo.core, "--exe", demo.executable, "--json"], world)).toBe(4);
  expect(await run(["doctor", zoo.executable], world)).not.toBe(4);
});

function done(_text: string | Uint8Array, then?: () => void): boolean {
  then?.();
  return true;
}
