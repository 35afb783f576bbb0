/** What a Go programmer calls one value is one, and what only one mechanism knows has its type: dumps/testdata/things. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeRoot } from "../../cli/views/why.js";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import type { Hex } from "../../src/base/units.js";
import { type Dump, openDump } from "../../src/dump.js";
import { type HistogramArgs, type HistogramRow, histogram } from "../../src/query/histogram.js";
import { objects } from "../../src/query/objects.js";
import { refs } from "../../src/query/refs.js";
import { why } from "../../src/query/why.js";
import { roleOf } from "../../src/runtime/roles.js";
import { made, missingGo, nameOf, releases, type TestDump } from "../support/dump-cache.js";
import { countTypes, differences } from "./measure.js";

const full = process.env.CORESCOPE_TIER === "full";

const wishes: DumpWish[] = releases.map((go) => ({ program: "things", go }));
for (const experiment of full ? ["noswissmap", "nosynchashtriemap"] : ["noswissmap"])
  wishes.push({ program: "things", go: "1.24.13", experiment });
if (full) wishes.push({ program: "things", go: "1.25.10", experiment: "noswissmap" }, { program: "things", go: "1.27.2", arch: "arm64" });
if (full) wishes.push({ program: "things", go: "1.27.2", experiment: "mapsplitgroup" });

/** What the program says of itself besides its types. */
interface Said {
  readonly values: Readonly<Record<string, number>>;
  readonly types: Readonly<Record<string, number>>;
  readonly hugeBytes: number;
}

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    let test: TestDump;
    let dump: Dump;
    let said: Said;
    beforeAll(async () => {
      test = await made(wish);
      dump = await openDump({ core: test.core, executable: test.executable });
      said = test.truth as unknown as Said;
    });
    afterAll(() => dump?.close());
    const context = () => ({ progress: silent, findings: dump.findings });
    const rows = (args: Partial<HistogramArgs> = {}): Map<string, HistogramRow> => {
      const found = histogram.run(dump, { by: "type", garbage: false, top: 0, sort: "bytes", ...args }, context());
      return new Map(found.rows.map((row) => [row.type, row]));
    };

    it("counts each map, channel, builder and buffer once", () => {
      const found = rows();
      const wrong = Object.entries(said.values).flatMap(([type, count]) => {
        const is = found.get(type)?.count ?? 0;
        // Before Go 1.22 no object says its own type, and no variable lies where a stack holds a map's header.
        if (wish.go === "1.21.13" && type.startsWith("map[main.Stacked") && is === 0) return [];
        // The libraries have some of their own.
        const own = type.includes("main.");
        return (own ? is === count : is >= count && is <= count + 6) ? [] : [`${type}: ${is}, the program said ${count}`];
      });
      expect(wrong).toEqual([]);
      expect([...found.keys()].filter((name) => roleOf(name).partOf !== undefined || /^(?:map|hash|hchan)</.test(name))).toEqual([]);
    });

    it("adds up to the live heap, folded or not", () => {
      for (const by of ["type", "package", "size-class"] as const) {
        for (const parts of [false, true]) {
          const found = [...rows({ by, parts }).values()];
          const sum = (of: (row: HistogramRow) => number) => found.reduce((total, row) => total + of(row), 0);
          expect(sum((row) => row.bytes)).toBe(dump.heap.liveBytes);
          expect(sum((row) => row.count + (row.parts ?? 0))).toBe(dump.heap.liveObjects);
        }
      }
      const garbage = [...rows({ garbage: true }).values()].reduce((total, row) => total + row.count + (row.parts ?? 0), 0);
      expect(garbage + dump.heap.liveObjects).toBe(dump.heap.objects.count);
    });

    it("gives a map the bytes of its parts", () => {
      const { bytes, retainedBytes } = rows({ sort: "retained" }).get("map[main.Huge]*main.Entry") as HistogramRow;
      expect(Math.abs(bytes - said.hugeBytes)).toBeLessThan(said.hugeBytes / 100);
      expect(retainedBytes).toBeGreaterThanOrEqual(bytes);
    });

    it("tells the parts that growing left from maps", () => {
      if (wish.go === "1.21.13") return; // before Go 1.22 nothing says what garbage is
      const found = rows({ garbage: true });
      expect(found.get("map[main.Grown]*main.Entry")).toBeUndefined();
      expect(found.get("parts of map[main.Grown]*main.Entry")?.count).toBeGreaterThan(0);
    });

    it("answers with a value, never with a part of one", () => {
      for (const type of Object.keys(said.values)) {
        const stacked = wish.go === "1.21.13" && type.startsWith("map[main.Stacked");
        if (stacked) continue;
        const { object, paths } = why.run(dump, { type }, context());
        expect(object.type).toBe(type);
        for (const step of paths[0]?.steps ?? []) expect(roleOf(step.type).partOf, `${type}: ${step.type}`).toBeUndefined();
        expect(paths[0]?.steps.at(-1)).toMatchObject({ address: object.address, type, bytes: object.bytes });
      }
      const partsOnly = "^(\\[\\])?(noalg[.])?(map[.](group|bucket)\\[|bucket<).*Huge";
      expect(() => why.run(dump, { type: partsOnly }, context())).toThrow(
        expect.objectContaining({ advice: { id: "parts", of: "map[main.Huge]*main.Entry" } }),
      );
      // The pattern is the type's own name of main.Entry, and a part of the names of all maps of entries.
      expect(why.run(dump, { type: "Entry" }, context()).object.type).toBe("main.Entry");
    });

    it("means by an address in a part the whole, whose referrers are outside it", () => {
      const [part] = objects.run(dump, { type: "map.(group|bucket).*Huge|bucket<.*Huge", min: 0, top: 1, parts: true }, context()).rows;
      const of = part?.address;
      const { object, paths } = why.run(dump, { address: of }, context());
      expect(object.type).toBe("map[main.Huge]*main.Entry");
      expect(object.bytes).toBeGreaterThan(part?.bytes ?? 0);
      // Three maps are of this type, and their seeds decide which of them is the largest.
      const maps = objects.run(dump, { type: "^map\\[main[.]Huge\\]", min: 0, top: 0 }, context()).rows;
      expect(maps).toHaveLength(3);
      expect(maps.find((row) => row.address === object.address)).toMatchObject({ bytes: object.bytes, parts: object.parts });
      expect(why.run(dump, { address: of, parts: true }, context()).object.address).toBe(of);
      const back = refs.run(dump, { of, out: false, top: 0 }, context());
      expect(back.rows.map((row) => row.expression)).toEqual([paths[0]?.steps.at(-1)?.expression]);
      // One entry is the value of every key: one referrer a map, with the fields.
      const out = refs.run(dump, { of, out: true, top: 0 }, context()).rows.filter((row) => row.type === "main.Entry");
      expect(out.map((row) => row.pointers)).toEqual([20_000]);
      const entry = refs.run(dump, { of: out[0]?.address as Hex, out: false, top: 0 }, context());
      expect(entry.rows.map((row) => `${row.type} ${row.pointers}`)).toEqual(Array(3).fill("map[main.Huge]*main.Entry 20000"));
    });

    it("types what only a finalizer, or the code that makes a closure, knows", () => {
      expect(differences(countTypes(dump, true), said.types)).toEqual([]);
    });

    it("says of what its own finalizer keeps alive that it is never collected", () => {
      for (const type of ["^main[.]OnlyCyclePeer$", "^main[.]OnlyCycle$"]) {
        const [path] = why.run(dump, { type }, context()).paths;
        expect(path.root).toMatchObject({ kind: "finalizer", cycle: true });
        expect(describeRoot(path.root)).toMatch(/never collected: a cycle with a finalizer$/);
      }
    });

    it("guesses nothing of what is live and large", () => {
      const guessed = [...rows({ parts: true }).values()].filter((row) => row.evidence.guess !== undefined && row.bytes > 4096);
      expect(guessed).toEqual([]);
    });
  });
}
