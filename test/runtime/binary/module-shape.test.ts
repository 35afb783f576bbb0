// The module data of a release without a table, found by what its words must be.
import { describe, expect, test } from "vitest";
import { WORD } from "../../../src/base/units.js";
import { moduleByShape } from "../../../src/runtime/binary/module-shape.js";
import { tableFor } from "../../../src/runtime/binary/tables.js";
import { layoutFromDwarf } from "../../../src/runtime/layout/from-dwarf.js";
import { RUNTIME_SCHEMA } from "../../../src/runtime/layout/schema.js";
import { openFixture } from "../../support/dump-cache.js";
import { MemoryBuilder } from "../../support/memory-builder.js";

const RECORD = "runtime.moduledata";
const fieldsOf = (type: ReturnType<typeof moduleByShape>) =>
  new Map(type?.kind === "struct" ? type.fields.map((each) => [each.name, each.offset]) : []);

describe.each(["zoo-1.22-amd64", "zoo-1.24-amd64", "zoo-1.26-arm64", "zoo-1.27-amd64"])("%s", (name) => {
  test.each(["go1.22.12", "go1.24.13", "go1.26.8", "go1.27.2"])("read by the record of %s", async (release) => {
    const { runtime, process } = await openFixture(name);
    const at = runtime.layout.global("runtime.firstmoduledata") as number;
    const given = tableFor(release, process.arch.name)?.type(RECORD);
    const own = tableFor(runtime.build.goVersion, process.arch.name)?.type(RECORD);
    if (!given || !own) throw new Error("no table");
    const [found, wanted] = [fieldsOf(moduleByShape(process.memory, at, given)), fieldsOf(own)];
    const wordAt = (offset: number | undefined) => process.memory.readAddress(at + (offset ?? -1));
    for (const field of ["etypes", "rodata", "gofunc", "textsectmap", "gcdatamask", "gcbssmask", "typemap", "next"])
      expect([field, wordAt(found.get(field))]).toEqual([field, wordAt(wanted.get(field))]);
    expect(() =>
      layoutFromDwarf(
        { type: () => moduleByShape(process.memory, at, given), constant: () => undefined } as never,
        { moduledata: RUNTIME_SCHEMA.moduledata },
        0,
      ),
    ).not.toThrow();
  });
});

test("words that are none of a module's give no layout", () => {
  const given = tableFor("go1.26.8", "amd64")?.type(RECORD);
  if (!given) throw new Error("no table");
  expect(moduleByShape(new MemoryBuilder(0x1000, 96 * WORD).memory(), 0x1000, given)).toBeUndefined();
  expect(moduleByShape(new MemoryBuilder(0x1000, 8 * WORD).memory(), 0x1000, given)).toBeUndefined();
});
