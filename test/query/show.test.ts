import { beforeAll, describe, expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { silent } from "../../src/base/progress.js";
import type { Dump } from "../../src/dump.js";
import { objects } from "../../src/query/objects.js";
import { show } from "../../src/query/show.js";
import { openFixture } from "../support/dump-cache.js";

describe.each(["demo-1.26-amd64", "zoo-1.21-amd64", "zoo-1.27-amd64"])("%s", (name) => {
  let dump: Dump;
  beforeAll(async () => {
    dump = await openFixture(name);
  });
  const context = { progress: silent, findings: new Findings() };
  const shown = (of: string, offset = 0) => show.run(dump, { of, depth: 1, offset, top: 20 }, context);
  const headers = (type: RegExp) => objects.run(dump, { type: type.source, min: 0, top: 0 }, context).rows;

  test("a full type name selects its objects although nothing was typed before", () => {
    const wanted = name.startsWith("demo") ? "map[string]*main.Session" : "map[[5]string]*main.OnlyReflectMap";
    expect(objects.run(dump, { type: wanted, min: 0, top: 0 }, context).rows.length).toBeGreaterThan(0);
  });

  test("the address of a map is its entries, as of the variable that it is in", () => {
    let compared = 0;
    for (const { address } of headers(/^(?:map|hash)<.*main\./)) {
      const byAddress = shown(address);
      expect(byAddress.value.type).toMatch(/^map\[/);
      expect(byAddress.value.more).toEqual({ kind: "entries", count: byAddress.value.length });
      if (byAddress.expression.startsWith("(*")) continue;
      const byName = shown(byAddress.expression);
      if (byName.value.address !== address) continue;
      expect(byAddress.value).toEqual(byName.value);
      compared++;
    }
    expect(compared).toBeGreaterThan(0);
  });

  test("the address of a channel is what is in it", () => {
    const rows = headers(/^hchan<main\./);
    for (const { address } of rows)
      expect(shown(address).value).toMatchObject({ type: expect.stringMatching(/^chan main\./), text: expect.stringMatching(/buffered/) });
    if (name.startsWith("demo")) expect(rows.length).toBeGreaterThan(0);
  });

  test("the parts of a map, one page after the other, are all of it", () => {
    for (const { address } of headers(/^(?:map|hash)<.*main\./).slice(0, 3)) {
      const length = shown(address).value.length as number;
      const names = new Set<string>();
      for (let offset = 0; offset < length; offset += 20)
        for (const child of shown(address, offset).value.children ?? []) names.add(child.name);
      expect(names.size).toBe(length);
    }
  });
});
