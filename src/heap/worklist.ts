// What is left to do while objects are typed: objects to follow, words to read.
import { type Address, alignDown, NONE, type ObjectId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";

/**
 * Objects to follow. The heap is swept in address order, where neighbours know each other; what lies behind the sweep is followed
 * at once from a stack, so that lists which run backwards cost no sweep of their own.
 */
export class Worklist {
  private readonly ahead: Uint32Array;
  private stack = new Uint32Array(1 << 12);
  private stacked = 0;
  private position = NONE;
  private lowest: number;

  constructor(count: number) {
    this.ahead = new Uint32Array((count >>> 5) + 1);
    this.lowest = this.ahead.length;
  }

  push(id: ObjectId): void {
    if (id > this.position) {
      this.ahead[id >>> 5] |= 1 << (id & 31);
      if (id >>> 5 < this.lowest) this.lowest = id >>> 5;
      return;
    }
    if (this.stacked === this.stack.length) {
      const larger = new Uint32Array(this.stack.length * 2);
      larger.set(this.stack);
      this.stack = larger;
    }
    this.stack[this.stacked++] = id;
  }

  /** The next object, NONE when there is none; the position then starts anew. */
  next(): ObjectId {
    if (this.stacked > 0) return this.stack[--this.stacked];
    for (let word = this.lowest; word < this.ahead.length; word++) {
      const bits = this.ahead[word];
      if (bits === 0) continue;
      const low = bits & -bits;
      this.ahead[word] = bits ^ low;
      this.lowest = word;
      this.position = word * 32 + 31 - Math.clz32(low);
      return this.position;
    }
    this.lowest = this.ahead.length;
    this.position = NONE;
    return NONE;
  }
}

export class Pending {
  at = new Float64Array(1 << 12);
  code = new Float64Array(1 << 12);
  object = new Uint32Array(1 << 12);
  evidence = new Uint8Array(1 << 12);
  size = 0;
  add(at: Address, code: number, object: ObjectId, evidence: number): void {
    if (this.size === this.at.length) {
      const grow = <T extends { set(from: T): void }>(from: T, to: T): T => {
        to.set(from);
        return to;
      };
      this.at = grow(this.at, new Float64Array(this.size * 2)) as Float64Array<ArrayBuffer>;
      this.code = grow(this.code, new Float64Array(this.size * 2)) as Float64Array<ArrayBuffer>;
      this.object = grow(this.object, new Uint32Array(this.size * 2)) as Uint32Array<ArrayBuffer>;
      this.evidence = grow(this.evidence, new Uint8Array(this.size * 2)) as Uint8Array<ArrayBuffer>;
    }
    this.at[this.size] = at;
    this.code[this.size] = code;
    this.object[this.size] = object;
    this.evidence[this.size++] = evidence;
  }
}

const WINDOW = 128 * 1024;
const BLOCK = 16 * 1024;

/** Words at addresses that come nearly ascending: read in windows where they lie dense, one by one where not. */
export class WordReader {
  private readonly memory: AddressSpace;
  private readonly bytes = new Uint8Array(WINDOW);
  private readonly words = new Uint32Array(this.bytes.buffer);
  private start = 0;
  private end = 0;
  private readonly dense: boolean;

  /** @param at  [any] the addresses that will be asked for */
  constructor(memory: AddressSpace, at: Float64Array) {
    this.memory = memory;
    let lowest = Number.POSITIVE_INFINITY;
    let highest = 0;
    for (let i = 0; i < at.length; i++) {
      if (at[i] < lowest) lowest = at[i];
      if (at[i] > highest) highest = at[i];
    }
    this.dense = at.length * BLOCK > highest - lowest;
  }

  /** The word at an 8-aligned address as a double; 0 when it was not dumped, or is no address. */
  word(address: Address): number {
    if (!this.dense) return Math.max(0, this.memory.tryAddress(address) ?? 0);
    if (address < this.start || address + WORD > this.end) {
      this.start = alignDown(address, BLOCK);
      this.end = this.start + WINDOW;
      if (!this.memory.readInto(this.start, this.bytes)) {
        this.end = this.start;
        return Math.max(0, this.memory.tryAddress(address) ?? 0);
      }
    }
    const at = (address - this.start) / 4;
    const high = this.words[at + 1];
    return high > 0x1fffff ? 0 : high * 0x100000000 + this.words[at];
  }
}
