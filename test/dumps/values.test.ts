/** Values on real crashes: what a program says of its variables through reflection against what show says of them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { locate } from "../../src/naming/locate.js";
import { type ShowArgs, show } from "../../src/query/show.js";
import { mapDesign } from "../../src/runtime/maps/designs.js";
import { made, missingGo, nameOf, releases, type TestDump } from "../support/dump-cache.js";
import { differences, mapStates, type SaidValue } from "../support/values.js";

const full = process.env.CORESCOPE_TIER === "full";

const wishes: DumpWish[] = releases.map((go) => ({ program: "values", go }));
if (full)
  wishes.push(
    { program: "values", go: "1.24.13", experiment: "noswissmap" },
    { program: "values", go: "1.27.2", experiment: "mapsplitgroup" },
  );

/** Parts of a long list or map that are looked up by their expressions; of others all are. */
const SOME_PARTS = 20;

/** As deep as any value of the program. */
const WHOLE = { depth: 64, offset: 0, top: 0 };

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    let test: TestDump;
    let dump: Dump;
    let said: Readonly<Record<string, SaidValue>>;
    // Before Go 1.23 DWARF does not say what a closure holds.
    const captures = !/^1\.2[12]\./.test(wish.go);
    beforeAll(async () => {
      test = await made(wish);
      dump = await openDump({ core: test.core, executable: test.executable });
      said = (test.truth as unknown as { values: Record<string, SaidValue> }).values;
    });
    afterAll(() => dump?.close());
    const shown = (of: string, args: Partial<ShowArgs> = {}) =>
      show.run(dump, { ...WHOLE, of, ...args }, { progress: silent, findings: dump.findings }).value;

    it("shows every variable as the program's reflection sees it", () => {
      const wrong = Object.entries(said).flatMap(([name, value]) => differences(name, value, shown(name), captures));
      expect(wrong.length, wrong.slice(0, 100).join("\n")).toBe(0);
    });

    it("finds every part again by the expression that leads to it", () => {
      const wrong: string[] = [];
      for (const [name, value] of Object.entries(said)) {
        let parts = 0;
        differences(name, value, shown(name), captures, (expression, said, part) => {
          if (parts++ > SOME_PARTS && (value.length ?? 0) > SOME_PARTS * 2) return;
          try {
            const again = differences(expression, said, shown(expression), captures);
            if (again.length > 0) wrong.push(`${expression} is not what ${name} shows there: ${again[0]}`);
          } catch (error) {
            wrong.push(`${expression} ${part.type}: ${error}`);
          }
        });
      }
      expect(wrong.length, wrong.slice(0, 100).join("\n")).toBe(0);
    });

    it("finds no key that is not there", () => {
      // 128 has the bytes of -128, which is.
      for (const of of [
        "Int8[128]",
        "Int8[-1]",
        'One["on"]',
        'Structs[main.Key{A: 1, B: "b"}]',
        "Anything[int64(2)]",
        "Floats[2.5]",
        'Nil[""]',
      ])
        expect(() => shown(`main.maps.${of}`), of).toThrow("no key");
      expect(() => shown("main.nans[NaN]")).toThrow("no key");
    });

    it("meets maps in every state", () => {
      const states = new Set<string>();
      for (const [name, { kind }] of Object.entries(said)) {
        if (kind !== "map") continue;
        const { type, address } = locate(dump, name);
        for (const state of mapStates(dump, type, dump.process.memory.readAddress(address))) states.add(state);
      }
      const buckets = ["growing", "overflow", "partly moved", "to the same size"];
      const tables = ["deleted", "full table", "one group", "one table", "several tables", "table in several slots"];
      expect([...states].sort()).toEqual(mapDesign(dump.runtime.layout).name === "buckets" ? buckets : tables);
    });

    it("shows long values page by page, each part once", () => {
      for (const name of ["main.longList", "main.longMap", "main.syncMany"]) {
        const whole = shown(name).children ?? [];
        const pages: unknown[] = [];
        for (let offset = 0, top = 1; offset < whole.length; offset += top, top = ((top * 7) % 4999) + 1) {
          const page = shown(name, { offset, top });
          expect(page.children?.length).toBe(Math.min(top, whole.length - offset));
          expect(page.offset ?? 0).toBe(offset);
          pages.push(...(page.children ?? []));
        }
        expect(pages).toEqual(whole);
        expect(shown(name, { offset: whole.length + 5, top: 3 }).children).toBeUndefined();
      }
      const text = shown("main.longText").text;
      expect(shown("main.longText", { offset: 6990 }).text).toBe(`"${text.slice(6991)}`);
    });
  });
}

/** The last release of each design of maps; `npm run bench -- --keys` takes the time for 800,000 entries. */
for (const go of full ? releases : ["1.23.12", "1.27.2"]) {
  const count = full ? 800_000 : 50_000;
  const wish = { program: "values", go, args: [String(count)] };
  const missing = await missingGo(go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    it(`finds a key among ${count}, whatever its type`, async () => {
      const { core, executable } = await made(wish);
      const dump = await openDump({ core, executable });
      try {
        const text = (of: string) =>
          show.run(dump, { of, depth: 0, offset: 0, top: 1 }, { progress: silent, findings: dump.findings }).value.text;
        for (const i of [0, count - 1]) {
          const keys = [`large[${i}]`, `largeTexts["user-${i}"]`, `largeStructs[main.Key{A: ${i}, B: "k"}]`, `largeAny[${i}]`];
          for (const key of keys) expect(text(`main.${key}`), key).toBe(String(-i));
        }
        for (const key of [`large[${count}]`, 'largeTexts["user-"]', 'largeStructs[main.Key{A: 5, B: "l"}]', "largeAny[int64(5)]"])
          expect(() => text(`main.${key}`), key).toThrow("no key");
      } finally {
        dump.close();
      }
    });
  });
}
