import { expect, test } from "vitest";
import { leadsToQueue, queueBlocks, queueOffset } from "../../../src/runtime/binary/queue-blocks.js";
import type { Surroundings } from "../../../src/runtime/binary/record-checks.js";
import { scanFor } from "../../../src/runtime/binary/structural-scan.js";
import { layoutOf, MemoryBuilder, type Structs } from "../../support/memory-builder.js";

/** Below it blocks and data, above it the one arena of the heap. */
const ARENA = 0xc004000000;
const HALF = 0x80000;
const [TYPES, TEXT, ETEXT] = [0x400000, 0x500000, 0x510000];
/** A func value of the image, which is not in the core. */
const STATIC = 0x420000;

const finalizers: Structs = {
  mheap: [8, { arenas: [0, 8] }],
  finblock: [24 + 4 * 40, { alllink: [0, 8], cnt: [16, 4], fin: [24, 160] }],
  finalizer: [40, { fn: [0, 8], arg: [8, 8], fint: [24, 8], ot: [32, 8] }],
};
const closures: Structs = {
  ...finalizers,
  cleanupQueue: [136, { all: [128, 8] }],
  cleanupBlock: [32 + 6 * 8, { alllink: [16, 8], n: [24, 4], cleanups: [32, 48] }],
};
const withArguments: Structs = { ...closures, cleanupFn: [24, { call: [0, 8], fn: [8, 8], arg: [16, 8] }] };

function world(structs: Structs) {
  const memory = new MemoryBuilder(ARENA - HALF, 2 * HALF);
  const heap = memory.allocate(8);
  const arenas = memory.allocate(16);
  memory.word(heap, arenas).words(arenas, 0, 0xdead0000);
  const data = memory.allocate(0x400);
  let next = ARENA;
  const object = (word = 0) => {
    next += 64;
    memory.word(next, word);
    return next;
  };
  const around = (): Surroundings => ({
    memory: memory.memory(),
    layout: { ...layoutOf(structs), global: () => heap },
    arenaBaseOffset: 0xc000000000,
    threadIds: new Set(),
    text: { start: TEXT, end: ETEXT },
    image: { start: TYPES, end: 0x600000 },
  });
  const block = (link: number, count: number, ...words: readonly number[]) => {
    const at = memory.allocate(0x200);
    if (structs === finalizers) memory.word(at, link).uint(at + 16, 4, count);
    else memory.word(at + 16, link).uint(at + 24, 4, count);
    memory.words(at + (structs === finalizers ? 24 : 32), ...words);
    return at;
  };
  const scan = (name: "runtime.allfin" | "runtime.gcCleanups") => scanFor(around(), name, [{ start: data, end: data + 0x400 }]);
  const blocks = (kind: "finalizers" | "cleanups", at: number) => queueBlocks(around(), kind, at);
  return { memory, data, object, block, scan, blocks, around };
}

test("finalizers: the longest list of blocks, whose entries are functions of objects", () => {
  const { memory, data, object, block, scan, blocks, around } = world(finalizers);
  const entry = (fn: number) => [fn, object(), 0, TYPES + 16, TYPES + 32];
  const older = block(0, 4, ...[1, 2, 3, 4].flatMap(() => entry(STATIC)));
  // One was run: its type stays.
  const newest = block(older, 1, ...entry(object(TEXT + 64)), 0, 0, 0, TYPES + 16, 0);
  memory.words(data + 16, older, newest, object(), 7);
  expect(scan("runtime.allfin")).toEqual({ address: data + 24, rivals: 0 });
  expect([blocks("finalizers", newest), blocks("finalizers", older)]).toEqual([2, 1]);
  expect(leadsToQueue(around(), "finalizers", data + 24)).toBe(true);
  expect(leadsToQueue(around(), "finalizers", data + 32)).toBe(false);
  expect(leadsToQueue(around(), "finalizers", data + 40)).toBe(false);
  expect(leadsToQueue(around(), "finalizers", data)).toBeUndefined();
});

test("two lists as long with other blocks are rivals, and twice the same one is not", () => {
  const { memory, data, object, block, scan } = world(finalizers);
  const one = block(0, 1, STATIC, object(), 0, TYPES, TYPES);
  memory.words(data, one, 0, one);
  expect(scan("runtime.allfin")).toEqual({ address: data, rivals: 0 });
  memory.word(data + 64, block(0, 1, STATIC, object(), 0, TYPES, TYPES));
  expect(scan("runtime.allfin")?.rivals).toBe(1);
});

test.each<[string, (made: ReturnType<typeof world>) => number]>([
  ["zeros", ({ block }) => block(0, 0)],
  ["what only looks like the rest of a run one", ({ block }) => block(0, 0, 0, 0, 0, TYPES, 0)],
  ["more entries than there is room", ({ block, object }) => block(0, 5, STATIC, object(), 0, TYPES, TYPES)],
  ["no code", ({ block, object }) => block(0, 1, object(0x1234), object(), 0, TYPES, TYPES)],
  ["code itself", ({ block, object }) => block(0, 1, TEXT + 64, object(), 0, TYPES, TYPES)],
  ["no object", ({ block }) => block(0, 1, STATIC, 0, 0, TYPES, TYPES)],
  ["no type", ({ block, object }) => block(0, 1, STATIC, object(), 0, TYPES, 8)],
  ["something behind the last", ({ block, object }) => block(0, 1, STATIC, object(), 0, TYPES, TYPES, STATIC)],
  ["a gap", ({ block, object }) => block(0, 3, STATIC, object(), 0, TYPES, TYPES, 0, 0, 0, 0, 0, STATIC, object(), 0, TYPES, TYPES)],
  ["a link to what is not there", ({ block, object }) => block(0x7000, 1, STATIC, object(), 0, TYPES, TYPES)],
  ["in the heap", ({ object }) => object()],
])("no block of finalizers: %s", (_, make) => {
  const made = world(finalizers);
  expect(made.blocks("finalizers", make(made))).toBeUndefined();
});

test("a list in a circle is none", () => {
  const { memory, block, object, blocks } = world(finalizers);
  const at = block(0, 1, STATIC, object(), 0, TYPES, TYPES);
  memory.word(at, at);
  expect(blocks("finalizers", at)).toBeUndefined();
});

test("a function without an object is a cleanup in Go 1.24 alone", () => {
  const before = world(finalizers);
  expect(before.blocks("finalizers", before.block(0, 1, STATIC))).toBeUndefined();
  const structs = { ...finalizers, specialCleanup: [0, {}] } as unknown as Structs;
  const made = world(structs);
  const at = made.memory.allocate(0x200);
  made.memory.uint(at + 16, 4, 2).words(at + 24, made.object(TEXT), 0, 0, 0, 0, STATIC);
  expect(made.blocks("finalizers", at)).toBe(1);
});

test("cleanups: closures, cleared from the front while they run", () => {
  const { memory, data, object, block, scan, blocks, around } = world(closures);
  const at = block(0, 3, 0, object(TEXT + 8), STATIC);
  memory.word(data + 128, at);
  expect(scan("runtime.gcCleanups")).toEqual({ address: data, rivals: 0 });
  expect(queueOffset(around(), "cleanups")).toBe(128);
  expect(blocks("cleanups", block(0, 3, object(TEXT), 0, STATIC))).toBeUndefined();
  expect(blocks("cleanups", block(0, 1, object(7)))).toBeUndefined();
});

test("cleanups with their arguments; a block that was taken over keeps its own behind those that count", () => {
  const { object, block, blocks } = world(withArguments);
  expect(blocks("cleanups", block(0, 1, object(TEXT), STATIC, object(), STATIC, STATIC, 0))).toBe(1);
  expect(blocks("cleanups", block(0, 1, object(TEXT), 0, object()))).toBeUndefined();
  expect(blocks("cleanups", block(0, 2, object(TEXT), STATIC, 0x7000, STATIC, STATIC, 0))).toBeUndefined();
});

test("a release without blocks of cleanups has none", () => {
  const { blocks, object } = world(finalizers);
  expect(blocks("cleanups", object())).toBeUndefined();
});
