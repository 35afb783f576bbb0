/**
 * Stripped programs: one core, opened with the executable that crashed and with a stripped copy of it. Everything but the names of
 * variables has to be the same; of the types that are claimed, nearly all.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DumpWish, whyNoTool } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { NONE } from "../../src/base/units.js";
import { type Dump, openDump } from "../../src/dump.js";
import { death } from "../../src/query/death.js";
import { goroutines } from "../../src/query/goroutines.js";
import { histogram } from "../../src/query/histogram.js";
import { mappings } from "../../src/query/mappings.js";
import type { Query } from "../../src/query/query.js";
import { threads } from "../../src/query/threads.js";
import { traceExtract } from "../../src/query/trace-extract.js";
import { contentsOf } from "../../src/query/trace-source.js";
import { traceback } from "../../src/query/traceback.js";
import { made, missingGo, nameOf, releases, unpacked } from "../support/dump-cache.js";
import { stripped } from "../support/stripped.js";

const full = process.env.CORESCOPE_TIER === "full";

const PIE = { program: "zoo", flags: ["-buildmode=pie"] };
/** The C library's start and threads, and the system's linker. */
const EXTERNAL = { program: "zoo", flags: ["-ldflags=-linkmode=external"], cgo: true };
/** Threads and frames of C around Go's. */
const CALLBACK = { program: "callback", args: ["panic"], cgo: true };

const wishes: DumpWish[] = releases.map((go) => ({ program: "zoo", go }));
wishes.push(
  { program: "leaky", go: "1.24.13", args: ["100"] },
  { ...PIE, go: "1.22.12" },
  { ...PIE, go: "1.26.8" },
  { ...EXTERNAL, go: "1.23.12" },
  { ...EXTERNAL, go: "1.27.2" },
  { ...CALLBACK, go: "1.25.10" },
  { program: "tracer", go: "1.25.10", args: ["churn"] },
);
// Of keys and values that lie apart in a map's groups.
const SPLIT = { program: "zoo", go: "1.27.2", experiment: "mapsplitgroup" };
if (full) {
  wishes.push(SPLIT);
  wishes.push(...releases.map((go) => ({ program: "leaky", go, args: ["100"] })));
  wishes.push({ program: "zoo", go: "1.24.13", experiment: "noswissmap" }, { program: "zoo", go: "1.26.8", experiment: "nogreenteagc" });
  // Of the emulated kernel, and of the emulator of single programs: it costs a minute and more for each.
  for (const go of ["1.22.12", "1.24.13", "1.26.8", "1.27.2"])
    for (const kind of [{ program: "zoo" }, { program: "zoo", user: true }, PIE, EXTERNAL, CALLBACK])
      wishes.push({ ...kind, go, arch: "arm64" });
  wishes.push({ program: "leaky", go: "1.24.13", args: ["20"], arch: "arm64" });
}

/** Real crashes, and the committed one of an emulated arm64 kernel, which costs nothing. */
const twins = [
  ...wishes.map((wish) => ({ name: nameOf(wish), go: wish.go, cgo: wish.cgo === true, files: () => made(wish) })),
  { name: "committed zoo arm64", go: "", cgo: false, files: async () => unpacked("zoo-1.26-arm64") },
];

/** Of the bytes that debug information types. Before malloc headers (Go 1.22) objects do not say their types themselves. */
const LEAST_SHARE = 0.9;
const OLDEST_SHARE = 0.8;

/**
 * Names that debug information has and the runtime's own descriptors do not: of local types, and of types that need no algorithms. A
 * reflect.rtype is nothing but an abi.Type.
 */
const plain = (name: string) =>
  name
    .replace(/·\d+/g, "")
    .replaceAll("noalg.", "")
    .replace(/^internal\/abi[.]Type$/, "reflect.rtype");

for (const { name, go, cgo, files } of twins) {
  const missing = (go ? await missingGo(go) : undefined) ?? (cgo ? await whyNoTool("gcc") : undefined);
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    let whole: Dump;
    let bare: Dump;
    beforeAll(async () => {
      const { core, executable } = await files();
      whole = await openDump({ core, executable });
      bare = await openDump({ core, executable: stripped(executable) });
    });
    afterAll(() => {
      whole?.close();
      bare?.close();
    });
    const both = <A, R>(query: Query<A, R>, args: A): readonly [R, R] => {
      const [a, b] = [whole, bare].map((dump) => query.run(dump, args, { progress: silent, findings: dump.findings }));
      return [a, b];
    };

    it("reads it from tables, and finds every variable of the runtime", () => {
      expect([whole.runtime.binary.from, bare.runtime.binary.from]).toEqual(["dwarf", "tables"]);
      const told = bare.findings.list().map(({ code }) => code);
      expect(told.filter((code) => /^(?:variable|module|layout|release)-/.test(code))).toEqual([]);
    });

    it("has the same goroutines, stacks, threads, mappings and death", () => {
      for (const [a, b] of [
        both(traceback, {}),
        both(threads, {}),
        both(mappings, {}),
        both(goroutines, { top: 0, system: true }),
        both(death, {}),
      ]) {
        expect(withoutVariables(b)).toEqual(withoutVariables(a));
      }
    });

    it("has the same objects, live ones and garbage, of the same sizes, retaining the same", () => {
      const { objects } = whole.heap;
      expect([bare.heap.objects.count, bare.heap.objects.bytes]).toEqual([objects.count, objects.bytes]);
      expect([bare.heap.liveObjects, bare.heap.liveBytes]).toEqual([whole.heap.liveObjects, whole.heap.liveBytes]);
      for (const garbage of [false, true]) {
        const [a, b] = both(histogram, { by: "size-class", garbage, top: 0 });
        expect(b.rows).toEqual(a.rows);
      }
      let odd = 0;
      for (let id = 0; id < objects.count; id++) {
        const [a, b] = [whole, bare].map(({ heap, retention }) => retention.retained[heap.graph.nodeOfObject(id)]);
        if (a !== b) odd++;
      }
      expect(odd).toBe(0);
    });

    it("types what it can, and nothing falsely", () => {
      const { bytes, typed, wrong, count } = compareTypes(whole, bare);
      expect(wrong.slice(0, 10)).toEqual([]);
      expect(wrong.length).toBeLessThanOrEqual(count / 1000);
      process.stdout.write(`${name}: ${((typed / bytes) * 100).toFixed(1)}% of the bytes that debug information types\n`);
      expect(typed / bytes).toBeGreaterThan(go.startsWith("1.21") ? OLDEST_SHARE : LEAST_SHARE);
    });

    it("extracts the same trace", () => {
      const [a, b] = both(traceExtract, {});
      expect(b).toEqual(a);
      if (!a.found) return;
      const [all, again] = [a, b].map((answer) => Buffer.concat([...contentsOf(answer)]));
      expect(again.equals(all)).toBe(true);
    });
  });
}

/** Without what only debug information and symbols tell: local variables, arguments by name, expressions, functions of C. */
function withoutVariables(answer: unknown): unknown {
  const without = new Set(["locals", "variables", "arguments", "args", "expression", "lockedBy"]);
  return JSON.parse(
    JSON.stringify(answer, function (this: { readonly on?: string }, key, value) {
      if (without.has(key)) return undefined;
      if (key === "at" && this.on === "not of Go") return undefined;
      // Of a core without a list of files a mapping is called by the executable that was found.
      return key === "path" ? String(value).replace(/[.]stripped$/, "") : value;
    }),
  );
}

/** Object by object: both dumps number the objects alike. Guesses are no claims. */
function compareTypes(whole: Dump, bare: Dump) {
  let [bytes, typed, count] = [0, 0, 0];
  const wrong: string[] = [];
  const name = ({ heap, runtime }: Dump, id: number) => {
    const type = heap.types.evidenceOf(id) === "guess" ? NONE : heap.types.type[id];
    if (type === NONE) return undefined;
    // Debug information and the descriptors have names of their own for a map's blocks. The runtime's own view of them is no claim.
    const { role } = runtime.types.get(type);
    if (role.isGeneric) return undefined;
    return plain(role.partOf === undefined ? role.readable : `part of ${role.partOf}`);
  };
  for (let id = 0; id < whole.heap.objects.count; id++) {
    const a = name(whole, id);
    // What small values without pointers share, and nobody says more of: a place, no type.
    const said = name(bare, id);
    const b = said === "tiny block" || a === "tiny block" ? undefined : said;
    const size = whole.heap.objects.sizeOf(id);
    if (a !== undefined) bytes += size;
    if (b === undefined) continue;
    count++;
    if (a !== undefined) typed += size;
    if (a !== undefined && a !== b) wrong.push(`${bare.heap.objects.addressOf(id).toString(16)}: ${b}, not ${a}`);
  }
  return { bytes, typed, wrong, count };
}
