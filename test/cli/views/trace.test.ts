/** Words about traces: events, and why there is no trace. */
import { expect, test } from "vitest";
import { missingText } from "../../../cli/views/trace.js";
import { eventLines, eventText, withCrash } from "../../../cli/views/trace-event.js";
import { EVENT_KINDS } from "../../../src/query/trace-events.js";

const row = { time: 9, beforeEnd: -3, kind: "GoBlock", thread: 1, proc: 0, goroutine: 7, arguments: { reason: "chan receive" } };

test("an event is a sentence; one of a kind without words names its arguments", () => {
  expect(eventText(row)).toBe("blocks (chan receive)");
  expect(eventText({ ...row, kind: "GoCreate", arguments: { g: 12 }, function: "main.main" })).toBe("creates goroutine 12: main.main");
  expect(eventText({ ...row, kind: "GCSweepEnd", arguments: { swept: 2048, reclaimed: 3 } })).toBe(
    "sweeping ends: 2.0 KiB swept, 3 B reclaimed",
  );
  expect(eventText({ ...row, kind: "Sync", arguments: { a: 1, b: "x" } })).toBe("a 1, b x");
  expect(withCrash([row], -5).map(eventText)[0]).toContain("freezes the program");
});

test("kinds that carry what people look for have words", () => {
  const bare = EVENT_KINDS.filter((kind) => eventText({ ...row, kind, arguments: {} }) === "");
  expect(bare.filter((kind) => /^(Go|GC|Proc|STW|Heap|User)/.test(kind))).toEqual([]);
});

test("lines of JSON get the text of their event, whatever piece they come in", () => {
  const pieces = [[row, row], [row]].map((rows) => new TextEncoder().encode(rows.map((each) => `${JSON.stringify(each)}\n`).join("")));
  const text = [...eventLines(pieces)].map((piece) => new TextDecoder().decode(piece)).join("");
  const lines = text.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(Array(3).fill({ ...row, text: "blocks (chan receive)" }));
});

test("why there is no trace", () => {
  expect(missingText(undefined)).toBe("");
  expect(missingText({ reason: "stopped", lastGeneration: 4 })).toContain("(after generation 4)");
  expect(missingText({ reason: "old tracer", goVersion: "" })).toMatch(/^this Go has the tracer/);
});
