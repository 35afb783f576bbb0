/**
 * Programs that nobody here built, as they are shipped: without debug information. The TypeScript compiler (a Go program since version 7)
 * while it checks this project, and `go build` in the middle of its work.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { killShipped } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { goroutines } from "../../src/query/goroutines.js";
import { objects } from "../../src/query/objects.js";
import { why } from "../../src/query/why.js";
import { missingGo, releases } from "../support/dump-cache.js";
import { spansOff } from "./measure.js";

const top = fileURLToPath(new URL("../..", import.meta.url));
const typescript = join(top, "node_modules/@typescript", `typescript-linux-${process.arch}`, "lib/tsc");
const scratch = mkdtempSync(join(tmpdir(), "corescope-shipped-"));

interface Shipped {
  readonly name: string;
  readonly executable: () => string;
  readonly args: readonly string[];
  /** Bytes of memory at which it is killed. */
  readonly resident: number;
  /** Share of the bytes of live objects with pointers whose type has to be known. */
  readonly least: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly missing: string | undefined;
}

const goTool = () => join(execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim(), "bin/go");
const shipped: readonly Shipped[] = [
  {
    name: "the TypeScript compiler",
    executable: () => typescript,
    args: ["--noEmit", "--incremental", "false", "-p", join(top, "tsconfig.test.json")],
    resident: 120e6,
    least: 0.9,
    missing: existsSync(typescript) || process.env.CI ? undefined : "it is not installed",
  },
  {
    name: "go build",
    executable: goTool,
    args: ["build", "-a", "-o", "/dev/null", "std"],
    resident: 28e6,
    // How far it came decides: a heap of half a MiB is the packages' own tables, much of it reached from variables of no type only.
    least: 0.6,
    environment: { GOCACHE: join(scratch, "cache"), GOTOOLCHAIN: "local" },
    missing: await missingGo(releases[0]),
  },
];

for (const { name, executable, args, resident, least, environment = {}, missing } of shipped) {
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    let core = "";
    let dump: Dump;
    beforeAll(async () => {
      core = await killShipped(executable(), args, { resident, environment });
      dump = await openDump({ core, executable: executable() });
    });
    afterAll(() => {
      dump?.close();
      if (core) rmSync(dirname(core), { recursive: true, force: true });
    });
    const context = () => ({ progress: silent, findings: dump.findings });

    it("is read from tables, without a doubt", () => {
      expect(dump.runtime.binary.from).toBe("tables");
      const told = dump.findings.list().filter(({ code }) => /^(?:variable|module)-|^layout-newest/.test(code));
      expect(told).toEqual([]);
    });

    it("has every slot that the spans say are allocated", () => {
      expect(spansOff(dump)).toEqual([]);
    });

    it("types nearly all live objects with pointers, and large ones lead to a root", () => {
      const { heap, runtime } = dump;
      let [all, typed] = [0, 0];
      for (let id = 0; id < heap.objects.count; id++) {
        // A buffer that only a running function holds may be half of a small heap: bytes without pointers are told, and not counted.
        const noscan = heap.objects.spans.spanClass[heap.objects.spanOf(id)] % 2 === 1;
        if (noscan || !(heap.live[id >>> 5] & (1 << (id & 31)))) continue;
        const size = heap.objects.sizeOf(id);
        all += size;
        if (heap.types.type[id] >= 0 && heap.types.evidenceOf(id) !== "guess") typed += size;
      }
      const share = ((typed / all) * 100).toFixed(1);
      process.stdout.write(`${name} (${runtime.build.goVersion}): ${share}% of ${all} live bytes of objects with pointers are typed\n`);
      expect(typed / all).toBeGreaterThan(least);
      for (const { address } of objects.run(dump, { top: 5 }, context()).rows) {
        const { paths } = why.run(dump, { address }, context());
        expect(paths.length, address).toBeGreaterThan(0);
      }
    });

    it("shows where goroutines stand: functions, files and lines", () => {
      const { rows } = goroutines.run(dump, { top: 0 }, context()) as unknown as { rows: { frames: { file: string; line: number }[] }[] };
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.filter((row) => row.frames.length === 0 || row.frames.some(({ line }) => line <= 0))).toEqual([]);
    });
  });
}

afterAll(() => rmSync(scratch, { recursive: true, force: true }));
