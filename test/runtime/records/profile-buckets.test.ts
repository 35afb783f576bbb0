/** Buckets of profiles in a memory that a test makes: which cycles are published, and lists that are damaged. */
import { describe, expect, test } from "vitest";
import type { Address } from "../../../src/base/units.js";
import { hasBuckets, readContentionBuckets, readHeapBuckets, readProfileRates } from "../../../src/runtime/records/profile-buckets.js";
import { type Cycle, NO_CYCLE, ProfileBuilder } from "../../support/profile-builder.js";
import { RecordBuilder } from "../../support/record-builder.js";

const WITHOUT_BYTES = ["memRecordCycle.alloc_bytes", "memRecordCycle.free_bytes"];

function program(...without: string[]) {
  const records = new RecordBuilder(...without);
  const damaged: Address[] = [];
  return {
    records,
    profile: new ProfileBuilder(records).list(1).list(2).list(3),
    damaged,
    heap: () => readHeapBuckets(records.source(), (at) => damaged.push(at)),
    waits: (kind: "block" | "mutex") => readContentionBuckets(records.source(), kind, (at) => damaged.push(at)),
  };
}

const counts = ([allocs, frees, allocBytes, freeBytes]: Cycle) => ({ allocs, frees, allocBytes, freeBytes });

describe("the heap profile", () => {
  const active: Cycle = [10, 4, 640, 256];
  const future: Cycle[] = [
    [1, 0, 64, 0],
    [2, 1, 128, 64],
    [3, 0, 192, 0],
  ];

  test.each([0, 1, 2, 3, 4])("adds the cycle %i that is due to what is published, and all of them to what is now", (cycle) => {
    const { records, profile, heap, damaged } = program();
    records.global("runtime.mProfCycle", cycle * 2 + 1);
    profile.heap(64, [0x400100, 0x400200], active, ...future);
    const due = future[cycle % 3];
    expect(heap()).toMatchObject([
      {
        size: 64,
        pcs: [0x400100, 0x400200],
        published: counts(active.map((value, i) => value + due[i]) as unknown as Cycle),
        now: counts([16, 5, 1024, 320]),
      },
    ]);
    expect(damaged).toEqual([]);
  });

  test("is all there is before the first collection, as long as nothing is published of any stack", () => {
    const first = program();
    first.records.global("runtime.mProfCycle", 0);
    first.profile.heap(64, [0x400100], NO_CYCLE, NO_CYCLE, NO_CYCLE, [3, 0, 192, 0]);
    expect(first.heap()[0]?.published).toEqual(counts([3, 0, 192, 0]));
    first.profile.heap(32, [0x400200], [1, 1, 32, 32]);
    expect(first.heap().map(({ published }) => published.allocs)).toEqual([1, 0]);
  });

  test("has bytes by the size of the objects where the release counts none", () => {
    const { profile, heap } = program(...WITHOUT_BYTES);
    profile.heap(48, [0x400100], [10, 4, 0, 0]);
    expect(heap()[0]?.now).toEqual(counts([10, 4, 480, 192]));
  });

  test("does without the counter of cycles", () => {
    const { profile, heap } = program();
    profile.heap(64, [0x400100], active, ...future);
    expect(heap()[0]?.published).toEqual(counts(active));
  });

  test("is empty where there is none", () => {
    const { records, heap, damaged } = program();
    expect(heap()).toEqual([]);
    expect(damaged).toEqual([]);
    expect(hasBuckets(records.source(), "heap")).toBe(false);
    expect(hasBuckets(new RecordBuilder().source(), "heap")).toBeUndefined();
  });
});

test("the profiles of waiting have whole events, and never none that blocked", () => {
  const { profile, waits, damaged } = program();
  profile.wait(2, [0x400100], 0.25, 1000);
  profile.wait(2, [0x400200, 0x400300], 7.9, 5);
  profile.wait(3, [0x400100], 0.25, 7);
  expect(waits("block")).toMatchObject([
    { pcs: [0x400200, 0x400300], count: 7, cycles: 5 },
    { pcs: [0x400100], count: 1, cycles: 1000 },
  ]);
  expect(waits("mutex")).toMatchObject([{ count: 0, cycles: 7 }]);
  expect(damaged).toEqual([]);
});

describe("damage is told, and what is whole before it is read:", () => {
  const three = () => {
    const made = program();
    const addresses = [1, 2, 3].map((i) => made.profile.heap(16 * i, [0x400000 + i], [i, 0, 16 * i, 0]));
    return { ...made, addresses: addresses as [Address, Address, Address] };
  };
  const sizes = (found: readonly { readonly size: number }[]) => found.map(({ size }) => size);

  test.each([
    ["a circle", (at: readonly Address[]) => at[2]],
    ["a pointer out of the core", () => 0x7000000000],
    ["a pointer that is none", () => 17],
    ["a word that is no address", () => 2 ** 60],
  ])("%s", (_, next) => {
    const { records, addresses, heap, damaged } = three();
    records.set("profileBucket", addresses[1], { allnext: next(addresses) });
    expect(sizes(heap())).toEqual([48, 32]);
    expect(damaged).toHaveLength(1);
  });

  test.each([
    ["a bucket of another list", { typ: 2 }],
    ["a stack that is too deep", { nstk: 100_000 }],
  ])("%s", (_, fields) => {
    const { records, addresses, heap, damaged } = three();
    records.set("profileBucket", addresses[1], fields);
    expect(sizes(heap())).toEqual([48]);
    expect(damaged).toEqual([addresses[1]]);
  });

  test("counts that cannot be cost their bucket alone", () => {
    const { records, addresses, heap, damaged } = three();
    records.memory.word(addresses[1] + 48 + 8, 2 ** 60);
    expect(sizes(heap())).toEqual([48, 16]);
    expect(damaged).toEqual([addresses[1]]);
    const { profile, waits, damaged: others } = program();
    profile.wait(2, [0x400100], Number.NaN, 1);
    const negative = profile.wait(2, [0x400100], -1, 1);
    expect(waits("block")).toEqual([]);
    expect(others).toContain(negative);
    expect(others).toHaveLength(2);
  });

  test("a record that ends outside the core costs its bucket alone", () => {
    const { records, heap, damaged } = three();
    const end = records.memory.start + (1 << 20);
    const at = end - 64;
    records.set("profileBucket", at, { typ: 1, size: 8, nstk: 1 });
    records.memory.word(records.source().layout.global("runtime.mbuckets") as Address, at);
    expect(heap()).toEqual([]);
    expect(damaged).toEqual([at]);
  });
});

test("rates are what the variables hold; a counter whose speed nobody asked for is not known", () => {
  const records = new RecordBuilder();
  expect(readProfileRates(records.source())).toEqual({ memory: undefined, block: undefined, mutex: undefined, ticksPerSecond: undefined });
  records.global("runtime.MemProfileRate", 524_288);
  records.global("runtime.blockprofilerate", 1);
  records.global("runtime.mutexprofilerate", 0);
  const ticks = records.global("runtime.ticks", 0, 5, 6, 0);
  expect(readProfileRates(records.source())).toEqual({ memory: 524_288, block: 1, mutex: 0, ticksPerSecond: undefined });
  records.set("ticks", ticks, { val: 2_800_000_000 });
  expect(readProfileRates(records.source()).ticksPerSecond).toBe(2_800_000_000);
});
