// The golden files in test/golden/data: a folder for each fixture and one for mistakes.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { fixture, fixtures, type TestDump } from "../support/dump-cache.js";
import { type Answers, root } from "./answers.js";
import { difference } from "./difference.js";

const data = join(root, "test", "golden", "data");
const isWriting = process.env.CORESCOPE_GOLDEN === "write";

const newest = fixtures().findLast(({ meta }) => meta.program === "zoo") as TestDump;
/** The fixtures that golden.test.ts asks: the demo, and the zoo of the newest release. */
export const foremost = [fixture("demo-1.26-amd64"), newest] as const;

/** Holds that there is a folder for each name and no other, or removes the others. */
export function checkNames(names: readonly string[]): void {
  const present = readdirSync(data);
  if (!isWriting) expect(present.sort()).toEqual([...names].sort());
  else for (const name of present.filter((each) => !names.includes(each))) rmSync(join(data, name), { recursive: true });
}

/** Holds answers against a folder of golden files, or writes the folder anew. */
export function checkFolder(name: string, answers: Answers): void {
  const folder = join(data, name);
  if (isWriting) {
    rmSync(folder, { recursive: true, force: true });
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
