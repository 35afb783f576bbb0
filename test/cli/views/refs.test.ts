import { expect, test } from "vitest";
import { formatFields } from "../../../cli/views/refs.js";

test.each([
  [["main.a.First"], 1, "main.a.First"],
  [["main.a.First", "main.a.Second"], 2, "main.a.First, .Second"],
  [["main.m[1].x", "main.m[2].x"], 9, "main.m[1].x, [2].x and 7 more"],
  [["main.a", "other.b"], 2, "main.a, other.b"],
  [[], 0, ""],
])("%j are told as one", (fields, pointers, text) => expect(formatFields(fields, pointers)).toBe(text));
