/** What is promised to programs: types, and schemas of what commands print; test/golden holds every answer against these. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { COMMANDS } from "../../cli/commands/index.js";
import { schemaNames, schemaProblems } from "../support/schemas.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const document = {
  schema: "corescope/1",
  command: "histogram",
  core: { path: "core", goVersion: "go1.26.0", arch: "amd64", buildId: "" },
  result: { by: "type", rows: [{ type: "int", count: 1, bytes: 8, evidence: {} }], total: { rows: 1, objects: 1, bytes: 8, parts: 0 } },
  findings: [],
};

test("schemas and public types are what the sources say", () => {
  const { status, stdout } = spawnSync(process.execPath, ["scripts/contract.mjs", "--check"], { cwd: root, encoding: "utf8" });
  expect(stdout).toBe("");
  expect(status).toBe(0);
});

test("every command that answers has a schema", () => {
  const answering = COMMANDS.filter(({ start }) => start === undefined).map(({ name }) => name.replaceAll(" ", "-"));
  expect(schemaNames()).toEqual([...answering, "error"].sort());
});

test("a schema refuses what is not its command's answer", () => {
  expect(schemaProblems(document)).toEqual([]);
  const { result } = document;
  expect(schemaProblems({ ...document, result: { ...result, by: "colour" } })).not.toEqual([]);
  expect(schemaProblems({ ...document, result: { rows: result.rows } })).not.toEqual([]);
  expect(schemaProblems({ ...document, result: { ...result, rows: [{ ...result.rows[0], bytes: "8" }] } })).not.toEqual([]);
  expect(schemaProblems({ ...document, result: { ...result, unsaid: 1 } })).not.toEqual([]);
  expect(schemaProblems({ ...document, command: "no such command" })).not.toEqual([]);
});
