// Nodes that are still to be followed, in an order that is kind to the caches.
import { NONE } from "../base/units.js";
import { FEW_NODES } from "./limits.js";

/**
 * A set of numbers below `count`, handed out in ascending order, sweep by sweep: neighbours in memory know each other. What is
 * added behind the sweep waits for the next one; when sweeps become thin it is handed out at once instead, from a stack, so
 * that a list which runs backwards needs no sweep for each link.
 */
export class Worklist {
  private ahead: Uint32Array;
  private behind: Uint32Array;
  private stack = new Uint32Array(1 << 12);
  private stacked = 0;
  private position = NONE;
  /** Words of bits before it are empty. */
  private word = 0;
  private lowestBehind: number;
  private met = FEW_NODES;
  private thin = false;

  constructor(count: number) {
    this.ahead = new Uint32Array((count >>> 5) + 1);
    this.behind = new Uint32Array(this.ahead.length);
    this.lowestBehind = this.ahead.length;
  }

  push(id: number): void {
    if (id > this.position) {
      this.ahead[id >>> 5] |= 1 << (id & 31);
    } else if (!this.thin) {
      this.behind[id >>> 5] |= 1 << (id & 31);
      if (id >>> 5 < this.lowestBehind) this.lowestBehind = id >>> 5;
    } else {
      if (this.stacked === this.stack.length) {
        const larger = new Uint32Array(this.stack.length * 2);
        larger.set(this.stack);
        this.stack = larger;
      }
      this.stack[this.stacked++] = id;
    }
  }

  /** The next number, which is then no longer in the set; NONE when it is empty. */
  next(): number {
    if (this.stacked > 0) return this.stack[--this.stacked];
    for (;;) {
      for (let word = this.word; word < this.ahead.length; word++) {
        const bits = this.ahead[word];
        if (bits === 0) continue;
        const low = bits & -bits;
        this.ahead[word] = bits ^ low;
        this.word = word;
        this.position = word * 32 + 31 - Math.clz32(low);
        this.met++;
        return this.position;
      }
      const more = this.lowestBehind < this.behind.length;
      this.thin = more && this.met < FEW_NODES;
      this.met = more ? 0 : FEW_NODES;
      this.position = NONE;
      this.word = more ? this.lowestBehind : 0;
      this.lowestBehind = this.behind.length;
      if (!more) return NONE;
      [this.ahead, this.behind] = [this.behind, this.ahead];
    }
  }
}
