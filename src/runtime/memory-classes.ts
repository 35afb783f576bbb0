// Every mapped byte belongs to one class: heap in use, free, released, stacks, runtime metadata, executable, others.
import { type Address, alignDown, type Bytes } from "../base/units.js";
import type { Mapping } from "../process/address-space.js";
import type { Process } from "../process/process.js";
import type { Accounts } from "./accounting.js";
import { readSlice } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import { ARENA, PAGE, type SpanTable } from "./spans.js";

export interface MemoryClasses {
  /** Bytes of all readable mappings. */
  readonly mappedBytes: Bytes;
  /** Disjoint; their sum is mappedBytes. */
  readonly classes: readonly { readonly name: string; readonly bytes: Bytes }[];
  /** What makes up "other mappings". */
  readonly others: readonly { readonly name: string; readonly bytes: Bytes }[];
  /** Address space reserved without access (PROT_NONE), not part of mappedBytes. */
  readonly reservedBytes: Bytes;
}

const READABLE = 4;
const MOST_RANGES = 1 << 20;

/** @param stacks  an address on each thread's stack: in a program with C code each is a mapping of its own */
export function classifyMemory(
  process: Process,
  layout: Layout,
  spans: SpanTable,
  accounts: Accounts | undefined,
  stacks: readonly Address[],
): MemoryClasses {
  const arenas = heapArenas(process, layout, spans);
  const known = runtimeAddresses(process, layout, spans);
  const tables = runtimeTables(process, layout);
  const sums = new Map<string, Bytes>();
  const add = (name: string, bytes: Bytes) => sums.set(name, (sums.get(name) ?? 0) + bytes);
  const others = new Map<string, Bytes>();
  let mappedBytes = 0;
  let reservedBytes = 0;
  let heapMapped = 0;
  for (const [group, mappings] of groupByArea(process.memory.mappings)) {
    const readable = mappings.filter((each) => each.flags & READABLE);
    const bytes = readable.reduce((sum, each) => sum + each.end - each.start, 0);
    mappedBytes += bytes;
    reservedBytes += mappings.reduce((sum, each) => sum + (each.flags & READABLE ? 0 : each.end - each.start), 0);
    if (bytes === 0) continue;
    const inArenas = readable.reduce((sum, each) => sum + overlap(each, arenas), 0);
    heapMapped += inArenas;
    const rest = bytes - inArenas;
    if (rest === 0) continue;
    const name = areaClass(process, readable, { known, tables, stacks });
    add(name, rest);
    if (name === "other mappings") others.set(group, (others.get(group) ?? 0) + rest);
  }
  const heap = accounts ? heapClasses(spans, accounts, heapMapped) : [{ name: "Go heap (all states)", bytes: heapMapped }];
  const classes = [
    ...heap,
    ...["Go runtime metadata", "executable", "shared libraries", "thread stacks", "kernel (vdso, vvar)", "other mappings"].map((name) => ({
      name,
      bytes: sums.get(name) ?? 0,
    })),
  ].filter((each) => each.bytes !== 0);
  return {
    mappedBytes,
    classes,
    others: [...others].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes),
    reservedBytes,
  };
}

/** The arenas by what the runtime says of their pages; the rest of them is mapped and was never used. */
function heapClasses(spans: SpanTable, accounts: Accounts, mapped: Bytes): readonly { readonly name: string; readonly bytes: Bytes }[] {
  const manual = (spans.pagesByState[2] as number) * PAGE;
  const classes = [
    { name: "Go heap in use", bytes: (spans.pagesByState[1] as number) * PAGE },
    { name: "Go heap free", bytes: accounts.heapFree },
    { name: "Go heap released", bytes: accounts.heapReleased },
    { name: "goroutine stacks", bytes: accounts.stackInuse },
    { name: "GC work buffers", bytes: manual - accounts.stackInuse },
  ];
  return [...classes, { name: "Go heap not yet used", bytes: mapped - classes.reduce((sum, each) => sum + each.bytes, 0) }];
}

/** Mappings of one file belong together; anonymous ones stand alone. */
function groupByArea(mappings: readonly Mapping[]): Map<string, Mapping[]> {
  const groups = new Map<string, Mapping[]>();
  for (const mapping of mappings) {
    const name = mapping.path || `anonymous 0x${mapping.start.toString(16)}`;
    const group = groups.get(name);
    if (group) group.push(mapping);
    else groups.set(name, [mapping]);
  }
  return groups;
}

interface Range {
  readonly start: Address;
  readonly end: Address;
}

/** What tells memory off the heap apart. */
interface Landmarks {
  /** Sorted: see runtimeAddresses. */
  readonly known: readonly Address[];
  readonly tables: readonly Range[];
  /** An address on each thread's stack. */
  readonly stacks: readonly Address[];
}

function areaClass(process: Process, mappings: readonly Mapping[], { known, tables, stacks }: Landmarks): string {
  const path = mappings[0].path;
  if (/^\[?(vdso|vvar|vsyscall)/.test(path) || path.startsWith("[vdso") || mappings[0].start > 2 ** 48) return "kernel (vdso, vvar)";
  const image = process.executable.segments.filter((segment) => segment.type === 1);
  const inImage = mappings.some((each) =>
    image.some(
      (segment) =>
        each.start < segment.address + process.loadBias + segment.memorySize &&
        alignDown(segment.address, 4096) + process.loadBias < each.end,
    ),
  );
  if (inImage) return "executable";
  if (mappings.some((each) => process.auxv.get(33) !== undefined && contains(each, process.auxv.get(33) as number)))
    return "kernel (vdso, vvar)";
  if (path !== "" && !path.startsWith("[")) return "shared libraries";
  if (mappings.some((each) => process.auxv.get(31) !== undefined && contains(each, process.auxv.get(31) as number))) return "thread stacks";
  if (
    mappings.some(
      (each) => anyWithin(known, each.start, each.end) || tables.some((table) => each.start < table.end && each.end > table.start),
    )
  ) {
    return "Go runtime metadata";
  }
  if (mappings.some((each) => stacks.some((stack) => contains(each, stack)))) return "thread stacks";
  if (mappings.every((each) => isVvar(process, each))) return "kernel (vdso, vvar)";
  return "other mappings";
}

/** vvar pages: read-only, without gap below the vdso. */
function isVvar(process: Process, mapping: Mapping): boolean {
  let end = process.auxv.get(33) ?? 0;
  for (const each of process.memory.mappings.toReversed()) {
    if (each.end !== end || each.flags !== READABLE) continue;
    if (each.start === mapping.start) return true;
    end = each.start;
  }
  return false;
}

/** Sparse tables of mheap_ that are reserved whole and touched here and there: each slice's capacity says how far it reaches. */
function runtimeTables(process: Process, layout: Layout): readonly Range[] {
  const heap = layout.global("runtime.mheap_") as Address;
  const { size } = layout.struct("mheap");
  const out: Range[] = [];
  if (!process.memory.tryBytes(heap, size)) return out;
  for (let at = heap; at + 24 <= heap + size; at += 8) {
    const { array, length, capacity } = readSlice(process.memory, at);
    if (array > 2 ** 32 && length <= capacity && capacity >= 512 && capacity < 2 ** 33)
      out.push({ start: array, end: array + capacity * 8 });
  }
  return out;
}

const contains = (mapping: Mapping, address: Address) => address >= mapping.start && address < mapping.end;

function anyWithin(sorted: readonly Address[], start: Address, end: Address): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < start) low = middle + 1;
    else high = middle;
  }
  return low < sorted.length && sorted[low] < end;
}

/** Arenas that hold any heap address, as sorted disjoint ranges. */
function heapArenas(process: Process, layout: Layout, spans: SpanTable): readonly Range[] {
  const { memory } = process;
  const arenas = new Set<number>();
  const heap = layout.global("runtime.mheap_") as Address;
  const header = heap + layout.struct("mheap").offset("pages.inUse.ranges");
  const ranges = memory.tryBytes(header, 24) ? readSlice(memory, header) : { array: 0, length: 0 };
  for (let i = 0; i < Math.min(ranges.length, MOST_RANGES); i++) {
    const start = memory.tryAddress(ranges.array + i * 16);
    const end = memory.tryAddress(ranges.array + i * 16 + 8);
    if (start === undefined || end === undefined || end > 2 ** 48) break;
    for (let arena = Math.floor(start / ARENA); arena * ARENA < end; arena++) arenas.add(arena);
  }
  for (let span = 0; span < spans.count; span++) arenas.add(Math.floor(spans.base[span] / ARENA));
  return [...arenas].sort((a, b) => a - b).map((arena) => ({ start: arena * ARENA, end: (arena + 1) * ARENA }));
}

function overlap(mapping: Mapping, ranges: readonly Range[]): Bytes {
  let bytes = 0;
  for (const range of ranges) bytes += Math.max(0, Math.min(mapping.end, range.end) - Math.max(mapping.start, range.start));
  return bytes;
}

/** Addresses off the heap that belong to the runtime: span records, arena records, page tables, persistent chunks. Sorted. */
function runtimeAddresses(process: Process, layout: Layout, spans: SpanTable): readonly Address[] {
  const { memory } = process;
  const out: Address[] = [];
  const heap = layout.global("runtime.mheap_") as Address;
  const mheap = layout.struct("mheap");
  if (!memory.tryBytes(heap, mheap.size)) return out;
  const all = readSlice(memory, heap + mheap.offset("allspans"));
  out.push(all.array);
  const records = memory.tryBytes(all.array, Math.min(all.length, 1 << 22) * 8);
  if (records) {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    for (let i = 0; i + 8 <= records.length; i += 8) out.push(view.getUint32(i + 4, true) * 0x100000000 + view.getUint32(i, true));
  }
  for (let span = 0; span < spans.count; span++) out.push(spans.allocBits[span], spans.markBits[span]);
  const l2 = memory.tryAddress(heap + mheap.offset("arenas")) ?? 0;
  out.push(l2);
  for (const base of new Set(Array.from(spans.base, (each) => Math.floor(each / ARENA)))) {
    const index = base + (process.arch === "amd64" ? 2 ** 47 / ARENA : 0);
    out.push(l2 + index * 8, memory.tryAddress(l2 + index * 8) ?? 0);
  }
  // pallocData chunks, page summaries, persistentalloc chunks, per-thread caches: whatever word of the runtime's own off-heap records points to.
  const chunks = memory.tryBytes(heap + mheap.offset("pages.chunks"), 8192 * 8);
  const table = chunks && new DataView(chunks.buffer, chunks.byteOffset, chunks.byteLength);
  for (let i = 0; table && i < 8192; i++) {
    const at = table.getUint32(i * 8 + 4, true) * 0x100000000 + table.getUint32(i * 8, true);
    if (at > 0) out.push(at);
  }
  // Every word of mheap_ and of the runtime's pointer-free data may point to such memory.
  const whole = memory.tryBytes(heap, mheap.size);
  const words = whole && new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  for (let i = 0; words && i + 8 <= words.byteLength; i += 8) {
    const high = words.getUint32(i + 4, true);
    if (high > 0 && high < 0x8000) out.push(high * 0x100000000 + words.getUint32(i, true));
  }
  let chunk = layout.global("runtime.persistentChunks");
  for (let i = 0; chunk !== undefined && i < 1 << 20; i++) {
    const next = memory.tryAddress(chunk);
    if (!next || next < 4096) break;
    out.push(next);
    chunk = next;
  }
  return out.filter((each) => each > 4096).sort((a, b) => a - b);
}
