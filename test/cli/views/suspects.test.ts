import { expect, test } from "vitest";
import { commandLine } from "../../../cli/text/command-line.js";
import { suspectJson, suspectText } from "../../../cli/views/suspects.js";
import type { Suspect } from "../../../src/query/suspects.js";

const found: Suspect = {
  rule: "accumulation",
  subject: { kind: "object", id: 7, expression: "main.s" },
  bytes: 1000,
  share: 0.25,
  whole: { kind: "live heap", bytes: 4000 },
  parts: [
    { bytes: 600, count: 20, type: "main.T", each: "main.Buffer" },
    { bytes: 300, count: 1, type: "main.U", expression: "main.s.u" },
  ],
  figures: { holder: "main.s", isRuntimes: false, type: "main.S", members: { count: 20, type: "main.T" } },
  signs: [{ sign: "finished", type: "main.T", field: "done", share: 0.5 }, { sign: "leak-name" }],
  next: { query: "dominators", args: { of: "main.s" } },
  score: 1,
  confidence: "medium",
  signature: "0123456789ab",
};

test("title, share and evidence are made of one record", () => {
  expect(suspectText(found)).toEqual({
    kind: "accumulation",
    title: "main.s holds 1000 B (25% of the live heap): 20 × main.T",
    of: "the live heap",
    parts: ["main.T, each with main.Buffer", "main.s.u, main.U"],
    evidence: [
      "600 B: 20 × main.T, each with main.Buffer",
      "300 B: main.s.u, main.U",
      "a main.S",
      "50% of the main.T have done == true, and are still held",
    ],
    next: "dominators CORE main.s",
  });
});

test("JSON has the figures, and what people read", () => {
  expect(suspectJson(found, (hint) => `corescope ${hint}`)).toMatchObject({
    title: "main.s holds 1000 B (25% of the live heap): 20 × main.T",
    parts: [{ what: "main.T, each with main.Buffer", type: "main.T", each: "main.Buffer" }, { expression: "main.s.u" }],
    expression: "main.s",
    next: "corescope dominators CORE main.s",
    rule: "accumulation",
    figures: found.figures,
    question: { query: "dominators", args: { of: "main.s" } },
  });
});

test.each([
  [{ query: "why", args: { type: "^main\\.T$", merge: true } }, "why CORE --type '^main\\.T$' --merge"],
  [{ query: "histogram", args: { by: "goroutine", focus: "main.work" } }, "histogram CORE --by goroutine --focus main.work"],
  [{ query: "dominators", args: { of: "main.m[3]" } }, "dominators CORE 'main.m[3]'"],
  [{ query: "overview", args: { garbage: false } }, "overview CORE"],
])("a question is typed as a line", (question, line) => {
  expect(commandLine(question)).toBe(line);
});
