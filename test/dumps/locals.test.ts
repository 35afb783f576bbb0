/**
 * Locals: arguments and variables of functions that had told them all. What is shown is right, or it is not shown.
 */

import { describe, expect, it } from "vitest";
import { valueText } from "../../cli/views/show.js";
import { type DumpWish, makeDump, releases } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { openDump } from "../../src/dump.js";
import { goroutine } from "../../src/query/goroutine.js";
import { show } from "../../src/query/show.js";
import { missingGo, nameOf } from "../support/dump-cache.js";
import { checkLocals, type ToldLocals } from "../support/locals.js";

const full = process.env.CORESCOPE_TIER === "full";

const plain = ["-gcflags=all=-N -l"];
const ends = ["nil", "outside", "loop"];
const wishes = releases.flatMap((go, i): DumpWish[] =>
  [[], plain].flatMap((flags) => {
    const some = [ends[(i + flags.length) % 3]];
    return (full ? ends : some).map((end) => ({ program: "locals", go, args: [end], flags }));
  }),
);

/**
 * Share of the variables that optimised code has to show; until Go 1.23 parameters only as they were passed. Lists of arm64 code name a
 * register for many that the call has overwritten.
 */
const leastShown = ({ go, arch }: DumpWish) => (arch === "arm64" ? 0.48 : /^1\.2[123]\./.test(go) ? 0.58 : 0.6);
/** Dead pointers into a stack that has moved since: the runtime did not correct them. */
const MOVED = ["main.growsStack p", "main.passesOn p"];
/** Functions that told of their variables: all shapes. */
const LEAST_SHAPES = 150;

// Emulated: its crash takes minutes to make.
if (full) wishes.push({ program: "locals", go: "1.26.8", args: ["nil"], flags: [], arch: "arm64" });

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  const name = nameOf(wish);
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    it("shows true values only, all that are left when nothing is optimised", async () => {
      const made = await makeDump(wish);
      const dump = await openDump({ core: made.core, executable: made.executable }, silent);
      const { all } = dump.runtime.goroutines;
      const context = { progress: silent, findings: dump.findings };
      const frames = all.flatMap(({ id }) => goroutine.run(dump, { id, depth: 8 }, context).frames);
      const depths = frames
        .filter((frame) => frame.function === "main.recursive")
        .flatMap((frame) => frame.variables.filter(({ name, expression }) => name === "depth" && expression !== undefined));
      for (const { expression, text } of depths)
        expect(valueText(show.run(dump, { of: expression as string, depth: 1, offset: 0, top: 1 }, context).value), expression).toBe(text);
      if (wish.flags?.length)
        expect(depths.map((each) => each.expression?.replace(/^g[0-9]+/, ""))).toEqual(
          ["", "#2", "#3", "#4"].map((n) => `.main.recursive${n}.depth`),
        );
      dump.close();
      const told = made.truth.locals as ToldLocals;
      const { wrong, shown, hidden } = checkLocals(told, frames);
      expect(wrong).toEqual([]);
      const share = shown.length / (shown.length + hidden.length);
      if (wish.flags?.length) expect(hidden).toEqual(MOVED);
      else expect(share).toBeGreaterThan(leastShown(wish));
      expect(shown.length + hidden.length).toBeGreaterThan(350);
      expect(Object.keys(told).length).toBeGreaterThan(LEAST_SHAPES);
    });
  });
}

describe("the comparison", () => {
  it("notices a false value, one that nobody told of, and a function that is missing", () => {
    const shows = (name: string, text: string) => [{ function: "main.f", variables: [{ name, text }] }];
    const told = { "main.f": { x: ["1"], late: [null], s: ['"abc"'] } };
    expect(checkLocals(told, shows("x", "2")).wrong).toEqual(["main.f x: 2, told 1"]);
    const bytes = { "main.f": { raw: ["[121 195 177]"] } };
    expect(checkLocals(bytes, shows("raw", '"yñ"')).wrong).toEqual([]);
    expect(checkLocals(bytes, shows("raw", '"yn"')).wrong).toEqual(['main.f raw: "yn", told [121 195 177]']);
    expect(checkLocals(told, shows("late", "0")).wrong).toEqual(["main.f late: 0, told "]);
    expect(checkLocals(told, shows("s.len", "4")).wrong).toEqual(['main.f s.len: 4, told "abc"']);
    expect(checkLocals(told, shows("y", "1")).wrong).toEqual(["main.f y: 1, and nobody told of it"]);
    expect(checkLocals(told, []).wrong).toEqual(["main.f is on no stack"]);
    const passed = { "main.f": { x: ["2"], "x as passed": ["1"] } };
    const row = (text: string) => [{ function: "main.f", variables: [{ name: "x", text, asPassed: true }] }];
    expect(checkLocals(passed, row("1"))).toEqual({ wrong: [], shown: ["main.f x"], hidden: [] });
    expect(checkLocals(passed, row("2")).wrong).toEqual(["main.f x: 2, told 1"]);
    expect(checkLocals(told, shows("&x", "&1"))).toEqual({ wrong: [], shown: ["main.f x"], hidden: ["main.f s"] });
  });
});
