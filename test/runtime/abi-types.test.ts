import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { NONE } from "../../src/base/units.js";
import type { DebugInfo } from "../../src/dwarf/dwarf.js";
import { POINTER, pointerKinds } from "../../src/heap/pointer-kinds.js";
import { readTypes } from "../../src/runtime/types.js";
import { BUCKET_STRUCTS, layoutOf, MemoryBuilder } from "../support/memory-builder.js";

const STRUCT = 25;

test("names of types that no module describes do not grow without a bound, nor go round for ever", () => {
  const builder = new MemoryBuilder();
  const name = builder.allocate(8);
  builder.bytes(name, [0, 1, "a".charCodeAt(0)]);
  // Each has the next one twice, the last has the first: 2^60 fields in all, were they written out.
  const types = Array.from({ length: 60 }, () => builder.allocate(80));
  types.forEach((type, i) => {
    const fields = builder.allocate(48);
    const next = types[(i + 1) % types.length];
    builder.words(fields, name, next, 0, name, next, 8);
    builder.words(type, 16, 16).uint(type + 23, 1, STRUCT);
    builder.words(type + 56, fields, 2);
  });
  const findings = new Findings();
  const table = readTypes(builder.memory(), layoutOf(BUCKET_STRUCTS), [], { from: "dwarf", debug: {} as DebugInfo }, 0, findings);
  const first = table.get(table.byRtype(types[0]));
  expect(first.name.startsWith("struct { a struct { a struct {")).toBe(true);
  expect(first.name.length).toBeLessThan(20_000);
  for (const type of types) expect(table.get(table.byRtype(type)).name.length).toBeLessThan(20_000);
  expect(table.count).toBe(types.length);
  expect(first.fields.map(({ type }) => type)).toEqual([table.byRtype(types[1]), table.byRtype(types[1])]);
});

test("a struct whose field's type is no type has a field of unknown type", () => {
  const builder = new MemoryBuilder();
  const name = builder.allocate(8);
  builder.bytes(name, [0, 1, "a".charCodeAt(0)]);
  const struct = builder.allocate(80);
  const fields = builder.allocate(48);
  const odd = builder.allocate(80);
  builder.words(fields, name, odd, 0, name, 0xdead_beef_0000, 8);
  builder.words(struct, 16, 16).uint(struct + 23, 1, STRUCT);
  builder.words(struct + 56, fields, 2);
  const findings = new Findings();
  const table = readTypes(builder.memory(), layoutOf(BUCKET_STRUCTS), [], { from: "dwarf", debug: {} as DebugInfo }, 0, findings);
  const id = table.byRtype(struct);
  expect(pointerKinds(table).hasPointers(id)).toBe(false);
  expect(pointerKinds(table).codeAt(id, 8)).toBe(POINTER.none);
  expect(table.get(id).fields.map(({ type }) => table.get(type))).toMatchObject([{ kind: "unknown", size: 0 }, { kind: "unknown" }]);
  expect(table.get(table.arrayOf(NONE)).name).toBe("[]?");
  expect(findings.list().map(({ code }) => code)).toContain("type-damaged");
});
