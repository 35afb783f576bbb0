/** What corescope prints stays what it is: text and JSON of every command on the demo and on the newest release. `npm run generate` writes it anew. */
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../cli/commands/index.js";
import { fixtures } from "../support/dump-cache.js";
import { answersOf, mistakesOf } from "./answers.js";
import { checkFolder, checkNames, foremost } from "./data.js";
import { questionsOf } from "./questions.js";

const all = fixtures();
const [demo] = foremost;

describe("golden answers", { timeout: 300_000 }, () => {
  it("are of every command", () => {
    const names = COMMANDS.map(({ name }) => name).sort();
    for (const { meta } of all) expect(Object.keys(questionsOf(meta.program, () => "")).sort()).toEqual(names);
  });

  it("are of every fixture", () => {
    checkNames([...all.map(({ name }) => name), "mistakes"]);
  });

  it.each(foremost)("of $name are what they were", async (fixture) => {
    checkFolder(fixture.name, await answersOf(fixture));
  });

  it("to --help and mistakes are what they were", async () => {
    checkFolder("mistakes", await mistakesOf(demo));
  });
});
