/** Span records zeroed in place: they contradict nothing, but the runtime's own count of the bytes in spans does. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Dump } from "../../src/dump.js";
import { lostSpans } from "../../src/runtime/accounting.js";
import { readSlice } from "../../src/runtime/layout/layout.js";
import { type DamagedCore, damagedCore } from "../support/damaged-core.js";

let damaged: DamagedCore;
let whole: Uint8Array;

beforeAll(() => {
  damaged = damagedCore("zoo-1.24-amd64");
  whole = damaged.whole;
});
afterAll(() => damaged.close());

const open = (bytes: Uint8Array) => damaged.open(bytes);

/** Addresses of the records of spans in use. */
function records({ process: { memory }, runtime: { layout } }: Dump): readonly number[] {
  const heap = layout.global("runtime.mheap_") as number;
  const { array, length } = readSlice(memory, heap + layout.struct("mheap").offset("allspans"));
  const all = Array.from({ length }, (_, i) => memory.readAddress(array + i * 8));
  return all.filter((at) => memory.readUint(at + layout.struct("mspan").offset("state"), 1) === 1);
}

test("a sound core's spans are those that the runtime counts", async () => {
  const dump = await open(whole);
  expect(dump.runtime.spans.count).toBe(records(dump).length);
  expect(lostSpans(dump.runtime)).toMatchObject({ bytes: 0, haveClass: false });
  expect(dump.process.memory.find(lostSpans(dump.runtime).grownTo - 1)).toBeDefined();
  expect(dump.findings.list()).toEqual([]);
  dump.close();
});

test("records zeroed in place make the answer partial, whichever and however many they are", async () => {
  const sound = await open(whole);
  const { layout } = sound.runtime;
  const { size } = layout.struct("mspan");
  const all = records(sound);
  const places = all.map((at) => {
    const mapping = sound.process.memory.find(at);
    return typeof mapping?.backing === "object" ? mapping.backing.offset + at - mapping.start : -1;
  });
  sound.close();
  for (const gone of [[0], [all.length - 1], places.map((_, i) => i).filter((i) => i % 3 === 0), places.map((_, i) => i)]) {
    const bytes = Buffer.from(whole);
    for (const i of gone) bytes.fill(0, places[i], places[i] + size);
    const dump = await open(bytes);
    expect(dump.runtime.spans.count).toBe(all.length - gone.length);
    expect(dump.findings.list()).toMatchObject([{ code: "spans-lost", partial: true }]);
    dump.close();
  }
});
