import { expect, test } from "vitest";
import { COMMANDS } from "../../../cli/commands/index.js";
import { completeLine, wordsOf } from "../../../cli/ui/completion.js";

const words = () => ["main.server", "main.sessions", "main.Session", "g1", "1"];
const complete = (text: string) => completeLine(text, COMMANDS, words);

test("the last word grows by what all that begin like it have in common", () => {
  expect(complete("hist")).toEqual({ text: "histogram ", offers: ["histogram"] });
  expect(complete("trace e")).toMatchObject({ text: "trace e", offers: ["trace events", "trace export", "trace extract"] });
  expect(complete("show main.se")).toEqual({ text: "show main.se", offers: ["main.server", "main.sessions"] });
  expect(complete("show main.sess")).toEqual({ text: "show main.sessions", offers: ["main.sessions"] });
  expect(complete("histogram --gar").text).toBe("histogram --garbage ");
});

test("a line stays where nothing begins like its last word, and where there is none", () => {
  for (const text of ["", "zzz", "show ", "show x", "histogram --zzz"]) expect(complete(text)).toEqual({ text, offers: [] });
});

test("words are types, expressions, addresses and goroutines of answers, parts of values and locals of frames", () => {
  const answers = [
    {
      rows: [
        { type: "main.User", count: 3 },
        { type: "func main.f", address: "0xc000012000" },
      ],
      total: { rows: 2 },
    },
    { groups: [{ ids: [7, 8] }] },
    { owner: "main.root", children: [{ expression: "main.root.next" }] },
    { expression: "main.cache", value: { type: "map[string]int", children: [{ name: '["a"]' }, { name: "size" }] } },
    { id: 7, frames: [{ function: "main.run", variables: [{ name: "request" }] }] },
    null,
    "text",
  ].filter((each) => each !== null);
  expect([...wordsOf(answers)].sort()).toEqual(
    [
      ..."main.User 0xc000012000 g7 7 g8 8 main.root main.root.next main.cache map[string]int".split(" "),
      'main.cache["a"]',
      "main.cache.size",
      "g7.main.run.request",
    ].sort(),
  );
});
