/** The answers of golden.test.ts on the cores that it does not ask: older releases, another architecture. */
import { describe, it } from "vitest";
import { fixtures } from "../support/dump-cache.js";
import { answersOf } from "./answers.js";
import { checkFolder, foremost } from "./data.js";

const others = fixtures().filter(({ name }) => !foremost.some((each) => each.name === name));

describe("golden answers of other releases", { timeout: 300_000 }, () => {
  it.each(others)("of $name are what they were", async (fixture) => {
    checkFolder(fixture.name, await answersOf(fixture));
  });
});
