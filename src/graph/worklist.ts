// Nodes that are still to be followed, in an order that is kind to the caches.
import { NONE } from "../base/units.js";
import { FEW_NODES } from "./limits.js";

/**
 * A set of numbers below `count`, handed out in ascending order, sweep by sweep: neighbours in memory know each other. What is
 * added where the sweep has passed waits for the next one; when sweeps become thin it is handed out at once instead, from a stack, so
 * that a list which runs backwards needs no sweep for each link.
 */
export class Worklist {
  /** A bit a number: those that this sweep still comes to, and those that wait for the next one. */
  private thisSweep: Uint32Array;
  private nextSweep: Uint32Array;
  private stack = new Uint32Array(1 << 12);
  private stacked = 0;
  private position = NONE;
  /** Words of bits before it are empty. */
  private word = 0;
  /** The first word of nextSweep that has a bit. */
  private lowestNext: number;
  /** Numbers handed out in this sweep. */
  private met = FEW_NODES;
  /** The last sweep met few numbers: what comes now goes onto the stack. */
  private thin = false;

  constructor(count: number) {
    this.thisSweep = new Uint32Array((count >>> 5) + 1);
    this.nextSweep = new Uint32Array(this.thisSweep.length);
    this.lowestNext = this.thisSweep.length;
  }

  /** Adds a number; one that is in the set already is there once or, on the stack, twice. */
  push(id: number): void {
    if (id > this.position) {
      this.thisSweep[id >>> 5] |= 1 << (id & 31);
    } else if (!this.thin) {
      this.nextSweep[id >>> 5] |= 1 << (id & 31);
      if (id >>> 5 < this.lowestNext) this.lowestNext = id >>> 5;
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
      for (let word = this.word; word < this.thisSweep.length; word++) {
        const bits = this.thisSweep[word];
        if (bits === 0) continue;
        const low = bits & -bits;
        this.thisSweep[word] = bits ^ low;
        this.word = word;
        this.position = word * 32 + 31 - Math.clz32(low);
        this.met++;
        return this.position;
      }
      const more = this.lowestNext < this.nextSweep.length;
      this.thin = more && this.met < FEW_NODES;
      this.met = more ? 0 : FEW_NODES;
      this.position = NONE;
      this.word = more ? this.lowestNext : 0;
      this.lowestNext = this.nextSweep.length;
      if (!more) return NONE;
      [this.thisSweep, this.nextSweep] = [this.nextSweep, this.thisSweep];
    }
  }
}
