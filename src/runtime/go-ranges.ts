// Where the runtime's own memory off the heap lies: every range that one of its structures describes. runtime/malloc.go, mpagealloc.go
import { partitionPoint } from "../base/search.js";
import type { Address, Bytes } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Process } from "../process/process.js";
import { readSlice } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import { MOST_RANGES } from "./limits.js";
import { ARENA, heapArenaOf, type SpanTable } from "./spans.js";

export interface Range {
  readonly start: Address;
  /** Exclusive. */
  readonly end: Address;
}

export interface GoRanges {
  /** Arenas that hold any heap address. */
  readonly arenas: readonly Range[];
  /** What the runtime counts among the memory that it has from the system. */
  readonly metadata: readonly Range[];
  /** Mapped whole, touched here and there, and counted nowhere: the index of all arenas that there could be. */
  readonly index: readonly Range[];
}

const LOWEST: Address = 4096;
/** runtime/malloc.go persistentChunkSize, arenaL2Bits of 48-bit addresses */
const PERSISTENT_CHUNK: Bytes = 256 << 10;
const ARENA_INDEX: Bytes = 2 ** 22 * 8;
/** runtime/mheap.go gcBitsChunkBytes */
const BITS_CHUNK: Bytes = 64 << 10;
/** runtime/mpagealloc.go: 8192 pallocData of 128 bytes. */
const PAGE_CHUNKS = 8192;
const PAGE_CHUNK: Bytes = 8192 * 128;
/** runtime/mprof.go buckHashSize */
const BUCKET_TABLE: Bytes = 179_999 * 8;

/** @throws MemoryFault never: what is missing is left out */
export function goRanges(process: Process, layout: Layout, spans: SpanTable): GoRanges {
  const { memory } = process;
  const heap = layout.global("runtime.mheap_") ?? 0;
  const mheap = layout.struct("mheap");
  const arenas = heapArenas(memory, heap + mheap.offset("pages.inUse.ranges"), spans);
  const metadata: Range[] = [];
  const index: Range[] = [];
  const add = (start: Address, size: Bytes, to = metadata) => {
    if (start >= LOWEST && size > 0) to.push({ start, end: start + size });
  };
  if (memory.tryBytes(heap, mheap.size)) {
    add(memory.tryAddress(heap + mheap.offset("arenas")) ?? 0, ARENA_INDEX, index);
    const { size } = layout.struct("heapArena");
    for (const { start, end } of arenas)
      for (let at = start; at < end; at += ARENA) add(heapArenaOf(memory, layout, heap, process.arch.arenaBaseOffset, at), size);
    const chunks = heap + mheap.offset("pages.chunks");
    for (let i = 0; i < PAGE_CHUNKS; i++) add(memory.tryAddress(chunks + i * 8) ?? 0, PAGE_CHUNK);
    // Tables that are reserved whole and mapped as far as they are used: each slice's capacity says how far it may reach.
    for (let at = heap; at + 24 <= heap + mheap.size; at += 8) {
      const { array, length, capacity } = readSlice(memory, at);
      if (array > 2 ** 32 && length <= capacity && capacity >= 64 && capacity < 2 ** 33) add(array, capacity * 8);
    }
  }
  for (const chunk of linked(memory, memory.tryAddress(layout.global("runtime.persistentChunks") ?? 0) ?? 0, 0))
    add(chunk, PERSISTENT_CHUNK);
  const bits = layout.global("runtime.gcBitsArenas");
  // A lock and the heads of four lists.
  for (let word = 1; bits !== undefined && word < 7; word++) {
    const head = memory.tryAddress(bits + word * 8) ?? 0;
    if (head % 4096 === 0) for (const chunk of linked(memory, head, 8)) add(chunk, BITS_CHUNK);
  }
  add(memory.tryAddress(layout.global("runtime.buckhash") ?? 0) ?? 0, BUCKET_TABLE);
  return { arenas, metadata: union(metadata), index: union(index) };
}

/** The members of a list, each with the address of the next one at an offset. */
function linked(memory: AddressSpace, first: Address, next: Bytes): Address[] {
  const seen = new Set<Address>();
  for (let at = first; at >= LOWEST && !seen.has(at) && seen.size < MOST_RANGES; at = memory.tryAddress(at + next) ?? 0) seen.add(at);
  return [...seen];
}

function heapArenas(memory: AddressSpace, header: Address, spans: SpanTable): readonly Range[] {
  const arenas = new Set<number>();
  const ranges = memory.tryBytes(header, 24) ? readSlice(memory, header) : { array: 0, length: 0 };
  for (let i = 0; i < Math.min(ranges.length, MOST_RANGES); i++) {
    const start = memory.tryAddress(ranges.array + i * 16);
    const end = memory.tryAddress(ranges.array + i * 16 + 8);
    if (start === undefined || end === undefined || end > 2 ** 48) break;
    for (let arena = Math.floor(start / ARENA); arena * ARENA < end && arenas.size < MOST_RANGES; arena++) arenas.add(arena);
  }
  for (let span = 0; span < spans.count; span++) {
    const last = spans.base[span] + spans.pages[span] * 8192 - 1;
    for (let arena = Math.floor(spans.base[span] / ARENA); arena <= Math.floor(last / ARENA); arena++) arenas.add(arena);
  }
  return union([...arenas].map((arena) => ({ start: arena * ARENA, end: (arena + 1) * ARENA })));
}

/** Sorted and disjoint; what touches is joined. */
export function union(ranges: readonly Range[]): Range[] {
  const out: { start: Address; end: Address }[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = out.at(-1);
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else out.push({ ...range });
  }
  return out;
}

/** The parts of a range that lie in none of others, which are sorted and disjoint. */
export function without(range: Range, others: readonly Range[]): Range[] {
  const out: Range[] = [];
  let at = range.start;
  for (let i = firstEndingAfter(others, range.start); i < others.length && others[i].start < range.end; i++) {
    const { start, end } = others[i];
    if (start > at) out.push({ start: at, end: start });
    at = Math.max(at, end);
  }
  if (at < range.end) out.push({ start: at, end: range.end });
  return out;
}

function firstEndingAfter(ranges: readonly Range[], address: Address): number {
  return partitionPoint(ranges.length, (index) => ranges[index].end <= address);
}
