/** The package as others get it: packed, installed in an empty project, its examples compiled and run. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture } from "../support/dump-cache.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = join(root, "docs", "library.md");
const isWriting = process.env.CORESCOPE_GOLDEN === "write";
const example = /^```ts\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm;
const examples = [...readFileSync(page, "utf8").matchAll(example)].map(([, code = "", printed = ""], index) => ({
  name: `example-${index + 1}`,
  code,
  printed,
}));

const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  target: "es2022",
  module: "nodenext",
  rootDir: ".",
  outDir: "out",
  types: ["node"],
  skipLibCheck: false,
};

describe("the packed package", () => {
  const home = mkdtempSync(join(tmpdir(), "corescope-package-"));
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  let installed = "";
  beforeAll(() => {
    const packed = run("npm", ["pack", "--silent", "--pack-destination", home], root);
    expect(packed.text).toMatch(/corescope-.*[.]tgz/);
    const archive = readdirSync(home).find((name) => name.endsWith(".tgz")) ?? "";
    writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module", private: true }));
    const words = [
      "install",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      `./${archive}`,
      `@types/node@${devDependencies["@types/node"]}`,
    ];
    installed = run("npm", words, home).text;
    for (const { name, code } of examples) writeFileSync(join(home, `${name}.ts`), code);
    writeFileSync(
      join(home, "internals.ts"),
      `import { QUERIES } from "corescope/engine";\nexport const names: readonly string[] = Object.keys(QUERIES);\n`,
    );
    writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  test("installs without a warning, and runs nothing", () => {
    expect(installed).not.toMatch(/warn|deprecated/i);
    const { scripts = {} } = JSON.parse(readFileSync(join(home, "node_modules", "corescope", "package.json"), "utf8"));
    expect(Object.keys(scripts).filter((name) => /install/.test(name))).toEqual([]);
  });

  test("compiles with tsc --strict, declarations and all", () => {
    expect(run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", "."], home)).toEqual({
      status: 0,
      text: "",
    });
  });

  test("has ten examples", () => expect(examples.length).toBeGreaterThanOrEqual(10));

  test.each(examples)("$name prints what the page says", ({ name, code, printed }) => {
    const answer = run(process.execPath, [join("out", `${name}.js`), fixture("demo-1.26-amd64").core], home);
    expect(answer.status, answer.text).toBe(0);
    if (isWriting) {
      const block = `\`\`\`ts\n${code}\`\`\`\n`;
      const text = readFileSync(page, "utf8").replace(example, (whole, each) =>
        each === code ? `${block}\n\`\`\`text\n${answer.text}\`\`\`\n` : whole,
      );
      writeFileSync(page, text);
    } else expect(answer.text).toBe(printed);
  });
});

/** A command that ends by itself: its status, and what it printed, warnings too. */
function run(command: string, words: readonly string[], folder: string): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd: folder, encoding: "utf8" });
  return { status, text: stdout + stderr };
}
