import { expect, test } from "vitest";
import { caseOf } from "../../src/diagnosis/case.js";
import { forgottenMaps } from "../../src/diagnosis/mapped-memory.js";
import { HeapBuilder, plainNames } from "../support/heap-builder.js";

test("a map is forgotten when only the table and dead objects have its address", () => {
  const heap = new HeapBuilder(2 ** 20);
  const segment = heap.types.add("main.segment", "struct", 32);
  const number = heap.types.add("main.region", "struct", 32);
  const owner = heap.owner("global", "main.open");
  const [table, kept, dead] = [heap.object(segment), heap.object(segment), heap.object(segment)];
  const [asNumber] = heap.objects(number, 1, 32, true);
  heap.owns(owner, table, kept, asNumber);
  const first = 0x7f0000000000;
  const maps = [0, 1, 2, 3].map((index) => ({ by: "syscall", address: first + index * 4096, bytes: 4096, table: heap.addressOf(table) }));
  for (const [index, map] of maps.entries()) heap.memory.word(heap.addressOf(table) + index * 8, map.address);
  // Into the middle, as a slice of the map has it; behind the last one lies nothing.
  heap.memory.word(heap.addressOf(kept) + 8, maps[1].address + 100).word(heap.addressOf(kept) + 16, first + 4 * 4096);
  heap.memory.word(heap.addressOf(dead) + 8, maps[2].address);
  heap.memory.word(heap.addressOf(asNumber), maps[3].address);
  const sources = heap.build({ modules: [] });
  expect(forgottenMaps(caseOf(sources, plainNames(sources)), maps)).toEqual([maps[0], maps[2]]);
});
