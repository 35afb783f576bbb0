import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { truncationLine } from "../../../cli/text/table.js";
import { counted } from "../../../src/base/units.js";

test("a noun agrees with its count", () => {
  const nouns = [0, 1, 2, 12_000].map((count) => counted(count, "goroutine"));
  expect(nouns).toEqual(["0 goroutines", "1 goroutine", "2 goroutines", "12,000 goroutines"]);
  expect([counted(1, "entry", "entries"), counted(3, "entry", "entries")]).toEqual(["1 entry", "3 entries"]);
  expect(truncationLine(0, 1, "row")).toBe("0 of 1 row (--top 0 for all)");
});

/** Units, which have no plural, and what is no count of things: `of ${from} to ${to} seconds`. */
const NOUN =
  /^(?:arrays|batches|buckets|bytes|callbacks|circles|collections|contexts|copies|cycles|entries|events|fields|files|findings|frames|generations|goroutines|groups|levels|lines|mappings|objects|others|paths|pointers|readers|records|references|rows|screens|segments|slices|slots|spans|stacks|steps|suspects|tables|things|threads|timers|times|types|values|waiters|writers)$/;

/** Numbers that are constants and never one, "takes 1 to ${MOST} bytes"; sizes; and a line of Go's own traceback. */
const CONSTANT = /^(?:[A-Z][A-Z0-9_]*|formatBytes\(.*\)|most|elided|logarithm|addressSize|place\.entrySize|spans\.elementSize\[span\])$/;

describe("no text counts things without the helper", () => {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const files = ["src", "cli"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  test("in templates, whatever stands before a plural noun is counted()", () => {
    const found = files.flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .flatMap((line, index) =>
          // The expression of a template's hole, as far as brackets nest twice, and the words after it.
          [...line.matchAll(/\$\{((?:[^{}`]|\{[^{}`]*\})*)\} (?:(?:live|blocked|more|large|dead|of its|of the) )?([a-z]+)\b/g)]
            .filter(([, hole = "", noun = ""]) => NOUN.test(noun) && !/\bcounted\(/.test(hole) && !CONSTANT.test(hole))
            .map(([text]) => `${file.slice(root.length)}:${index + 1}: ${text}`),
        ),
    );
    expect(files.length).toBeGreaterThan(200);
    expect(found, "write counted(count, noun), src/base/units.ts").toEqual([]);
  });
});
