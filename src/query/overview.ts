// The first screen: what died, what fills its memory, how sure we are.
import { type FirstLook, firstLook } from "./first-look.js";
import { type HistogramRow, histogramRows } from "./histogram-rows.js";
import { type MemoryUse, memoryUse } from "./memory-use.js";
import type { Query } from "./query.js";
import { findSuspects } from "./suspects.js";

export interface Overview extends FirstLook, MemoryUse {
  readonly heap: {
    readonly allocatedObjects: number;
    readonly allocatedBytes: number;
    readonly liveObjects: number;
    readonly liveBytes: number;
    readonly garbageObjects: number;
    readonly garbageBytes: number;
    /** Live bytes whose type is known by evidence; guesses are not counted. */
    readonly typedBytes: number;
  };
  /** The likeliest culprits; null when the heap is too large for a first look: `suspects` has them. */
  readonly topSuspects: readonly { readonly kind: string; readonly title: string; readonly bytes: number }[] | null;
  readonly topTypes: readonly { readonly type: string; readonly count: number; readonly bytes: number }[];
}

const TOP_TYPES = 10;
const TOP_SUSPECTS = 3;
/** Objects up to which suspects are looked for at once. */
const MOST_FOR_SUSPECTS = 1_500_000;

/** What `suspects` takes with so many objects, opening included: 18 s for 9.75 million where the heap alone takes 4 s. */
export function secondsForSuspects(objects: number): number {
  return Math.ceil(objects / 500_000);
}

export const overview: Query<Record<string, never>, Overview> = {
  name: "overview",
  summary: "program, memory, heap, GC and goroutines at a glance",
  run(dump, args, context) {
    const { heap } = dump;
    const { objects } = heap;
    return {
      ...firstLook.run(dump, args, context),
      ...memoryUse.run(dump, args, context),
      heap: {
        allocatedObjects: objects.count,
        allocatedBytes: objects.bytes,
        liveObjects: heap.liveObjects,
        liveBytes: heap.liveBytes,
        garbageObjects: objects.count - heap.liveObjects,
        garbageBytes: objects.bytes - heap.liveBytes,
        typedBytes: heap.typedBytes,
      },
      topSuspects:
        objects.count > MOST_FOR_SUSPECTS
          ? null
          : findSuspects(dump)
              .slice(0, TOP_SUSPECTS)
              .map(({ kind, title, bytes }) => ({ kind, title, bytes })),
      topTypes: histogramRows(dump, { by: "type", garbage: false })
        .sort((a: HistogramRow, b: HistogramRow) => b.bytes - a.bytes)
        .slice(0, TOP_TYPES)
        .map(({ type, count, bytes }) => ({ type, count, bytes })),
    };
  },
};
