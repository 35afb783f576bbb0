// Rules about the process as a whole: garbage, free heap, the collector at its limit.

import { histogramRows } from "../accounting/histogram-rows.js";
import { worstClass } from "./holed-classes.js";
import type { Rule } from "./rule.js";
import type { Subject } from "./suspect.js";
import { BURST, COLLECTOR_OFF, WEIGHT } from "./weights.js";

const PROCESS: Subject = { kind: "process" };
/** Garbage is told from this share of the memory in use on. */
const LEAST_GARBAGE = 0.2;
/** Types told of the garbage. */
const MOST_TYPES = 2;
/** Free slots, and those beyond what the collector counts on, as shares of the memory in use. */
const LEAST_HOLES = { all: 0.3, excess: 0.1 };
/** From this part of the limit on the collector works against it. */
const NEAR_LIMIT = 0.9;

/** Garbage that the pacer would not allow: with GOGC=100 as much as is live waits for the next collection, and that is no fault. */
export const garbage: Rule<"process", "garbage"> = {
  id: "garbage",
  looksAt: "process",
  weight: WEIGHT.garbage,
  evidence(from) {
    const { heap, runtime, inUse } = from;
    const bytes = heap.objects.bytes - heap.liveBytes;
    const gc = runtime.accounts?.gc;
    // GOGC at its default or below, and the next collection not overdue, 10 % of tolerance.
    const isUsual = gc && gc.gogc >= 0 && gc.gogc <= 100 && heap.objects.bytes <= gc.nextGoal * 1.1;
    if (bytes / inUse < LEAST_GARBAGE || isUsual) return undefined;
    const top = histogramRows(from, { by: "type", garbage: true })
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, MOST_TYPES);
    return {
      subject: PROCESS,
      bytes,
      whole: { kind: "allocated", bytes: heap.objects.bytes },
      parts: top.map((row) => ({ bytes: row.bytes, count: row.count, type: row.type })),
      figures: gc ? { gc: { gogc: gc.gogc, nextGoal: gc.nextGoal } } : {},
      next: { query: "histogram", args: { garbage: true } },
      ...(gc && gc.gogc < 0 ? { weight: COLLECTOR_OFF } : {}),
    };
  },
};

/** With GOGC=100 as much as is live may be free right after a collection. */
export const freeHeap: Rule<"process", "free-heap"> = {
  id: "free-heap",
  looksAt: "process",
  weight: WEIGHT["free-heap"],
  evidence({ heap, runtime: { accounts }, inUse }) {
    if (!accounts || accounts.heapFree <= accounts.heapInuse) return undefined;
    return {
      subject: PROCESS,
      bytes: accounts.heapFree,
      whole: { kind: "memory in use", bytes: inUse },
      figures: { liveBytes: heap.liveBytes, spanBytes: accounts.heapInuse, releasedBytes: accounts.heapReleased },
      next: { query: "overview", args: {} },
      ...(accounts.heapFree > 2 * accounts.heapInuse ? { weight: BURST } : {}),
    };
  },
};

/** Until the next collection's goal holes are room that the collector counts on. */
export const fragmentation: Rule<"process", "fragmentation"> = {
  id: "fragmentation",
  looksAt: "process",
  weight: WEIGHT.fragmentation,
  evidence(from) {
    const { heap, inUse } = from;
    const { accounts } = from.runtime;
    if (!accounts) return undefined;
    const holes = accounts.heapInuse - heap.objects.bytes;
    // Holes beyond the heap's goal: those below it are filled before the next collection.
    const excess = Math.min(holes, accounts.heapInuse - accounts.gc.nextGoal);
    if (excess / inUse < LEAST_HOLES.excess || holes / inUse < LEAST_HOLES.all) return undefined;
    const worst = worstClass(from);
    return {
      subject: PROCESS,
      bytes: holes,
      whole: { kind: "spans in use", bytes: accounts.heapInuse },
      figures: { spanBytes: accounts.heapInuse, objectBytes: heap.objects.bytes, ...(worst ? { worst } : {}) },
      next: { query: "histogram", args: { by: "size-class" } },
      rank: excess / inUse,
    };
  },
};

/** Near GOMEMLIMIT the collector runs again and again for little: the program is slow, not leaking. runtime/mgcpacer.go */
export const gcAtItsLimit: Rule<"process", "gc-at-its-limit"> = {
  id: "gc-at-its-limit",
  looksAt: "process",
  weight: WEIGHT["gc-at-its-limit"],
  evidence({ runtime: { accounts } }) {
    const limit = accounts?.gc.memoryLimit;
    if (!accounts || limit === undefined || limit <= 0) return undefined;
    const used = accounts.sys - accounts.heapReleased;
    if (used < limit * NEAR_LIMIT) return undefined;
    return {
      subject: PROCESS,
      bytes: used,
      whole: { kind: "memory limit", bytes: limit },
      figures: { collections: accounts.gc.cycles, markedBytes: accounts.gc.heapMarked },
      next: { query: "overview", args: {} },
      rank: Math.min(1, used / limit),
    };
  },
};
