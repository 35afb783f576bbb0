/** Counters and the records they count, one of the two damaged: no figure is negative or absurd, and the contradiction is told. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Dump } from "../../src/dump.js";
import { memoryUse } from "../../src/query/memory-use.js";
import { type DamagedCore, damagedCore } from "../support/damaged-core.js";

const silent = { stage() {}, tick() {}, finish() {} };
let damaged: DamagedCore;
let whole: Uint8Array;

beforeAll(() => {
  damaged = damagedCore("zoo-1.24-amd64");
  whole = damaged.whole;
});
afterAll(() => damaged.close());

const open = (bytes: Uint8Array) => damaged.open(bytes);

/** Asks for memory by class; what must hold of it however the core is damaged. */
function ask(dump: Dump) {
  const { memory, stats } = memoryUse.run(dump, {}, { progress: silent, findings: dump.findings });
  const sizes = [...memory.classes, ...memory.mappings, ...memory.files].map((each) => each.bytes);
  expect(sizes.filter((each) => !(each >= 0 && each <= memory.mappedBytes))).toEqual([]);
  expect(memory.classes.reduce((sum, each) => sum + each.bytes, 0)).toBe(memory.mappedBytes);
  const mapped = memory.mappedBytes + memory.reservedBytes;
  expect(Object.values(stats ?? {}).filter((each) => !(each >= 0 && each <= mapped))).toEqual([]);
  return {
    memory,
    stats,
    codes: dump.findings.list().map((each) => each.code),
    partial: dump.findings.list().some((each) => each.partial),
  };
}

function offsetOf({ process }: Dump, address: number): number {
  const mapping = process.memory.find(address);
  return typeof mapping?.backing === "object" ? mapping.backing.offset + address - mapping.start : -1;
}

test("of a core cut anywhere no class is negative, and the answer is partial", async () => {
  for (const share of [0.1, 0.3, 0.5, 0.7, 0.9]) {
    const dump = await open(whole.subarray(0, Math.floor(whole.length * share)));
    expect(ask(dump).partial).toBe(true);
    dump.close();
  }
});

test("a damaged counter is told, and no figure made of it is negative or more than is mapped", async () => {
  const sound = await open(whole);
  expect(ask(sound).codes).toEqual([]);
  const { layout } = sound.runtime;
  const control = layout.struct("gcControllerState");
  const controller = layout.global("runtime.gcController") as number;
  const delta = layout.struct("heapStatsDelta");
  const deltas = (layout.global("runtime.memstats") as number) + layout.struct("mstats").offset("heapStats");
  const places = [
    ...(["heapInUse", "heapFree", "heapReleased"] as const).map((name) => controller + control.offset(name)),
    ...(["inStacks", "inWorkBufs", "inPtrScalarBits"] as const).map((name) => deltas + delta.offset(name)),
  ].map((address) => offsetOf(sound, address));
  sound.close();
  for (const place of places) {
    // The sign, more than there are addresses, and 16 MiB more or less: a figure that could be.
    for (const bit of [63, 50, 24]) {
      const bytes = Buffer.from(whole);
      bytes[place + (bit >> 3)] ^= 1 << (bit & 7);
      const dump = await open(bytes);
      const { codes, partial, stats } = ask(dump);
      expect(codes.filter((each) => /^(accounts-|spans-lost)/.test(each)).length, `bit ${bit} at ${place}`).toBeGreaterThan(0);
      expect(partial).toBe(true);
      if (bit > 48) expect(stats).toBe(null);
      dump.close();
    }
  }
});

test("counts of objects that cannot be are not shown", async () => {
  const sound = await open(whole);
  const { layout } = sound.runtime;
  const deltas = (layout.global("runtime.memstats") as number) + layout.struct("mstats").offset("heapStats");
  const place = offsetOf(sound, deltas + layout.struct("heapStatsDelta").offset("smallAllocCount") + 8);
  sound.close();
  for (const at of [place + 4, place + 7]) {
    const bytes = Buffer.from(whole);
    bytes[at] ^= 0x80;
    const dump = await open(bytes);
    expect(ask(dump)).toMatchObject({ stats: null, partial: true });
    dump.close();
  }
});

test("a stack that ends before it begins, or is larger than one can be, is no stack", async () => {
  const sound = await open(whole);
  const [first] = sound.runtime.goroutines.all;
  const place = offsetOf(sound, first?.address + sound.runtime.layout.struct("g").offset("stack.hi"));
  sound.close();
  for (const high of [1n, 1n << 46n]) {
    const bytes = Buffer.from(whole);
    bytes.writeBigUInt64LE(high, place);
    const dump = await open(bytes);
    const damaged = dump.runtime.goroutines.find(first?.id);
    expect(damaged?.stack).toEqual({ lo: 0, hi: 0 });
    dump.close();
  }
});

test("a list of goroutines that leads elsewhere gives no goroutines", async () => {
  const sound = await open(whole);
  const { goroutines, layout, spans } = sound.runtime;
  const count = goroutines.all.length;
  const list = sound.process.memory.readAddress(layout.global("runtime.allgs") as number);
  const places = [0, 1, 2].map((i) => offsetOf(sound, list + i * 8));
  const [first, heap] = [sound.process.memory.readAddress(list), spans.base[spans.count - 1]];
  sound.close();
  const bytes = Buffer.from(whole);
  // The same one twice, and the middle of other memory.
  bytes.writeBigUInt64LE(BigInt(first), places[1]);
  bytes.writeBigUInt64LE(BigInt(heap), places[2]);
  const dump = await open(bytes);
  expect(dump.runtime.goroutines.all.length).toBeLessThanOrEqual(count);
  expect(new Set(dump.runtime.goroutines.all.map((each) => each.address)).size).toBe(dump.runtime.goroutines.all.length);
  expect(dump.runtime.goroutines.all.some((each) => each.address === heap)).toBe(false);
  expect(dump.findings.list()).toContainEqual(expect.objectContaining({ code: "goroutine-odd", partial: true }));
  dump.close();
});
