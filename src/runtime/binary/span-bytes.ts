// Sums over all spans, by which the runtime's counters are known: what they count is what the spans are. runtime/mheap.go allocSpan
import { type Bytes, WORD } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import { PAGE } from "../arenas.js";
import { readField, readSlice } from "../layout/layout.js";
import { MOST_SPANS } from "../limits.js";
import { isPointer, type Surroundings } from "./record-checks.js";

/** Bytes of spans by what they are for, and how many records of spans there are. */
interface SpanBytes {
  /** Of objects. */
  readonly inUse: Bytes;
  /** Of stacks and the collector's work. */
  readonly manual: Bytes;
  readonly records: number;
}

/** mSpanInUse, mSpanManual. runtime/mheap.go */
const [IN_USE, MANUAL] = [1, 2];

const known = new WeakMap<AddressSpace, { readonly heap: number; readonly bytes: SpanBytes }>();

/** Of mheap_.allspans; undefined while mheap_ is not known, or when its list is no list. */
export function spanBytes({ memory, layout }: Surroundings): SpanBytes | undefined {
  const heap = layout.global("runtime.mheap_");
  if (heap === undefined) return undefined;
  const before = known.get(memory);
  if (before?.heap === heap) return before.bytes;
  const { array, length } = readSlice(memory, heap + layout.struct("mheap").offset("allspans"));
  if (length < 1 || length > MOST_SPANS) return undefined;
  const mspan = layout.struct("mspan");
  const pages = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const span = memory.tryAddress(array + i * WORD) ?? 0;
    if (!isPointer(span) || memory.tryBytes(span, mspan.size) === undefined) continue;
    const state = readField(memory, mspan, span, "state");
    if (state <= MANUAL) pages[state] += readField(memory, mspan, span, "npages");
  }
  const bytes = { inUse: pages[IN_USE] * PAGE, manual: pages[MANUAL] * PAGE, records: length };
  known.set(memory, { heap, bytes });
  return bytes;
}
