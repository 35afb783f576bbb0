import { EventEmitter } from "node:events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textWidth } from "../../../cli/text/table.js";
import { wrapText } from "../../../cli/text/wrap.js";
import { listHeight, makeFrame } from "../../../cli/ui/frame.js";
import { tableLines, textLines } from "../../../cli/ui/parts/list.js";
import { makePainter } from "../../../cli/ui/parts/painter.js";
import { splitWords } from "../../../cli/ui/parts/words.js";
import type { Body, Screen } from "../../../cli/ui/screen.js";
import { type State, startAt } from "../../../cli/ui/state.js";
import type { Finding } from "../../../src/base/findings.js";

const screen: Screen = {
  name: "home",
  tab: "Home",
  help: "What is this?",
  title: ({ title }) => String(title ?? "Home"),
  asks: () => [],
  body: () => ({ head: [], rows: [] }),
  keys: [{ key: "s", help: "sort", go: () => undefined }],
};

const sceneOf = (rows: Body["rows"]) => ({ body: { head: [], rows }, screens: [screen], name: "core", working: "", findings: [] });

const hostile = fc.stringMatching(/^[\x00-\x1f\x7f-\x9fa-z世é\u202e🚀 ]{0,200}$/u);

describe("a frame", () => {
  test("has one line fewer than the terminal, none wider, and nothing that a terminal obeys", () => {
    const line = fc.record({ text: hostile, tone: fc.constantFrom("plain", "bold", "dim", "bad", "good" as const) });
    const body = fc.record({ head: fc.array(line, { maxLength: 2 }), rows: fc.array(line, { maxLength: 40 }), note: hostile });
    const mode: fc.Arbitrary<State["mode"]> = fc.oneof(
      fc.constant({ kind: "browse" as const }),
      fc.constant({ kind: "help" as const }),
      hostile.map((path) => ({ kind: "confirm" as const, path, yes: { kind: "quit" as const } })),
      hostile.map((text) => ({ kind: "prompt" as const, sign: ":" as const, text, recalled: 0 })),
    );
    fc.assert(
      fc.property(
        body,
        mode,
        hostile,
        fc.integer({ min: 20, max: 250 }),
        fc.integer({ min: 8, max: 60 }),
        (drawn, at, text, columns, rows) => {
          const state = { ...startAt({ screen: "home", args: { title: text } }), mode: at, message: text };
          const scene = { body: drawn as Body, screens: [screen], name: text, working: text, findings: [] };
          const { lines } = makeFrame(state, { columns, rows }, scene);
          expect(lines.length).toBe(rows - 1);
          for (const each of lines) {
            expect(textWidth(each)).toBeLessThanOrEqual(columns);
            expect(each).not.toMatch(/[\p{Cc}\p{Cf}]/u);
          }
        },
      ),
    );
  });

  test("marks the cursor without colour, and colours nothing unless told", () => {
    const rows = [{ text: "one" }, { text: "two", open: { screen: "home", args: {} }, tone: "bad" as const }];
    const scene = { body: { head: [], rows }, screens: [screen], name: "core", working: "", findings: [] };
    const plain = makeFrame(startAt({ screen: "home", args: {} }), { columns: 60, rows: 12 }, scene).lines.join("\n");
    expect(plain).toContain("▌ one");
    expect(plain).toContain(" ›two");
    expect(plain).not.toContain("\u001b");
    const coloured = makeFrame(startAt({ screen: "home", args: {} }), { columns: 60, rows: 12 }, { ...scene, isColoured: true });
    expect(coloured.lines.join("\n")).toContain("\u001b[7m▌ one");
  });

  test("names its tabs whole at every width, or by their digits alone", () => {
    const names = "Overview Types Dominators Goroutines Trace Suspects Memory Findings".split(" ");
    const screens = names.map((name): Screen => ({ ...screen, name, tab: name }));
    const bar = (columns: number) =>
      makeFrame(startAt({ screen: "Dominators", args: {} }), { columns, rows: 24 }, { ...sceneOf([]), screens }).lines[0];
    expect(bar(140)).toMatch(/^ 1 Overview {2}2 Types \[3 Dominators\] 4 Goroutines .*8 Findings .*core$/);
    expect(bar(80)).toBe(" 1Overview 2Types[3Dominators]4Goroutines 5Trace 6Suspects 7Memory 8Findings");
    expect(bar(40)).toBe(`${" 1 2[3Dominators]4 5 6 7 8".padEnd(36)}core`);
    expect(bar(20)).toBe(" 1 2[3]4 5 6 7 8");
  });

  test("says that answers are partial on every screen, and counts notes without alarm", () => {
    const finding = (partial: boolean) => ({ code: "x", partial, message: "m", count: 1, example: "" });
    const status = (...findings: Finding[]) =>
      makeFrame(startAt({ screen: "home", args: {} }), { columns: 60, rows: 12 }, { ...sceneOf([]), findings }).lines.at(-2);
    expect(status()).toBe("");
    expect(status(finding(false))).toBe("1 note");
    expect(status(finding(false), finding(false))).toBe("2 notes");
    expect(status(finding(false), finding(true))).toBe("! answers are partial: 1 finding");
  });

  test("says how far the work is where there is nothing to show yet", () => {
    const scene = { body: { head: [], rows: [] }, screens: [screen], name: "core", working: "reading heap 43%", findings: [] };
    expect(makeFrame(startAt({ screen: "home", args: {} }), { columns: 60, rows: 12 }, scene).lines[3]).toBe("  reading heap 43% …");
  });

  test("shows the end of what is typed, whatever the width: on 20 columns the wish to write a file is wider than the terminal", () => {
    const scene = { body: { head: [], rows: [] }, screens: [screen], name: "core", working: "", findings: [] };
    for (let columns = 20; columns < 60; columns++) {
      for (const text of ["", "x", "types.txt", "世界".repeat(40)]) {
        const mode = { kind: "prompt", sign: "e", text, recalled: 0 } as const;
        const { lines } = makeFrame({ ...startAt({ screen: "home", args: {} }), mode }, { columns, rows: 8 }, scene);
        const line = lines.at(-2) as string;
        expect(textWidth(line)).toBeLessThanOrEqual(columns);
        expect(line.endsWith(`${text.slice(-5)}█`)).toBe(true);
      }
    }
  });

  test("cuts the breadcrumb and the note, never the row's number", () => {
    const note = "last 2,000 of 164,976 events and then some";
    const body = { head: [], rows: Array.from({ length: 1234 }, () => ({ text: "" })), note };
    const scene = { body, screens: [screen], name: "core", working: "", findings: [] };
    const crumbs = (title: string) => makeFrame(startAt({ screen: "home", args: { title } }), { columns: 60, rows: 12 }, scene).lines[1];
    expect(crumbs("Trace › Events of a goroutine")).toMatch(/^Trace.* last .*… · 1 of 1,234$/);
    expect(crumbs("Ev")).toBe(`Ev   ${note} · 1 of 1,234`);
  });

  test("leaves at least one row for the list", () => {
    expect(listHeight({ columns: 80, rows: 24 }, 1)).toBe(18);
    expect(listHeight({ columns: 80, rows: 4 }, 3)).toBe(1);
  });
});

describe("lines", () => {
  test("a table gives what is left to the columns that may be cut, and is found by its whole words", () => {
    const long = "map[string]*github.com/acme/shop/internal/session.Session";
    const { head, rows } = tableLines(
      [
        { title: "bytes", align: "right" },
        { title: "type", cut: "start" },
      ],
      [{ cells: ["80 B", long] }],
      30,
    );
    expect(head[0]?.text).toBe("bytes  type");
    expect(rows[0]?.text.length).toBe(30);
    expect(rows[0]?.text).toBe(" 80 B  …ternal/session.Session");
    expect(rows[0]?.words).toContain("internal/session");
  });

  test("a table on a narrow terminal leaves out what yields before names are cut to nothing, and finds it all the same", () => {
    const columns = [
      { title: "count", align: "right" },
      { title: "share", align: "right", yields: true },
      { title: "bar", yields: true },
      { title: "type", cut: "end" },
    ] as const;
    const rows = [{ cells: ["12", "57%", "█████████▋", "main.Session"] }];
    const titles = (width: number) =>
      tableLines(columns, rows, width)
        .head[0]?.text.split(/ +/)
        .filter((word) => word !== "");
    expect(titles(60)).toEqual(["count", "share", "bar", "type"]);
    expect(titles(30)).toEqual(["count", "share", "type"]);
    expect(titles(20)).toEqual(["count", "type"]);
    expect(tableLines(columns, rows, 20).rows[0]?.text).toBe("   12  main.Session");
    expect(tableLines(columns, rows, 20).rows[0]?.words).toContain("57%");
  });

  test("an address or a goroutine in a text leads there", () => {
    const lines = textLines(["  at 0xc000012000 main.User", "goroutine 17 [select]", "nothing"]);
    expect(lines.map(({ open }) => open)).toEqual([
      { screen: "object", args: { of: "0xc000012000" } },
      { screen: "goroutine", args: { id: 17 } },
      undefined,
    ]);
  });

  test("prose is wrapped at spaces", () => {
    expect(wrapText("  one two three", 9, "    ")).toEqual(["  one two", "    three"]);
  });

  test("a command line is split as in a shell, quotes within a word kept", () => {
    expect(splitWords("show 'main.a b' --depth 2")).toEqual(["show", "main.a b", "--depth", "2"]);
    expect(splitWords('show main.cache["a b"].x  "q r"')).toEqual(["show", 'main.cache["a b"].x', "q r"]);
    expect(splitWords("  ")).toEqual([]);
  });
});

describe("the painter", () => {
  /** A terminal that understands what the painter writes. */
  function fakeTerminal(rows: number) {
    const screen_: string[] = Array.from({ length: rows }, () => "");
    const written: string[] = [];
    const terminal = Object.assign(new EventEmitter(), {
      columns: 80,
      rows,
      writableNeedDrain: false,
      write(text: string) {
        written.push(text);
        for (const [, row, line] of text.matchAll(/\u001b\[(\d+);1H([^\u001b]*)\u001b\[0m\u001b\[K/g)) screen_[Number(row) - 1] = line;
        return true;
      },
    });
    return { terminal, screen: screen_, written };
  }

  test("shows the newest frame, whatever came before, and writes only what changed", async () => {
    const frame = fc.array(fc.stringMatching(/^[a-z]{0,5}$/), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 5 }), async (frames) => {
        const { terminal, screen: shown } = fakeTerminal(6);
        const painter = makePainter(terminal);
        for (const lines of frames) painter.stream.write(lines.join("\n"));
        await new Promise((resolve) => setTimeout(resolve, 40));
        const last = frames.at(-1) as string[];
        expect(shown).toEqual(Array.from({ length: 6 }, (_, row) => last[row] ?? ""));
        painter.pause();
      }),
      { numRuns: 15 },
    );
    const { terminal, written } = fakeTerminal(6);
    const painter = makePainter(terminal);
    painter.stream.write("a\nb\nc");
    painter.stream.write("a\nx\nc");
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(written.length).toBe(2);
    expect(written[1]).toBe("\u001b[?2026h\u001b[2;1Hx\u001b[0m\u001b[K\u001b[?2026l");
    painter.pause();
  });

  test("a slow terminal gets the newest frame when it can take it, after stop none", async () => {
    const { terminal, screen: shown, written } = fakeTerminal(3);
    const painter = makePainter(terminal);
    terminal.writableNeedDrain = true;
    painter.stream.write("one");
    painter.stream.write("two");
    painter.stream.write("three");
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(shown[0]).toBe("one");
    terminal.writableNeedDrain = false;
    terminal.emit("drain");
    expect(shown[0]).toBe("three");
    painter.pause();
    painter.stream.write("four");
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(written.length).toBe(2);
    // Taken again, the terminal shows the newest frame, all of it.
    painter.resume();
    expect(shown[0]).toBe("four");
    painter.pause();
    painter.resume();
    expect(written.length).toBe(4);
  });
});
