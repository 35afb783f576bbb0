/**
 * Stripped programs of releases that the layout tables do not have, as one that came out yesterday: a patch is read by its nearest
 * neighbour, a minor release by the newest there is. What they answer is held against the same core with debug information.
 */
import { describe, expect, test, vi } from "vitest";
import { silent } from "../../src/base/progress.js";
import type { Dump } from "../../src/dump.js";
import { openDump } from "../../src/dump.js";
import { goroutines } from "../../src/query/goroutines.js";
import { histogram } from "../../src/query/histogram.js";
import type { readPacked } from "../../src/runtime/binary/table-format.js";
import { made, missingGo } from "../support/dump-cache.js";
import { stripped } from "../support/stripped.js";
import { spansOff } from "./measure.js";

/** Releases whose rows the tables lack. */
const without = vi.hoisted(() => ({ releases: /^$/ }));

vi.mock("../../src/runtime/binary/table-format.js", async (original) => {
  const module = await original<typeof import("../../src/runtime/binary/table-format.js")>();
  return {
    ...module,
    readPacked(text: Parameters<typeof readPacked>[0]) {
      const packed = module.readPacked(text);
      const { rows } = packed;
      return Object.defineProperty(Object.create(packed), "rows", { get: () => rows.filter((row) => !without.releases.test(row.release)) });
    },
  };
});

interface Unknown {
  readonly go: string;
  readonly releases: RegExp;
  /** The release that is taken instead. */
  readonly taken: RegExp;
  readonly match: "near" | "newest";
}

const unknown: readonly Unknown[] = [
  { go: "1.25.10", releases: /^go1[.]25[.]10\b/, taken: /^go1[.]25[.](?:9|11)$/, match: "near" },
  { go: "1.27.2", releases: /^go1[.]27\b/, taken: /^go1[.]26[.]\d+$/, match: "newest" },
];

describe.each(unknown)("go$go without its rows", ({ go, releases, taken, match }) => {
  test("is read by another release's, and says so", async ({ skip }) => {
    const reason = await missingGo(go);
    if (reason) return skip(reason);
    const { core, executable } = await made({ program: "zoo", go });
    without.releases = releases;
    const whole = await openDump({ core, executable });
    const bare = await openDump({ core, executable: stripped(executable) });
    try {
      const { tables } = bare.runtime.binary;
      expect([tables?.match, tables?.release]).toEqual([match, expect.stringMatching(taken)]);
      const rowsOf = (dump: Dump) => {
        const context = { progress: silent, findings: dump.findings };
        return {
          objects: [dump.heap.objects.count, dump.heap.liveObjects, dump.heap.liveBytes],
          sizes: histogram.run(dump, { by: "size-class", top: 0 }, context).rows,
          stacks: goroutines
            .run(dump, { top: 0, system: true }, context)
            .rows.map((row) => [row, "frames" in row ? row.frames.map(({ function: name, line }) => `${name} ${line}`) : []]),
        };
      };
      expect(rowsOf(bare)).toEqual(rowsOf(whole));
      expect(spansOff(bare)).toEqual([]);
      const told = bare.findings.list().filter(({ code }) => /^(?:layout|variable|module)-/.test(code));
      expect(told[0]).toMatchObject({ code: "layout-near", partial: match === "newest" });
      // Code of a newer minor release has changed around some variables: those are told, and none is guessed.
      const others = told.slice(1).map(({ code, count }) => [code, count < 6]);
      expect(others).toEqual(others.length === 0 || match === "near" ? [] : [["variable-missing", true]]);
      expect(told[0].message).toContain(`no table of layouts for go${go}: read as ${tables?.release}`);
    } finally {
      whole.close();
      bare.close();
    }
  });
});
