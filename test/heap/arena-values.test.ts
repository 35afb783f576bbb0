// Chunks of package arena, and the types of what their values point to.
import { expect, test } from "vitest";
import { hasChunks } from "../../src/heap/arena-chunks.js";
import { ArenaValues } from "../../src/heap/arena-values.js";
import { TypingBuilder } from "../support/typing-builder.js";

/** main.Row { leaf *Leaf; next *Row; any interface {} }, 32 bytes; main.Leaf, 48. */
function program() {
  const builder = new TypingBuilder();
  const { types } = builder;
  const any = types.add("interface {}", "interface", 16);
  const leaf = types.add("main.Leaf", "struct", 48, { rtype: 0x2000 });
  const toLeaf = types.add("*main.Leaf", "pointer", 8, { element: leaf, rtype: 0x1000 });
  types.change(leaf, { fields: [["self", 0, toLeaf]] });
  const row = types.add("main.Row", "struct", 32);
  const toRow = types.add("*main.Row", "pointer", 8, { element: row });
  types.change(row, {
    fields: [
      ["leaf", 0, toLeaf],
      ["next", 8, toRow],
      ["any", 16, any],
    ],
  });
  const rows = types.add("[]*main.Row", "slice", 24, { element: toRow });
  return { builder, toRow, rows };
}

test("a chunk is none of the values in it, and what they point to is typed", () => {
  const { builder, toRow } = program();
  const [chunk, first, second, unseen] = [builder.object(256), builder.object(48), builder.object(48), builder.object(48)];
  // A row at 64 points to one at 128; nothing leads to what lies at 192.
  builder.chunk(chunk).root(toRow, chunk, 0, 64);
  builder.points(chunk, 64, first).points(chunk, 72, chunk, 128).points(chunk, 128, second).points(chunk, 192, unseen);
  expect(builder.typed().names).toEqual(["arena chunk", "main.Leaf", "main.Leaf", ""]);
});

test("rows are led to from objects of the heap, and lead on from there", () => {
  const { builder, rows } = program();
  const [list, chunk, leaf] = [builder.object(16), builder.object(256), builder.object(48)];
  builder.chunk(chunk).root(rows, list).points(list, 8, chunk, 0).points(chunk, 0, leaf);
  expect(builder.typed().names).toEqual(["[]*main.Row", "arena chunk", "main.Leaf"]);
});

test("where there is no arena nothing is done", () => {
  const objects = { spans: { userArena: new Uint8Array(3) } } as unknown as Parameters<typeof hasChunks>[0];
  expect(hasChunks(objects)).toBe(false);
  type Typing = ConstructorParameters<typeof ArenaValues>[0];
  expect(new ArenaValues({ objects } as Typing, { count: 0 } as never).follow()).toBe(false);
});
