/** The layout tables against debug information: of committed dumps, whose programs are others than the one that the tables were read from. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ArchName } from "../../../src/base/arch.js";
import type { DebugInfo, DwarfType } from "../../../src/dwarf/dwarf.js";
import { type LayoutTable, tableFor, tableReleases } from "../../../src/runtime/binary/tables.js";
import { referencesOf } from "../../../src/runtime/code/machines.js";
import { layoutFromDwarf, underlying } from "../../../src/runtime/layout/from-dwarf.js";
import type { StructSpec } from "../../../src/runtime/layout/layout.js";
import { RUNTIME_SCHEMA } from "../../../src/runtime/layout/schema.js";
import { nearestRelease } from "../../../src/runtime/layout/version.js";
import { fixtures, openFixture } from "../../support/dump-cache.js";

const ARCHES: readonly ArchName[] = ["amd64", "arm64"];
const SCHEMA: Readonly<Record<string, StructSpec>> = RUNTIME_SCHEMA;

/** What a layout asks of debug information, out of a table. */
function asDebugInfo(table: LayoutTable): DebugInfo {
  return { type: (name: string) => table.type(name), constant: (name: string) => table.constant(name) } as DebugInfo;
}

/** Every struct of the schema with size and places of its fields; what is not there is left out. */
function resolved(debug: DebugInfo) {
  const layout = layoutFromDwarf(debug, SCHEMA, 0);
  const found: Record<string, Record<string, unknown>> = {};
  for (const [key, { fields }] of Object.entries(SCHEMA)) {
    if (!layout.hasStruct(key)) continue;
    const struct = layout.struct(key);
    const places = Object.keys(fields).map((field) => [field, struct.has(field) && [struct.offset(field), struct.width(field)]]);
    found[key] = { name: struct.name, size: struct.size, ...Object.fromEntries(places) };
  }
  return found;
}

/** The table for a version; there has to be one. */
function table(version: string, arch: ArchName): LayoutTable {
  const found = tableFor(version, arch);
  if (!found) throw new Error(`no table for ${version} ${arch}`);
  return found;
}

describe.each(fixtures())("$name", (fixture) => {
  test("the table says what debug information says", async () => {
    const dump = await openFixture(fixture.name);
    const { debug } = dump.runtime.binary;
    const rows = table(`go${fixture.meta.go}`, fixture.meta.arch);
    expect(rows.match).toBe("exact");
    const ofTable = resolved(asDebugInfo(rows));
    const ofDebug = resolved(debug);
    expect(Object.keys(ofDebug).length).toBeGreaterThan(30);
    for (const [struct, places] of Object.entries(ofDebug)) expect([struct, ofTable[struct]]).toEqual([struct, places]);
    let compared = 0;
    for (const name of rows.constantNames()) {
      const value = debug.constant(name);
      if (value !== undefined) expect([name, rows.constant(name), ++compared]).toEqual([name, value, compared]);
    }
    for (const name of rows.typeNames()) {
      const type = debug.type(name);
      if (type) expect([name, shape(rows.type(name)), ++compared]).toEqual([name, shape(type), compared]);
    }
    for (const name of rows.globalNames()) {
      // The types themselves: debug information has a bare typedef of the same name between.
      const [expected, found] = [debug.global(name)?.type, rows.globalType(name)];
      if (expected) expect([name, found && shape(underlying(found)), ++compared]).toEqual([name, shape(underlying(expected)), compared]);
    }
    expect(compared).toBeGreaterThan(500);
  });

  test("recipes lead to the variables", async () => {
    const dump = await openFixture(fixture.name);
    const { binary, functions, process } = dump.runtime;
    const { debug } = binary;
    const bias = (dump.runtime.layout.global("runtime.mheap_") ?? 0) - (debug.global("runtime.mheap_")?.address ?? 0);
    const found = new Map<string, number>();
    for (const recipe of table(`go${fixture.meta.go}`, fixture.meta.arch).recipes) {
      const fn = functions.byName(recipe.function);
      const code = fn && fn.end - fn.entry === recipe.size ? process.memory.tryBytes(fn.entry, recipe.size) : undefined;
      const address = fn && code && referencesOf(process.arch).follow(code, fn.entry, recipe);
      const variable = debug.global(recipe.variable);
      if (address === undefined || !variable) continue;
      expect([recipe.variable, recipe.function, address - recipe.addend]).toEqual([
        recipe.variable,
        recipe.function,
        variable.address + bias,
      ]);
      found.set(recipe.variable, (found.get(recipe.variable) ?? 0) + 1);
    }
    for (const name of ["mheap_", "allgs", "allm", "allp", "sched", "memstats", "gcController", "firstmoduledata", "semtable", "panicking"])
      expect([name, found.get(`runtime.${name}`) ?? 0]).toEqual([name, expect.toSatisfy((count: number) => count >= 1)]);
  });
});

function shape(type: DwarfType | undefined): unknown {
  if (type?.kind !== "struct") return [type?.name, type?.kind, type?.size];
  return [type.name, type.size, type.fields.map((field) => [field.name, field.offset, field.type.name, field.type.size, field.embedded])];
}

/** Go 1.21 has structs of the same names in another tracer, which is not read. */
const isOldTracer = (release: string, struct: string) => release.startsWith("go1.21.") && struct === "traceBuf";

test.each(ARCHES)("every release of %s has every required struct and field of the schema", (arch) => {
  const releases = tableReleases(arch);
  expect(releases.length).toBeGreaterThan(6);
  const missing: string[] = [];
  for (const release of releases) {
    const found = resolved(asDebugInfo(table(release, arch)));
    for (const [struct, spec] of Object.entries(SCHEMA)) {
      if (!found[struct] && !spec.optional) missing.push(`${release}: ${struct}`);
      for (const [field, { optional }] of Object.entries(spec.fields))
        if (found[struct]?.[field] === false && !optional && !isOldTracer(release, struct)) missing.push(`${release}: ${struct}.${field}`);
    }
  }
  expect(missing, "node scripts/make-layouts.mjs RELEASE").toEqual([]);
});

test("every variable that the code names is in the tables", () => {
  const src = new URL("../../../src/", import.meta.url);
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const texts = files.map((name) => readFileSync(new URL(name, src), "utf8")).join("\n");
  const names = new Set([...texts.matchAll(/\.global\("([^"]+)"\)/g)].map((match) => match[1]));
  expect(names.size).toBeGreaterThan(25);
  const known = new Set(tableReleases("amd64").flatMap((release) => [...table(release, "amd64").globalNames()]));
  // Wanted since the tables were last built: a stripped program's profiles do without, its delays are in ticks.
  const later = ["runtime.mProfCycle", "runtime.ticks"];
  expect([...names].filter((name) => !known.has(name) && !later.includes(name))).toEqual([]);
});

test("types of a table lead to each other, and their numbers differ", () => {
  const rows = table("go1.26.9", "amd64");
  const m = rows.type("runtime.m");
  const g0 = m?.kind === "struct" ? m.fields.find((field) => field.name === "g0")?.type : undefined;
  expect(g0?.kind === "pointer" && g0.target).toBe(rows.type("runtime.g"));
  const offsets = [...rows.typeNames()].map((name) => rows.type(name)?.offset);
  expect(new Set(offsets).size).toBe(offsets.length);
  expect(rows.type("main.nothing")).toBeUndefined();
  expect(rows.constant("runtime.nothing")).toBeUndefined();
  expect(rows.globalType("runtime.nothing")).toBeUndefined();
});

test("contents of variables that never change", () => {
  const rows = table("go1.27.2", "arm64");
  expect(rows.texts("runtime.waitReasonStrings")).toEqual(expect.arrayContaining(["", "GC assist marking", "chan receive"]));
  expect(rows.texts("runtime.gStatusStrings")?.slice(0, 3)).toEqual(["idle", "runnable", "running"]);
  expect(rows.numbers("internal/runtime/gc.SizeClassToSize")?.slice(0, 5)).toEqual([0, 8, 16, 24, 32]);
  expect(rows.numbers("runtime.waitReasonStrings")).toBeUndefined();
  expect(table("go1.21.13", "amd64").numbers("runtime.class_to_size")?.at(-1)).toBe(32_768);
});

test("an experiment that changes the runtime has a table of its own", () => {
  const size = (version: string) => table(version, "amd64").type("runtime.mstats")?.size;
  expect([size("go1.26.9"), size("go1.26.9-X:nogreenteagc")]).toEqual([10_440, 8264]);
});

test("the release that is taken", () => {
  const known = ["go1.24.0", "go1.24.3", "go1.24.13", "go1.24.13 X:noswissmap", "go1.26.8", "go1.26.9-X:nogreenteagc", "go1.26.9"];
  const chosen = (version: string) => {
    const found = nearestRelease(known, version);
    return found && `${found.match} ${found.release}`;
  };
  expect(chosen("go1.24.13")).toBe("exact go1.24.13");
  expect(chosen("go1.24.13 X:noswissmap")).toBe("exact go1.24.13 X:noswissmap");
  expect(chosen("go1.24.1 X:noswissmap")).toBe("near go1.24.13 X:noswissmap");
  expect(chosen("go1.26.9-X:nogreenteagc")).toBe("exact go1.26.9-X:nogreenteagc");
  expect(chosen("go1.26.9 X:nodwarf5,nogreenteagc")).toBe("exact go1.26.9-X:nogreenteagc");
  expect(chosen("go1.26.9-X:nodwarf5,jsonv2")).toBe("exact go1.26.9");
  expect(chosen("go1.26.9-X:runtimesecret")).toBe("near go1.26.9");
  expect(chosen("go1.24.5")).toBe("near go1.24.3");
  expect(chosen("go1.24rc1")).toBe("near go1.24.0");
  expect(chosen("go1.24.3 (Distribution 1.24.3-1)")).toBe("exact go1.24.3");
  expect(chosen("go1.26.40")).toBe("near go1.26.9");
  expect(chosen("go1.28.1")).toBe("newest go1.26.9");
  expect(chosen("devel go1.28-0123abcd Mon Jan 1")).toBe("newest go1.26.9");
  expect(chosen("devel +0123abcd")).toBe("newest go1.26.9");
  expect(chosen("go1.25.3")).toBeUndefined();
  expect(chosen("go1.20.14")).toBeUndefined();
});
