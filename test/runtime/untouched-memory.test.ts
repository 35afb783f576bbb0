// Memory that a core leaves out: zero when nobody wrote to it, missing when the runtime did.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Finding } from "../../src/base/findings.js";
import type { Dump } from "../../src/dump.js";
import { readSlice } from "../../src/runtime/layout/layout.js";
import { type DamagedCore, damagedCore } from "../support/damaged-core.js";

const PT_LOAD = 1;
let damaged: DamagedCore;

beforeAll(() => {
  damaged = damagedCore("zoo-1.26-amd64");
});
afterAll(() => damaged.close());

/** Opens the core without the bytes of the segment that holds an address. flags: others than it has. */
function without(address: number, flags?: number): Promise<Dump> {
  const bytes = Buffer.from(damaged.whole);
  const table = Number(bytes.readBigUInt64LE(32));
  for (let at = table; at < table + bytes.readUInt16LE(56) * 56; at += 56) {
    const start = Number(bytes.readBigUInt64LE(at + 16));
    const isIt = address >= start && address < start + Number(bytes.readBigUInt64LE(at + 40));
    if (bytes.readUInt32LE(at) !== PT_LOAD || !isIt) continue;
    bytes.writeBigUInt64LE(0n, at + 32);
    if (flags !== undefined) bytes.writeUInt32LE(flags, at + 4);
  }
  return damaged.open(bytes);
}

/** Addresses in the sound core. */
async function places() {
  const dump = await damaged.open(damaged.whole);
  const { layout, spans, goroutines } = dump.runtime;
  const heap = layout.global("runtime.mheap_") as number;
  const all = readSlice(dump.process.memory, heap + layout.struct("mheap").offset("allspans"));
  const found = {
    "the runtime's variables": heap,
    "the list of spans": all.array,
    "span records": dump.process.memory.readAddress(all.array),
    "allocation bits": spans.allocBits[0],
    heap: spans.base[0],
    goroutines: goroutines.all[0]?.address,
  };
  dump.close();
  return Object.entries(found);
}

function codes(findings: readonly Finding[]): string[] {
  return findings.filter(({ partial }) => partial).map(({ code }) => code);
}

test("what the runtime wrote and the core leaves out is missing, not zero", async () => {
  for (const [what, address] of await places()) {
    const dump = await without(address);
    const mapping = dump.process.memory.find(address);
    expect([what, mapping?.backing, codes(dump.findings.list())]).toEqual([
      what,
      "not-dumped",
      expect.arrayContaining(["memory-left-out"]),
    ]);
    expect([what, dump.process.memory.tryBytes(address, 8)]).toEqual([what, undefined]);
    dump.close();
  }
}, 60_000);

test("what nothing says was written is zero, and that is told", async () => {
  const sound = await damaged.open(damaged.whole);
  const reserved = sound.process.memory.mappings.find(({ flags }) => flags === 0)?.start as number;
  sound.close();
  const dump = await without(reserved, 6);
  expect(dump.process.memory.readUint(reserved, 8)).toBe(0);
  expect(dump.findings.list()).toMatchObject([{ code: "memory-untouched", partial: false, count: 1 }]);
  dump.close();
});
