/**
 * Debug information in another file than the executable: stripped copies of a program answer as the program itself does, wherever the
 * debug file is; and a stripped build answers with the DWARF of an unstripped one.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DumpWish, makeDump, releases } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { bytesSource } from "../../src/base/source.js";
import { type DumpFiles, openDump } from "../../src/dump.js";
import { openElf } from "../../src/elf/elf.js";
import { goroutines } from "../../src/query/goroutines.js";
import { histogram } from "../../src/query/histogram.js";
import { why } from "../../src/query/why.js";
import { missingGo } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";

/** What a person would ask: all types, all goroutines, why a session is alive; and the doubts that were met. */
async function answers(files: DumpFiles) {
  const dump = await openDump(files);
  try {
    const context = { progress: silent, findings: dump.findings };
    return {
      types: histogram.run(dump, { top: 0 }, context),
      goroutines: goroutines.run(dump, { top: 0 }, context),
      why: why.run(dump, { type: "^main[.]Session$" }, context),
      findings: dump.findings.list(),
    };
  } finally {
    dump.close();
  }
}

const elf = (path: string) => openElf(bytesSource(path, readFileSync(path)));
const section = (path: string, name: string) => elf(path).sections.find((each) => each.name === name);
const leaky = (go: string, ...flags: readonly string[]): DumpWish => ({ program: "leaky", go, args: ["2"], flags });

// Before 1.24 the linker writes no GNU build id; 1.27 has sections of its own for types.
for (const go of full ? releases : ["1.22.12", "1.26.8"]) {
  const missing = await missingGo(go);
  describe.skipIf(missing !== undefined)(missing ? `go${go} (${missing})` : `go${go}`, () => {
    let home = "";
    let core = "";
    let whole = "";
    let twin: Awaited<ReturnType<typeof answers>>;
    let gnuBuildId: string | undefined;
    beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), "corescope-debug-"));
      ({ core, executable: whole } = await makeDump(leaky(go)));
      ({ gnuBuildId } = elf(whole));
      twin = await answers({ core, executable: whole });
    });
    afterAll(() => rmSync(home, { recursive: true, force: true }));

    /** A folder with a stripped program in it that names app.debug, and that debug file elsewhere. */
    function separate(name: string): { readonly app: string; readonly debug: string } {
      const [app, debug] = [join(home, name, "app"), join(home, name, "kept", "app.debug")];
      mkdirSync(dirname(debug), { recursive: true });
      execFileSync("objcopy", ["--only-keep-debug", whole, debug]);
      execFileSync("strip", ["-o", app, whole]);
      execFileSync("objcopy", [`--add-gnu-debuglink=${debug}`, app]);
      return { app, debug };
    }
    /** Where a debug file is put, and with it the options that are needed to find it. */
    function put(debug: string, ...to: readonly string[]): void {
      const path = join(...to);
      mkdirSync(dirname(path), { recursive: true });
      copyFileSync(debug, path);
    }

    it("answers of itself", () => {
      expect(twin.types.total.objects).toBeGreaterThan(1000);
      expect(twin.findings.filter(({ partial }) => partial)).toEqual([]);
    });

    it("finds the debug file beside the executable", async () => {
      const { app, debug } = separate("beside");
      put(debug, dirname(app), "app.debug");
      expect(await answers({ core, executable: app })).toEqual(twin);
    });

    it("finds the debug file in .debug, and below a folder by the executable's path", async () => {
      const hidden = separate("hidden");
      put(hidden.debug, dirname(hidden.app), ".debug", "app.debug");
      expect(await answers({ core, executable: hidden.app })).toEqual(twin);
      const { app, debug } = separate("far");
      const tree = join(home, "tree");
      put(debug, tree, dirname(app), "app.debug");
      expect(await answers({ core, executable: app, debugFolders: ["/nowhere", tree] })).toEqual(twin);
    });

    it("finds it by build id, in a folder and on a server, or says that there is none", async () => {
      const { app, debug } = separate("by-id");
      if (gnuBuildId === undefined) {
        const dump = await openDump({ core, executable: app });
        expect(dump.files.debug.refused.join("\n")).toContain("no GNU build id in the executable");
        return dump.close();
      }
      const tree = join(home, "ids");
      put(debug, tree, ".build-id", gnuBuildId.slice(0, 2), `${gnuBuildId.slice(2)}.debug`);
      expect(await answers({ core, executable: app, debugFolders: [tree] })).toEqual(twin);

      const server = createServer((request, response) => {
        const isAsked = request.url === `/buildid/${gnuBuildId}/debuginfo`;
        response.writeHead(isAsked ? 200 : 404).end(isAsked ? readFileSync(debug) : "");
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const before = { ...process.env };
      try {
        process.env.DEBUGINFOD_CACHE_PATH = join(home, "cache");
        process.env.DEBUGINFOD_URLS = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const unasked = await openDump({ core, executable: app }); // only when it is asked for
        expect(unasked.runtime.binary.from).toBe("tables");
        unasked.close();
        expect(await answers({ core, executable: app, debuginfod: true })).toEqual(twin);
        process.env.DEBUGINFOD_URLS = "";
        expect(await answers({ core, executable: app })).toEqual(twin); // from the cache
      } finally {
        server.close();
        process.env = before;
      }
    });

    it("refuses a debug file with another CRC, and says where it looked", async () => {
      const { app, debug } = separate("damaged");
      put(debug, dirname(app), "app.debug");
      appendFileSync(join(dirname(app), "app.debug"), "x");
      const dump = await openDump({ core, executable: app });
      try {
        expect(dump.runtime.binary.from).toBe("tables");
        const example = expect.stringMatching(/damaged\/app[.]debug: its CRC-32 is 0x[0-9a-f]+, [.]gnu_debuglink wants 0x/);
        expect(dump.findings.list()).toContainEqual(expect.objectContaining({ code: "debug-refused", example }));
        expect(dump.files.debug.refused.join("\n")).toMatch(/not there: .*[.]debug\/app[.]debug, \/usr\/lib\/debug/);
      } finally {
        dump.close();
      }
    });

    it("takes a debug file and the whole program by name", async () => {
      const { app, debug } = separate("named");
      expect(await answers({ core, executable: app, debug })).toEqual(twin);
      expect(await answers({ core, executable: app, debug: whole })).toEqual(twin);
    });

    it("reads the bytes from the program when it is given a file without code", async () => {
      const { app, debug } = separate("only");
      const folder = join(home, "only", "core");
      mkdirSync(folder);
      symlinkSync(core, join(folder, "core"));
      await expect(answers({ core: join(folder, "core"), executable: debug })).rejects.toMatchObject({
        code: "not-found",
        advice: { debugOnly: debug },
      });
      copyFileSync(app, join(folder, "exe"));
      expect(await answers({ core: join(folder, "core"), executable: debug })).toEqual({ ...twin });
    });

    describe("built with -s -w", () => {
      const flags = ["-trimpath=false"]; // else the flags of the linker are not written into the program
      let stripped: Awaited<ReturnType<typeof makeDump>>;
      let shifted = "";
      let exact = "";
      beforeAll(async () => {
        stripped = await makeDump(leaky(go, ...flags, "-ldflags=-s -w"));
        const longer = "-ldflags=-compressdwarf=false -X main.nothing=that-is-longer-than-the-flags-of-the-stripped-build";
        shifted = (await makeDump(leaky(go, ...flags, longer))).executable;
        exact = (await makeDump(leaky(go, ...flags, "-ldflags=-f -f"))).executable; // flags that do nothing, of the same length
      });
      const opened = (debug: string) => answers({ core: stripped.core, executable: stripped.executable, debug });

      it("answers with the debug information of a build whose data lies elsewhere as with that of one where it does not", async () => {
        expect(section(shifted, ".data")?.address).not.toBe(section(stripped.executable, ".data")?.address);
        expect(section(exact, ".data")?.address).toBe(section(stripped.executable, ".data")?.address);
        const answer = await opened(shifted);
        expect(answer).toEqual(await opened(exact));
        const counts = Object.fromEntries(answer.types.rows.map(({ type, count }) => [type, count]));
        expect(counts).toMatchObject(stripped.truth.types as Record<string, number>);
        expect(answer.findings.filter(({ partial }) => partial)).toEqual([]);
      });

      it("refuses the debug information of other code", async () => {
        const changed = join(home, "changed");
        const bytes = readFileSync(exact);
        const text = section(exact, ".text");
        bytes[(text?.offset ?? 0) + 0x1000] ^= 1;
        writeFileSync(changed, bytes);
        await expect(opened(changed)).rejects.toThrow(/and its code is another one from 0x4[0-9a-f]+ on/);
        const other = (await makeDump({ program: "garbage", go, args: ["10"] })).executable;
        await expect(opened(other)).rejects.toThrow(/its build id .* is not the executable's .*, and its [.]text is [\d,]+ bytes at/);
      });

      it("refuses the rebuild as the executable, forced or not", async () => {
        const rebuilt = { core: stripped.core, executable: shifted };
        await expect(answers(rebuilt)).rejects.toThrow(/build id .* is not the core's/);
        await expect(answers({ ...rebuilt, force: true })).rejects.toThrow(/its table of functions is at 0x[0-9a-f]+, the core's at/);
      });
    });
  });
}
