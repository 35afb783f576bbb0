/** Whose memory off the heap is: Go's own tables, stacks of threads, C's allocator; in a memory that a test makes. */
import { expect, test } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import type { Address } from "../../src/base/units.js";
import type { Process } from "../../src/process/process.js";
import { ARENA, heapArenaOf } from "../../src/runtime/arenas.js";
import { foreignRanges } from "../../src/runtime/foreign-ranges.js";
import { goRanges, union, without } from "../../src/runtime/go-ranges.js";
import type { Layout } from "../../src/runtime/layout/schema.js";
import { layoutOf, MemoryBuilder } from "../support/memory-builder.js";
import { spansOf } from "../support/span-builder.js";

const UNMAPPED = 0xdead000000;
const range = (start: number, end: number) => ({ start, end });

test("ranges that touch or overlap are one; what others have is left out of a range", () => {
  expect(union([range(30, 40), range(0, 10), range(10, 20), range(5, 12)])).toEqual([range(0, 20), range(30, 40)]);
  const others = [range(0, 10), range(20, 30), range(40, 50)];
  expect(without(range(5, 45), others)).toEqual([range(10, 20), range(30, 40)]);
  expect(without(range(20, 30), others)).toEqual([]);
  expect(without(range(60, 70), others)).toEqual([range(60, 70)]);
  expect(without(range(0, 60), [])).toEqual([range(0, 60)]);
});

const HEAP_OFFSET = 0x200;
const structs = {
  mheap: [0x120, { arenas: [0, 8], "pages.inUse.ranges": [0x20, 24], "pages.chunks": [0x40, 8] }],
  heapArena: [0x1000, {}],
} as const;

function goProgram() {
  const memory = new MemoryBuilder();
  const heap = memory.start + HEAP_OFFSET;
  const globals: Record<string, Address> = { "runtime.mheap_": heap };
  const layout = { ...layoutOf(structs), global: (name: string) => globals[name] } as unknown as Layout;
  const read = () => {
    const process = { memory: memory.memory(), arch: { arenaBaseOffset: 0 } } as unknown as Process;
    const slots = { elementSize: 64, elements: 1, noscan: false, sizeClass: 5, freeIndex: 0, allocBits: 0, allocCount: 0 };
    return goRanges(process, layout, spansOf([{ base: 40 * ARENA - 8192, pages: 2, ...slots }]));
  };
  const allocate = (size: number) => memory.allocate(size);
  // Past mheap_ and the index of page chunks in it, of 64 KiB.
  allocate(0x200 + 0x120 + 0x10000);
  return { memory, heap, globals, layout, read, allocate };
}

test("arenas are those of the ranges in use and of every span; each has a record", () => {
  const { memory, heap, layout, read, allocate } = goProgram();
  const l1 = allocate(64 * 8);
  const inUse = allocate(16);
  memory
    .word(heap, l1)
    .word(l1 + 39 * 8, 0x7000_0000)
    .word(l1 + 7 * 8, 0x7800_0000);
  memory.words(inUse, 7 * ARENA + 100, 7 * ARENA + 200).words(heap + 0x20, inUse, 1, 1);
  expect(heapArenaOf(memory.memory(), layout, heap, 0, 7 * ARENA + 5)).toBe(0x7800_0000);
  expect(heapArenaOf(memory.memory(), layout, heap, ARENA, 8 * ARENA)).toBe(0x7800_0000);
  expect(heapArenaOf(memory.memory(), layout, heap, 0, 8 * ARENA)).toBe(0);
  const found = read();
  // The span goes over from one arena to the next.
  expect(found.arenas).toEqual([range(7 * ARENA, 8 * ARENA), range(39 * ARENA, 41 * ARENA)]);
  expect(found.metadata).toContainEqual(range(0x7000_0000, 0x7000_1000));
  expect(found.metadata).toContainEqual(range(0x7800_0000, 0x7800_1000));
  expect(found.index).toEqual([range(l1, l1 + 2 ** 25)]);
});

test("chunks of persistent memory are followed to the end; a circle, a lost one and an absurd list of ranges end too", () => {
  const { memory, heap, globals, read, allocate } = goProgram();
  const [first, second] = [allocate(16), allocate(16)];
  globals["runtime.persistentChunks"] = allocate(8);
  memory.word(globals["runtime.persistentChunks"], first).word(first, second).word(second, first);
  const chunk = (at: number) => range(at, at + (256 << 10));
  const expected = union([chunk(first), chunk(second)]);
  expect(read().metadata).toEqual(expected);
  memory.word(second, UNMAPPED);
  expect(read().metadata).toEqual(union([...expected, chunk(UNMAPPED)]));
  memory.words(heap + 0x20, UNMAPPED, 2 ** 50, 2 ** 50);
  expect(read().arenas).toEqual([range(39 * ARENA, 41 * ARENA)]);
});

test("a program without a heap in the core has what its spans say, and nothing else", () => {
  const { globals, read } = goProgram();
  globals["runtime.mheap_"] = UNMAPPED;
  expect(read()).toEqual({ arenas: [range(39 * ARENA, 41 * ARENA)], metadata: [], index: [] });
});

test("a thread's stack reaches from its guard to the thread's record; heaps of C's arenas as far as they may be used", () => {
  const memory = new MemoryBuilder(64 << 20, 1 << 20);
  const { start } = memory;
  const space = memory.memory();
  const name = ARCHES.amd64.registers.thread as string;
  const process = (record: number) =>
    ({
      memory: space,
      arch: ARCHES.amd64,
      threads: [{ registers: { byName: (each: string) => (each === name ? BigInt(record) : undefined) } }],
    }) as unknown as Process;
  expect(foreignRanges(process(start + 0x5010), [start + 0x100], false).stacks).toEqual([range(start, start + 0x7000)]);
  expect(foreignRanges(process(0), [start + 0x100], false).stacks).toEqual([range(start, start + (1 << 20))]);
  expect(foreignRanges(process(0), [UNMAPPED], true)).toMatchObject({ stacks: [], malloc: [], shadow: { length: 3 } });
  // heap_info: an arena's record behind it, no heap before, 8 KiB of 16 KiB in use.
  memory.words(start, start + 0x20, 0, 0x2000, 0x4000);
  const found = foreignRanges({ ...process(0), memory: memory.memory() }, [], false);
  expect(found).toMatchObject({
    malloc: [range(start, start + 0x4000)],
    reserved: [range(start + 0x4000, start + (64 << 20))],
    shadow: [],
  });
  // More in use than may be accessed is no heap of C's.
  memory.word(start + 16, 0x5000);
  expect(foreignRanges({ ...process(0), memory: memory.memory() }, [], false).malloc).toEqual([]);
});
