/** One list of queries: what commands ask, the worker answers and the library types. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Options } from "../../cli/arguments.js";
import { COMMANDS } from "../../cli/commands/index.js";
import { openDump } from "../../src/index.js";
import { QUERIES } from "../../src/query/queries.js";
import { unpacked } from "../support/dump-cache.js";

const folder = new URL("../../src/query/", import.meta.url);
const index = readFileSync(new URL("../index.ts", folder), "utf8");
const pascal = (name: string) => name.replace(/(^|[ -])([a-z])/g, (_, _gap, letter: string) => letter.toUpperCase());

describe("the list of queries", () => {
  test("has each under its own name", () => {
    for (const [name, query] of Object.entries(QUERIES)) expect(query.name).toBe(name);
  });

  test("has what every command asks", () => {
    const answered = new Set<unknown>(Object.values(QUERIES).map(({ run }) => run));
    for (const { name, query } of COMMANDS) expect(answered.has(query.run), name).toBe(true);
  });

  test("has its results and arguments exported by name", () => {
    for (const name of Object.keys(QUERIES)) expect(index).toMatch(new RegExp(`\\b${pascal(name)}Result\\b`));
    const args = readdirSync(folder).flatMap(
      (file) => readFileSync(new URL(file, folder), "utf8").match(/(?<=export interface )\w+Args\b/g) ?? [],
    );
    expect(args.length).toBeGreaterThan(10);
    for (const name of args) expect(index).toMatch(new RegExp(`\\b${name}\\b`));
  });

  // What a command asks when no option is given is what the library asks when nothing is said.
  const plain = COMMANDS.filter((spec) => spec.operands.every(({ name }) => name.startsWith("[")) && spec.start === undefined);
  test("answers by default what the commands do", async () => {
    const dump = await openDump({ core: unpacked("zoo-1.26-amd64").core });
    for (const { name, query, args } of plain) {
      if (name === "why") continue; // an address or a type, one of them
      const options: Options = {};
      const ask = dump.ask as (name: string, args?: unknown) => Promise<unknown>;
      expect(await ask(query.name), name).toEqual(await ask(query.name, args([], options)));
    }
    await dump.close();
  });
});
