// What is wrong with the process as a whole: garbage, free heap, native memory, the collector at its limit.

import { histogramRows } from "../accounting/histogram-rows.js";
import { type Bytes, counted, formatBytes } from "../base/units.js";
import type { Dump } from "../dump.js";
import { type Suspect, suspectOf, type Whole } from "./suspect.js";

/** @param whole the memory in use */
export function processSuspects(dump: Dump, whole: Whole): Suspect[] {
  return [...garbage(dump, whole), ...freeHeap(dump, whole), ...native(dump), ...atLimit(dump)];
}

/** Garbage that the pacer would not allow: with GOGC=100 as much as is live waits for the next collection, and that is no fault. */
function garbage(dump: Dump, whole: Whole): Suspect[] {
  const { heap, runtime } = dump;
  const bytes = heap.objects.bytes - heap.liveBytes;
  const gc = runtime.accounts?.gc;
  const usual = gc && gc.gogc >= 0 && gc.gogc <= 100 && heap.objects.bytes <= gc.nextGoal * 1.1;
  if (bytes / whole.bytes < 0.2 || usual) return [];
  const top = histogramRows(dump, { by: "type", garbage: true })
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 2);
  const setting = !gc ? "" : gc.gogc < 0 ? "; GOGC is off" : `; GOGC ${gc.gogc}, next collection at ${formatBytes(gc.nextGoal)}`;
  return suspectOf({
    kind: "garbage",
    title: (size) => `${size} is garbage not yet collected${setting}`,
    bytes,
    of: { bytes: heap.objects.bytes, name: "what is allocated" },
    parts: top.map((row) => ({ bytes: row.bytes, count: row.count, what: row.type.replace(/^unknown/, "objects of unknown type") })),
    next: "histogram CORE --garbage",
    score: (bytes / whole.bytes) * (gc && gc.gogc < 0 ? 2 : 0.25),
  });
}

function freeHeap(dump: Dump, whole: Whole): Suspect[] {
  const { accounts } = dump.runtime;
  if (!accounts) return [];
  const out: Suspect[] = [];
  const free = accounts.heapFree;
  // With GOGC=100 as much as is live may be free right after a collection.
  if (free > accounts.heapInuse) {
    out.push(
      ...suspectOf({
        kind: "free heap",
        title: (size) => `${size} is free heap and not yet given back to the system: there was a burst, the resident size is not a leak`,
        bytes: free,
        of: whole,
        facts: [
          `live ${formatBytes(dump.heap.liveBytes)}, spans in use ${formatBytes(accounts.heapInuse)}, given back ${formatBytes(accounts.heapReleased)}`,
        ],
        next: "overview CORE",
        score: (free / whole.bytes) * (free > 2 * accounts.heapInuse ? 2 : 0.25),
      }),
    );
  }
  const holes = accounts.heapInuse - dump.heap.objects.bytes;
  // Until the next collection's goal the holes are room that the collector counts on.
  const excess = Math.min(holes, accounts.heapInuse - accounts.gc.nextGoal);
  if (excess / whole.bytes >= 0.1 && holes / whole.bytes >= 0.3) {
    out.push(
      ...suspectOf({
        kind: "fragmentation",
        title: (size) => `${size} is free slots: few objects keep many spans alive`,
        bytes: holes,
        of: { bytes: accounts.heapInuse, name: "the spans in use" },
        facts: [`spans in use ${formatBytes(accounts.heapInuse)}, objects ${formatBytes(dump.heap.objects.bytes)}`],
        next: "histogram CORE --by size-class",
        score: (excess / whole.bytes) * 2,
      }),
    );
  }
  return out;
}

/** Mappings that are neither the runtime's nor files: C memory, mmap. */
function native(dump: Dump): Suspect[] {
  const { accounts, memoryClasses } = dump.runtime;
  if (!accounts) return [];
  const bytes = memoryClasses.classes
    .filter((each) => /other mapping|C heap|anonymous|\[heap\]/i.test(each.name))
    .reduce((sum, each) => sum + each.bytes, 0);
  const go = accounts.heapInuse + accounts.heapFree + accounts.stackInuse;
  if (bytes < go || bytes < 16 * 2 ** 20) return [];
  const of: Whole = { bytes: bytes + go, name: "that and Go's heap and stacks" };
  return suspectOf({
    kind: "native memory",
    title: (size) => `${size} is mapped outside Go's heap (cgo or mmap), more than the ${formatBytes(go)} of the Go heap and stacks`,
    bytes,
    of,
    parts: memoryClasses.others.slice(0, 3).map((each) => ({ bytes: each.bytes, count: 1, what: each.name })),
    next: "mappings CORE",
    score: (bytes / of.bytes) * 1.5,
  });
}

function atLimit(dump: Dump): Suspect[] {
  const { accounts } = dump.runtime;
  const limit: Bytes | undefined = accounts?.gc.memoryLimit;
  if (!accounts || limit === undefined || limit <= 0) return [];
  const used = accounts.sys - accounts.heapReleased;
  if (used < limit * 0.9) return [];
  const { gc } = accounts;
  return suspectOf({
    kind: "GC at its limit",
    title: (size) => `the process is at its memory limit: ${size}; the collector runs nearly without pause`,
    bytes: used,
    of: { bytes: limit, name: `GOMEMLIMIT ${formatBytes(limit)}`, isLimit: true },
    facts: [`${counted(gc.cycles, "collection")}, live after the last ${formatBytes(gc.heapMarked)}`],
    next: "overview CORE",
    score: 1.2 * Math.min(1, used / limit),
  });
}
