// What the heap holds: live and garbage, and the types that fill it.
import { type HistogramRow, histogramRows } from "../accounting/histogram-rows.js";
import type { NoArgs, Query } from "./query.js";

/** Objects and bytes of the heap. Sizes are those of the slots that the allocator gives, so rounding to a size class is part of them. */
export interface HeapUse {
  readonly heap: {
    readonly allocatedObjects: number;
    readonly allocatedBytes: number;
    /** Reached from a root by corescope's own marking, not by the mark bits of the runtime's last cycle. */
    readonly liveObjects: number;
    readonly liveBytes: number;
    readonly garbageObjects: number;
    readonly garbageBytes: number;
    /** Live bytes whose type is known by evidence; guesses are not counted. */
    readonly typedBytes: number;
  };
  /** Of live objects, most bytes first, at most 10. */
  readonly topTypes: readonly { readonly type: string; readonly count: number; readonly bytes: number }[];
}

const TOP_TYPES = 10;

export const heapUse: Query<NoArgs, HeapUse> = {
  name: "heap-use",
  summary: "live and garbage, and the types that fill the heap",
  run(dump) {
    const { heap } = dump;
    const { objects } = heap;
    return {
      heap: {
        allocatedObjects: objects.count,
        allocatedBytes: objects.bytes,
        liveObjects: heap.liveObjects,
        liveBytes: heap.liveBytes,
        garbageObjects: objects.count - heap.liveObjects,
        garbageBytes: objects.bytes - heap.liveBytes,
        typedBytes: heap.typedBytes,
      },
      topTypes: histogramRows(dump, { by: "type", garbage: false })
        .sort((a: HistogramRow, b: HistogramRow) => b.bytes - a.bytes)
        .slice(0, TOP_TYPES)
        .map(({ type, count, bytes }) => ({ type, count, bytes })),
    };
  },
};
