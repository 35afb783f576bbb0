import fc from "fast-check";
import { expect, test } from "vitest";
import { Findings } from "../../../src/base/findings.js";
import type { Address } from "../../../src/base/units.js";
import type { Layout } from "../../../src/runtime/layout/schema.js";
import { mapDesign } from "../../../src/runtime/maps/designs.js";
import { mapLength, mapsOf, readMap } from "../../../src/runtime/maps/maps.js";
import { cpuSeconds } from "../../support/cpu.js";
import { BUCKET, bucket, GROUP, group, hmap, intMap, swissMap, swissTable, swissType } from "../../support/go-maps.js";
import { BUCKET_STRUCTS, layoutOf, MemoryBuilder, SWISS_STRUCTS, TypeBuilder } from "../../support/memory-builder.js";

const BUCKETS = layoutOf(BUCKET_STRUCTS);
const SWISS = layoutOf(SWISS_STRUCTS);

/** What a map holds: its keys in memory order, checked against their values; and what was found wrong. */
function read(builder: MemoryBuilder, layout: Layout, header: Address, rtype: Address = 0) {
  const table = new TypeBuilder();
  const type = intMap(table);
  table.change(type, { rtype });
  const findings = new Findings();
  const memory = builder.memory();
  const keys: number[] = [];
  for (const entry of readMap({ memory, types: table, maps: mapsOf(layout), findings }, table.get(type), header)) {
    const key = memory.readUint(entry.key, 8);
    expect(memory.readUint(entry.value, 8)).toBe(key * 10);
    keys.push(key);
    if (keys.length > 100_000) throw new Error("endless");
  }
  return { keys, findings: findings.list().map((finding) => finding.example) };
}

test("a nil map is empty", () => {
  expect(read(new MemoryBuilder(), BUCKETS, 0)).toEqual({ keys: [], findings: [] });
});

test("buckets and their overflow chains are read, empty slots are not", () => {
  const builder = new MemoryBuilder();
  const buckets = builder.allocate(2 * BUCKET);
  const overflow = builder.allocate(BUCKET);
  bucket(builder, buckets, [1, 2, 3], overflow, [5, 1, 5]);
  bucket(builder, buckets + BUCKET, [4]);
  bucket(builder, overflow, [5, 6]);
  expect(read(builder, BUCKETS, hmap(builder, 5, 1, buckets))).toEqual({ keys: [1, 3, 5, 6, 4], findings: [] });
});

test("in the middle of a growth each entry is read once: moved buckets from the new array, the others from the old", () => {
  const builder = new MemoryBuilder();
  const buckets = builder.allocate(4 * BUCKET);
  const old = builder.allocate(2 * BUCKET);
  // Old bucket 0 was moved to 0 and 2 (tophash 2 and 3 say so), old bucket 1 was not.
  bucket(builder, old, [1, 2], 0, [2, 3]);
  bucket(builder, old + BUCKET, [3, 4]);
  bucket(builder, buckets, [1]);
  bucket(builder, buckets + 2 * BUCKET, [2]);
  const { keys, findings } = read(builder, BUCKETS, hmap(builder, 4, 2, buckets, old));
  expect(keys.sort()).toEqual([1, 2, 3, 4]);
  expect(findings).toEqual([]);
});

test("a growth to the same size has as many old buckets as new ones", () => {
  const builder = new MemoryBuilder();
  const buckets = builder.allocate(2 * BUCKET);
  const old = builder.allocate(2 * BUCKET);
  bucket(builder, old, [1], 0, [4]);
  bucket(builder, old + BUCKET, [2]);
  bucket(builder, buckets, [1]);
  expect(read(builder, BUCKETS, hmap(builder, 2, 1, buckets, old, 8))).toEqual({ keys: [1, 2], findings: [] });
});

test("random bucket maps, half moved at any point, give their keys", () => {
  const maps = fc.record({
    logarithm: fc.integer({ min: 1, max: 4 }),
    keys: fc.uniqueArray(fc.nat(10_000), { maxLength: 200 }),
    moved: fc.nat(100),
  });
  fc.assert(
    fc.property(maps, ({ logarithm, keys, moved }) => {
      const builder = new MemoryBuilder();
      const count = 2 ** logarithm;
      const oldCount = count / 2;
      const done = moved % (oldCount + 1);
      const buckets = builder.allocate(count * BUCKET);
      const old = builder.allocate(oldCount * BUCKET);
      const fill = (at: Address, all: readonly number[]) => {
        let here = at;
        for (let i = 0; i === 0 || i < all.length; i += 8) {
          const next = i + 8 < all.length ? builder.allocate(BUCKET) : 0;
          bucket(builder, here, all.slice(i, i + 8), next);
          here = next;
        }
      };
      for (let b = 0; b < oldCount; b++) {
        const mine = keys.filter((key) => key % oldCount === b);
        fill(old + b * BUCKET, mine);
        if (b >= done) continue;
        builder.bytes(old + b * BUCKET, [2, 2, 2, 2, 2, 2, 2, 2]);
        for (const half of [b, b + oldCount])
          fill(
            buckets + half * BUCKET,
            mine.filter((key) => key % count === half),
          );
      }
      const { keys: found, findings } = read(builder, BUCKETS, hmap(builder, keys.length, logarithm, buckets, old));
      expect(found.sort()).toEqual([...keys].sort());
      expect(findings).toEqual([]);
    }),
  );
});

test("a circle of overflow buckets ends, and is told", () => {
  for (const length of [1, 2, 3, 7]) {
    const builder = new MemoryBuilder();
    const chain = Array.from({ length }, () => builder.allocate(BUCKET));
    chain.forEach((at, i) => {
      bucket(builder, at, [i], chain[(i + 1) % length]);
    });
    expect(read(builder, BUCKETS, hmap(builder, length, 0, chain[0])).findings.join()).toContain("circle");
  }
});

test("absurd counts end at the end of the memory, and are told", () => {
  const builder = new MemoryBuilder();
  const buckets = builder.allocate(BUCKET);
  bucket(builder, buckets, [1]);
  for (const logarithm of [30, 40, 41, 255]) {
    const { keys, findings } = read(builder, BUCKETS, hmap(builder, 1, logarithm, buckets));
    expect(keys.length).toBeLessThanOrEqual(10_000);
    expect(findings).toHaveLength(1);
  }
});

test("a pointer out of the dump is told, not thrown", () => {
  const builder = new MemoryBuilder();
  expect(read(builder, BUCKETS, hmap(builder, 1, 0, 0xdead000)).findings).toHaveLength(1);
  expect(read(builder, BUCKETS, 0xdead000).findings).toHaveLength(1);
  expect(read(builder, SWISS, 0xdead000, swissType(builder)).findings).toHaveLength(1);
});

test("a count that is not what was found is told", () => {
  const builder = new MemoryBuilder();
  const buckets = builder.allocate(BUCKET);
  bucket(builder, buckets, [1, 2]);
  expect(read(builder, BUCKETS, hmap(builder, 3, 0, buckets)).findings.join()).toContain("says 3 entries and has 2");
});

test("a small swiss map is one group", () => {
  const builder = new MemoryBuilder();
  const at = builder.allocate(GROUP);
  group(builder, at, [1, undefined, 3, "deleted", 5]);
  const header = swissMap(builder, 3, at, 0);
  expect(read(builder, SWISS, header, swissType(builder))).toEqual({ keys: [1, 3, 5], findings: [] });
  expect(mapLength({ memory: builder.memory(), types: new TypeBuilder(), maps: mapsOf(SWISS) }, header)).toBe(3);
});

test("a table that stands in several slots of the directory is read once", () => {
  const builder = new MemoryBuilder();
  const tables = [0, 1, 2].map((t) => {
    const groups = builder.allocate(2 * GROUP);
    group(builder, groups, [t * 100 + 1, "deleted"]);
    group(builder, groups + GROUP, [undefined, t * 100 + 2]);
    return swissTable(builder, groups, 2);
  });
  const directory = builder.allocate(32);
  builder.words(directory, tables[0], tables[0], tables[1], tables[2]);
  const header = swissMap(builder, 6, directory, 4);
  expect(read(builder, SWISS, header, swissType(builder))).toEqual({ keys: [1, 2, 101, 102, 201, 202], findings: [] });
});

test("a swiss map with an absurd directory or table ends, and is told", () => {
  const builder = new MemoryBuilder();
  const directory = builder.allocate(16);
  builder.word(directory, swissTable(builder, directory, 2 ** 40));
  const rtype = swissType(builder);
  expect(read(builder, SWISS, swissMap(builder, 0, directory, 1), rtype).findings.join()).toContain("groups");
  const absurd = swissMap(builder, 0, builder.allocate(8), 2 ** 50);
  const seconds = cpuSeconds(() => expect(read(builder, SWISS, absurd, rtype).findings.length).toBeGreaterThan(0));
  expect(seconds).toBeLessThan(20);
});

test("without an rtype and without the header's struct a swiss map's layout is unknown, and that is told", () => {
  const builder = new MemoryBuilder();
  expect(read(builder, SWISS, swissMap(builder, 1, builder.allocate(GROUP), 0)).findings.join()).toContain("unknown");
});

test("the design is chosen by what the runtime has; noswissmap has both headers", () => {
  expect(mapDesign(BUCKETS).name).toBe("buckets");
  expect(mapDesign(SWISS).name).toBe("swiss");
  expect(mapDesign(layoutOf({ ...SWISS_STRUCTS, ...BUCKET_STRUCTS })).name).toBe("buckets");
  expect(() => mapDesign(layoutOf({}))).toThrow("swiss maps (since go1.24), bucket maps (since go1.0)");
});

test("of 800,000 entries each is read once", () => {
  const builder = new MemoryBuilder(0xc000000000, 32 << 20);
  const buckets = builder.allocate(2 ** 17 * BUCKET);
  for (let b = 0; b < 2 ** 17; b++) bucket(builder, buckets + b * BUCKET, [b, b, b, b, b, b]);
  const header = hmap(builder, 6 * 2 ** 17, 17, buckets);
  const table = new TypeBuilder();
  const type = table.get(intMap(table));
  const memory = builder.memory();
  let count = 0;
  const seconds = cpuSeconds(() => {
    for (const _ of readMap({ memory, types: table, maps: mapsOf(BUCKETS) }, type, header)) count++;
  });
  expect(count).toBe(786_432);
  // A walk that began anew for each bucket would take hours.
  expect(seconds).toBeLessThan(20);
});
