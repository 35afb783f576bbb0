import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf, bytesOfHex, formatBar, formatHexDump, formatShare } from "../../../cli/text/bytes.js";
import { escapeText } from "../../../cli/text/escape.js";
import { jsonChunks, makeEnvelope } from "../../../cli/text/json.js";
import { makePage, proseWidth, wantsColour } from "../../../cli/text/style.js";
import { type Column, cutText, formatTable, padText, textWidth, truncationLine } from "../../../cli/text/table.js";
import { pathLines } from "../../../cli/text/tree.js";
import { cpuSeconds } from "../../support/cpu.js";

const control = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.string().map((text) => `\u001b[2J\u009b31m${text}\ud800`),
);

test("a value whose parts are bytes is shown as bytes, any other is not", () => {
  const part = (type: string, text: string) => ({ type, text });
  expect(bytesOf({ children: [part("uint8", "0"), part("uint8", "255")] })).toEqual(Uint8Array.of(0, 255));
  expect(bytesOf({ children: [part("uint8", "0"), part("uint16", "255")] })).toBeUndefined();
  expect(bytesOf({ children: [part("uint8", "(8 bytes at 0x10 are not in the core)")] })).toBeUndefined();
  expect(bytesOf({})).toBeUndefined();
});

describe("escapeText", () => {
  test("never lets a control character through", () => {
    fc.assert(fc.property(anyText, (text) => !control.test(escapeText(text))));
  });
  test("leaves printable text as it is, and does not escape twice", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => escapeText(text) === text));
    fc.assert(fc.property(anyText, (text) => escapeText(escapeText(text)) === escapeText(text)));
  });
  test("writes Go escapes", () => {
    expect(escapeText("a\n\t\u001b[31m\u202e\u0085é\ud83d\u{e0001}")).toBe("a\\n\\t\\x1b[31m\\u202e\\u0085é\\ud83d\\U000e0001");
  });
});

describe("cutText", () => {
  test("is never wider than asked, and keeps what fits", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), fc.constantFrom("start", "end"), (text, width, where) => {
        const cut = cutText(text, width, where);
        expect(textWidth(cut)).toBeLessThanOrEqual(width);
        if (textWidth(text) <= width) expect(cut).toBe(text);
      }),
    );
  });
  test("keeps the end of a name", () => {
    expect(cutText("github.com/acme/shop/internal/session.Session", 21, "start")).toBe("…rnal/session.Session");
    expect(cutText("    net/http.(*conn).serve  server.go:1", 20, "start")).toBe("    …ve  server.go:1");
  });
  test("a quarter of a million characters that are not ASCII take no time that grows with its square", () => {
    const text = "é日".repeat(1 << 17);
    const seconds = cpuSeconds(() => {
      expect(textWidth(text)).toBe(3 << 17);
      expect(textWidth(cutText(text, 80))).toBe(80);
      expect(cutText(`12 × ${text}e\u0301`, 20, "start")).toMatch(/^12 × ….*日e\u0301$/);
    });
    expect(seconds).toBeLessThan(20);
  });
  test("pads wide characters by the columns they take", () => {
    expect(padText("日本", 6)).toBe("日本  ");
    expect(padText("7", 3, "right")).toBe("  7");
  });
});

describe("formatTable", () => {
  const columns: readonly Column[] = [
    { title: "count", align: "right" },
    { title: "name", cut: "start" },
    { title: "value", cut: "end" },
  ];

  test("no line is wider than the page when the columns may be cut", () => {
    const row = fc.tuple(fc.nat(99999).map(String), anyText, anyText);
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), fc.integer({ min: 27, max: 120 }), (rows, width) => {
        const lines = formatTable(columns, rows, width);
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) {
          expect(textWidth(line)).toBeLessThanOrEqual(width);
          expect(control.test(line)).toBe(false);
        }
      }),
    );
  });
  test("cuts nothing in a pipe", () => {
    const name = "x".repeat(500);
    expect(formatTable(columns, [["1", name, "v"]], Number.POSITIVE_INFINITY)[1]).toBe(`    1  ${name}  v`);
  });
  test("aligns numbers to the right and has no header without titles", () => {
    expect(
      formatTable(
        [{ title: "", align: "right" }, { title: "" }],
        [
          ["7", "a"],
          ["12,000", "b"],
        ],
        80,
      ),
    ).toEqual(["     7  a", "12,000  b"]);
  });
  test("truncation is told", () => {
    expect(truncationLine(20, 8112, "row")).toBe("20 of 8,112 rows (--top 0 for all)");
    expect(truncationLine(20, 20, "row")).toBeUndefined();
  });
});

describe("bytes", () => {
  test("shares do not round a part to nothing or to all", () => {
    expect([formatShare(0, 10), formatShare(1, 1000), formatShare(999, 1000), formatShare(10, 10), formatShare(1, 0)]).toEqual([
      "0%",
      "<1%",
      ">99%",
      "100%",
      "-",
    ]);
  });
  test("a bar is never wider than its column", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: 0, max: 1e15 }),
        fc.double({ noNaN: true, min: 0, max: 1e15 }),
        fc.integer({ min: 1, max: 30 }),
        (part, whole, width) => {
          expect(textWidth(formatBar(part, whole, width))).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
  test("a hex dump shows every byte once", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const cells = formatHexDump(0xc000012340, bytes).map((line) =>
          line
            .split("|")[0]
            ?.replace(/^[0-9a-f]+/, "")
            .replaceAll(" ", ""),
        );
        expect(bytesOfHex(cells.join(""))).toEqual(new Uint8Array(bytes));
      }),
    );
    expect(formatHexDump(0xc000012340, new TextEncoder().encode("corescope\u001b, 1 line"))).toEqual([
      "c000012340 63 6f 72 65 73 63 6f 70  65 1b 2c 20 31 20 6c 69 |corescope., 1 li|",
      "c000012350 6e 65                                            |ne|",
    ]);
  });
});

describe("JSON", () => {
  test("the pieces are the document, however long its rows", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(1300), (value, count) => {
        const document = {
          a: value,
          result: { rows: Array.from({ length: count }, (_, id) => ({ id, value })), total: count },
          none: undefined,
        };
        const text = [...jsonChunks(document)].join("");
        expect(text.endsWith("\n")).toBe(true);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(document)));
      }),
      { numRuns: 50 },
    );
  });
  test("long rows come in bounded pieces", () => {
    const pieces = [...jsonChunks({ result: { rows: Array.from({ length: 100_000 }, (_, id) => ({ id })) } })];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(10_000);
  });
  test("holds nothing that a terminal obeys", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const document = [...jsonChunks({ text })].join("").slice(0, -1);
        expect(/[\p{Cc}\u2028-\u202e]/u.test(document)).toBe(false);
        expect(JSON.parse(document)).toEqual({ text });
      }),
    );
  });
  test("the envelope has the documented fields and no others", () => {
    const core = { path: "core", goVersion: "go1.26.8", arch: "amd64", buildId: "ab", secret: 1 };
    const finding = { code: "cut", message: "m", count: 2, example: "e", partial: true };
    expect(makeEnvelope("why", core, { a: 1 }, [finding])).toEqual({
      schema: "corescope/1",
      command: "why",
      core: { path: "core", goVersion: "go1.26.8", arch: "amd64", buildId: "ab" },
      result: { a: 1 },
      findings: [{ code: "cut", message: "m", count: 2, example: "e" }],
    });
  });
});

describe("style", () => {
  test("colour follows the option, then the environment, then the terminal", () => {
    expect(wantsColour("auto", true, {})).toBe(true);
    expect(wantsColour("auto", false, {})).toBe(false);
    expect(wantsColour("auto", true, { NO_COLOR: "1" })).toBe(false);
    expect(wantsColour("auto", true, { NO_COLOR: "" })).toBe(true);
    expect(wantsColour("auto", false, { FORCE_COLOR: "1" })).toBe(true);
    expect(wantsColour("auto", true, { TERM: "dumb" })).toBe(false);
    expect(wantsColour("always", false, { NO_COLOR: "1" })).toBe(true);
    expect(wantsColour("never", true, { FORCE_COLOR: "1" })).toBe(false);
  });
  test("prose has 80 columns on a wide page", () => {
    expect([
      proseWidth(makePage(Number.POSITIVE_INFINITY, false)),
      proseWidth(makePage(60, false)),
      proseWidth(makePage(10, false)),
    ]).toEqual([80, 60, 40]);
  });
});

describe("pathLines", () => {
  const step = (index: number) => ({
    address: `0xc${index.toString(16).padStart(9, "0")}`,
    type: "main.list",
    bytes: 48,
    expression: `main.head${".next".repeat(index)}`,
  });

  test("a long path loses its middle and says how much", () => {
    const drawn = pathLines(
      "global main.head",
      Array.from({ length: 1000 }, (_, index) => step(index)),
      makePage(80, false),
    );
    expect(drawn.at(-1)?.step).toBe(999);
    const lines = drawn.map(({ text }) => text);
    expect(lines.length).toBeLessThan(130);
    expect(lines.join("\n")).toContain("945 more steps");
    expect(lines.at(-2)).toContain("└▶");
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(80);
  });
  test("a name from the core cannot colour the screen", () => {
    const lines = pathLines("global \u001b[31m", [{ ...step(0), type: "\u001b[2J", expression: 'm["\u009b1m"]' }], makePage(80, false));
    expect(control.test(lines.map(({ text }) => text).join(""))).toBe(false);
  });
});
