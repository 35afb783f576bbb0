/** The release of a program that does not say it, by the code of its runtime: on the committed dumps, which do say it. */
import { expect, test } from "vitest";
import { tableByCode } from "../../../src/runtime/binary/release-by-code.js";
import { tableReleases } from "../../../src/runtime/binary/tables.js";
import { fixtures, openFixture } from "../../support/dump-cache.js";

for (const { name } of fixtures()) {
  test(`${name}: the very release, or another patch of it where the tables lack that`, async () => {
    const { process, runtime } = await openFixture(name);
    const { goVersion } = runtime.build;
    const found = tableByCode(process, () => runtime.layout)?.goVersion;
    if (tableReleases(process.arch.name).includes(goVersion)) expect(found).toBe(goVersion);
    else expect(found?.split(".").slice(0, 2)).toEqual(goVersion.split(".").slice(0, 2));
  });
}

test("code of no known release has none", async () => {
  const { process, runtime } = await openFixture("zoo-1.26-amd64");
  const layout = { ...runtime.layout, global: () => process.memory.mappings[0].start } as typeof runtime.layout;
  expect(tableByCode(process, () => layout)).toBeUndefined();
});
