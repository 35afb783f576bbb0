/** The pages of docs: what they name is there, what is there they name. Paths and command lines: test/readme.test.ts. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { valueText } from "../cli/views/show.js";
import { pages } from "../scripts/readme-claims.mjs";
import { silent } from "../src/base/progress.js";
import { RULES } from "../src/diagnosis/rules.js";
import { SIGN_WEIGHT } from "../src/diagnosis/weights.js";
import { type Dump, openDump } from "../src/dump.js";
import { show } from "../src/query/show.js";
import { unpacked } from "./support/dump-cache.js";

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

  it("say of every folder of src and cli what is in it", () => {
    const folders = ["src", "cli"].flatMap((top) => {
      const entries = readdirSync(join(root, top), { recursive: true, withFileTypes: true });
      return entries.filter((each) => each.isDirectory()).map((each) => relative(root, join(each.parentPath, each.name)));
    });
    expect(folders.length).toBeGreaterThan(25);
    const page = text("docs/architecture.md");
    expect(folders.filter((folder) => !page.includes(`\`${folder}\``))).toEqual([]);
  });

  it("name every rule and sign of diagnosis", () => {
    const page = text("docs/diagnosis.md");
    const named = [...RULES.map(({ id }) => id), ...Object.keys(SIGN_WEIGHT)];
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((id) => !page.includes(`\`${id}\``))).toEqual([]);
  });

  it("link to headings that are there", () => {
    const slug = (heading: string) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-");
    const headings = (page: string) => [...text(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => slug(heading));
    const links = pages(root).flatMap((page) =>
      [...text(page).matchAll(/\]\(([\w./-]*)#([\w-]+)\)/g)].map(([, to = "", anchor = ""]) => ({ page, to, anchor })),
    );
    expect(links.length).toBeGreaterThan(5);
    const isThere = ({ page, to, anchor }: (typeof links)[number]) => headings(to === "" ? page : join(dirname(page), to)).includes(anchor);
    expect(links.filter((link) => !isThere(link))).toEqual([]);
  });

  it("open with a drawing, all but those that go through a list", () => {
    const lists = ["docs/troubleshooting.md", "docs/glossary.md"];
    for (const page of docs.filter((each) => !lists.includes(each))) expect(text(page), page).toMatch(/^# .+\n\n```\n/);
  });
});

describe("README's expressions", () => {
  const table = /<!-- expressions -->\n([\s\S]*?)<!-- end -->/.exec(text("README.md"))?.[1] ?? "";
  const rows = table.split("\n").flatMap((line) => {
    const [, , example, value] = line.slice(2, -2).split(" | ");
    const code = (cell = "") => /^`(.*)`$/.exec(cell)?.[1];
    const of = code(example);
    return of === undefined ? [] : [{ of, is: code(value) }];
  });
  let dump: Dump;
  beforeAll(async () => {
    dump = await openDump(unpacked("demo-1.26-amd64"));
  });
  afterAll(() => dump.close());

  it("are of every form", () => {
    expect(rows.length).toBeGreaterThan(14);
  });

  it.each(rows)("$of is what the demo core has there", ({ of, is }) => {
    const { value, type } = show.run(dump, { of, depth: 1, offset: 0, top: 3 }, { progress: silent, findings: dump.findings });
    expect(valueText(value) || type).toBe(is);
  });
});
