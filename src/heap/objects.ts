// Every allocated slot of the heap gets a dense id in address order; addresses and sizes are arithmetic on spans.
import { popcount } from "../base/bits.js";
import { ResourceError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type Address, type Bytes, hex, NONE, type ObjectId, type SpanId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { freedIn, type SpanTable } from "../runtime/spans.js";
import type { PointerMasks } from "../runtime/variants/pointer-masks.js";
import { MOST_OBJECTS } from "./limits.js";

/** Allocated objects: no column is per object, but one bit per slot of spans that have free slots. */
export interface ObjectTable {
  readonly count: number;
  readonly bytes: Bytes;
  readonly spans: SpanTable;
  /** [spans + 1] id of a span's first object. */
  readonly firstId: Uint32Array;
  /** [spans] first word of the span's bits in allocated; NONE = every slot is allocated. */
  readonly bitStart: Int32Array;
  /** 1 = slot allocated; a span's bits start on a word. */
  readonly allocated: Uint32Array;
  /** [allocated words] objects of the span before this word. */
  readonly rank: Uint32Array;
  /** The span of an object. */
  spanOf(id: ObjectId): SpanId;
  /** Index of the object's slot in its span. */
  slotOf(id: ObjectId, span: SpanId): number;
  addressOf(id: ObjectId): Address;
  sizeOf(id: ObjectId): Bytes;
  /** The object that holds the address, interior addresses too; NONE for free slots, tails and anything else. */
  find(address: Address): ObjectId;
  /** [spans] 8 where slots begin with a malloc header, else 0: what a Go pointer to the object points at. */
  readonly dataStart: Uint8Array;
  /** Allocated slots of a span. */
  countIn(span: SpanId): number;
}

/**
 * allocated(i), but of the slots that were freed since, = i < freeindex or its allocBit is set; popcount equals mspan.allocCount.
 * Source: runtime/mbitmap.go isFree, runtime/mheap.go mspan; a span being swept (sweepgen - 1) also keeps its marked slots.
 * @throws ResourceError past 2^31 objects
 */
export function numberObjects(memory: AddressSpace, spans: SpanTable, masks: PointerMasks, findings: Findings): ObjectTable {
  const firstId = new Uint32Array(spans.count + 1);
  const bitStart = new Int32Array(spans.count).fill(NONE);
  let words = 0;
  for (let span = 0; span < spans.count; span++)
    if (spans.freeIndex[span] < spans.elements[span] || spans.freed.has(span)) words += Math.ceil(spans.elements[span] / 32);
  const allocated = new Uint32Array(words);
  const rank = new Uint32Array(words);
  const dataStart = new Uint8Array(spans.count);
  let at = 0;
  let count = 0;
  let bytes = 0;
  for (let span = 0; span < spans.count; span++) {
    firstId[span] = count;
    if (masks.kindOf(spans, span) === "header") dataStart[span] = WORD;
    const elements = spans.elements[span];
    let inSpan = elements;
    if (spans.freeIndex[span] < elements || spans.freed.has(span)) {
      bitStart[span] = at;
      inSpan = fillBits(memory, spans, span, allocated, rank, at, findings);
      at += Math.ceil(elements / 32);
    }
    if (inSpan + freedIn(spans, span) !== spans.allocCount[span]) {
      findings.add("alloc-count", "spans whose allocated slots do not add up to their allocCount", hex(spans.base[span]));
    }
    count += inSpan;
    bytes += inSpan * spans.elementSize[span];
    if (count > MOST_OBJECTS) throw new ResourceError(`the heap has more than ${MOST_OBJECTS} objects`);
  }
  firstId[spans.count] = count;
  return objectTable({ count, bytes, spans, firstId, bitStart, allocated, rank, dataStart });
}

/** The allocated slots of one span as bits, with ranks. @param start  the span's first word in allocated @returns how many there are */
function fillBits(
  memory: AddressSpace,
  spans: SpanTable,
  span: SpanId,
  allocated: Uint32Array,
  rank: Uint32Array,
  start: number,
  findings: Findings,
): number {
  const elements = spans.elements[span];
  const free = spans.freeIndex[span];
  const size = Math.ceil(elements / 8);
  const freed = [...(spans.freed.get(span) ?? [])];
  const bits = spans.reached?.get(span) ?? memory.tryBytes(spans.allocBits[span], size);
  if (!bits)
    findings.add("alloc-bits-missing", "allocation bits are not in the core; slots past freeindex count as free", hex(spans.base[span]), {
      partial: true,
    });
  const marks = spans.sweepgen[span] === spans.heapSweepgen - 1 ? memory.tryBytes(spans.markBits[span], size) : undefined;
  let count = 0;
  for (let word = 0; word * 32 < elements; word++) {
    let value = 0;
    for (let byte = 0; byte < 4; byte++) {
      const i = word * 4 + byte;
      if (i < size) value |= ((bits?.[i] ?? 0) | (marks?.[i] ?? 0)) << (byte * 8);
    }
    const from = word * 32;
    if (free >= from + 32) value = -1;
    else if (free > from) value |= (1 << (free - from)) - 1;
    if (elements < from + 32) value &= (1 << (elements - from)) - 1;
    for (const slot of freed) if (slot >> 5 === word) value &= ~(1 << (slot & 31));
    allocated[start + word] = value;
    rank[start + word] = count;
    count += popcount(value);
  }
  return count;
}

type Columns = Pick<ObjectTable, "count" | "bytes" | "spans" | "firstId" | "bitStart" | "allocated" | "rank" | "dataStart">;

/** Arithmetic between ids, spans, slots and addresses. */
function objectTable(columns: Columns): ObjectTable {
  const { spans, firstId, bitStart, allocated, rank } = columns;
  // One hint per 64 ids: the span of the first of them; the rest is a few steps.
  const hints = new Uint32Array((columns.count >>> 6) + 1);
  for (let span = 0; span < spans.count; span++) {
    for (let block = (firstId[span] + 63) >>> 6; block << 6 < firstId[span + 1]; block++) hints[block] = span;
  }
  const spanOf = (id: ObjectId): SpanId => {
    let span = hints[id >>> 6];
    while (firstId[span + 1] <= id) span++;
    return span;
  };
  const slotOf = (id: ObjectId, span: SpanId): number => {
    let rest = id - firstId[span];
    const start = bitStart[span];
    if (start < 0) return rest;
    let word = start;
    const end = start + Math.ceil(spans.elements[span] / 32);
    while (word + 1 < end && rank[word + 1] <= rest) word++;
    rest -= rank[word];
    let bits = allocated[word];
    // Clears the lowest bits until the wanted one is the lowest.
    for (; rest > 0; rest--) bits &= bits - 1;
    return (word - start) * 32 + (31 - Math.clz32(bits & -bits));
  };
  return {
    ...columns,
    spanOf,
    slotOf,
    addressOf(id) {
      const span = spanOf(id);
      const slot = bitStart[span] < 0 ? id - firstId[span] : slotOf(id, span);
      return spans.base[span] + slot * spans.elementSize[span];
    },
    sizeOf: (id) => spans.elementSize[spanOf(id)],
    find(address) {
      const span = spans.find(address);
      if (span === NONE) return NONE;
      const slot = Math.floor((address - spans.base[span]) / spans.elementSize[span]);
      if (slot >= spans.elements[span]) return NONE;
      const start = bitStart[span];
      if (start < 0) return firstId[span] + slot;
      const word = start + (slot >>> 5);
      const bit = 1 << (slot & 31);
      if ((allocated[word] & bit) === 0) return NONE;
      return firstId[span] + rank[word] + popcount(allocated[word] & (bit - 1));
    },
    countIn: (span) => firstId[span + 1] - firstId[span],
  };
}
