// What is wrong with the process as a whole: garbage, free memory, the collector, memory that is not Go's.
import { type Bytes, counted, formatBytes } from "../base/units.js";
import type { Dump } from "../dump.js";
import { histogramRows } from "./histogram-rows.js";
import type { Suspect } from "./suspect.js";

export function processSuspects(dump: Dump, whole: Bytes): Suspect[] {
  return [...garbage(dump, whole), ...freeHeap(dump, whole), ...native(dump), ...atLimit(dump)];
}

const percent = (part: number, of: number) => `${Math.round((part / of) * 100)}%`;

function garbage(dump: Dump, whole: Bytes): Suspect[] {
  const { heap, runtime } = dump;
  const bytes = heap.objects.bytes - heap.liveBytes;
  const share = bytes / whole;
  if (share < 0.2) return [];
  const top = histogramRows(dump, { by: "type", garbage: true })
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 2);
  const gc = runtime.accounts?.gc;
  const setting = !gc ? "" : gc.gogc < 0 ? "; GOGC is off" : `; GOGC ${gc.gogc}, next collection at ${formatBytes(gc.nextGoal)}`;
  return [
    {
      kind: "garbage",
      title: `${formatBytes(bytes)} (${percent(bytes, heap.objects.bytes)} of what is allocated) is garbage not yet collected${setting}`,
      bytes,
      share,
      evidence: top.map((row) => `${formatBytes(row.bytes)} of ${row.type}`),
      next: "histogram CORE --garbage",
      score: share * (gc && gc.gogc < 0 ? 2 : 0.25),
    },
  ];
}

function freeHeap(dump: Dump, whole: Bytes): Suspect[] {
  const { accounts } = dump.runtime;
  if (!accounts) return [];
  const out: Suspect[] = [];
  const free = accounts.heapFree;
  // With GOGC=100 as much as is live may be free right after a collection.
  if (free > accounts.heapInuse) {
    out.push({
      kind: "free heap",
      title: `${formatBytes(free)} of the heap is free and not yet given back to the system (${percent(free, whole)} of Go's memory): there was a burst, the resident size is not a leak`,
      bytes: free,
      share: free / whole,
      evidence: [
        `live ${formatBytes(dump.heap.liveBytes)}, spans in use ${formatBytes(accounts.heapInuse)}, given back ${formatBytes(accounts.heapReleased)}`,
      ],
      next: "overview CORE",
      score: (free / whole) * (free > 2 * accounts.heapInuse ? 2 : 0.25),
    });
  }
  const holes = accounts.heapInuse - dump.heap.objects.bytes;
  // Until the next collection's goal the holes are room that the collector counts on.
  const excess = Math.min(holes, accounts.heapInuse - accounts.gc.nextGoal);
  if (excess / whole >= 0.1 && holes / whole >= 0.3) {
    out.push({
      kind: "fragmentation",
      title: `${formatBytes(holes)} (${percent(holes, accounts.heapInuse)}) of the spans in use are free slots: few objects keep many spans alive`,
      bytes: holes,
      share: holes / whole,
      evidence: [`spans in use ${formatBytes(accounts.heapInuse)}, objects ${formatBytes(dump.heap.objects.bytes)}`],
      next: "histogram CORE --by size-class",
      score: (excess / whole) * 2,
    });
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
  const share = bytes / (bytes + go);
  return [
    {
      kind: "native memory",
      title: `${formatBytes(bytes)} are mapped outside Go's heap (cgo or mmap), more than the ${formatBytes(go)} of the Go heap and stacks`,
      bytes,
      share,
      evidence: memoryClasses.others.slice(0, 3).map((each) => `${formatBytes(each.bytes)} ${each.name}`),
      next: "mappings CORE",
      score: share * 1.5,
    },
  ];
}

function atLimit(dump: Dump): Suspect[] {
  const { accounts } = dump.runtime;
  const limit = accounts?.gc.memoryLimit;
  if (!accounts || limit === undefined || limit <= 0) return [];
  const used = accounts.sys - accounts.heapReleased;
  if (used < limit * 0.9) return [];
  const gc = accounts.gc;
  return [
    {
      kind: "GC at its limit",
      title: `the process is at its memory limit: ${formatBytes(used)} of GOMEMLIMIT ${formatBytes(limit)}; the collector runs nearly without pause`,
      bytes: used,
      share: Math.min(1, used / limit),
      evidence: [`${counted(gc.cycles, "collection")}, live after the last ${formatBytes(gc.heapMarked)}`],
      next: "overview CORE",
      score: 1.2 * Math.min(1, used / limit),
    },
  ];
}
