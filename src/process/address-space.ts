// The memory of a dead process, read by address.
import { MemoryFault, ResourceError } from "../base/errors.js";
import { partitionPoint } from "../base/search.js";
import type { ByteSource } from "../base/source.js";
import { addressWord, uint64 } from "../base/uint64.js";
import { type Address, type Bytes, counted, NOT_AN_ADDRESS } from "../base/units.js";
import { PF_R } from "../elf/constants.js";
import { BlockCache } from "./block-cache.js";
import { BLOCK, LARGE_READ, MOST_BYTES, WINDOWS } from "./limits.js";
import type { Mapping } from "./mappings.js";

export type { Mapping } from "./mappings.js";
export { BLOCK };

/** Memory by address. Little-endian. Views that are handed out stay right, but belong to the cache: do not write into them. */
export interface AddressSpace {
  /** Sorted by start, disjoint. */
  readonly mappings: readonly Mapping[];
  /** Bytes [address, address + size), across mappings too. @throws MemoryFault when any byte is missing. */
  bytes(address: Address, size: Bytes): Uint8Array;
  /** The same, or undefined when any byte is missing. */
  tryBytes(address: Address, size: Bytes): Uint8Array | undefined;
  /** Fills out from address; false when any byte is missing, which is then zero. Large reads go past the cache. */
  readInto(address: Address, out: Uint8Array): boolean;
  /** An unsigned number; of 8 bytes as a double, exact below 2^53. @throws MemoryFault */
  readUint(address: Address, size: 1 | 2 | 4 | 8): number;
  /** @throws MemoryFault */
  readUint64(address: Address): bigint;
  /** The word at address as an address; NOT_AN_ADDRESS when it is 2^53 or above. @throws MemoryFault */
  readAddress(address: Address): Address;
  /** The same, or undefined when the word is missing. */
  tryAddress(address: Address): Address | undefined;
  /** The mapping that holds the byte at address. */
  find(address: Address): Mapping | undefined;
}

/** A stretch of addresses whose bytes are in one block. Near 2^64 start + n is not exact: what fits is told by bytes.length. */
interface Window {
  readonly start: Address;
  readonly end: Address;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** The address space of mappings that are sorted and disjoint. */
export function openAddressSpace(mappings: readonly Mapping[]): AddressSpace {
  return new MappedSpace(mappings);
}

const NO_BYTES = new Uint8Array(0);
const NO_WINDOW: Window = { start: -1, end: -1, bytes: NO_BYTES, view: new DataView(NO_BYTES.buffer) };

/**
 * Reads go through three levels: the window that was used last (`hot`), a few windows by address, and the file's block cache. A heap is
 * read mostly in order, so the first answers nearly always, with two comparisons.
 */
class MappedSpace implements AddressSpace {
  readonly mappings: readonly Mapping[];
  /** [mappings] columns of the table, for halving without touching objects. */
  private readonly starts: Float64Array;
  private readonly ends: Float64Array;
  /** By mapping; mappings of one file share its cache. undefined: zeros, or not dumped. */
  private readonly caches: (BlockCache | undefined)[];
  /** By the low bits of the block's number: a window takes the place of another with the same ones. */
  private readonly windows: Window[] = new Array<Window>(WINDOWS).fill(NO_WINDOW);
  private hot = NO_WINDOW;
  /** The mapping that was found last: the next address is mostly in it too. */
  private last = 0;

  constructor(mappings: readonly Mapping[]) {
    this.mappings = mappings;
    this.starts = Float64Array.from(mappings, (m) => m.start);
    this.ends = Float64Array.from(mappings, (m) => m.end);
    const caches = new Map<ByteSource, BlockCache>();
    this.caches = mappings.map(({ backing }) => {
      if (typeof backing === "string") return undefined;
      const cache = caches.get(backing.source) ?? new BlockCache(backing.source);
      caches.set(backing.source, cache);
      return cache;
    });
  }

  find(address: Address): Mapping | undefined {
    const row = this.rowOf(address);
    return row < 0 ? undefined : this.mappings[row];
  }

  bytes(address: Address, size: Bytes): Uint8Array {
    return this.tryBytes(address, size) ?? this.fault(address, size);
  }

  tryBytes(address: Address, size: Bytes): Uint8Array | undefined {
    if (!(size > 0) || !(address >= 0)) return size === 0 ? NO_BYTES : undefined;
    const hot = this.hot;
    const window = address >= hot.start && address < hot.end ? hot : this.windowOf(address);
    if (window === undefined && address > Number.MAX_SAFE_INTEGER) return undefined; // sums of such addresses are not exact
    if (window === undefined) return this.isZero(address, size) ? new Uint8Array(size) : this.gather(address, size);
    const at = address - window.start;
    if (at + size <= window.bytes.length) return window.bytes.subarray(at, at + size);
    return this.gather(address, size);
  }

  readInto(address: Address, out: Uint8Array): boolean {
    if (!(address >= 0) || address > Number.MAX_SAFE_INTEGER) {
      const bytes = this.tryBytes(address, out.length);
      out.fill(0);
      if (bytes !== undefined) out.set(bytes);
      return bytes !== undefined;
    }
    const end = address + out.length;
    let at = address;
    // Mapping by mapping; what lies between two is missing and filled with zeros.
    let row = this.rowAtOrAfter(address);
    let complete = true;
    while (at < end) {
      const start = row < this.starts.length ? this.starts[row] : Number.POSITIVE_INFINITY;
      if (start > at) {
        const next = Math.min(start, end);
        out.fill(0, at - address, next - address);
        complete = false;
        at = next;
        continue;
      }
      const next = Math.min(this.ends[row], end);
      if (!this.readMapping(row, at, out.subarray(at - address, next - address))) complete = false;
      at = next;
      row++;
    }
    return complete;
  }

  readUint(address: Address, size: 1 | 2 | 4 | 8): number {
    let window: Window | undefined = this.hot;
    if (!(address >= window.start && address + size <= window.end)) window = this.windowOf(address);
    if (window !== undefined && address - window.start + size <= window.bytes.length)
      return uintAt(window.view, address - window.start, size);
    const bytes = this.bytes(address, size);
    return uintAt(new DataView(bytes.buffer, bytes.byteOffset, size), 0, size);
  }

  readUint64(address: Address): bigint {
    const bytes = this.bytes(address, 8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  }

  readAddress(address: Address): Address {
    return this.tryAddress(address) ?? this.fault(address, 8);
  }

  tryAddress(address: Address): Address | undefined {
    let window: Window | undefined = this.hot;
    if (!(address >= window.start && address + 8 <= window.end)) window = this.windowOf(address);
    if (window !== undefined && address - window.start + 8 <= window.bytes.length) {
      const at = address - window.start;
      return addressWord(window.view, at, NOT_AN_ADDRESS);
    }
    const bytes = this.tryBytes(address, 8);
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    return addressWord(view, 0, NOT_AN_ADDRESS);
  }

  /** Says why bytes are missing. @throws MemoryFault, ResourceError for more than can be meant */
  private fault(address: Address, size: Bytes): never {
    if (size > MOST_BYTES) throw new ResourceError(`${counted(size, "byte")} of memory asked for at once, at most ${MOST_BYTES}`);
    // The first missing byte decides: its mapping says why.
    let at = address;
    for (let row = this.rowOf(at); row >= 0 && at < address + size; row = this.rowOf(at)) {
      const mapping = this.mappings[row];
      if (mapping.backing === "not-dumped") {
        const readable = Math.floor(mapping.flags / PF_R) % 2 === 1;
        throw new MemoryFault(address, size, readable ? "not-dumped" : "unmapped");
      }
      at = mapping.end;
    }
    throw new MemoryFault(address, size, "unmapped");
  }

  /** Row of the mapping that holds address, or -1. */
  private rowOf(address: Address): number {
    const row = this.rowAtOrAfter(address);
    return row < this.starts.length && this.starts[row] <= address ? row : -1;
  }

  /** The first row whose end is above address; may start after it. */
  private rowAtOrAfter(address: Address): number {
    const { starts, ends } = this;
    const last = this.last;
    if (last < starts.length && starts[last] <= address && address < ends[last]) return last;
    const low = partitionPoint(ends.length, (row) => ends[row] <= address);
    if (low < ends.length) this.last = low;
    return low;
  }

  /** The window of a file-backed byte; undefined when it is missing or of a zero mapping. Becomes the hot one. */
  private windowOf(address: Address): Window | undefined {
    const slot = Math.floor(address / BLOCK) & (WINDOWS - 1);
    const kept = this.windows[slot];
    if (address >= kept.start && address < kept.end) {
      this.hot = kept;
      return kept;
    }
    const row = this.rowOf(address);
    if (row < 0) return undefined;
    const { start, end, backing } = this.mappings[row];
    if (typeof backing === "string") return undefined;
    const offset = backing.offset + (address - start);
    const index = Math.floor(offset / BLOCK);
    const block = (this.caches[row] as BlockCache).block(index);
    // In the file the block begins at index * BLOCK, the mapping at backing.offset: the window is where both are.
    const from = Math.max(index * BLOCK, backing.offset);
    const to = Math.min(index * BLOCK + block.length, backing.offset + (end - start));
    if (offset >= to) return undefined; // the file shrank since it was opened
    const bytes = block.subarray(from - index * BLOCK, to - index * BLOCK);
    const window = {
      start: start + (from - backing.offset),
      end: start + (to - backing.offset),
      bytes,
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    };
    this.windows[slot] = window;
    this.hot = window;
    return window;
  }

  /** Whether all of it is in one mapping of zeros: then no file has to be read. */
  private isZero(address: Address, size: Bytes): boolean {
    const mapping = this.find(address);
    return mapping !== undefined && mapping.backing === "zero" && address + size <= mapping.end && size <= MOST_BYTES;
  }

  /** A copy of bytes that lie in several blocks or mappings; undefined when any is missing. */
  private gather(address: Address, size: Bytes): Uint8Array | undefined {
    if (size > MOST_BYTES || address > Number.MAX_SAFE_INTEGER || !this.covers(address, size)) return undefined;
    const out = new Uint8Array(size);
    return this.readInto(address, out) ? out : undefined;
  }

  /** Whether no byte is missing: asked before room is made for a copy. */
  private covers(address: Address, size: Bytes): boolean {
    let at = address;
    while (at < address + size) {
      const row = this.rowOf(at);
      if (row < 0 || this.mappings[row].backing === "not-dumped") return false;
      at = this.ends[row];
    }
    return true;
  }

  /**
   * Fills out from one mapping; false when a byte is missing, which is then zero. Large reads go past the cache, which they would only
   * sweep empty.
   */
  private readMapping(row: number, address: Address, out: Uint8Array): boolean {
    const { start, backing } = this.mappings[row];
    if (typeof backing === "string") {
      out.fill(0);
      return backing === "zero";
    }
    const offset = backing.offset + (address - start);
    if (out.length >= LARGE_READ) {
      const got = backing.source.readInto(offset, out);
      if (got < out.length) out.fill(0, got);
      return got === out.length;
    }
    const cache = this.caches[row] as BlockCache;
    let done = 0;
    while (done < out.length) {
      const index = Math.floor((offset + done) / BLOCK);
      const block = cache.block(index);
      const part = block.subarray(offset + done - index * BLOCK, offset + out.length - index * BLOCK);
      if (part.length === 0) {
        out.fill(0, done);
        return false;
      }
      out.set(part, done);
      done += part.length;
    }
    return true;
  }
}

/** Little-endian; 8 bytes as a double. */
function uintAt(view: DataView, at: number, size: 1 | 2 | 4 | 8): number {
  switch (size) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true);
    case 4:
      return view.getUint32(at, true);
    case 8:
      return uint64(view, at);
  }
}
