import { expect, it } from "vitest";
import { bytesSource } from "../../src/base/source.js";
import { BlockCache } from "../../src/process/block-cache.js";
import { BLOCK } from "../../src/process/limits.js";
import { pattern } from "../support/elf-writer.js";

it("reads a block once while it is used, and hands out the same bytes", () => {
  const bytes = pattern(2 * BLOCK + 100, 3);
  const source = bytesSource("file", bytes);
  let reads = 0;
  const cache = new BlockCache({
    ...source,
    size: source.size,
    name: source.name,
    readInto: source.readInto.bind(source),
    read: (offset, size) => {
      reads++;
      return source.read(offset, size);
    },
  });
  expect(cache.block(1)).toEqual(bytes.subarray(BLOCK, 2 * BLOCK));
  expect(cache.block(2)).toEqual(bytes.subarray(2 * BLOCK));
  expect(cache.block(3)).toHaveLength(0);
  expect([cache.block(1), cache.block(2)].map((block) => block.length)).toEqual([BLOCK, 100]);
  expect(reads).toBe(3);
});
