// mheap_.allspans as columns: where heap objects can lie and which slots are allocated. runtime/mheap.go
import { FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { uint64 } from "../base/uint64.js";
import { type Address, type Bytes, counted, hex, NONE, type SpanId } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { readField, readSlice } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import { MOST_SPANS } from "./limits.js";

/** The runtime's page and arena sizes, the same on every 64-bit Linux port. runtime/malloc.go */
export const PAGE: Bytes = 8192;
export const ARENA: Bytes = 64 * 1024 * 1024;
const PAGES_PER_ARENA = ARENA / PAGE;

/** In-use spans, ascending by base; every column is [count]. */
export interface SpanTable {
  readonly count: number;
  readonly base: Float64Array;
  /** Low 32 bits of base, for loops over words. */
  readonly baseLow: Uint32Array;
  readonly pages: Uint32Array;
  readonly elementSize: Float64Array;
  readonly elements: Uint32Array;
  /** size class << 1 | noscan */
  readonly spanClass: Uint8Array;
  readonly freeIndex: Uint32Array;
  readonly allocCount: Uint32Array;
  readonly allocCountBeforeCache: Uint32Array;
  readonly sweepgen: Uint32Array;
  readonly limit: Float64Array;
  /** abi.Type of a large object, 0 = none or before Go 1.22. */
  readonly largeType: Float64Array;
  /** First special record, 0 = none. */
  readonly specials: Float64Array;
  /** 1: the span's last 128 bytes hold inline mark bits (Green Tea). */
  readonly inlineMarks: Uint8Array;
  readonly userArena: Uint8Array;
  /** Address of allocBits and of gcmarkBits. */
  readonly allocBits: Float64Array;
  readonly markBits: Float64Array;
  /** Sums of pages by mspan state: dead, in use, manual. */
  readonly pagesByState: readonly [number, number, number];
  /** Spans of goroutine stacks and other manual memory, ascending: [start, end, start, end, ...]. */
  readonly manual: Float64Array;
  /** mheap_.sweepgen. */
  readonly heapSweepgen: number;
  /** First word of page index: arena = floor(address / ARENA) -> row of pageSpan / 8192, or 0. */
  readonly arenaRow: Int32Array;
  /** [arenas * 8192] span + 1 of each page, 0 = none; row 0 is empty. */
  readonly pageSpan: Uint32Array;
  /** The span that covers the address; NONE outside every in-use span. */
  find(address: Address): SpanId;
}

/** The span was swept since the last mark: what is dead in it is free. runtime/mheap.go mspan.sweepgen */
export function isSwept(spans: SpanTable, span: SpanId): boolean {
  const ahead = spans.sweepgen[span] - spans.heapSweepgen;
  return ahead === 0 || ahead === 3;
}

/** mSpanState. runtime/mheap.go */
const IN_USE = 1;
const MANUAL = 2;

/**
 * Reads every span.
 * What is missing is counted; with mheap_ itself missing the table is empty.
 */
export function readSpans(memory: AddressSpace, layout: Layout, arenaBaseOffset: number, findings: Findings): SpanTable {
  const heap = layout.global("runtime.mheap_");
  if (heap === undefined) throw new FormatError("executable", 0, "no runtime.mheap_ in its debug information");
  const heapStruct = layout.struct("mheap");
  if (!memory.tryBytes(heap, heapStruct.size)) {
    findings.add("heap-state-missing", "runtime.mheap_ is not in the core: nothing is known of the heap", hex(heap), { partial: true });
    return fillColumns(
      memory,
      layout,
      {
        order: new Float64Array(0),
        records: [],
        bases: [],
        pagesByState: [0, 0, 0],
        manual: new Float64Array(0),
        heapSweepgen: 0,
        arenaBaseOffset,
        heap,
      },
      findings,
    );
  }
  const all = readSlice(memory, heap + heapStruct.offset("allspans"));
  if (all.length > MOST_SPANS)
    throw new FormatError("core", 0, `mheap_.allspans says ${counted(all.length, "span")}; at most ${MOST_SPANS} are believed`);
  const heapSweepgen = readField(memory, heapStruct, heap, "sweepgen");

  const struct = layout.struct("mspan");
  const offsets = {
    startAddr: struct.offset("startAddr"),
    npages: struct.offset("npages"),
    state: struct.offset("state"),
  };
  const pagesByState: [number, number, number] = [0, 0, 0];
  const inUse: number[] = [];
  const inUseBase: number[] = [];
  const manual: [number, number][] = [];
  const CHUNK = 8192;
  for (let from = 0; from < all.length; from += CHUNK) {
    const n = Math.min(CHUNK, all.length - from);
    const pointers = memory.tryBytes(all.array + from * 8, n * 8)?.slice();
    if (!pointers) {
      findings.add("spans-missing", "part of mheap_.allspans is not in the core", hex(all.array + from * 8), { partial: true, count: n });
      continue;
    }
    const view = new DataView(pointers.buffer, pointers.byteOffset, pointers.byteLength);
    for (let i = 0; i < n; i++) {
      const at = uint64(view, i * 8);
      const bytes = memory.tryBytes(at, struct.size);
      if (!bytes) {
        findings.add("span-missing", "span records are not in the core; their objects are unknown", hex(at), { partial: true });
        continue;
      }
      const state = bytes[offsets.state];
      const base = word(bytes, offsets.startAddr);
      const pages = word(bytes, offsets.npages);
      if (state > 2) {
        findings.add("span-odd", "span records with an impossible state were skipped", hex(at), { partial: true });
        continue;
      }
      pagesByState[state as 0 | 1 | 2] += pages;
      if (state === IN_USE) {
        inUse.push(at);
        inUseBase.push(base);
      } else if (state === MANUAL) manual.push([base, base + pages * PAGE]);
    }
  }
  const order = Float64Array.from(inUseBase, (_, i) => i).sort((a, b) => inUseBase[a] - inUseBase[b]);
  manual.sort((a, b) => a[0] - b[0]);
  return fillColumns(
    memory,
    layout,
    {
      order,
      records: inUse,
      bases: inUseBase,
      pagesByState,
      manual: Float64Array.from(manual.flat()),
      heapSweepgen,
      arenaBaseOffset,
      heap,
    },
    findings,
  );
}

interface Collected {
  /** Indices of records by ascending base. */
  readonly order: Float64Array;
  readonly records: readonly Address[];
  readonly bases: readonly Address[];
  readonly pagesByState: readonly [number, number, number];
  readonly manual: Float64Array;
  readonly heapSweepgen: number;
  readonly arenaBaseOffset: number;
  readonly heap: Address;
}

function word(bytes: Uint8Array, offset: number): number {
  const low = bytes[offset] | (bytes[offset + 1] << 8) | (bytes[offset + 2] << 16) | (bytes[offset + 3] << 24);
  const high = bytes[offset + 4] | (bytes[offset + 5] << 8) | (bytes[offset + 6] << 16) | (bytes[offset + 7] << 24);
  return (high >>> 0) * 0x100000000 + (low >>> 0);
}

function uint(bytes: Uint8Array, offset: number, width: number): number {
  if (width === 8) return word(bytes, offset);
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[offset + i];
  return value;
}

/** Is every arena that a span goes on into mapped? A damaged size would ask for tables without a bound. */
function reachesMapped(memory: AddressSpace, base: Address, end: Address): boolean {
  for (let arena = Math.floor(base / ARENA) + 1; arena * ARENA < end; arena++) if (!memory.find(arena * ARENA)) return false;
  return true;
}

function fillColumns(memory: AddressSpace, layout: Layout, found: Collected, findings: Findings): SpanTable {
  const struct = layout.struct("mspan");
  type Field = Parameters<typeof struct.offset>[0];
  const reader = (field: Field) => {
    if (!struct.has(field)) return () => 0;
    const offset = struct.offset(field);
    const width = struct.width(field);
    return (bytes: Uint8Array) => uint(bytes, offset, width);
  };
  const npages = reader("npages");
  const elemsize = reader("elemsize");
  const nelems = reader("nelems");
  const spanclass = reader("spanclass");
  const freeindex = reader("freeindex");
  const allocCount = reader("allocCount");
  const before = reader("allocCountBeforeCache");
  const sweepgen = reader("sweepgen");
  const limit = reader("limit");
  const largeType = reader("largeType");
  const specials = reader("specials");
  const userArena = reader("isUserArenaChunk");
  const allocBits = reader("allocBits");
  const gcmarkBits = reader("gcmarkBits");

  const most = found.order.length;
  const t = {
    base: new Float64Array(most),
    baseLow: new Uint32Array(most),
    pages: new Uint32Array(most),
    elementSize: new Float64Array(most),
    elements: new Uint32Array(most),
    spanClass: new Uint8Array(most),
    freeIndex: new Uint32Array(most),
    allocCount: new Uint32Array(most),
    allocCountBeforeCache: new Uint32Array(most),
    sweepgen: new Uint32Array(most),
    limit: new Float64Array(most),
    largeType: new Float64Array(most),
    specials: new Float64Array(most),
    inlineMarks: new Uint8Array(most),
    userArena: new Uint8Array(most),
    allocBits: new Float64Array(most),
    markBits: new Float64Array(most),
  };
  const hasInlineMarks = inlineMarkReader(memory, layout, found);
  const arenaRow = new Int32Array(2 ** 48 / ARENA);
  const rows = new Map<number, number>();
  let count = 0;
  let previousEnd = 0;
  for (let place = 0; place < most; place++) {
    const i = found.order[place];
    const next = place + 1 < most ? found.bases[found.order[place + 1]] : 2 ** 48;
    const record = memory.tryBytes(found.records[i], struct.size);
    if (!record) continue;
    const base = found.bases[i];
    const pages = npages(record);
    const size = elemsize(record);
    const elements = nelems(record);
    const sane =
      base >= previousEnd &&
      base % PAGE === 0 &&
      // Of two that overlap the first is wrong about its size: the others are not lost for it.
      base + pages * PAGE <= Math.min(next, 2 ** 48) &&
      reachesMapped(memory, base, base + pages * PAGE) &&
      size >= 8 &&
      size % 8 === 0 &&
      size * elements <= pages * PAGE;
    if (!sane) {
      findings.add("span-odd", "span records that contradict themselves were skipped", hex(found.records[i]), { partial: true });
      continue;
    }
    previousEnd = base + pages * PAGE;
    t.base[count] = base;
    t.baseLow[count] = base % 0x100000000;
    t.pages[count] = pages;
    t.elementSize[count] = size;
    t.elements[count] = elements;
    t.spanClass[count] = spanclass(record);
    t.freeIndex[count] = Math.min(freeindex(record), elements);
    t.allocCount[count] = allocCount(record);
    t.allocCountBeforeCache[count] = before(record);
    t.sweepgen[count] = sweepgen(record);
    t.limit[count] = limit(record);
    t.largeType[count] = largeType(record);
    t.specials[count] = specials(record);
    t.userArena[count] = userArena(record);
    t.allocBits[count] = allocBits(record);
    t.markBits[count] = gcmarkBits(record);
    t.inlineMarks[count] = size >= 16 && size <= 512 && hasInlineMarks(base) ? 1 : 0;
    for (let arena = Math.floor(base / ARENA); arena * ARENA < previousEnd; arena++) {
      if (!rows.has(arena)) {
        rows.set(arena, rows.size + 1);
        arenaRow[arena] = rows.size;
      }
    }
    count++;
  }
  const pageSpan = new Uint32Array((rows.size + 1) * PAGES_PER_ARENA);
  for (let span = 0; span < count; span++) {
    for (let page = 0; page < t.pages[span]; page++) {
      const address = t.base[span] + page * PAGE;
      pageSpan[arenaRow[Math.floor(address / ARENA)] * PAGES_PER_ARENA + Math.floor((address % ARENA) / PAGE)] = span + 1;
    }
  }
  return {
    ...t,
    count,
    pagesByState: found.pagesByState,
    manual: found.manual,
    heapSweepgen: found.heapSweepgen,
    arenaRow,
    pageSpan,
    find(address) {
      if (!(address >= 0 && address < 2 ** 48)) return NONE;
      return pageSpan[arenaRow[Math.floor(address / ARENA)] * PAGES_PER_ARENA + Math.floor((address % ARENA) / PAGE)] - 1;
    },
  };
}

/** Index of an address's heapArena: amd64 counts from -2^47, arm64 from 0. runtime/malloc.go arenaIndex */
export function heapArenaOf(memory: AddressSpace, layout: Layout, heap: Address, arenaBaseOffset: number, address: Address): Address {
  const l1 = memory.readAddress(heap + layout.struct("mheap").offset("arenas"));
  const index = Math.floor((address - arenaBaseOffset) / ARENA);
  return memory.tryAddress(l1 + index * 8) ?? 0;
}

function inlineMarkReader(memory: AddressSpace, layout: Layout, found: Collected): (base: Address) => boolean {
  const arena = layout.struct("heapArena");
  if (!arena.has("pageUseSpanInlineMarkBits")) return () => false;
  const offset = arena.offset("pageUseSpanInlineMarkBits");
  const cache = new Map<number, Uint8Array | undefined>();
  return (base) => {
    const index = Math.floor(base / ARENA);
    if (!cache.has(index)) {
      const at = heapArenaOf(memory, layout, found.heap, found.arenaBaseOffset, base);
      cache.set(index, at > 0 ? memory.tryBytes(at + offset, PAGES_PER_ARENA / 8)?.slice() : undefined);
    }
    const page = Math.floor((base % ARENA) / PAGE);
    const bits = cache.get(index);
    return bits !== undefined && (bits[Math.floor(page / 8)] & (1 << (page % 8))) !== 0;
  };
}
