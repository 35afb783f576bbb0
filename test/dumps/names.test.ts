/** Awkward package paths on real crashes: shown short, the same by every command, and taken back in every form. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../cli/cli.js";
import { silent } from "../../src/base/progress.js";
import { escapePattern } from "../../src/base/words.js";
import { type Dump, openDump } from "../../src/dump.js";
import { goroutines } from "../../src/query/goroutines.js";
import { histogram } from "../../src/query/histogram.js";
import { objects } from "../../src/query/objects.js";
import { show } from "../../src/query/show.js";
import { why } from "../../src/query/why.js";
import { made, missingGo, nameOf, releases, type TestDump } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";
const wishes = (full ? releases : [releases[0], releases.at(-1)]).map((go) => ({ program: "names", go: go as string }));

const root = "corescope.example/dumps/names/";
/** What Go calls the package, as much of its path as tells it apart from the others, and the whole path. */
const packages: readonly (readonly [string, string])[] = [
  ["broker-server/v2/server", `${root}broker-server/v2/server`],
  ["other/server", `${root}other/server`],
  ["foo", `${root}foo/v2`],
  ["api", `${root}gopkg/api.v3`],
  ["cache", `${root}go-cache`],
  ["generic", `${root}generic`],
  ["kinds", `${root}kinds`],
  ["library/http", `${root}library/http`],
  ["net/http", "net/http"],
];
/** Lines of every text that a person gets; the values that the program keeps have paths in them which are data. */
const lines = [
  "overview",
  "histogram --top 0",
  "histogram --by owner --top 0",
  "objects --top 0 --type server",
  "death",
  "goroutines --group --top 0",
  "goroutines --top 0",
  "goroutine 1",
  "blocked",
  "dominators --depth 9 --top 0",
  "suspects --top 0",
  "waste --top 0",
  "leaked",
  "show main.tied --depth 4",
  "threads",
];

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    let test: TestDump;
    let dump: Dump;
    beforeAll(async () => {
      test = await made(wish);
      dump = await openDump({ core: test.core, executable: test.executable });
    });
    afterAll(() => dump?.close());
    const context = () => ({ progress: silent, findings: dump.findings });
    const shown = (of: string) => show.run(dump, { of, depth: 2, offset: 0, top: 5 }, context());
    const print = async (line: string): Promise<string> => {
      let out = "";
      const write = (text: string | Uint8Array, done?: () => void) => {
        out += text;
        done?.();
        return true;
      };
      const [name, ...rest] = line.split(" ");
      const words = [name, test.core, ...rest, "--exe", test.executable, "-q"];
      await run(words, { open: openDump, out: { write }, error: { write }, environment: {}, version: "", now: () => 0 });
      return out;
    };

    it("calls each package as Go does, and by more of its path where two have one name", () => {
      for (const [short, path] of packages) {
        expect(dump.names.shorten(`${path}.X`)).toBe(`${short}.X`);
        expect(dump.names.expand(`${short}.X`)).toBe(`${path}.X`);
      }
    });

    it("shows short names in every text, and whole ones where they are asked for", async () => {
      for (const line of lines) {
        const text = await print(line);
        const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, "").replace(/^(?:Module|Build|Path|Arguments) .*(?:\n {2,}.*)*/gm, "");
        expect(`${line}: ${outside}`).not.toMatch(/corescope\.example|%2e/);
      }
      expect(await print("death --full-names")).toContain(`${root}broker-server/v2/server.(*Client).Fail`);
      expect(await print("death --json")).toContain(`"function":"${root}broker-server/v2/server.(*Client).Fail"`);
      expect(await print("traceback")).toContain(`${root}gopkg/api%2ev3.(*Decoder).Decode(`);
    });

    it("takes an expression with the path whole, short, as the linker writes it, and by any ending of it", () => {
      const same: readonly (readonly string[])[] = [
        [`${root}gopkg/api.v3.Default`, `${root}gopkg/api%2ev3.Default`, "gopkg/api.v3.Default", "api.v3.Default", "api.Default"],
        [`${root}broker-server/v2/server.Last`, "broker-server/v2/server.Last", "v2/server.Last", "server.Last"],
        [`${root}other/server.Default.Clients[2]`, "other/server.Default.Clients[2]"],
        [`${root}foo/v2.Default.Sizes`, "foo.Default.Sizes"],
        [`main.tied.Any.(*${root}gopkg/api.v3.Node).Value`, "main.tied.Any.(*api.Node).Value"],
        [`main.tied.Table["${root}foo/v2.Foo"].Clients`],
        [`(*${root}broker-server/v2/server.Client)(main.tied.Client).Acc`, "(*broker-server/v2/server.Client)(main.tied.Client).Acc"],
      ];
      for (const [first = "", ...more] of same) {
        const { address, type } = shown(first);
        for (const each of more) expect(shown(each)).toMatchObject({ address, type, expression: first.replace("%2e", ".") });
      }
    });

    it("names every object by an expression that is taken back, short and whole", () => {
      for (const { expressions, address } of test.truth.expressions ?? []) {
        for (const each of [...expressions, ...expressions.map((text) => dump.names.shorten(text))])
          expect(shown(each).value.text, each).toContain(address);
      }
      const client = test.truth.expressions?.[0]?.address as string;
      const expression = why.run(dump, { address: client }, context()).paths[0]?.steps.at(-1)?.expression as string;
      expect(shown(dump.names.shorten(expression)).value).toEqual(shown(expression).value);
    });

    it("matches types and functions by regular expressions over either form, and by full names", () => {
      const path = `${root}broker-server/v2/server`;
      for (const type of [
        `${path}.Client`,
        "broker-server/v2/server.Client",
        `^${escapePattern(path)}[.]Client$`,
        "^broker-server/v2/server[.]Client$",
      ]) {
        const { rows } = objects.run(dump, { type, min: 0, top: 0 }, context());
        expect(
          rows.map((row) => row.type),
          type,
        ).toEqual([`${path}.Client`]);
      }
      const focused = (focus: string) => histogram.run(dump, { by: "type", garbage: false, sort: "bytes", top: 0, focus }, context()).rows;
      expect(focused("^cache[.]Cache\\[").map((row) => row.type)).toEqual([`${root}go-cache.Cache[string,*${path}.Client]`]);
      const waiting = (focus: string) =>
        goroutines.run(dump, { group: false, status: [], minWaitNanoseconds: 0, system: false, retains: false, top: 0, focus }, context())
          .rows;
      expect(waiting("^api[.]").length).toBe(1);
      expect(waiting(`^${escapePattern(root)}gopkg/api[.]v3`)).toEqual(waiting("^api[.]"));
      const byPackage = histogram.run(dump, { by: "package", garbage: false, sort: "bytes", top: 0 }, context()).rows;
      expect(byPackage.map((row) => row.type)).toContain(`${root}gopkg/api.v3`);
    });
  });
}
