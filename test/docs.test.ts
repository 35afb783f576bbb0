/** The pages of docs: what they name is there, what is there they name. Paths and command lines: test/readme.test.ts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { pages } from "../scripts/readme-claims.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = (page: string) => readFileSync(join(root, page), "utf8");
const docs = pages(root).filter((page) => page.startsWith("docs/"));

/** Everything that is written in a language. */
function sources(): string {
  const files = ["src", "cli", "scripts", "test"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(root, folder, name)),
  );
  const written = files.filter((name) => /[.]m?tsx?$|[.]mjs$/.test(name));
  return written.map((name) => readFileSync(name, "utf8")).join("\n");
}

/** Functions that a page names: `name()`. */
function functionsIn(page: string): readonly string[] {
  return [...text(page).matchAll(/`(\w+)\(\)`/g)].flatMap(([, name]) => name ?? []);
}

describe("docs", () => {
  it("name functions that are there", () => {
    const code = sources();
    const isThere = (name: string) => new RegExp(`\\bfunction [*]?${name}\\b|^  (?:private |async |[*])*${name}\\(`, "m").test(code);
    expect(isThere("untrueClaims")).toBe(true);
    expect(isThere("nobodyWroteThis")).toBe(false);
    expect(docs.flatMap((page) => functionsIn(page).map((name) => ({ page, name }))).filter(({ name }) => !isThere(name))).toEqual([]);
  });

  it("open with a drawing, all but those that go through a list", () => {
    const lists = ["docs/troubleshooting.md", "docs/glossary.md"];
    for (const page of docs.filter((each) => !lists.includes(each))) expect(text(page), page).toMatch(/^# .+\n\n```\n/);
  });
});
