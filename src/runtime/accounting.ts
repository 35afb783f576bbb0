// The runtime's own accounts: heap statistics, GC state. runtime/mstats.go, mgcpacer.go
import type { Findings } from "../base/findings.js";
import { partitionPoint } from "../base/search.js";
import { type Address, type Bytes, counted, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { globalIn, readField, readFieldOr, readSlice } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import { MOST_RANGES } from "./limits.js";
import { PAGE, type SpanTable } from "./spans.js";

/** runtime.MemStats as a ReadMemStats at the moment of death would have said, and the GC's state. */
export interface Accounts {
  /** By the heap statistics, which lag behind spans cached by a P. */
  readonly heapObjects: number;
  readonly heapAlloc: Bytes;
  /** Objects allocated from cached spans since the statistics were flushed. */
  readonly unflushedObjects: number;
  readonly heapInuse: Bytes;
  readonly heapIdle: Bytes;
  readonly heapFree: Bytes;
  readonly heapReleased: Bytes;
  readonly stackInuse: Bytes;
  readonly stackSys: Bytes;
  readonly workBuffers: Bytes;
  /** Off the heap: span and cache records, profile buckets, the collector's tables, and the rest. */
  readonly metadata: Bytes;
  readonly sys: Bytes;
  readonly gc: {
    readonly phase: "off" | "mark" | "mark termination" | "unknown";
    readonly cycles: number;
    readonly forcedCycles: number;
    /** GOGC; -1 = off. */
    readonly gogc: number;
    /** GOMEMLIMIT in bytes; undefined = none. */
    readonly memoryLimit: Bytes | undefined;
    readonly nextGoal: Bytes;
    readonly heapLive: Bytes;
    readonly heapMarked: Bytes;
    /** Unix time of the end of the last cycle; 0n = never. */
    readonly lastGc: bigint;
  };
}

/**
 * Compares the spans with the runtime's own count of the bytes in them. A record that was zeroed in place contradicts nothing: it
 * looks like a span that is not in use. The runtime adds a span to its count after it has made it, and takes it off before it
 * unmakes it: of a sound core the spans are never fewer, whenever it was taken. runtime/mheap.go allocSpan, freeSpanLocked
 */
export function checkSpans(memory: AddressSpace, layout: Layout, spans: SpanTable, findings: Findings): void {
  const bytes = lostSpanBytes(memory, layout, spans);
  if (bytes === 0) return;
  const lost = "records of heap spans are lost: the runtime counts more bytes in them than those that were found hold";
  findings.add("spans-lost", `${lost}; the objects of the rest are missing, and what only they hold looks like garbage`, "", {
    partial: true,
    bytes,
  });
}

/** What is still known of spans whose records are lost. */
interface LostSpans {
  /** That the runtime counts in them; 0 when none are lost, or it is not known. */
  readonly bytes: Bytes;
  /** Spans of small objects say at their end of which class they are. runtime/mgcmark_greenteagc.go spanInlineMarkBits */
  readonly haveClass: boolean;
  /** The end of what the heap has grown by last; 0 when it is not known. */
  readonly grownTo: Address;
}

export function lostSpans(runtime: { readonly memory: AddressSpace; readonly layout: Layout; readonly spans: SpanTable }): LostSpans {
  const { memory, layout, spans } = runtime;
  const heap = layout.global("runtime.mheap_");
  return {
    bytes: lostSpanBytes(memory, layout, spans),
    haveClass: layout.hasStruct("spanInlineMarkBits"),
    grownTo: heap === undefined ? 0 : (memory.tryAddress(heap + layout.struct("mheap").offset("curArena.base")) ?? 0),
  };
}

/** Bytes that the runtime counts in spans of the heap beyond those that were found; 0 when it is not known. */
function lostSpanBytes(memory: AddressSpace, layout: Layout, spans: SpanTable): Bytes {
  const controller = layout.global("runtime.gcController");
  const control = layout.struct("gcControllerState");
  if (controller === undefined || !memory.tryBytes(controller + control.offset("heapInUse"), 8)) return 0;
  let found = 0;
  for (let span = 0; span < spans.count; span++) found += spans.pages[span] * PAGE;
  return Math.max(0, readField(memory, control, controller, "heapInUse") - found);
}

/**
 * Counters that cannot be: a sum below zero, or more bytes than the process has mapped. What is said of them is undefined then, for
 * nobody knows which of the others are sound. Those that can be are compared with what they count: while no thread is between two
 * steps of an allocation, spans and address ranges add up to them exactly, in every release. runtime/mheap.go allocSpan, grow
 * @returns whether the counters may be shown
 */
export function checkAccounts(accounts: Accounts, found: FoundMemory, growing: Bytes, findings: Findings): boolean {
  const { heapObjects, heapAlloc, heapInuse, heapFree, heapReleased, stackInuse, stackSys, workBuffers, metadata } = accounts;
  const heap = heapInuse + heapFree + heapReleased + stackInuse + workBuffers;
  const counters = { heapObjects, heapAlloc, heapInuse, heapFree, heapReleased, stackInuse, stackSys, workBuffers, metadata, heap };
  const wrong = Object.entries(counters).find(([, value]) => !(value >= 0 && value <= found.mapped));
  if (wrong) {
    const [name, value] = wrong;
    findings.add(
      "accounts-odd",
      "the runtime's heap statistics are damaged and not shown",
      `${name} ${value}, ${counted(found.mapped, "byte")} mapped`,
      {
        partial: true,
      },
    );
    return false;
  }
  for (const { name, counted: expected, found: seen, agrees } of compareAccounts(accounts, found, growing)) {
    if (agrees || (name === "heap spans" && seen < expected)) continue; // of fewer checkSpans tells
    findings.add(
      "accounts-contradicted",
      "the runtime's heap statistics and its records contradict each other: memory by class and the heap's statistics are in doubt",
      `${name}: ${counted(expected, "byte")} counted, ${seen} found`,
      { partial: true },
    );
  }
  return true;
}

/** A counter and the bytes of the records that it counts. */
export interface ComparedAccount {
  readonly name: "heap spans" | "spans of stacks and work buffers" | "the heap's address ranges" | "objects";
  readonly counted: Bytes;
  readonly found: Bytes;
  /** As far as a program that dies in the middle of an allocation can. */
  readonly agrees: boolean;
}

/** The counters beside what they count; those of objects beside the spans that have to hold them. */
export function compareAccounts(accounts: Accounts, found: FoundMemory, growing: Bytes): readonly ComparedAccount[] {
  const { heapAlloc, heapInuse, heapFree, heapReleased, stackInuse, workBuffers } = accounts;
  const heap = heapInuse + heapFree + heapReleased + stackInuse + workBuffers;
  const pairs = [
    ["heap spans", heapInuse, found.heapSpans],
    ["spans of stacks and work buffers", stackInuse + workBuffers, found.manualSpans],
    ...(found.ranges === undefined ? [] : [["the heap's address ranges", heap - growing, found.ranges] as const]),
    ["objects", Math.min(heapAlloc, heapInuse), heapAlloc],
  ] as const;
  return pairs.map(([name, expected, seen]) => ({
    name,
    counted: expected,
    found: seen,
    agrees: Math.abs(expected - seen) <= IN_FLIGHT + seen / 100,
  }));
}

/** What of the heap was found by other ways than the counters. */
export interface FoundMemory {
  /** Of all mappings, those without access too. */
  readonly mapped: Bytes;
  readonly heapSpans: Bytes;
  readonly manualSpans: Bytes;
  /** undefined: the list is not whole, or user arenas are part of the heap that it does not hold. */
  readonly ranges: Bytes | undefined;
}

/** So many bytes may be between two counters when the process dies within an allocation. */
const IN_FLIGHT: Bytes = 1 << 20;

/** Sums up mappings, spans and address ranges. */
export function findMemory({ memory }: { readonly memory: AddressSpace }, layout: Layout, spans: SpanTable): FoundMemory {
  const [, heapPages, manualPages] = spans.pagesByState;
  const heap = layout.global("runtime.mheap_");
  return {
    mapped: memory.mappings.reduce((sum, { start, end }) => sum + end - start, 0),
    heapSpans: heapPages * PAGE,
    manualSpans: manualPages * PAGE,
    ranges:
      heap === undefined || spans.userArena.some((each) => each !== 0)
        ? undefined
        : bytesOfRanges(memory, heap + layout.struct("mheap").offset("pages.inUse.ranges")),
  };
}

/**
 * Bytes that the heap was growing by when the process died, as of memory that could not be had: counted as released already, but in
 * none of the address ranges yet. They lie before what is left of the current arena. runtime/mheap.go grow
 */
export function growingBy(memory: AddressSpace, layout: Layout, spans: SpanTable, accounts: Accounts): Bytes {
  const { ranges } = findMemory({ memory }, layout, spans);
  const heap = layout.global("runtime.mheap_");
  const { heapInuse, heapFree, heapReleased, stackInuse, workBuffers } = accounts;
  const excess = ranges === undefined ? 0 : heapInuse + heapFree + heapReleased + stackInuse + workBuffers - ranges;
  if (heap === undefined || excess <= 0 || excess > heapReleased) return 0;
  const mheap = layout.struct("mheap");
  const end = memory.tryAddress(heap + mheap.offset("curArena.base")) ?? 0;
  const isMapped = memory.find(end - excess) !== undefined && memory.find(end - 1) !== undefined;
  const { array, length } = readSlice(memory, heap + mheap.offset("pages.inUse.ranges"));
  for (let i = 0; i < length; i++) {
    const [from, to] = [memory.readAddress(array + i * 16), memory.readAddress(array + i * 16 + 8)];
    if (from < end && to > end - excess) return 0;
  }
  return isMapped ? excess : 0;
}

/** runtime/mranges.go addrRanges */
function bytesOfRanges(memory: AddressSpace, header: Address): Bytes | undefined {
  if (!memory.tryBytes(header, 24)) return undefined;
  const { array, length } = readSlice(memory, header);
  if (length > MOST_RANGES) return undefined;
  let bytes = 0;
  for (let i = 0; i < length; i++) {
    const start = memory.tryAddress(array + i * 16);
    const end = memory.tryAddress(array + i * 16 + 8);
    if (start === undefined || end === undefined || end < start) return undefined;
    bytes += end - start;
  }
  return bytes;
}

const CLASSES = 68;
const PHASES = ["off", "mark", "mark termination"] as const;

/** Sizes of the 68 size classes, from the first span of each: the table itself moved between releases. */
function classSizes(memory: AddressSpace, layout: Layout): readonly Bytes[] {
  const table = layout.global("internal/runtime/gc.SizeClassToSize") ?? layout.global("runtime.class_to_size");
  if (table === undefined) return SIZE_CLASSES;
  const bytes = memory.tryBytes(table, CLASSES * 2);
  return bytes ? Array.from({ length: CLASSES }, (_, i) => bytes[i * 2] + bytes[i * 2 + 1] * 256) : SIZE_CLASSES;
}

/** Identical in Go 1.20 to 1.27. runtime/sizeclasses.go */
export const SIZE_CLASSES: readonly Bytes[] = [
  0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480, 512, 576, 640, 704,
  768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472,
  9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
];

/** The slot size an allocation of so many bytes gets; page-rounded above the largest class. */
export function slotSize(bytes: Bytes): Bytes {
  const classes = SIZE_CLASSES.length;
  if (bytes > SIZE_CLASSES[classes - 1]) return Math.ceil(bytes / PAGE) * PAGE;
  return SIZE_CLASSES[
    Math.max(
      1,
      partitionPoint(classes, (index) => SIZE_CLASSES[index] < bytes),
    )
  ];
}

/** @throws MemoryFault when the runtime's variables were not dumped, UnsupportedError when they were not found */
export function readAccounts(memory: AddressSpace, layout: Layout, spans: SpanTable): Accounts {
  const stats = globalIn(layout, "runtime.memstats");
  const mstats = layout.struct("mstats");
  const controller = globalIn(layout, "runtime.gcController");
  const control = layout.struct("gcControllerState");
  const sum = deltaSums(memory, layout, stats + mstats.offset("heapStats"));
  const heapInuse = readField(memory, control, controller, "heapInUse");
  const heapFree = readField(memory, control, controller, "heapFree");
  const heapReleased = readField(memory, control, controller, "heapReleased");
  const own = (field: "stacks_sys" | "mspan_sys" | "mcache_sys" | "buckhash_sys" | "gcMiscSys" | "other_sys") =>
    readField(memory, mstats, stats, field);
  const workBuffers = sum.of("inWorkBufs") + sum.of("inPtrScalarBits");
  const stackInuse = sum.of("inStacks");
  const metadata = own("mspan_sys") + own("mcache_sys") + own("buckhash_sys") + own("gcMiscSys") + own("other_sys");
  const stackSys = stackInuse + own("stacks_sys");
  return {
    ...countObjects(sum, classSizes(memory, layout)),
    unflushedObjects: unflushedObjects(spans),
    heapInuse,
    heapIdle: heapFree + heapReleased,
    heapFree,
    heapReleased,
    stackInuse,
    stackSys,
    workBuffers,
    metadata,
    sys: heapInuse + heapFree + heapReleased + stackSys + workBuffers + metadata,
    gc: readCollector(memory, layout, stats, controller),
  };
}

/** Counters of the heap statistics by their fields, and by size class. */
interface DeltaSums {
  of(field: "largeAllocCount" | "largeFreeCount" | "largeAlloc" | "largeFree" | "inWorkBufs" | "inPtrScalarBits" | "inStacks"): number;
  ofClass(field: "smallAllocCount" | "smallFreeCount", sizeClass: number): number;
}

/** Three generations of deltas; their sum, in wrapping 64-bit arithmetic, is the state. runtime/mstats.go consistentHeapStats */
function deltaSums(memory: AddressSpace, layout: Layout, first: Address): DeltaSums {
  const delta = layout.struct("heapStatsDelta");
  const sumAt = (offset: Bytes): number => {
    let sum = 0n;
    for (let i = 0; i < 3; i++) sum += memory.readUint64(first + i * delta.size + offset);
    return Number(BigInt.asIntN(64, sum));
  };
  return {
    of: (field) => (delta.has(field) ? sumAt(delta.offset(field)) : 0),
    ofClass: (field, sizeClass) => sumAt(delta.offset(field) + sizeClass * WORD),
  };
}

function countObjects(sum: DeltaSums, sizes: readonly Bytes[]): Pick<Accounts, "heapObjects" | "heapAlloc"> {
  let heapObjects = sum.of("largeAllocCount") - sum.of("largeFreeCount");
  let heapAlloc = sum.of("largeAlloc") - sum.of("largeFree");
  for (let i = 0; i < CLASSES; i++) {
    const count = sum.ofClass("smallAllocCount", i) - sum.ofClass("smallFreeCount", i);
    heapObjects += count;
    heapAlloc += count * sizes[i];
  }
  return { heapObjects, heapAlloc };
}

/** Of spans that a P has cached. runtime/mheap.go mspan.sweepgen */
function unflushedObjects(spans: SpanTable): number {
  let objects = 0;
  for (let span = 0; span < spans.count; span++) {
    const ahead = spans.sweepgen[span] - spans.heapSweepgen;
    if (ahead === 3 || ahead === 1) objects += spans.allocCount[span] - spans.allocCountBeforeCache[span];
  }
  return objects;
}

function readCollector(memory: AddressSpace, layout: Layout, stats: Address, controller: Address): Accounts["gc"] {
  const mstats = layout.struct("mstats");
  const control = layout.struct("gcControllerState");
  const limit = memory.readUint64(controller + control.offset("memoryLimit"));
  const phaseAt = layout.global("runtime.gcphase");
  const phase = phaseAt === undefined ? PHASES.length : memory.readUint(phaseAt, 4);
  return {
    phase: PHASES[phase] ?? "unknown",
    cycles: readField(memory, mstats, stats, "numgc"),
    forcedCycles: readField(memory, mstats, stats, "numforcedgc"),
    gogc: readField(memory, control, controller, "gcPercent") | 0,
    memoryLimit: limit >= 0x7fff_ffff_ffff_ffffn ? undefined : Number(limit),
    nextGoal: readFieldOr(memory, control, controller, "gcPercentHeapGoal", 0),
    heapLive: readField(memory, control, controller, "heapLive"),
    heapMarked: readField(memory, control, controller, "heapMarked"),
    lastGc: memory.readUint64(stats + mstats.offset("last_gc_unix")),
  };
}
