// Blocks of a source kept in memory, a bounded number of them.
import type { ByteSource } from "../base/source.js";
import { BLOCK, MOST_BLOCKS } from "./limits.js";

/** Reads a source by whole blocks; the least used go first (clock). A block once handed out is never written again. */
export class BlockCache {
  readonly source: ByteSource;
  private readonly slots = new Map<number, number>();
  private readonly blocks: Uint8Array[] = [];
  private readonly indexes: number[] = [];
  private readonly used = new Uint8Array(MOST_BLOCKS);
  private hand = 0;

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Block number index: bytes [index * BLOCK, ...), shorter at the end of the source, empty past it. */
  block(index: number): Uint8Array {
    const known = this.slots.get(index);
    if (known !== undefined) {
      this.used[known] = 1;
      return this.blocks[known];
    }
    const bytes = this.source.read(index * BLOCK, BLOCK);
    const slot = this.freeSlot();
    this.blocks[slot] = bytes;
    this.indexes[slot] = index;
    this.used[slot] = 1;
    this.slots.set(index, slot);
    return bytes;
  }

  private freeSlot(): number {
    if (this.blocks.length < MOST_BLOCKS) return this.blocks.length;
    while (this.used[this.hand] === 1) {
      this.used[this.hand] = 0;
      this.hand = (this.hand + 1) % MOST_BLOCKS;
    }
    const slot = this.hand;
    this.hand = (this.hand + 1) % MOST_BLOCKS;
    this.slots.delete(this.indexes[slot]);
    return slot;
  }
}
