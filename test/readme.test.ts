/** README's reference and claims; its samples are checked by scripts/readme.mjs --check. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../cli/commands/index.js";
import { EXIT } from "../cli/exit.js";
import { buildProgram } from "../cli/grammar.js";
import { pages, referenceOf, untrueClaims } from "../scripts/readme-claims.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const silent = { write: () => true };
const makeProgram = (run: () => void) => buildProgram(COMMANDS, { out: silent, error: silent, version: "" }, run);
const claims = (text: string) => untrueClaims("README.md", text, makeProgram, EXIT, root);

describe("README", () => {
  it("has the reference that the commands' help makes, every option in it", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const reference = referenceOf(makeProgram(() => {}));
    expect(readme.includes(reference), "node scripts/readme.mjs").toBe(true);
    for (const { name, options, operands } of COMMANDS) {
      expect(reference).toContain(`| \`${[name, "<core>", ...operands.map((each) => each.name)].join(" ")}\``);
      for (const { flags } of options) expect(reference).toContain(`| \`${flags}\` |`);
    }
    expect(reference).toContain("| `--exe <file>` |");
  });

  it.each(pages(root))("%s claims nothing that is not so", (file) => {
    expect(untrueClaims(file, readFileSync(`${root}/${file}`, "utf8"), makeProgram, EXIT, root)).toEqual([]);
  });

  it.each([
    ["a file", "see `src/nothing.ts`", "README.md:1: src/nothing.ts is not there"],
    ["a file in a drawing", "```\n  cli/nothing ---> src/dump.ts\n```", "README.md:2: cli/nothing is not there"],
    ["a link", "see [there](nothing.md)", "README.md:1: nothing.md is not there"],
    ["an option", "with `--nonsense` it", "README.md:1: no command has --nonsense"],
    ["a script", "`npm run nothing`", "README.md:1: package.json has no script nothing"],
    ["a command line", "```sh\ncorescope why core --nonsense\n```", "README.md:2: why core --nonsense: error: unknown option '--nonsense'"],
    ["a command", "```sh\ncorescope whatever core 1 2\n```", "README.md:2: whatever core 1 2: error: too many arguments"],
    ["an exit code", "| 9 | nothing |", "README.md: exit codes are 0, 1, 2, 3, 4, 5, 70, 130, not 9"],
  ])("finds %s that is not there", (_, text, wanted) => {
    expect(claims(text)).toHaveLength(1);
    expect(claims(text)[0]).toContain(wanted);
  });

  it("takes what is so", () => {
    expect(
      claims("`src/dump.ts`, `--top`, [it](docs/troubleshooting.md)\n```sh\ncorescope core death\nnpm start -- histogram core\n```"),
    ).toEqual([]);
  });
});
