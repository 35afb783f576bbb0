/** Recipes of damage: each is refused in words, or the answer says what it lacks; none is a bug, none is silent. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../cli/cli.js";
import { openDump } from "../../src/dump.js";
import { unpacked } from "../support/dump-cache.js";
import { stripped } from "../support/stripped.js";
import { makeWorld } from "../support/world.js";
import { RECIPES, type Recipe } from "./recipes.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recipes-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function answerOf(recipe: Recipe, edits: Recipe["edits"]) {
  const whole = unpacked(recipe.fixture);
  const paths = { core: whole.core, exe: recipe.stripped ? stripped(whole.executable) : whole.executable };
  for (const file of ["core", "exe"] as const) {
    const own = edits.filter((each) => each.file === file);
    if (own.length === 0) continue;
    const bytes = readFileSync(paths[file]);
    for (const edit of own) bytes.set(edit.bytes, edit.at);
    paths[file] = join(folder, file);
    writeFileSync(paths[file], bytes);
  }
  const world = makeWorld();
  const [command = "", ...rest] = recipe.words;
  const status = await run([command, paths.core, ...rest, "--exe", paths.exe, "--json"], { ...world, open: openDump });
  return { status, ...world.printed };
}

test.each(RECIPES)("$words of $fixture: $name", async (recipe) => {
  expect((await answerOf(recipe, [])).status).toBe(0);
  const { status, error } = await answerOf(recipe, recipe.edits);
  expect([3, 4, 5]).toContain(status);
  expect(error).not.toMatch(/^\s+at .*:\d+:\d+/m);
});
