import fc from "fast-check";
import { expect, test } from "vitest";
import { localOrder, Pending, WordReader } from "../../src/heap/pending.js";
import { MemoryBuilder } from "../support/memory-builder.js";

const BLOCK = 16 * 1024;

test("inferences are kept past the first room for them, and taken once", () => {
  const pending = new Pending();
  for (let i = 0; i < 10_000; i++) pending.add(i * 8, i * 16 + 6, i, 3);
  const { at, code, object, evidence } = pending.take();
  expect([at.length, at[9_999], code[9_999], object[9_999], evidence[9_999]]).toEqual([10_000, 79_992, 159_990, 9_999, 3]);
  expect([pending.size, pending.take().at.length]).toEqual([0, 0]);
});

test("addresses come block by block, ascending, each once", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 34), { maxLength: 200 }), (offsets) => {
      const at = Float64Array.from(offsets, (offset) => 0xc000000000 + offset);
      const order = [...localOrder(at)];
      expect([...order].sort((a, b) => a - b)).toEqual(offsets.map((_, i) => i));
      const lowest = Math.min(...at);
      const blocks = order.map((i) => Math.floor((at[i] - lowest) / BLOCK));
      expect(blocks).toEqual([...blocks].sort((a, b) => a - b));
    }),
  );
});

test("words are the same whether they lie dense or far apart; one that is no address or not in the core is 0", () => {
  const builder = new MemoryBuilder(0xc000000000, 1 << 20);
  builder
    .word(builder.start, 0xc000001234)
    .word(builder.start + 8, 0xffffffffffffffffn)
    .word(builder.start + (1 << 19), 42);
  const memory = builder.memory();
  const asked = [builder.start, builder.start + 8, builder.start + 16, builder.start + (1 << 19), builder.start + (1 << 20) - 8, 0x10];
  const dense = new WordReader(
    memory,
    Float64Array.from({ length: 200 }, () => builder.start),
  );
  const sparse = new WordReader(memory, Float64Array.of(builder.start, builder.start + 2 ** 40));
  for (const reader of [dense, sparse]) expect(asked.map((at) => reader.word(at))).toEqual([0xc000001234, 0, 0, 42, 0, 0]);
});
