/** What corescope prints stays what it is: text and JSON of every command on every committed dump. `npm run generate` writes it anew. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../cli/commands/index.js";
import { fixtures } from "../support/dump-cache.js";
import { type Answers, answersOf, mistakesOf, root } from "./answers.js";
import { difference } from "./difference.js";
import { questionsOf } from "./questions.js";

const data = join(root, "test", "golden", "data");
const isWriting = process.env.CORESCOPE_GOLDEN === "write";
const all = fixtures();
const demo = all.filter(({ meta }) => meta.program === "demo").slice(0, 1);

describe("golden answers", { timeout: 300_000 }, () => {
  it("are of every command", () => {
    const names = COMMANDS.map(({ name }) => name).sort();
    for (const { meta } of all) expect(Object.keys(questionsOf(meta.program, () => "")).sort()).toEqual(names);
  });

  it("are of every fixture", () => {
    if (isWriting) rmSync(data, { recursive: true, force: true });
    else expect(readdirSync(data).sort()).toEqual([...all.map(({ name }) => name), "mistakes"].sort());
  });

  it.each(all)("of $name are what they were", async (fixture) => {
    check(fixture.name, await answersOf(fixture));
  });

  it.each(demo)("to --help and mistakes are what they were", async (fixture) => {
    check("mistakes", await mistakesOf(fixture));
  });
});

/** Holds answers against a folder of golden files, or writes the folder. */
function check(name: string, answers: Answers): void {
  const folder = join(data, name);
  if (isWriting) {
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of answers) writeFileSync(join(folder, file), text);
    return;
  }
  const differences = [...new Set([...readdirSync(folder), ...answers.keys()])].flatMap((file) => {
    const path = join(folder, file);
    const was = existsSync(path) ? readFileSync(path, "utf8") : "";
    const is = answers.get(file) ?? "";
    return was === is ? [] : [`${name}/${file}: ${difference(was, is)}`];
  });
  if (differences.length === 0) return;
  const shown = differences.slice(0, 5).join("\n\n");
  const rest = differences.length > 5 ? `\n\nand ${differences.length - 5} files more` : "";
  expect.fail(`${shown}${rest}\n\nnpm run generate writes what corescope answers now; say in the commit why it differs`);
}
