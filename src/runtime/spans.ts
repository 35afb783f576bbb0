// mheap_.allspans as columns: where heap objects can lie and which slots are allocated. runtime/mheap.go
import { FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { uint64 } from "../base/uint64.js";
import { type Address, counted, hex, NONE, type SpanId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { ARENA, PAGE, PAGES_PER_ARENA } from "./arenas.js";
import { type FreedSlots, readFreedSlots } from "./freed-slots.js";
import { readField, readSlice } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import { MOST_SPANS } from "./limits.js";
import { addColumns, fillColumns, type RecoveredSpan, type SpanColumns, type SpanRecord, wordOf } from "./span-columns.js";

export { ARENA, heapArenaOf, PAGE } from "./arenas.js";
export type { RecoveredSpan } from "./span-columns.js";

/** Size class 2 (16 B), noscan: slots that small values share. runtime/malloc.go tinySpanClass */
export const TINY_SPAN_CLASS = (2 << 1) | 1;

/** All spans of the heap: those in use as columns, of the others what is needed of them. */
export interface SpanTable extends SpanColumns {
  /** Sums of pages by mspan state: dead, in use, manual. */
  readonly pagesByState: readonly [number, number, number];
  /** Spans of goroutine stacks and other manual memory, ascending: [start, end, start, end, ...]. */
  readonly manual: Float64Array;
  /** mheap_.sweepgen. */
  readonly heapSweepgen: number;
  /** Of spans whose records are lost: a bit for each slot that is known to hold an object. */
  readonly reached?: ReadonlyMap<SpanId, Uint8Array>;
  /** Slots that are counted as allocated, and are free. */
  readonly freed: FreedSlots;
  /** The span that covers the address; NONE outside every in-use span. */
  find(address: Address): SpanId;
}

/** The span was swept since the last mark: what is dead in it is free. runtime/mheap.go mspan.sweepgen */
export function isSwept(spans: SpanTable, span: SpanId): boolean {
  const ahead = spans.sweepgen[span] - spans.heapSweepgen;
  return ahead === 0 || ahead === 3;
}

/** Slots of a span that are counted as allocated, and are free. */
export const freedIn = ({ freed }: SpanTable, span: SpanId): number => freed.get(span)?.size ?? 0;

/** mspan.state. runtime/mheap.go mSpanState */
const IN_USE = 1;
const MANUAL = 2;
/** Pointers of mheap_.allspans that are read at once. */
const CHUNK = 8192;

/**
 * Reads every span. What is missing or contradicts itself is left out and a finding; with mheap_ itself missing the table is empty.
 * @param arenaBaseOffset  address that the index of arenas begins at
 * @throws FormatError when DWARF has no mheap_, or the list is too long to be one
 */
export function readSpans(memory: AddressSpace, layout: Layout, arenaBaseOffset: number, findings: Findings): SpanTable {
  const heap = layout.global("runtime.mheap_");
  if (heap === undefined) throw new FormatError("executable", 0, "no runtime.mheap_ in its debug information");
  const mheap = layout.struct("mheap");
  const source = { memory, layout, heap, arenaBaseOffset };
  if (!memory.tryBytes(heap, mheap.size)) {
    findings.add("heap-state-missing", "runtime.mheap_ is not in the core: nothing is known of the heap", hex(heap), { partial: true });
    return { ...toTable(fillColumns(source, [], findings), [0, 0, 0], [], 0), freed: new Map() };
  }
  const all = readSlice(memory, heap + mheap.offset("allspans"));
  if (all.length > MOST_SPANS)
    throw new FormatError("core", 0, `mheap_.allspans says ${counted(all.length, "span")}; at most ${MOST_SPANS} are believed`);
  const heapSweepgen = readField(memory, mheap, heap, "sweepgen");
  const { inUse, manual, pagesByState } = sortByState(memory, layout, spanAddresses(memory, all, findings), findings);
  inUse.sort((a, b) => a.base - b.base);
  manual.sort((a, b) => a[0] - b[0]);
  const table = toTable(fillColumns(source, inUse, findings), pagesByState, manual, heapSweepgen);
  return { ...table, freed: readFreedSlots(source, table, findings) };
}

/** Addresses of all mspan records, in the order of mheap_.allspans. */
function* spanAddresses(memory: AddressSpace, all: ReturnType<typeof readSlice>, findings: Findings): Iterable<Address> {
  for (let from = 0; from < all.length; from += CHUNK) {
    const n = Math.min(CHUNK, all.length - from);
    const pointers = memory.tryBytes(all.array + from * WORD, n * WORD)?.slice();
    if (!pointers) {
      const place = hex(all.array + from * WORD);
      findings.add("spans-missing", "part of mheap_.allspans is not in the core", place, { partial: true, count: n });
      continue;
    }
    const view = new DataView(pointers.buffer, pointers.byteOffset, pointers.byteLength);
    for (let i = 0; i < n; i++) yield uint64(view, i * WORD);
  }
}

interface SpansByState {
  readonly inUse: SpanRecord[];
  /** Of stacks and the runtime's own memory: [start, end]. */
  readonly manual: [Address, Address][];
  readonly pagesByState: [number, number, number];
}

function sortByState(memory: AddressSpace, layout: Layout, addresses: Iterable<Address>, findings: Findings): SpansByState {
  const mspan = layout.struct("mspan");
  const offsets = { base: mspan.offset("startAddr"), pages: mspan.offset("npages"), state: mspan.offset("state") };
  const found: SpansByState = { inUse: [], manual: [], pagesByState: [0, 0, 0] };
  for (const address of addresses) {
    const bytes = memory.tryBytes(address, mspan.size);
    if (!bytes) {
      findings.add("span-missing", "span records are not in the core; their objects are unknown", hex(address), { partial: true });
      continue;
    }
    const state = bytes[offsets.state];
    const base = wordOf(bytes, offsets.base);
    const pages = wordOf(bytes, offsets.pages);
    if (state > 2) {
      findings.add("span-odd", "span records with an impossible state were skipped", hex(address), { partial: true });
      continue;
    }
    found.pagesByState[state as 0 | 1 | 2] += pages;
    if (state === IN_USE) found.inUse.push({ address, base });
    else if (state === MANUAL) found.manual.push([base, base + pages * PAGE]);
  }
  return found;
}

/** The table with spans whose records are lost among its own. */
export function withRecovered(spans: SpanTable, recovered: readonly RecoveredSpan[]): SpanTable {
  const { columns, places } = addColumns(spans, recovered, spans.heapSweepgen);
  const reached = new Map(places.map((span, i) => [span, recovered[i].reached]));
  const table = toTable(columns, [...spans.pagesByState], [], spans.heapSweepgen);
  // The others have moved on in the table.
  const freed = new Map([...spans.freed].map(([span, slots]) => [table.find(spans.base[span]), slots]));
  return { ...table, manual: spans.manual, freed, reached };
}

function toTable(
  columns: SpanColumns,
  pagesByState: SpansByState["pagesByState"],
  manual: readonly (readonly [Address, Address])[],
  heapSweepgen: number,
): Omit<SpanTable, "freed"> {
  const { arenaRow, pageSpan } = columns;
  return {
    ...columns,
    pagesByState,
    manual: Float64Array.from(manual.flat()),
    heapSweepgen,
    find(address) {
      if (!(address >= 0 && address < 2 ** 48)) return NONE;
      return pageSpan[arenaRow[Math.floor(address / ARENA)] * PAGES_PER_ARENA + Math.floor((address % ARENA) / PAGE)] - 1;
    },
  };
}
