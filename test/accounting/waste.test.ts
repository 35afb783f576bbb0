import { expect, test } from "vitest";
import { readExtents } from "../../src/accounting/extents.js";
import { findWaste, wasteRows } from "../../src/accounting/waste-rows.js";
import { hex, type ObjectId } from "../../src/base/units.js";
import { HeapBuilder } from "../support/heap-builder.js";

/** 20 main.Session, each with a slice of 64 of 1024 bytes and a text of 25 bytes that all have; the first has 16 bytes out of the middle of a large block. */
function sessions() {
  const heap = new HeapBuilder();
  const owner = heap.owner("global", "main.server");
  const byte = heap.types.add("uint8", "uint", 1);
  const slice = heap.types.add("[]uint8", "slice", 24, { element: byte });
  const text = heap.types.add("string", "string", 16);
  const array = heap.types.add("[]uint8", "array", 1, { element: byte, count: -1 });
  const session = heap.types.add("main.Session", "struct", 64, {
    fields: [
      ["Buf", 0, slice],
      ["Name", 24, text],
      ["Piece", 40, slice],
    ],
  });
  const all = heap.objects(session, 20);
  const buffers = heap.objects(array, 20, 1024, true);
  const names = heap.objects(array, 20, 32, true);
  const block = heap.object(array, 8192);
  for (const [index, id] of all.entries()) {
    const at = heap.addressOf(id);
    const [buffer, name] = [buffers[index], names[index]] as [ObjectId, ObjectId];
    heap.owns(owner, id).points(id, buffer, 0).points(id, name, 24);
    heap.memory
      .word(at + 8, 64)
      .word(at + 16, 1024)
      .word(at + 32, 25);
    heap.memory.bytes(heap.addressOf(name), new TextEncoder().encode("a text that is not short"));
    if (index > 0) continue;
    heap.points(id, block);
    heap.memory.words(at + 40, heap.addressOf(block) + 4096, 16, 16);
  }
  return { sources: heap.build(), block, buffers };
}

test("extents are what slices and strings see of an object", () => {
  const { sources, block, buffers } = sessions();
  const extents = readExtents(sources);
  const [buffer] = buffers as [ObjectId];
  const seen = (id: ObjectId) => [extents.start[id], extents.lengthEnd[id], extents.capacityEnd[id], extents.viewCount[id]];
  expect(seen(buffer)).toEqual([0, 64, 1024, 1]);
  expect(seen(block)).toEqual([4096, 4112, 4112, 1]);
  expect(extents.fields[extents.field[block]]).toEqual({ path: "main.Session.Piece", kind: "slice", elementSize: 1 });
});

test("waste is by kind and field, with the object that loses most", () => {
  const { sources, block } = sessions();
  const found = findWaste(sources);
  expect(found.map(({ kind, path, bytes, count }) => [kind, path, bytes, count])).toEqual([
    ["slice capacity", "main.Session.Buf", 20 * 960, 20],
    ["pinned array", "main.Session.Piece", 8192 - 16, 1],
    ["duplicate strings", "main.Session.Name", 19 * 32, 19],
    ["size-class rounding", "main.Session.Name", 20 * 7, 20],
  ]);
  expect(found[1]?.example).toBe(block);
  expect(found[2]?.repeated).toEqual({ text: "a text that is not short\0", copies: 19 });
  expect(wasteRows(sources)[1]?.example).toBe(hex(sources.heap.objects.addressOf(block)));
});

test("what a pointer besides the slices sees is in use", () => {
  const heap = new HeapBuilder();
  const byte = heap.types.add("uint8", "uint", 1);
  const slice = heap.types.add("[]uint8", "slice", 24, { element: byte });
  const array = heap.types.add("[]uint8", "array", 1, { element: byte, count: -1 });
  const holder = heap.object(heap.types.add("main.Holder", "struct", 24, { fields: [["Buf", 0, slice]] }));
  const buffer = heap.object(array, 1024);
  const owner = heap.owner("global", "main.holder");
  heap.owns(owner, holder, buffer).points(holder, buffer, 0);
  heap.memory.words(heap.addressOf(holder) + 8, 64, 1024);
  expect(findWaste(heap.build()).filter(({ kind }) => kind === "slice capacity")).toEqual([]);
});
