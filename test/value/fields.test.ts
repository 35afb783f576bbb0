import fc from "fast-check";
import { expect, test } from "vitest";
import { NONE, type TypeId } from "../../src/base/units.js";
import { enclosing, nameOffset, slotAt } from "../../src/value/fields.js";
import { TypeBuilder } from "../support/memory-builder.js";

function types() {
  const table = new TypeBuilder();
  const int = table.add("int", "int", 8);
  const string = table.add("string", "string", 16);
  const pointer = table.add("*int", "pointer", 8, { element: int });
  const empty = table.add("struct {}", "struct", 0);
  const entry = table.add("main.entry", "struct", 24, {
    fields: [
      ["value", 0, pointer],
      ["name", 8, string],
    ],
  });
  const entries = table.add("[4]main.entry", "array", 96, { element: entry, count: 4 });
  const outer = table.add("main.Outer", "struct", 112, {
    fields: [
      ["mark", 0, empty],
      ["small", 0, int],
      ["entries", 8, entries],
      ["end", 104, empty],
    ],
  });
  return { table, int, string, pointer, empty, entry, entries, outer };
}

test("an offset is named down to the leaf", () => {
  const { table, outer, pointer, string } = types();
  expect(nameOffset(table, outer, 8 + 3 * 24)).toEqual({ text: ".entries[3].value", leaf: pointer, rest: 0 });
  expect(nameOffset(table, outer, 8 + 24 + 16)).toEqual({ text: ".entries[1].name", leaf: string, rest: 8 });
  expect(slotAt(table, outer, 8 + 24 + 16)).toEqual({ leaf: string, rest: 8 });
});

test("an empty field never hides the one that lies at the same offset", () => {
  const { table, outer, int } = types();
  expect(nameOffset(table, outer, 0)).toEqual({ text: ".small", leaf: int, rest: 0 });
});

test("padding and what lies outside is said to be in the struct itself", () => {
  const { table, outer } = types();
  expect(nameOffset(table, outer, 104)).toEqual({ text: "", leaf: outer, rest: 104 });
  expect(nameOffset(table, outer, 500)).toEqual({ text: "", leaf: outer, rest: 500 });
  expect(nameOffset(table, outer, -8)).toEqual({ text: "", leaf: outer, rest: -8 });
});

test("a pointer to an outer thing stops there", () => {
  const { table, outer, entry, entries } = types();
  expect(nameOffset(table, outer, 8 + 48, entry)).toEqual({ text: ".entries[2]", leaf: entry, rest: 0 });
  expect(nameOffset(table, outer, 8, entries)).toEqual({ text: ".entries", leaf: entries, rest: 0 });
  expect(nameOffset(table, outer, 0, outer)).toEqual({ text: "", leaf: outer, rest: 0 });
});

test("the backing array of a slice goes on as far as it is asked", () => {
  const { table, entry, pointer } = types();
  expect(nameOffset(table, table.arrayOf(entry), 24 * 1000)).toEqual({ text: "[1000].value", leaf: pointer, rest: 0 });
});

test("an enclosing struct is found on the way", () => {
  const { table, outer, entry } = types();
  expect(enclosing(table, outer, 8 + 48 + 8, (type) => type.name === "main.entry")).toEqual({ text: ".entries[2]", leaf: entry, rest: 8 });
  expect(enclosing(table, outer, 0, (type) => type.name === "main.entry")).toBeUndefined();
});

test("the name read back gives the offset, in any tree of structs and arrays", () => {
  const tree = fc.letrec<{ type: (table: TypeBuilder) => TypeId }>((tie) => ({
    type: fc.oneof(
      { maxDepth: 4 },
      fc.constant((table: TypeBuilder) => table.add("int", "int", 8)),
      fc.tuple(fc.integer({ min: 1, max: 3 }), tie("type")).map(([count, element]) => (table: TypeBuilder) => {
        const of = element(table);
        return table.add("array", "array", table.get(of).size * count, { element: of, count });
      }),
      fc.array(tie("type"), { minLength: 1, maxLength: 3 }).map((parts) => (table: TypeBuilder) => {
        let size = 0;
        const fields = parts.map((part, i) => {
          const type = part(table);
          const field = [`f${i}`, size, type] as const;
          size += table.get(type).size;
          return field;
        });
        return table.add("struct", "struct", size, { fields });
      }),
    ),
  })).type;
  fc.assert(
    fc.property(tree, fc.nat(), (make, at) => {
      const table = new TypeBuilder();
      const type = make(table);
      const offset = at % table.get(type).size;
      const { text, leaf, rest } = nameOffset(table, type, offset);
      let current = type;
      let total = rest;
      for (const [, field, index] of text.matchAll(/\.(\w+)|\[(\d+)\]/g)) {
        const here = table.get(current);
        const found = here.fields.find((each) => each.name === field);
        total += found ? found.offset : Number(index) * table.get(here.element).size;
        current = found ? found.type : here.element;
      }
      expect([current, total]).toEqual([leaf, offset]);
      expect(table.get(leaf).kind).toBe("int");
      expect(leaf).not.toBe(NONE);
    }),
  );
});
