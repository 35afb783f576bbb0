import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryFault } from "../../src/base/errors.js";
import { type ByteSource, bytesSource } from "../../src/base/source.js";
import { NOT_AN_ADDRESS } from "../../src/base/units.js";
import { type AddressSpace, openAddressSpace } from "../../src/process/address-space.js";
import { disjoint, fillGaps, inside, type Mapping } from "../../src/process/mappings.js";
import { pattern } from "../support/elf-writer.js";

const FILE = pattern(200_000, 5);

interface Claim {
  readonly start: number;
  readonly size: number;
  readonly flags: number;
  readonly kind: "file" | "zero" | "not-dumped";
  readonly offset: number;
}
const anyClaim: fc.Arbitrary<Claim> = fc.record({
  start: fc.integer({ min: 0, max: 90 }),
  size: fc.integer({ min: 0, max: 40 }),
  flags: fc.constantFrom(0, 4, 6),
  kind: fc.constantFrom("file", "zero", "not-dumped"),
  offset: fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 65_500, max: 65_560 })),
});
function mapping(claim: Claim, source: ByteSource, base = 0): Mapping {
  const backing = claim.kind === "file" ? { source, offset: claim.offset } : claim.kind;
  return { start: base + claim.start, end: base + claim.start + claim.size, flags: claim.flags, path: "", backing };
}
/** Byte by byte: a number, "lost" for not-dumped, nothing for unmapped. */
type Model = Map<number, number | "lost">;
function claimInto(model: Model, claims: readonly Claim[]): void {
  const inOrder = claims.map((claim, i) => ({ claim, i })).sort((a, b) => a.claim.start - b.claim.start || a.i - b.i);
  const own: Model = new Map();
  for (const { claim } of inOrder) {
    for (let i = 0; i < claim.size; i++) {
      const byte = claim.kind === "file" ? FILE[claim.offset + i] : claim.kind === "zero" ? 0 : "lost";
      if (!own.has(claim.start + i)) own.set(claim.start + i, byte);
    }
  }
  for (const [address, byte] of own) if (!model.has(address)) model.set(address, byte);
}
function expectSame(space: AddressSpace, model: Model, base: number, address: number, size: number): void {
  const bytes = Array.from({ length: size }, (_, i) => model.get(address + i));
  const isWhole = bytes.every((byte) => typeof byte === "number");
  const wanted = isWhole ? Uint8Array.from(bytes) : undefined;
  expect(space.tryBytes(base + address, size)).toEqual(wanted);
  const out = new Uint8Array(size).fill(0xee);
  expect(space.readInto(base + address, out)).toBe(isWhole);
  expect([...out]).toEqual(bytes.map((byte) => (typeof byte === "number" ? byte : 0)));
  if (wanted === undefined) expect(() => space.bytes(base + address, size)).toThrow(MemoryFault);
  if (size === 1 || size === 2 || size === 4 || size === 8) {
    const value = wanted && Number(wanted.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n));
    if (value === undefined) expect(() => space.readUint(base + address, size)).toThrow(MemoryFault);
    else expect(space.readUint(base + address, size)).toBe(value);
  }
  if (size === 8) {
    const word = wanted === undefined ? undefined : new DataView(wanted.buffer).getBigUint64(0, true);
    const asAddress = word === undefined ? undefined : word >= 2n ** 53n ? NOT_AN_ADDRESS : Number(word);
    expect(space.tryAddress(base + address)).toBe(asAddress);
    if (word !== undefined) expect(space.readUint64(base + address)).toBe(word);
    if (asAddress !== undefined) expect(space.readAddress(base + address)).toBe(asAddress);
  }
}

describe("address space", () => {
  it("of layers with random overlapping mappings reads like a map of bytes", () => {
    const reads = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 140 }), fc.oneof(fc.constantFrom(1, 2, 4, 8), fc.integer({ min: 0, max: 60 }))),
      { minLength: 1, maxLength: 30 },
    );
    const layers = fc.array(fc.array(anyClaim, { maxLength: 6 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(layers, reads, fc.constantFrom(0, 0xc000000000, 0x7fff_ffff_f000, 65_450), (layers, reads, base) => {
        const source = bytesSource("file", FILE);
        const space = openAddressSpace(layers.map((claims) => disjoint(claims.map((c) => mapping(c, source, base)))).reduce(fillGaps));
        const model: Model = new Map();
        for (const claims of layers) claimInto(model, claims);
        for (const m of space.mappings) expect(m.end).toBeGreaterThan(m.start);
        space.mappings.slice(1).forEach((m, i) => {
          expect(m.start).toBeGreaterThanOrEqual(space.mappings[i].end);
        });
        for (const [address, size] of reads) expectSame(space, model, base, address, size);
        for (let address = 0; address < 140; address++) expect(space.find(base + address) !== undefined).toBe(model.has(address));
      }),
      { numRuns: 400 },
    );
  });

  it("takes from a filler only what lies inside of frames, with their flags", () => {
    const source = bytesSource("file", FILE);
    fc.assert(
      fc.property(fc.array(anyClaim, { maxLength: 6 }), fc.array(anyClaim, { maxLength: 6 }), (frames, fillers) => {
        const within = disjoint(frames.map((c) => mapping(c, source)));
        const filler = disjoint(fillers.map((c) => mapping(c, source)));
        const parts = inside(within, filler);
        for (let address = 0; address < 140; address++) {
          const at = (list: readonly Mapping[]) => list.find((m) => m.start <= address && address < m.end);
          const [frame, fill, part] = [at(within), at(filler), at(parts)];
          expect(part !== undefined).toBe(frame !== undefined && fill !== undefined);
          if (part) expect(part.flags).toBe(frame?.flags);
        }
      }),
    );
  });

  it("reads far more than its cache holds, by large and by small reads", () => {
    const size = 40 * 1024 * 1024;
    const big = new Uint8Array(size);
    new Uint32Array(big.buffer).forEach((_, i, words) => {
      words[i] = i * 2654435761;
    });
    const space = openAddressSpace([
      { start: 0xc000000000, end: 0xc000000000 + size, flags: 6, path: "", backing: { source: bytesSource("big", big), offset: 0 } },
    ]);
    const view = new DataView(big.buffer);
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at + 8 <= size; at += 12_344) expect(space.readUint(0xc000000000 + at, 4)).toBe(view.getUint32(at, true));
    }
    const out = new Uint8Array(size - 3);
    expect(space.readInto(0xc000000003, out)).toBe(true);
    expect(Buffer.compare(out, big.subarray(3))).toBe(0);
    const middle = space.bytes(0xc000000000 + 65_000, 70_000);
    expect(Buffer.compare(middle, big.subarray(65_000, 135_000))).toBe(0);
  });

  it("says unmapped for what was never readable, not-dumped for what was", () => {
    const lost = (start: number, flags: number): Mapping => ({ start, end: start + 16, flags, path: "", backing: "not-dumped" });
    const space = openAddressSpace([lost(0x1000, 0), lost(0x2000, 4)]);
    const reasonAt = (address: number) => {
      try {
        space.bytes(address, 8);
      } catch (error) {
        return (error as MemoryFault).reason;
      }
      return undefined;
    };
    expect([reasonAt(0x1000), reasonAt(0x2000), reasonAt(0x3000), reasonAt(NOT_AN_ADDRESS), reasonAt(Number.NaN)]).toEqual([
      "unmapped",
      "not-dumped",
      "unmapped",
      "unmapped",
      "unmapped",
    ]);
  });

  it("does not allocate for sizes that no mapping holds", () => {
    const space = openAddressSpace([{ start: 0x1000, end: 0x2000, flags: 6, path: "", backing: "zero" }]);
    expect(space.tryBytes(0x1000, 2 ** 50)).toBeUndefined();
    expect(space.tryBytes(0x1000, -1)).toBeUndefined();
    expect(space.tryBytes(0x1000, Number.NaN)).toBeUndefined();
    expect(space.tryBytes(0x1000, 0)).toEqual(new Uint8Array(0));
    expect(() => space.bytes(0x1000, 2 ** 50)).toThrow();
  });

  it("reads pages above 2^53, where sums of addresses are not exact", () => {
    const page = pattern(4096, 7);
    const start = 0xffffffffff600000;
    const space = openAddressSpace([
      { start, end: start + 4096, flags: 1, path: "[vsyscall]", backing: { source: bytesSource("page", page), offset: 0 } },
    ]);
    expect(space.bytes(start, 8)).toEqual(page.subarray(0, 8));
    expect(space.tryAddress(start)).toBe(NOT_AN_ADDRESS);
    expect(space.tryAddress(start + 4096)).toBeUndefined();
    expect(space.tryBytes(start + 4096, 8)).toBeUndefined();
    expect(() => space.readUint(start + 4096, 8)).toThrow(MemoryFault);
    expect(space.tryBytes(0xfffffffffffff000, 8)).toBeUndefined();
    expect(space.readInto(0xfffffffffffff000, new Uint8Array(8))).toBe(false);
  });

  it("misses bytes of a file that shrank, and does not invent them", () => {
    const shrunk: ByteSource = { ...bytesSource("file", FILE.subarray(0, 70_000)), size: FILE.length };
    const space = openAddressSpace([
      { start: 0x10000, end: 0x10000 + FILE.length, flags: 6, path: "", backing: { source: shrunk, offset: 0 } },
    ]);
    expect(space.tryBytes(0x10000 + 69_992, 8)).toEqual(FILE.subarray(69_992, 70_000));
    expect(space.tryBytes(0x10000 + 69_996, 8)).toBeUndefined();
    expect(space.tryAddress(0x10000 + 150_000)).toBeUndefined();
  });
});
