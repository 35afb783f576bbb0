// Every mapped byte belongs to one class: heap in use, free, released, stacks, runtime metadata, executable, files, others.

import type { Findings } from "../base/findings.js";
import { type Address, alignDown, alignUp, type Bytes, hex } from "../base/units.js";
import type { Mapping } from "../process/address-space.js";
import { AT_ENTRY, AT_EXECFN, AT_SYSINFO_EHDR, imagesOf, type LoadedImage, mainImageOf, type Process } from "../process/process.js";
import { type Accounts, growingBy } from "./accounting.js";
import { foreignRanges } from "./foreign-ranges.js";
import { goRanges, type Range, union, without } from "./go-ranges.js";
import type { Layout } from "./layout/schema.js";
import type { SpanTable } from "./spans.js";

interface MemoryClass {
  readonly name: string;
  readonly bytes: Bytes;
  /** Of the memory that the runtime has from the system: these add up to MemStats.Sys. */
  readonly go: boolean;
}

/** A mapping without a known owner. */
interface OtherMappings {
  /** Its path; "anonymous 0xc000000000" without one; "anonymous" of several. */
  readonly name: string;
  /** Of all of them. */
  readonly bytes: Bytes;
  /** How many anonymous mappings of one size are in this row; absent: it is one mapping, or one file. */
  readonly count?: number;
}

/** The memory of the process by its owners: every mapped byte is in one class. */
export interface MemoryClasses {
  /** Bytes of all readable mappings. */
  readonly mappedBytes: Bytes;
  /** Disjoint; their sum is mappedBytes. */
  readonly classes: readonly MemoryClass[];
  /** What makes up the class "other mappings", the largest first: of C code, or the program's own. */
  readonly others: readonly OtherMappings[];
  /** Mapped files that are no programs or libraries, the largest first. */
  readonly files: readonly { readonly name: string; readonly bytes: Bytes }[];
  /** Address space reserved without access (PROT_NONE), not part of mappedBytes. */
  readonly reservedBytes: Bytes;
}

const READABLE = 4;
/** In the order they are shown. */
const CLASSES = [
  "Go runtime metadata",
  "Go reserve, not in use",
  "executable",
  "shared libraries",
  "mapped files",
  "thread stacks",
  "race detector, sanitizers",
  "kernel (vdso, vvar)",
  "other mappings",
] as const;
type ClassName = (typeof CLASSES)[number];

/**
 * The kernel joins neighbouring mappings of equal rights, so it is ranges that have owners: first the runtime's own, by its
 * structures; then stacks and what C's allocator keeps back; what is left of a mapping is what its file says, or the program's own.
 *
 * @param stacks  an address on each thread's stack: in a program with C code each is a mapping of its own
 * @param sanitized  built with the race detector or another sanitizer
 */
export function classifyMemory(
  process: Process,
  layout: Layout,
  spans: SpanTable,
  accounts: Accounts | undefined,
  stacks: readonly Address[],
  sanitized: boolean,
  findings: Findings,
): MemoryClasses {
  const tally = tallyMappings(process, layout, goRanges(process, layout, spans), foreignRanges(process, stacks, sanitized));
  const { rest, heapMapped, metadataMapped, add } = tally;
  // The runtime counts its metadata itself; a few of its buffers are in no structure that is read here.
  const metadata = accounts?.metadata ?? metadataMapped;
  const elsewhere = takeFrom(rest, Math.max(0, metadata - metadataMapped));
  const heap = accounts ? heapClasses(accounts, heapMapped) : [{ name: "Go heap (all states)", bytes: heapMapped, go: true }];
  const growing = accounts ? growingBy(process.memory, layout, spans, accounts) : 0;
  const missing = Math.max(0, heapOf(accounts) - growing - heapMapped) + Math.max(0, metadata - metadataMapped - elsewhere.taken);
  if (missing > NEGLIGIBLE) {
    const message = "memory by class lacks what the runtime counts as its own, but was found nowhere";
    findings.add("classes-short", message, "", { partial: true, bytes: missing });
  }
  // What of the runtime's ranges it does not count has no access; gdb writes it as if it had.
  const uncounted = [metadataMapped - metadata, heapMapped - sumOf(heap)].map((each) => Math.max(0, each));
  const hidden = uncounted.reduce((sum, each) => sum + (each < ROUNDING ? 0 : each), 0);
  add("Go runtime metadata", Math.min(metadataMapped, metadata) + elsewhere.taken);
  add("Go reserve, not in use", uncounted.reduce((sum, each) => sum + each, 0) - hidden + elsewhere.rounding);
  add("other mappings", sumOf(rest));
  const others = CLASSES.map((name) => ({ name, bytes: tally.sums.get(name) ?? 0, go: name === "Go runtime metadata" }));
  return {
    mappedBytes: tally.mappedBytes - hidden,
    classes: [...heap, ...others].filter((each) => each.bytes !== 0),
    others: rowsOf(rest),
    files: [...tally.files].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes),
    reservedBytes: tally.reservedBytes + hidden,
  };
}

/** Bytes of the mappings by their owners. */
class Tally {
  mappedBytes: Bytes = 0;
  reservedBytes: Bytes = 0;
  heapMapped: Bytes = 0;
  metadataMapped: Bytes = 0;
  readonly sums = new Map<ClassName, Bytes>();
  /** By path. */
  readonly files = new Map<string, Bytes>();
  /** What has no other owner. */
  readonly rest: Piece[] = [];

  readonly add = (name: ClassName, bytes: Bytes): void => {
    this.sums.set(name, (this.sums.get(name) ?? 0) + bytes);
  };
}

function tallyMappings(
  process: Process,
  layout: Layout,
  go: ReturnType<typeof goRanges>,
  foreign: ReturnType<typeof foreignRanges>,
): Tally {
  const tally = new Tally();
  const images = { ...imageRanges(process, layout), paths: imagePaths(process) };
  const vvar = startOfVvar(process);
  for (const mapping of process.memory.mappings) {
    const bytes = mapping.end - mapping.start;
    if (Math.floor(mapping.flags / READABLE) % 2 === 0) {
      tally.reservedBytes += bytes;
      continue;
    }
    tally.mappedBytes += bytes;
    const whole = mappingClass(process, mapping, images, vvar);
    if (!whole) {
      divideMapping(mapping, images, go, foreign, tally);
      continue;
    }
    tally.add(whole, bytes);
    if (whole === "mapped files") tally.files.set(mapping.path, (tally.files.get(mapping.path) ?? 0) + bytes);
  }
  return tally;
}

/** Gives each owner its part of an anonymous mapping, in the order of how certain the ranges are. */
function divideMapping(
  mapping: Mapping,
  images: ImageRanges,
  go: ReturnType<typeof goRanges>,
  foreign: ReturnType<typeof foreignRanges>,
  tally: Tally,
): void {
  let parts: readonly Range[] = [mapping];
  const take = (ranges: readonly Range[]): Bytes => {
    const left = parts.flatMap((part) => without(part, ranges));
    const taken = sizeOf(parts) - sizeOf(left);
    parts = left;
    return taken;
  };
  tally.add("executable", take(images.executable));
  tally.add("shared libraries", take(images.libraries));
  tally.heapMapped += take(go.arenas);
  const metadata = take(go.metadata);
  tally.metadataMapped += metadata;
  const index = take(go.index);
  tally.add("Go reserve, not in use", index);
  tally.add("thread stacks", take(foreign.stacks));
  tally.add("race detector, sanitizers", take(foreign.shadow));
  const inaccessible = take(foreign.reserved);
  tally.mappedBytes -= inaccessible;
  tally.reservedBytes += inaccessible;
  const ofMalloc = take(foreign.malloc);
  if (ofMalloc > 0) tally.rest.push({ name: "C heap (malloc arenas)", bytes: ofMalloc, besideGo: false });
  const left = sizeOf(parts);
  if (left > 0) tally.rest.push({ name: mapping.path, start: mapping.start, bytes: left, besideGo: metadata + index > 0 });
}

const sumOf = (rows: readonly { readonly bytes: Bytes }[]): Bytes => rows.reduce((sum, each) => sum + each.bytes, 0);

function heapOf(accounts: Accounts | undefined): Bytes {
  return accounts ? accounts.heapInuse + accounts.heapFree + accounts.heapReleased + accounts.stackInuse + accounts.workBuffers : 0;
}

/** The arenas by what the runtime says of their pages. */
function heapClasses(accounts: Accounts, mapped: Bytes): readonly MemoryClass[] {
  const classes = [
    { name: "Go heap in use", bytes: accounts.heapInuse, go: true },
    { name: "Go heap free", bytes: accounts.heapFree, go: true },
    { name: "Go heap released", bytes: accounts.heapReleased, go: true },
    { name: "goroutine stacks", bytes: accounts.stackInuse, go: true },
    { name: "GC work buffers", bytes: accounts.workBuffers, go: true },
  ];
  // Counters that say more than is mapped come of damage: what was given back is believed last.
  let excess = classes.reduce((sum, each) => sum + each.bytes, 0) - mapped;
  for (const i of [2, 1, 0, 3, 4]) {
    const each = classes[i] as MemoryClass;
    const cut = Math.min(Math.max(excess, 0), each.bytes);
    classes[i] = { ...each, bytes: each.bytes - cut };
    excess -= cut;
  }
  return classes;
}

/** What is left of a mapping when all known owners have theirs. */
interface Piece {
  /** "" for anonymous memory. */
  readonly name: string;
  readonly start?: Address;
  bytes: Bytes;
  /** In one mapping with memory of the runtime's. */
  readonly besideGo: boolean;
}

/** The runtime counts bytes, the kernel maps pages: so little more of a piece is the runtime's too. */
const ROUNDING: Bytes = 32 * 1024;
/** Less than this that is found nowhere is no sign of damage. */
const NEGLIGIBLE: Bytes = 1 << 20;

/** Takes so many bytes from anonymous pieces, what could be had: those beside the runtime's own first, then the smallest. */
function takeFrom(pieces: readonly Piece[], wanted: Bytes): { readonly taken: Bytes; readonly rounding: Bytes } {
  let left = wanted;
  let rounding = 0;
  const candidates = pieces.filter((each) => each.name === "").sort((a, b) => Number(b.besideGo) - Number(a.besideGo) || a.bytes - b.bytes);
  for (const piece of candidates) {
    if (left === 0) break;
    const taken = Math.min(left, piece.bytes);
    piece.bytes -= taken;
    left -= taken;
    if (piece.bytes < ROUNDING) {
      rounding += piece.bytes;
      piece.bytes = 0;
    }
  }
  return { taken: wanted - left, rounding };
}

/** One row of each file and each larger piece; pieces of one size, such as heaps of C's threads, are one row. */
function rowsOf(pieces: readonly Piece[]): MemoryClasses["others"] {
  const bySize = new Map<string, Piece[]>();
  for (const piece of pieces.filter((each) => each.bytes > 0)) {
    const key = piece.name === "" ? String(piece.bytes) : piece.name;
    const group = bySize.get(key);
    if (group) group.push(piece);
    else bySize.set(key, [piece]);
  }
  return [...bySize.values()]
    .map((group) => {
      const [first] = group as [Piece];
      const bytes = group.reduce((sum, each) => sum + each.bytes, 0);
      if (first.name !== "") return { name: first.name, bytes };
      return group.length === 1 ? { name: `anonymous ${hex(first.start ?? 0)}`, bytes } : { name: "anonymous", bytes, count: group.length };
    })
    .sort((a, b) => b.bytes - a.bytes);
}

const sizeOf = (ranges: readonly Range[]): Bytes => ranges.reduce((sum, { start, end }) => sum + end - start, 0);

/** Memory of the images, whose variables without a value in the file lie in anonymous memory. */
interface ImageRanges {
  readonly executable: readonly Range[];
  readonly libraries: readonly Range[];
}

function imageRanges(process: Process, layout: Layout): ImageRanges {
  const main = mainImageOf(process);
  const all = imagesOf(process).map((each) => ({ isMain: each.image === main?.image && each.bias === main.bias, ranges: rangesOf(each) }));
  const of = (isMain: boolean) => union(all.flatMap((each) => (each.isMain === isMain ? each.ranges : [])));
  return { executable: main ? of(true) : union(missingExecutable(process, layout)), libraries: of(false) };
}

/** Of an executable that could not be had: the mappings of the file that the program was entered in, and its variables, if it is Go. */
function missingExecutable({ memory, auxv }: Process, layout: Layout): readonly Range[] {
  const path = memory.find(auxv.get(AT_ENTRY) ?? 0)?.path ?? "";
  const own = path === "" ? [] : memory.mappings.filter((each) => each.path === path);
  const module = layout.global("runtime.firstmoduledata");
  const word = (field: "text" | "noptrdata" | "enoptrbss") =>
    module === undefined ? 0 : (memory.tryAddress(module + layout.struct("moduledata").offset(field)) ?? 0);
  if (own.length === 0 || memory.find(word("text"))?.path !== path) return own;
  return [...own, { start: alignDown(word("noptrdata"), 4096), end: alignUp(word("enoptrbss"), 4096) }];
}

function rangesOf({ image, bias }: LoadedImage): readonly Range[] {
  const loads = image.segments.filter((segment) => segment.type === 1);
  return loads.map(({ address, memorySize }) => ({
    start: alignDown(address + bias, 4096),
    end: alignUp(address + bias + memorySize, 4096),
  }));
}

/** Shared anonymous memory has this path. */
const SHARED_ANONYMOUS = /^\/dev\/zero( \(deleted\))?$/;

/** The class of mappings that have one owner whole; undefined for anonymous memory. */
function mappingClass(
  process: Process,
  mapping: Mapping,
  images: ImageRanges & { readonly paths: ReadonlySet<string> },
  vvar: Address,
): ClassName | undefined {
  const { path, start } = mapping;
  const holds = (address: Address | undefined) => address !== undefined && address >= start && address < mapping.end;
  if (/^\[?(vdso|vvar|vsyscall)/.test(path) || start > 2 ** 48 || holds(process.auxv.get(AT_SYSINFO_EHDR))) return "kernel (vdso, vvar)";
  if (holds(process.auxv.get(AT_EXECFN)) || path === "[stack]") return "thread stacks";
  if (path === "" && start >= vvar && start < (process.auxv.get(AT_SYSINFO_EHDR) ?? 0)) return "kernel (vdso, vvar)";
  if (path === "" || path.startsWith("[") || SHARED_ANONYMOUS.test(path)) return undefined;
  if (images.executable.some((each) => start < each.end && mapping.end > each.start)) return "executable";
  return images.paths.has(path) ? "shared libraries" : "mapped files";
}

/** Files that are programs: something of them may be executed, or they begin like one. */
function imagePaths({ memory }: Process): ReadonlySet<string> {
  const images = new Set<string>();
  for (const { path, flags, start } of memory.mappings) {
    if (path === "" || images.has(path)) continue;
    const magic = memory.tryBytes(start, 4);
    if (flags % 2 === 1 || (magic?.[0] === 0x7f && magic[1] === 0x45 && magic[2] === 0x4c && magic[3] === 0x46)) images.add(path);
  }
  return images;
}

/** Where the vvar pages begin: read-only, without gap below the vdso. */
function startOfVvar(process: Process): Address {
  let end = process.auxv.get(AT_SYSINFO_EHDR) ?? 0;
  for (const each of process.memory.mappings.toReversed()) if (each.end === end && each.flags === READABLE) end = each.start;
  return end;
}
