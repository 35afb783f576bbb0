// Words that typing has to read: what waits for them, and a reader for addresses in order.
import { type Address, alignDown, type ObjectId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";

/** Inferences that wait for a word of memory. [n] columns */
export interface PendingRows {
  /** Address of the word. */
  readonly at: Float64Array;
  /** What the pointer means, see pointer-kinds.ts. */
  readonly code: Float64Array;
  /** ObjectId that the inference is about. */
  readonly object: Uint32Array;
  /** Index into EVIDENCE. */
  readonly evidence: Uint8Array;
}

/** Collects them. Millions may wait at once: columns grow by doubling, and no row is an object. */
export class Pending {
  private at = new Float64Array(1 << 12);
  private code = new Float64Array(1 << 12);
  private object = new Uint32Array(1 << 12);
  private evidence = new Uint8Array(1 << 12);
  /** Rows so far. */
  size = 0;

  add(at: Address, code: number, object: ObjectId, evidence: number): void {
    if (this.size === this.at.length) this.grow(this.size * 2);
    this.at[this.size] = at;
    this.code[this.size] = code;
    this.object[this.size] = object;
    this.evidence[this.size++] = evidence;
  }

  /** All rows, as columns of their own; none wait afterwards. */
  take(): PendingRows {
    const n = this.size;
    this.size = 0;
    return {
      at: this.at.slice(0, n),
      code: this.code.slice(0, n),
      object: this.object.slice(0, n),
      evidence: this.evidence.slice(0, n),
    };
  }

  private grow(room: number): void {
    const copy = <T extends { set(from: T): void }>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.at = copy<Float64Array<ArrayBuffer>>(this.at, new Float64Array(room));
    this.code = copy<Float64Array<ArrayBuffer>>(this.code, new Float64Array(room));
    this.object = copy<Uint32Array<ArrayBuffer>>(this.object, new Uint32Array(room));
    this.evidence = copy<Uint8Array<ArrayBuffer>>(this.evidence, new Uint8Array(room));
  }
}

/** Bytes that a dense reader reads at once. */
const WINDOW = 128 * 1024;
/** Addresses within one such block may come in any order. */
const BLOCK = 16 * 1024;

/**
 * Indices such that addresses come block by block, ascending: a radix sort of their block numbers, 16 bits at a time. Read in
 * this order, each part of the core is read once.
 */
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
  /** Addresses that the window holds; equal when it holds none. */
  private start = 0;
  private end = 0;
  /** About one address or more is asked for in each block: reading all is cheaper than reading one by one. */
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
