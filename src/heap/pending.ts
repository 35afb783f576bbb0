// Words that typing has to read: what waits for them, and a reader for addresses in order.
import { type Address, alignDown, type ObjectId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";

/** Statements that wait for a word of memory, as columns. */
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
      this.at = grow<Float64Array<ArrayBuffer>>(this.at, new Float64Array(this.size * 2));
      this.code = grow<Float64Array<ArrayBuffer>>(this.code, new Float64Array(this.size * 2));
      this.object = grow<Uint32Array<ArrayBuffer>>(this.object, new Uint32Array(this.size * 2));
      this.evidence = grow<Uint8Array<ArrayBuffer>>(this.evidence, new Uint8Array(this.size * 2));
    }
    this.at[this.size] = at;
    this.code[this.size] = code;
    this.object[this.size] = object;
    this.evidence[this.size++] = evidence;
  }
}

const WINDOW = 128 * 1024;
const BLOCK = 16 * 1024;

/** Indices such that addresses come block by block, ascending: a radix sort of their block numbers. */
export function localOrder(at: Float64Array): Uint32Array {
  let lowest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < at.length; i++) if (at[i] < lowest) lowest = at[i];
  const keys = new Uint32Array(at.length);
  for (let i = 0; i < at.length; i++) keys[i] = Math.min(Math.floor((at[i] - lowest) / BLOCK), 0xffffffff);
  let order = new Uint32Array(at.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(65_537);
    for (let i = 0; i < keys.length; i++) starts[((keys[i] >>> shift) & 0xffff) + 1]++;
    if (starts[1] === keys.length) continue;
    for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1];
    const next = new Uint32Array(order.length);
    for (let i = 0; i < order.length; i++) next[starts[(keys[order[i]] >>> shift) & 0xffff]++] = order[i];
    order = next;
  }
  return order;
}

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
