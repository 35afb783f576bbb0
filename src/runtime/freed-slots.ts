// Objects that compiled code gave back before any collection (GOEXPERIMENT=runtimefreegc, since Go 1.26): they wait in lists of each P to be
// used again, and their spans count them as allocated all the same. runtime/malloc.go freegc, runtime/mcache.go reusableNoscan
import type { Findings } from "../base/findings.js";
import { type Address, hex, NONE, type SpanId, WORD } from "../base/units.js";
import { readField } from "./layout/layout.js";
import { MOST_FREED } from "./limits.js";
import type { RecordSource } from "./records/chain.js";
import { processorAddresses } from "./records/processor.js";
import type { SpanColumns } from "./span-columns.js";

/** Indexes of freed slots, by their span. */
export type FreedSlots = ReadonlyMap<SpanId, ReadonlySet<number>>;

interface Spans extends SpanColumns {
  readonly heapSweepgen: number;
  find(address: Address): SpanId;
}

/** One list for each span class. runtime/mheap.go numSpanClasses */
const SPAN_CLASSES = 136;

/**
 * Every slot in a list, each linked by its own first word. One that can be none ends its list, and is a finding.
 * @returns empty for releases without such lists
 */
export function readFreedSlots(source: RecordSource, spans: Spans, findings: Findings): FreedSlots {
  const { layout, memory } = source;
  const freed = new Map<SpanId, Set<number>>();
  const struct = layout.hasStruct("mcache") ? layout.struct("mcache") : undefined;
  if (!struct?.has("reusableNoscan") || !struct.has("flushGen")) return freed;
  const processor = layout.struct("processorCache");
  for (const address of processorAddresses(source)) {
    const cache = memory.tryAddress(address + processor.offset("mcache")) ?? 0;
    if (cache === 0 || !memory.tryBytes(cache, struct.size)) continue;
    // A P that has not run since the sweep began has not emptied its lists yet: what is in them may be somebody else's by now.
    if (readField(memory, struct, cache, "flushGen") !== spans.heapSweepgen) continue;
    const lists = cache + struct.offset("reusableNoscan");
    for (let spanClass = 1; spanClass < SPAN_CLASSES; spanClass += 2) {
      const first = memory.tryAddress(lists + spanClass * WORD) ?? 0;
      const odd = first === 0 ? undefined : follow(source, spans, spanClass, first, freed);
      if (odd !== undefined)
        findings.add("freed-damaged", "lists of freed objects break off: what follows in them looks like garbage", hex(odd), {
          partial: true,
        });
    }
  }
  return freed;
}

/** Adds the slots of one list. @returns what is in it and can be no slot of the class */
function follow(
  { memory }: RecordSource,
  spans: Spans,
  spanClass: number,
  first: Address,
  freed: Map<SpanId, Set<number>>,
): Address | undefined {
  let count = 0;
  for (let at = first; at !== 0; ) {
    const span = spans.find(at);
    const slot = span === NONE ? NONE : (at - spans.base[span]) / spans.elementSize[span];
    if (span === NONE || spans.spanClass[span] !== spanClass || !Number.isInteger(slot) || slot >= spans.elements[span]) return at;
    const slots = freed.get(span) ?? new Set();
    freed.set(span, slots);
    if (slots.has(slot) || count++ >= MOST_FREED) return at;
    slots.add(slot);
    const next = memory.tryAddress(at);
    if (next === undefined) return at;
    at = next;
  }
  return undefined;
}
