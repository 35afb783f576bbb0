import fc from "fast-check";
import { expect, test } from "vitest";
import { textWidth } from "../../../cli/text/table.js";
import { wrapText, wrapWords } from "../../../cli/text/wrap.js";

test("the first line keeps its spaces, later ones begin with the indent", () => {
  expect(wrapText("  one two three four", 11, "     ")).toEqual(["  one two", "     three", "     four"]);
  expect(wrapWords(["one", "two", "three"], 9, "1. ", "   ")).toEqual(["1. one", "   two", "   three"]);
  expect(wrapText("", 10, "  ")).toEqual([""]);
});

test("no word is lost, divided or moved, and no line is wider than it must be", () => {
  const word = fc.stringMatching(/^[a-z日ü]{1,12}$/u);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 40 }), (words, width) => {
      const lines = wrapWords(words, width, "- ", "  ");
      expect(lines.flatMap((line) => line.slice(2).split(" "))).toEqual(words);
      lines.forEach((line, index) => {
        expect(textWidth(line) <= width || !line.slice(2).includes(" ")).toBe(true);
        const [next] = lines[index + 1]?.slice(2).split(" ") ?? [];
        if (next !== undefined) expect(textWidth(`${line} ${next}`)).toBeGreaterThan(width);
      });
    }),
  );
});
