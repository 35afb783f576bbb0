// Words of memory, read in blocks: scans go through megabytes and must not ask for each word.
import type { Address, Bytes } from "../../base/units.js";
import { WORD } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import type { Range } from "../go-ranges.js";
import { MOST_SCANNED, SCAN_BLOCK } from "../limits.js";

/** A stretch of memory; what is missing in it is zero. Its buffer is used again for the next one. */
export interface WordBlock {
  readonly start: Address;
  readonly bytes: Uint8Array;
  /** Low and high half of each word in turn. */
  readonly halves: Uint32Array;
  /** Words at which a search begins: those behind them are looked at only from there, and begin the next block. */
  readonly count: number;
}

const HALF = 0x1_0000_0000;

/** The word at an index of a block; exact below 2^53. */
export function wordAt({ halves }: WordBlock, index: number): number {
  return halves[index * 2 + 1] * HALF + halves[index * 2];
}

/**
 * The words of ranges, block by block. Of all ranges together MOST_SCANNED bytes at most.
 * @param behind  words that every search may look at from where it begins, itself among them
 */
export function* wordBlocks(memory: AddressSpace, ranges: readonly Range[], behind: number): Iterable<WordBlock> {
  let left = MOST_SCANNED;
  const buffer = new Uint8Array(SCAN_BLOCK + behind * WORD);
  for (const range of ranges) {
    const first = Math.ceil(range.start / WORD) * WORD;
    for (let start = first; start + WORD <= range.end && left > 0; start += SCAN_BLOCK) {
      const size: Bytes = Math.min(buffer.length, Math.floor((range.end - start) / WORD) * WORD);
      const bytes = buffer.subarray(0, size);
      memory.readInto(start, bytes);
      const halves = new Uint32Array(buffer.buffer, 0, size / 4);
      yield { start, bytes, halves, count: Math.min(size, SCAN_BLOCK) / WORD };
      left -= SCAN_BLOCK;
    }
  }
}

/** The words from an address on as numbers; undefined when any is missing. */
export function readWords(memory: AddressSpace, address: Address, count: number): number[] | undefined {
  const bytes = memory.tryBytes(address, count * WORD);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => view.getUint32(i * WORD + 4, true) * HALF + view.getUint32(i * WORD, true));
}
