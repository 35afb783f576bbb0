// The columns of the span table: each field of the mspan records that others ask for, and the index of pages. runtime/mheap.go mspan
import { popcount } from "../base/bits.js";
import type { Findings } from "../base/findings.js";
import { type Address, type Bytes, hex, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { ARENA, heapArenaOf, PAGE, PAGES_PER_ARENA } from "./arenas.js";
import type { Layout } from "./layout/schema.js";

/** In-use spans, ascending by base; every column is [count]. */
export interface SpanColumns {
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
  /** First word of page index: arena = floor(address / ARENA) -> row of pageSpan / 8192, or 0. */
  readonly arenaRow: Int32Array;
  /** [arenas * 8192] span + 1 of each page, 0 = none; row 0 is empty. */
  readonly pageSpan: Uint32Array;
}

/** An mspan record in use, by its address, and where its span begins. */
export interface SpanRecord {
  readonly address: Address;
  readonly base: Address;
}

/** Where spans are read from; heap is the address of mheap_. */
export interface SpanSource {
  readonly memory: AddressSpace;
  readonly layout: Layout;
  readonly heap: Address;
  readonly arenaBaseOffset: number;
}

/** Addresses that Go's heap can have. */
const END = 2 ** 48;

/**
 * Reads the records into columns. A record that contradicts itself or its neighbour is left out, which is a finding.
 * @param records  ascending by base
 */
export function fillColumns(source: SpanSource, records: readonly SpanRecord[], findings: Findings): SpanColumns {
  const { memory, layout } = source;
  const mspan = mspanOf(layout);
  const fields = fieldReaders(mspan);
  const columns = emptyColumns(records.length);
  const hasInlineMarks = inlineMarkReader(source, findings);
  let count = 0;
  for (let place = 0; place < records.length; place++) {
    const { address, base } = records[place];
    const record = memory.tryBytes(address, mspan.size);
    if (!record) continue;
    const pages = fields.npages(record);
    const size = fields.elemsize(record);
    const elements = fields.nelems(record);
    const end = base + pages * PAGE;
    const next = place + 1 < records.length ? records[place + 1].base : END;
    // Of two that overlap the first is wrong about its size: the others are not lost for it.
    const fits = base % PAGE === 0 && end <= Math.min(next, END) && reachesMapped(memory, base, end);
    if (!fits || size < WORD || size % WORD !== 0 || size * elements > pages * PAGE) {
      findings.add("span-odd", "span records that contradict themselves were skipped", hex(address), { partial: true });
      continue;
    }
    columns.base[count] = base;
    columns.baseLow[count] = base % 0x100000000;
    columns.pages[count] = pages;
    columns.elementSize[count] = size;
    columns.elements[count] = elements;
    columns.spanClass[count] = fields.spanclass(record);
    columns.freeIndex[count] = Math.min(fields.freeindex(record), elements);
    columns.allocCount[count] = fields.allocCount(record);
    columns.allocCountBeforeCache[count] = fields.allocCountBeforeCache(record);
    columns.sweepgen[count] = fields.sweepgen(record);
    columns.limit[count] = fields.limit(record);
    columns.largeType[count] = fields.largeType(record);
    columns.specials[count] = fields.specials(record);
    columns.userArena[count] = fields.isUserArenaChunk(record);
    columns.allocBits[count] = fields.allocBits(record);
    columns.markBits[count] = fields.gcmarkBits(record);
    columns.inlineMarks[count] = size >= 16 && size <= 512 && hasInlineMarks(base) ? 1 : 0;
    count++;
  }
  return { ...columns, count, ...indexPages(columns, count) };
}

/** A span of one page whose record is lost. */
export interface RecoveredSpan {
  readonly base: Address;
  readonly elementSize: Bytes;
  readonly elements: number;
  readonly spanClass: number;
  /** A bit for each slot that is known to hold an object. */
  readonly reached: Uint8Array;
}

/**
 * Columns with recovered spans among them: swept, marks inside, and no slot allocated by their index alone.
 * @param added  ascending, none of them overlapping one of the columns
 * @returns places: of each its row
 */
export function addColumns(
  columns: SpanColumns,
  added: readonly RecoveredSpan[],
  sweepgen: number,
): { readonly columns: SpanColumns; readonly places: readonly number[] } {
  const count = columns.count + added.length;
  const all = emptyColumns(count);
  const names = Object.keys(all) as (keyof typeof all)[];
  const places: number[] = [];
  let known = 0;
  for (let row = 0; row < count; row++) {
    const next = added[places.length];
    if (!next || (known < columns.count && columns.base[known] < next.base)) {
      for (const name of names) all[name][row] = columns[name][known];
      known++;
      continue;
    }
    places.push(row);
    const { base, elementSize, elements, spanClass } = next;
    const allocCount = next.reached.reduce((sum, byte) => sum + popcount(byte), 0);
    const values = { base, baseLow: base % 0x100000000, pages: 1, elementSize, elements, spanClass, allocCount };
    const rest = { allocCountBeforeCache: allocCount, sweepgen, limit: base + elementSize * elements, inlineMarks: 1 };
    for (const [name, value] of Object.entries({ ...values, ...rest })) all[name as keyof typeof all][row] = value;
  }
  return { columns: { ...all, count, ...indexPages(all, count) }, places };
}

const mspanOf = (layout: Layout) => layout.struct("mspan");
type Mspan = ReturnType<typeof mspanOf>;

/** Fields of mspan, as the runtime calls them. */
const FIELDS = [
  "npages",
  "elemsize",
  "nelems",
  "spanclass",
  "freeindex",
  "allocCount",
  "allocCountBeforeCache",
  "sweepgen",
  "limit",
  "largeType",
  "specials",
  "isUserArenaChunk",
  "allocBits",
  "gcmarkBits",
] as const;
type Field = (typeof FIELDS)[number];
type FieldReaders = { readonly [Each in Field]: (record: Uint8Array) => number };

/** A reader of each field's value; 0 of those that the release does not have. */
function fieldReaders(mspan: Mspan): FieldReaders {
  return Object.fromEntries(FIELDS.map((field) => [field, fieldReader(mspan, field)])) as FieldReaders;
}

/** Room for all records; fewer may be used. In Float64Array an address or size is exact up to 2^53. */
function emptyColumns(most: number) {
  return {
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
}

/** The span of each page, arena by arena: of an address two look-ups, and no search. */
function indexPages({ base, pages }: { readonly base: Float64Array; readonly pages: Uint32Array }, count: number) {
  const arenaRow = new Int32Array(END / ARENA);
  let rows = 0;
  for (let span = 0; span < count; span++) {
    const end = base[span] + pages[span] * PAGE;
    for (let arena = Math.floor(base[span] / ARENA); arena * ARENA < end; arena++) if (arenaRow[arena] === 0) arenaRow[arena] = ++rows;
  }
  const pageSpan = new Uint32Array((rows + 1) * PAGES_PER_ARENA);
  for (let span = 0; span < count; span++) {
    for (let page = 0; page < pages[span]; page++) {
      const address = base[span] + page * PAGE;
      pageSpan[arenaRow[Math.floor(address / ARENA)] * PAGES_PER_ARENA + Math.floor((address % ARENA) / PAGE)] = span + 1;
    }
  }
  return { arenaRow, pageSpan };
}

/** Reads the field at the width that it has in this release. */
function fieldReader(mspan: Mspan, field: Field): (record: Uint8Array) => number {
  if (!mspan.has(field)) return () => 0;
  const offset = mspan.offset(field);
  const width = mspan.width(field);
  return (record) => uint(record, offset, width);
}

/** A little-endian word; exact below 2^53. */
export function wordOf(bytes: Uint8Array, offset: number): number {
  const low = bytes[offset] | (bytes[offset + 1] << 8) | (bytes[offset + 2] << 16) | (bytes[offset + 3] << 24);
  const high = bytes[offset + 4] | (bytes[offset + 5] << 8) | (bytes[offset + 6] << 16) | (bytes[offset + 7] << 24);
  return (high >>> 0) * 0x100000000 + (low >>> 0);
}

/** A little-endian number of 1 to 8 bytes. */
function uint(bytes: Uint8Array, offset: Bytes, width: Bytes): number {
  if (width === 8) return wordOf(bytes, offset);
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[offset + i];
  return value;
}

/** Is every arena that a span goes on into mapped? A damaged size would ask for tables without a bound. */
function reachesMapped(memory: AddressSpace, base: Address, end: Address): boolean {
  for (let arena = Math.floor(base / ARENA) + 1; arena * ARENA < end; arena++) if (!memory.find(arena * ARENA)) return false;
  return true;
}

/** Whether a span keeps its mark bits in its own last 128 bytes, as the Green Tea collector has it for small objects. runtime/mgcmark_greenteagc.go */
function inlineMarkReader({ memory, layout, heap, arenaBaseOffset }: SpanSource, findings: Findings): (base: Address) => boolean {
  const arena = layout.struct("heapArena");
  if (!arena.has("pageUseSpanInlineMarkBits")) return () => false;
  const offset = arena.offset("pageUseSpanInlineMarkBits");
  const cache = new Map<number, Uint8Array | undefined>();
  return (base) => {
    const index = Math.floor(base / ARENA);
    if (!cache.has(index)) {
      const at = heapArenaOf(memory, layout, heap, arenaBaseOffset, base);
      const found = at > 0 ? memory.tryBytes(at + offset, PAGES_PER_ARENA / 8)?.slice() : undefined;
      cache.set(index, found);
      if (!found) {
        const message = "records of arenas with spans in them are missing: where those keep their marks is not known";
        findings.add("arena-missing", message, hex(base), { partial: true });
      }
    }
    const page = Math.floor((base % ARENA) / PAGE);
    const bits = cache.get(index);
    return bits !== undefined && (bits[Math.floor(page / 8)] & (1 << (page % 8))) !== 0;
  };
}
