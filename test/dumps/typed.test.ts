// What corescope prints can be typed: every hint of every command runs, and every expression of every command is taken by
// all commands that take expressions, and means the same object to each.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DumpError, NotFoundError } from "../../src/base/errors.js";
import { silent } from "../../src/base/progress.js";
import { hex, NONE } from "../../src/base/units.js";
import { type Dump, openDump } from "../../src/dump.js";
import { locate, targetOf } from "../../src/naming/locate.js";
import { dominators } from "../../src/query/dominators.js";
import { read } from "../../src/query/read.js";
import { refs } from "../../src/query/refs.js";
import { show } from "../../src/query/show.js";
import { why } from "../../src/query/why.js";
import { fixtures, type TestDump } from "../support/dump-cache.js";
import { collectExpressions, type Printed } from "../support/printed-expressions.js";
import { shellWords, typeWords } from "../support/typed-lines.js";

const home = process.cwd();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "corescope-typed-"));
  process.chdir(folder); // hints may write files
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

/** Every command, some with the options that change what they offer. */
const LINES = [
  "overview",
  "death",
  "suspects --top 0",
  "histogram",
  "histogram --garbage",
  "histogram --sort retained",
  "histogram --by package",
  "histogram --by owner",
  "histogram --by goroutine",
  "histogram --by size-class",
  "objects",
  "objects --min 1K",
  "dominators",
  "dominators --group type",
  "dominators --group package",
  "waste",
  "goroutines",
  "goroutines --group",
  "traceback",
  "threads",
  "blocked",
  "leaked",
  "mappings",
  "trace extract",
  "trace summary",
  "trace events",
  "trace export",
] as const;

const everyKind = new Set<string>();

describe.each(fixtures().map((fixture): [string, TestDump] => [fixture.name, fixture]))("%s", (_name, fixture) => {
  let dump: Dump;
  let printed: readonly Printed[] = [];
  beforeAll(async () => {
    dump = await openDump({ core: fixture.core, executable: fixture.executable });
  });
  afterAll(() => dump?.close());

  it("every hint that a command prints runs as it is pasted, and so do the hints of those", async () => {
    const opening = ["--exe", "an 'exe'", "--force", "--tmpdir", folder];
    const done = new Set<string>();
    const wrong: string[] = [];
    let lines: string[][] = LINES.map((line) => {
      const words = line.split(" ");
      const name = words[0] === "trace" ? words.slice(0, 2) : words.slice(0, 1);
      return [...name, "the core", ...words.slice(name.length), ...opening];
    });
    // Two steps of hints; a third brings nothing that the first two have not.
    for (let step = 0; step < 3; step++) {
      const hints: string[] = [];
      for (const words of lines) {
        const typed = await typeWords(dump, words);
        // A command may have nothing to say; a hint always leads somewhere.
        const isFine = typed.code === 0 || typed.code === 4 || (step === 0 && typed.code === 1);
        if (!isFine) wrong.push(`${words.join(" ")}: ${typed.code} ${typed.error.slice(0, 300)}`);
        if (typed.opened.length > 0)
          expect(typed.opened[0]).toEqual({ core: "the core", executable: "an 'exe'", force: true, tmpdir: folder });
        for (const hint of typed.hints) {
          const kind = hint.replace(/0x[0-9a-f]+|[0-9]+/g, "0");
          if (done.has(kind)) continue;
          done.add(kind);
          hints.push(hint);
        }
      }
      lines = shellWords(hints);
    }
    expect(wrong).toEqual([]);
    expect(done.size).toBeGreaterThan(15);
  });

  it("the findings' next command in JSON runs as it is pasted", async () => {
    const typed = await typeWords(dump, ["suspects", "the core", "--exe", "an 'exe'", "--json", "--top", "0"]);
    const rows = (JSON.parse(typed.out) as { result: { rows: { next: string }[] } }).result.rows;
    for (const words of shellWords(rows.map(({ next }) => next.replace(/^corescope /, "")))) {
      const next = await typeWords(dump, words);
      expect([words, next.code, next.error]).toEqual([words, expect.toBeOneOf([0, 4]), expect.any(String)]);
      expect(next.opened).toMatchObject([{ core: "the core", executable: "an 'exe'" }]);
    }
  });

  it("every expression that a command prints is taken by all that take expressions, and means that object", () => {
    printed = collectExpressions(
      dump,
      (fixture.truth.expressions ?? []).map(({ address }) => address),
    );
    expect(printed.length).toBeGreaterThan(fixture.meta.program === "zoo" ? 150 : 30);
    const context = { progress: silent, findings: dump.findings };
    const wrong: string[] = [];
    let shortened = 0;
    for (const { from, expression, address, live } of printed) {
      const attempt = (name: string, ask: () => void): void => {
        try {
          ask();
        } catch (error) {
          if (!(error instanceof DumpError)) throw error;
          // A variable with nothing behind it, of a goroutine that holds nothing.
          if (error instanceof NotFoundError && error.what === "object behind" && from === "goroutine") return;
          wrong.push(`${from}: ${name} ${expression}: ${error.message}`);
        }
      };
      attempt("show", () => {
        const { type } = show.run(dump, { of: expression, depth: 1, offset: 0, top: 3 }, context);
        // Parts of a map or channel are called as the whole, those of an entry of sync.Map as its value.
        if (address === undefined || /^(?:map\[|(?:<-)?chan(?:<-)? |sync\.Map$)/.test(type) || /\.Load\(.+\)$/.test(expression)) return;
        // Of a text, a slice or a box both the value and what it leads to are called so.
        const place = locate(dump, expression);
        // A pointer to a part of a value, as the runtime's timer has one to a ticker's channel, is one to the value.
        const meant = [place.object, targetOf(dump, place)]
          .filter((id) => id !== NONE)
          .flatMap((id) => [id, dump.heap.wholes.of(id)])
          .map((id) => hex(dump.heap.objects.addressOf(id)));
        if (!meant.some((each) => each === address)) wrong.push(`${from}: ${expression} means ${meant}, printed of ${address}`);
      });
      attempt("read", () => read.run(dump, { address: expression, length: 0 }, context));
      attempt("refs", () => refs.run(dump, { of: expression, out: true, top: 1 }, context));
      attempt("why", () => why.run(dump, { address: expression }, context));
      // As the screen has it: packages by their own name alone.
      const short = dump.names.shorten(expression);
      if (short !== expression) {
        shortened++;
        attempt("show, short,", () => show.run(dump, { of: short, depth: 1, offset: 0, top: 3 }, context));
      }
      if (live) attempt("dominators", () => dominators.run(dump, { of: expression, depth: 1, min: 0, group: "none", top: 1 }, context));
    }
    expect(shortened).toBeGreaterThan(0);
    expect([wrong.length, wrong.slice(0, 40)]).toEqual([0, []]);
  });

  it("expressions of every kind are among them", () => {
    const kinds = new Set(printed.map(({ kind }) => kind));
    for (const kind of ["field", "variable of a goroutine", "cast"]) expect(kinds).toContain(kind);
    if (fixture.meta.program === "zoo") for (const kind of ["map entry", "element", "key", "assertion"]) expect(kinds).toContain(kind);
    for (const kind of kinds) everyKind.add(kind);
  });
});

it("what closures capture is among them too", () => {
  expect([...everyKind]).toContain("captured variable");
});
