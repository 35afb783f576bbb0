import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { openDump } from "../../src/dump.js";
import type { AddressSpace } from "../../src/process/address-space.js";
import { readField, readSlice } from "../../src/runtime/layout/layout.js";
import { readSpans } from "../../src/runtime/spans.js";
import { unpacked } from "../support/dump-cache.js";

const files = unpacked("zoo-1.26-amd64");

/** The spans of a dump in which one record says another number of pages, and the index of arenas begins elsewhere. */
async function spansWith(pages: (sane: number) => number, moved = 0) {
  const dump = await openDump(files);
  try {
    const { layout, spans } = dump.runtime;
    const { memory } = dump.process;
    const struct = layout.struct("mspan");
    const heap = layout.global("runtime.mheap_") as number;
    const all = readSlice(memory, heap + layout.struct("mheap").offset("allspans"));
    const middle = Math.floor(spans.count / 2);
    const addresses = Array.from({ length: all.length }, (_, i) => memory.readAddress(all.array + i * 8));
    const record = addresses.find((at) => readField(memory, struct, at, "startAddr") === spans.base[middle]) as number;
    const damaged: AddressSpace = Object.assign(Object.create(memory), {
      tryBytes(address: number, size: number) {
        const bytes = memory.tryBytes(address, size);
        if (address !== record || !bytes) return bytes;
        const copy = bytes.slice();
        const value = BigInt(pages(spans.pages[middle]));
        new DataView(copy.buffer).setBigUint64(struct.offset("npages"), value, true);
        return copy;
      },
    });
    const findings = new Findings();
    const read = readSpans(damaged, layout, dump.process.arch.arenaBaseOffset + moved, findings);
    return { lost: spans.count - read.count, table: read.pageSpan.length / spans.pageSpan.length, findings: findings.list() };
  } finally {
    dump.close();
  }
}

test("a span that says it is larger than memory is left out and costs nothing", async () => {
  const { lost, table, findings } = await spansWith(() => 2 ** 34);
  expect(lost).toBe(1);
  expect(table).toBe(1);
  expect(findings.map(({ code }) => code)).toContain("span-odd");
});

test("a span that says it goes on over others is left out, the others are not", async () => {
  const { lost, findings } = await spansWith((sane) => sane + 16);
  expect(lost).toBe(1);
  expect(findings.map(({ code }) => code)).toContain("span-odd");
});

test("what is not damaged is all there", async () => {
  const { lost, findings } = await spansWith((sane) => sane);
  expect(lost).toBe(0);
  expect(findings).toEqual([]);
});

test("an arena whose record is missing is told: nobody knows then which spans keep marks inside", async () => {
  const { lost, findings } = await spansWith((sane) => sane, 2 ** 40);
  expect(lost).toBe(0);
  expect(findings).toMatchObject([{ code: "arena-missing", partial: true }]);
});
