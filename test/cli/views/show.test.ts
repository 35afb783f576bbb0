/** A value in words. */
import { expect, test } from "vitest";
import { showJson, valueText } from "../../../cli/views/show.js";

test("what Go's spelling leaves to be said follows it", () => {
  expect(valueText({ text: "5" })).toBe("5");
  expect(valueText({ text: "", more: { kind: "entries", count: 1 } })).toBe("1 entry");
  expect(valueText({ text: "&", more: { kind: "entries", count: 12 } })).toBe("&12 entries");
  expect(valueText({ text: '"GET /"', more: { kind: "cut", count: 300 } })).toBe('"GET /"… 300 bytes');
  expect(valueText({ text: "main.f  f.go:1", more: { kind: "uncaptured", count: 8 } })).toMatch(/^main.f {2}f.go:1 {2}\(and 8 bytes of/);
  expect(valueText({ text: "", more: { kind: "unknown type", count: 64 } })).toBe("64 bytes of unknown type");
});

test("JSON has the text as it is shown, at every depth", () => {
  const child = { name: "m", type: "map[int]int", text: "", more: { kind: "entries", count: 2 } } as const;
  const value = { name: "", type: "main.T", text: "", children: [child] };
  const answer = showJson({ expression: "main.t", type: "main.T", certainty: "certain", value });
  expect(answer.value.children?.[0]).toEqual({ ...child, text: "2 entries" });
});
