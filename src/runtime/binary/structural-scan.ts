// The runtime's main variables by what they must look like: for programs whose code is not there, or not what the recipes know.
import { DumpError } from "../../base/errors.js";
import { type Address, WORD } from "../../base/units.js";
import type { Range } from "../go-ranges.js";
import { MOST_CANDIDATES, MOST_GOROUTINES, MOST_PROCESSORS, MOST_SPANS } from "../limits.js";
import { canBe, centralPlaces, highestId, idsAhead, isAllgs, isAllp, isAllspans, isSched, USUAL_MOST_THREADS } from "./predicates.js";
import { type QueueKind, queueBlocks, queueOffset } from "./queue-blocks.js";
import { isG, isM, isPointer, machinesFrom, processorState, type Surroundings } from "./record-checks.js";
import { spanBytes } from "./span-bytes.js";
import { wordAt, wordBlocks } from "./words.js";

/** What a scan found for one variable. */
interface Scanned {
  /** Of the variable; of allm, allgs and allp it may be another one of the same contents. */
  readonly address: Address;
  /** Others as good, with other contents: then none is to be believed. */
  readonly rivals: number;
}

/** Variables that a scan can find, in the order in which they have to be found: some are known by the ones before. */
export const SCANNED = [
  ...(["runtime.allgs", "runtime.allp", "runtime.allm", "runtime.sched", "runtime.mheap_"] as const),
  ...(["runtime.gcController", "runtime.memstats"] as const),
] as const;
/** Variables that a scan can find once those are known. */
export const SCANNED_LATER = ["runtime.allfin", "runtime.gcCleanups"] as const;
export type ScannedName = (typeof SCANNED)[number] | (typeof SCANNED_LATER)[number];

/**
 * Looks for one variable.
 * @param around  its layout's global() tells those found before
 * @param ranges  the module's data and bss
 * @returns undefined when nothing there can be it, or the layout lacks what would tell
 */
export function scanFor(around: Surroundings, name: ScannedName, ranges: readonly Range[]): Scanned | undefined {
  try {
    return best(SCANS[name](around, ranges));
  } catch (error) {
    if (error instanceof DumpError) return undefined;
    throw error;
  }
}

const SCANS: Readonly<Record<ScannedName, (around: Surroundings, ranges: readonly Range[]) => readonly Candidate[]>> = {
  "runtime.allgs": (around, ranges) => seenTwice(around, ranges, scanAllgs(around, ranges)),
  "runtime.allp": scanAllp,
  "runtime.allm": scanAllm,
  "runtime.sched": scanSched,
  "runtime.mheap_": scanHeap,
  "runtime.gcController": scanController,
  "runtime.memstats": scanMemstats,
  "runtime.allfin": (around, ranges) => scanQueue(around, "finalizers", ranges),
  "runtime.gcCleanups": (around, ranges) => scanQueue(around, "cleanups", ranges),
};

/** A place that passes; of several the one of the greatest weight is taken. */
interface Candidate {
  readonly address: Address;
  /** Elements of the list, ms of the chain. */
  readonly weight: number;
  /** What the variable leads to: places that share it are the same answer. */
  readonly contents: number;
}

function best(candidates: readonly Candidate[]): Scanned | undefined {
  const most = candidates.reduce((max, { weight }) => Math.max(max, weight), 0);
  const heaviest = candidates.filter(({ weight }) => weight === most);
  const first = heaviest[0];
  return first && { address: first.address, rivals: new Set(heaviest.map(({ contents }) => contents)).size - 1 };
}

interface SliceAt {
  readonly address: Address;
  readonly array: Address;
  readonly length: number;
}

/** Every three words that can be a slice of pointers. @param accepts the first look, at what is cheap to tell */
function slicesIn(
  { memory }: Surroundings,
  ranges: readonly Range[],
  most: number,
  accepts: (slice: SliceAt, first: Address) => boolean,
): SliceAt[] {
  const found: SliceAt[] = [];
  for (const block of wordBlocks(memory, ranges, 3)) {
    const { halves, start, count } = block;
    const last = Math.min(count, halves.length / 2 - 2);
    for (let i = 0; i < last; i++) {
      const low = i * 2;
      const length = halves[low + 2];
      // Lengths and capacities are below 2^32, and a slice is no longer than its capacity.
      if (length === 0 || length > most || halves[low] % WORD !== 0 || halves[low + 3] !== 0 || halves[low + 5] !== 0) continue;
      if (halves[low + 4] < length) continue;
      const array = wordAt(block, i);
      const first = isPointer(array) ? memory.tryAddress(array) : undefined;
      if (first === undefined || found.length >= MOST_CANDIDATES) continue;
      const slice = { address: start + i * WORD, array, length };
      if (accepts(slice, first)) found.push(slice);
    }
  }
  return found;
}

const toCandidate = ({ address, array, length }: SliceAt): Candidate => ({ address, weight: length, contents: array });

function scanAllgs(around: Surroundings, ranges: readonly Range[]): Candidate[] {
  const slices = slicesIn(around, ranges, MOST_GOROUTINES, (_, first) => isG(around, first) === true);
  return slices.filter(({ array, length }) => isAllgs(around, array, length) === true).map(toCandidate);
}

/** allgs is repeated word by word in allgptr and allglen; another list of gs is not. runtime/proc.go allgadd */
function seenTwice({ memory }: Surroundings, ranges: readonly Range[], candidates: readonly Candidate[]): readonly Candidate[] {
  if (candidates.length === 0) return candidates;
  const seen = new Map<number, number>(candidates.flatMap(({ weight, contents }) => [[weight, 0] as const, [contents, 0] as const]));
  for (const block of wordBlocks(memory, ranges, 1)) {
    for (let i = 0; i < block.count; i++) {
      if (block.halves[i * 2] === 0) continue;
      const word = wordAt(block, i);
      const times = seen.get(word);
      if (times !== undefined) seen.set(word, times + 1);
    }
  }
  return candidates.filter(({ weight, contents }) => (seen.get(weight) ?? 0) >= 2 && (seen.get(contents) ?? 0) >= 2);
}

function scanAllp(around: Surroundings, ranges: readonly Range[]): Candidate[] {
  const slices = slicesIn(around, ranges, MOST_PROCESSORS, (_, first) => processorState(around, first, 0) !== "none");
  return slices.filter(({ array, length }) => isAllp(around, array, length) === true).map(toCandidate);
}

/** The longest chain begins at allm: others begin in the midst of it. */
function scanAllm(around: Surroundings, ranges: readonly Range[]): Candidate[] {
  const found: Candidate[] = [];
  const seen = new Map<Address, number>();
  for (const block of wordBlocks(around.memory, ranges, 1)) {
    for (let i = 0; i < block.count; i++) {
      if (block.halves[i * 2] < 8 && block.halves[i * 2 + 1] === 0) continue;
      const value = wordAt(block, i);
      if (!isPointer(value) || seen.has(value)) continue;
      if (seen.size < MOST_CANDIDATES) seen.set(value, 0);
      const address = block.start + i * WORD;
      if (!isM(around, value) || canBe(around, "runtime.allm", address) !== true) continue;
      found.push({ address, weight: machinesFrom(around, value)?.length ?? 0, contents: value });
    }
  }
  return found;
}

function scanSched(around: Surroundings, ranges: readonly Range[]): Candidate[] {
  const highest = highestId(around);
  if (highest === undefined) return [];
  const found: Candidate[] = [];
  const most = highest + idsAhead(around);
  const struct = around.layout.struct("schedulerState");
  for (const block of wordBlocks(around.memory, ranges, 1)) {
    for (let i = 0; i < block.count && found.length < MOST_CANDIDATES; i++) {
      const id = wordAt(block, i);
      if (id < highest || id > most) continue;
      const address = block.start + i * WORD - struct.offset("goidgen");
      if (isSched(around, address, highest) !== true) continue;
      const isUsual = around.memory.readUint(address + struct.offset("maxmcount"), 4) === USUAL_MOST_THREADS;
      found.push({ address, weight: isUsual ? 2 : 1, contents: address });
    }
  }
  return found;
}

/** mheap_ has an mcentral for each span class; where they are missing, the list of all spans agrees with the index of arenas. */
function scanHeap(around: Surroundings, ranges: readonly Range[]): Candidate[] {
  const central = centralsIn(around, ranges).filter((address) => canBe(around, "runtime.mheap_", address) !== false);
  if (central.length > 0) return central.map((address) => ({ address, weight: 1, contents: address }));
  const offset = around.layout.struct("mheap").offset("allspans");
  const slices = slicesIn(around, ranges, MOST_SPANS, ({ length }, first) => length >= FEWEST_SPANS && isPointer(first));
  return slices
    .map(({ address, ...slice }) => ({ ...slice, address: address - offset }))
    .filter(({ address, array, length }) => isAllspans(around, array, length, address) === true)
    .map(toCandidate);
}

/** Any program has more: shorter lists are something else. */
const FEWEST_SPANS = 8;

function centralsIn(around: Surroundings, ranges: readonly Range[]): Address[] {
  const { first, stride, count } = centralPlaces(around);
  const found: Address[] = [];
  const length = (count - 1) * stride + 1;
  const alignment = first % WORD;
  for (const { start, bytes, count: words } of wordBlocks(around.memory, ranges, Math.ceil(length / WORD) + 1)) {
    const last = Math.min(words * WORD, bytes.length - length - alignment + 1);
    for (let at = 0; at < last; at += WORD) {
      const place = at + alignment;
      if (bytes[place + stride] !== 1 || bytes[place + 2 * stride] !== 2 || bytes[place + (count - 1) * stride] !== count - 1) continue;
      let i = 0;
      while (i < count && bytes[place + i * stride] === i) i++;
      if (i === count && found.length < MOST_CANDIDATES) found.push(start + place - first);
    }
  }
  return found;
}

/** The controller counts the bytes of heap spans: what it says is what the spans are. runtime/mheap.go allocSpan */
function scanController(around: Surroundings, ranges: readonly Range[]): Candidate[] {
  const bytes = spanBytes(around)?.inUse ?? 0;
  if (bytes === 0) return [];
  const offset = around.layout.struct("gcControllerState").offset("heapInUse");
  return scanWord(around, "runtime.gcController", ranges, { least: bytes, most: bytes }, offset);
}

/** Span records are taken in chunks, and never given back: their number tells how many bytes they are. runtime/mfixalloc.go */
function scanMemstats(around: Surroundings, ranges: readonly Range[]): Candidate[] {
  const records = spanBytes(around)?.records ?? 0;
  if (records === 0) return [];
  const { size } = around.layout.struct("mspan");
  const chunks = records / Math.floor(RECORD_CHUNK / size) + 2;
  const bytes = { least: records * size, most: chunks * RECORD_CHUNK };
  return scanWord(around, "runtime.memstats", ranges, bytes, around.layout.struct("mstats").offset("mspan_sys"));
}

/** The longest list of blocks is of all there are: others, of those in use or free, begin in the midst of it. */
function scanQueue(around: Surroundings, kind: QueueKind, ranges: readonly Range[]): Candidate[] {
  const offset = queueOffset(around, kind);
  const found: Candidate[] = [];
  const seen = new Set<Address>();
  for (const block of wordBlocks(around.memory, ranges, 1)) {
    for (let i = 0; i < block.count; i++) {
      if (block.halves[i * 2] < 8 && block.halves[i * 2 + 1] === 0) continue;
      const first = wordAt(block, i);
      if (!isPointer(first) || seen.has(first) || seen.size >= MOST_CANDIDATES) continue;
      seen.add(first);
      const blocks = queueBlocks(around, kind, first);
      if (blocks !== undefined) found.push({ address: block.start + i * WORD - offset, weight: blocks, contents: first });
    }
  }
  return found;
}

/** _FixAllocChunk */
const RECORD_CHUNK = 16 << 10;

interface Between {
  readonly least: number;
  readonly most: number;
}

/** A record of which one word is known; the rest has to fit too. @param offset of the word in it */
function scanWord(
  around: Surroundings,
  name: ScannedName,
  ranges: readonly Range[],
  { least, most }: Between,
  offset: number,
): Candidate[] {
  const found: Candidate[] = [];
  for (const block of wordBlocks(around.memory, ranges, 1)) {
    for (let i = 0; i < block.count && found.length < MOST_CANDIDATES; i++) {
      const word = wordAt(block, i);
      if (word < least || word > most) continue;
      const address = block.start + i * WORD - offset;
      if (canBe(around, name, address) === true) found.push({ address, weight: 1, contents: address });
    }
  }
  return found;
}
