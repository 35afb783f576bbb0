// Who points to whom: one pass over the heap in address order that reads only words the masks name.
import { popcount } from "../base/bits.js";
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { partitionPoint } from "../base/search.js";
import { type Address, hex, type ObjectId, type SpanId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { isSwept, PAGE, type SpanTable } from "../runtime/spans.js";
import type { PointerMasks, TypeMask } from "../runtime/variants/pointer-masks.js";
import { type EdgeWriter, INTERIOR, makeRoom } from "./edges.js";
import { MOST_NUMBERS, MOST_WORDS } from "./limits.js";
import type { ObjectTable } from "./objects.js";

/** What the scan looks for besides pointers. */
export interface ScanHints {
  /** Addresses of the executable's image; one high word only. */
  readonly image: { readonly start: Address; readonly end: Address };
  /** Addresses of its code. */
  readonly text: { readonly start: Address; readonly end: Address };
  /** Told for each object that carries its own type: malloc headers and large objects. */
  headerType(id: ObjectId, span: SpanId, type: Address): void;
  /** Told for each small object whose first word is an address of code. */
  codePointer(id: ObjectId, pc: Address): void;
}

/** What the scan met besides edges. */
export interface ScanCounts {
  /** Precise pointers into free slots or span tails: 0 in a sound core. What is dead and not yet swept may have them, and is not asked. */
  badPointers: number;
  unreadableSpans: number;
}

const READ_BLOCK = 4 * 1024 * 1024;
/** Spans nearer than this are read together. */
const READ_GAP = 8 * 1024;

/** State that the inner loops need, as plain columns. */
interface Scan {
  readonly objects: ObjectTable;
  readonly edges: EdgeWriter;
  readonly counts: ScanCounts;
  /** Node of object 0. */
  readonly objectNode: number;
  words: Uint32Array;
  readonly hints: ScanHints;
  readonly imageHigh: number;
  readonly imageLow: number;
  readonly imageEnd: number;
  readonly textLow: number;
  readonly textEnd: number;
  readonly numbers: Map<number, number>;
}

/**
 * Fills edges.first for every object node and appends the edges of all objects, ascending.
 * @param objectNode  node of object 0; edges of the nodes before it are already written
 */
export function scanPointers(
  memory: AddressSpace,
  objects: ObjectTable,
  masks: PointerMasks,
  edges: EdgeWriter,
  objectNode: number,
  hints: ScanHints,
  findings: Findings,
  progress: Progress,
): ScanCounts {
  const { spans } = objects;
  const counts: ScanCounts = { badPointers: 0, unreadableSpans: 0 };
  const imageHigh = Math.floor(hints.image.start / 0x100000000);
  const low = (address: Address) => Math.min(Math.max(address - imageHigh * 0x100000000, 0), 0xffffffff);
  const scan: Scan = {
    objects,
    edges,
    counts,
    objectNode,
    words: new Uint32Array(0),
    hints,
    imageHigh,
    imageLow: low(hints.image.start),
    imageEnd: low(hints.image.end),
    textLow: low(hints.text.start),
    textEnd: low(hints.text.end),
    numbers: new Map(),
  };
  const missing = (start: Address) => {
    counts.unreadableSpans++;
    findings.add("heap-missing", "parts of the heap are not in the core; references from them are missing", hex(start), { partial: true });
  };
  let buffer = new Uint8Array(READ_BLOCK + WORD);
  const bits = { words: new Uint32Array(PAGE / 256 + 1) };
  const bitmapOf = (span: SpanId, bytes: Uint8Array | undefined): Uint32Array => {
    const size = spans.pages[span] * PAGE;
    if (bits.words.length < size / 256) bits.words = new Uint32Array(size / 256 + 1);
    if (!masks.spanBits(spans, span, bytes, bits.words)) {
      bits.words.fill(0);
      const message = "pointer bitmaps are not in the core; references from their objects are missing";
      findings.add("mask-missing", message, hex(spans.base[span]), { partial: true });
    }
    return bits.words;
  };
  progress.stage("scanning objects", spans.count);
  for (let span = 0; span < spans.count; ) {
    if (masks.kindOf(spans, span) === "none" || objects.countIn(span) === 0) {
      edges.first.fill(edges.count, objectNode + objects.firstId[span], objectNode + objects.firstId[span + 1]);
      span++;
      continue;
    }
    const last = runEnd(spans, objects, masks, span);
    const start = spans.base[span];
    const size = spans.base[last] + spans.pages[last] * PAGE - start;
    if (size > READ_BLOCK && spans.elements[span] === 1) {
      const { badPointers } = counts;
      const pattern = masks.kindOf(spans, span) === "bitmap" ? bitmapOf(span, undefined) : largeMask(scan, span, masks, findings);
      scanBlocks(scan, span, pattern, memory, buffer, missing, findings, progress);
      if (!isSwept(spans, span)) counts.badPointers = badPointers;
      span++;
      continue;
    }
    if (size > buffer.length) buffer = new Uint8Array(size);
    const bytes = buffer.subarray(0, size);
    if (!memory.readInto(start, bytes)) missing(start);
    makeRoom(edges, size / WORD);
    scan.words = new Uint32Array(buffer.buffer, 0, size / 4);
    for (; span <= last; span++) {
      const kind = masks.kindOf(spans, span);
      const offset = spans.base[span] - start;
      const { badPointers } = counts;
      if (kind === "none" || objects.countIn(span) === 0)
        edges.first.fill(edges.count, objectNode + objects.firstId[span], objectNode + objects.firstId[span + 1]);
      else if (kind === "bitmap")
        scanBitmapSpan(scan, span, offset / 4, bitmapOf(span, bytes.subarray(offset, offset + spans.pages[span] * PAGE)));
      else if (kind === "header") scanHeaderSpan(scan, span, offset / 4, masks, findings);
      else scanLargeSpan(scan, span, offset / 4, largeMask(scan, span, masks, findings));
      if (!isSwept(spans, span)) counts.badPointers = badPointers;
    }
    progress.tick(span);
  }
  edges.first[objectNode + objects.count] = edges.count;
  if (counts.badPointers > 0) {
    findings.add("bad-pointer", "pointers into free slots were ignored", "", { count: counts.badPointers });
  }
  return counts;
}

/** The last span that is worth reading together with this one. */
function runEnd(spans: SpanTable, objects: ObjectTable, masks: PointerMasks, first: SpanId): SpanId {
  let last = first;
  for (let span = first + 1; span < spans.count; span++) {
    const gap = spans.base[span] - (spans.base[last] + spans.pages[last] * PAGE);
    const end = spans.base[span] + spans.pages[span] * PAGE;
    if (gap > READ_GAP || end - spans.base[first] > READ_BLOCK) break;
    if (masks.kindOf(spans, span) !== "none" && objects.countIn(span) > 0) last = span;
  }
  return last;
}

/** Loop: spans whose own bitmap says which words are pointers. */
function scanBitmapSpan(scan: Scan, span: SpanId, wordBase: number, bits: Uint32Array): void {
  const { objects, edges, objectNode, words, imageHigh, textLow, textEnd, hints } = scan;
  const elements = objects.spans.elements[span];
  const elementWords = objects.spans.elementSize[span] / 8;
  const start = objects.bitStart[span];
  let node = objectNode + objects.firstId[span];
  for (let slot = 0; slot < elements; slot++) {
    if (start >= 0 && (objects.allocated[start + (slot >>> 5)] & (1 << (slot & 31))) === 0) continue;
    edges.first[node++] = edges.count;
    const from = slot * elementWords;
    const first = wordBase + from * 2;
    if (words[first + 1] === imageHigh && words[first] >= textLow && words[first] < textEnd) {
      hints.codePointer(node - 1 - objectNode, imageHigh * 0x100000000 + words[first]);
    }
    for (let at = from, end = from + elementWords; at < end; at += 32) {
      // 32 mask bits from word `at` on, cut to the element.
      const shift = at & 31;
      let mask = bits[at >>> 5] >>> shift;
      if (shift !== 0) mask |= bits[(at >>> 5) + 1] << (32 - shift);
      if (end - at < 32) mask &= (1 << (end - at)) - 1;
      while (mask !== 0) {
        const low = mask & -mask;
        mask ^= low;
        const word = at + 31 - Math.clz32(low);
        addEdge(scan, wordBase + word * 2, word - from);
      }
    }
  }
}

/** Loop: objects of 513 B to 32 KiB, each with its type in the first word; its mask repeats to the slot's end. */
function scanHeaderSpan(scan: Scan, span: SpanId, wordBase: number, masks: PointerMasks, findings: Findings): void {
  const { objects, edges, objectNode, words } = scan;
  const elements = objects.spans.elements[span];
  const elementWords = objects.spans.elementSize[span] / 8;
  const start = objects.bitStart[span];
  let id = objects.firstId[span];
  for (let slot = 0; slot < elements; slot++) {
    if (start >= 0 && (objects.allocated[start + (slot >>> 5)] & (1 << (slot & 31))) === 0) continue;
    edges.first[objectNode + id] = edges.count;
    const at = wordBase + slot * elementWords * 2;
    const type = words[at + 1] * 0x100000000 + words[at];
    const mask = masks.typeMask(type);
    if (mask) {
      scan.hints.headerType(id, span, type);
      scanTiled(scan, at, 1, 1, elementWords, mask);
    } else if (type !== 0) findings.add("header-odd", "objects whose malloc header is no type", hex(type));
    id++;
  }
}

/** The mask of a large object; undefined when it has none that is known. */
function largeMask(scan: Scan, span: SpanId, masks: PointerMasks, findings: Findings): TypeMask | undefined {
  const type = scan.objects.spans.largeType[span];
  if (type === 0) return undefined;
  const mask = masks.typeMask(type);
  if (mask) scan.hints.headerType(scan.objects.firstId[span], span, type);
  else findings.add("header-odd", "objects whose malloc header is no type", hex(type));
  return mask;
}

function scanLargeSpan(scan: Scan, span: SpanId, wordBase: number, mask: TypeMask | undefined): void {
  scan.edges.first[scan.objectNode + scan.objects.firstId[span]] = scan.edges.count;
  if (mask) scanTiled(scan, wordBase, 0, 0, scan.objects.spans.elementSize[span] / 8, mask);
}

/** One object larger than a block, block by block: in each the word before it is read too, an interface's type. */
function scanBlocks(
  scan: Scan,
  span: SpanId,
  pattern: TypeMask | Uint32Array | undefined,
  memory: AddressSpace,
  buffer: Uint8Array,
  missing: (start: Address) => void,
  findings: Findings,
  progress: Progress,
): void {
  const { objects, edges, objectNode, hints } = scan;
  const id = objects.firstId[span];
  const base = objects.spans.base[span];
  const words = Math.min(objects.spans.elementSize[span] / WORD, MOST_WORDS);
  if (objects.spans.elementSize[span] / WORD > MOST_WORDS)
    findings.add("object-too-large", "of objects of more than 16 GiB the pointers past that are not followed", hex(base), {
      partial: true,
    });
  edges.first[objectNode + id] = edges.count;
  if (!pattern || ("size" in pattern && pattern.words.length === 0)) return;
  let isWhole = true;
  for (let from = 0; from < words; from += READ_BLOCK / WORD) {
    const to = Math.min(words, from + READ_BLOCK / WORD);
    const lead = from === 0 ? 0 : 1;
    const bytes = buffer.subarray(0, (to - from + lead) * WORD);
    if (!memory.readInto(base + (from - lead) * WORD, bytes)) {
      if (isWhole) missing(base);
      isWhole = false;
    }
    makeRoom(edges, to - from);
    scan.words = new Uint32Array(buffer.buffer, 0, bytes.length / 4);
    const wordBase = (lead - from) * 2;
    if ("size" in pattern) scanTiled(scan, wordBase, Math.floor(from / (pattern.size / WORD)) * (pattern.size / WORD), from, to, pattern);
    else {
      if (from === 0 && scan.words[1] === scan.imageHigh && scan.words[0] >= scan.textLow && scan.words[0] < scan.textEnd)
        hints.codePointer(id, scan.imageHigh * 0x100000000 + scan.words[0]);
      scanBits(scan, wordBase, from, to, pattern);
    }
    progress.tick(span);
  }
}

/** Loop: the bits [from, to) of one large object's own bitmap; from is a multiple of 32. */
function scanBits(scan: Scan, wordBase: number, from: number, to: number, bits: Uint32Array): void {
  for (let at = from; at < to; at += 32) {
    let mask = bits[at >>> 5];
    if (to - at < 32) mask &= (1 << (to - at)) - 1;
    while (mask !== 0) {
      const low = mask & -mask;
      mask ^= low;
      const word = at + 31 - Math.clz32(low);
      addEdge(scan, wordBase + word * 2, word);
    }
  }
}

/**
 * Loop: one type's mask again and again over the words [from, to) of a slot; the tail past the real length is zero.
 * @param element  word that the first element begins at; at or before from
 */
function scanTiled(scan: Scan, wordBase: number, element: number, from: number, to: number, mask: TypeMask): void {
  const stride = mask.size / 8;
  const pointers = mask.words;
  if (pointers.length === 0 || stride === 0) return;
  // An element that began before from.
  let first = element < from ? indexFrom(pointers, from - element) : 0;
  for (let start = element; start < to; start += stride) {
    for (let i = first; i < pointers.length; i++) {
      const word = start + pointers[i];
      if (word >= to) return;
      addEdge(scan, wordBase + word * 2, word);
    }
    first = 0;
  }
}

/** Index of the first of ascending words that is not below least. */
function indexFrom(words: Uint32Array, least: number): number {
  return partitionPoint(words.length, (index) => words[index] < least);
}

/** The hot path: a pointer word to the object it hits. */
function addEdge(scan: Scan, at: number, slotWord: number): void {
  const { objects, edges, words } = scan;
  const { spans } = objects;
  const high = words[at + 1];
  if (high >= 0x10000) return;
  const low = words[at];
  // 2^26 bytes an arena: its index is the address's upper 22 of 48 bits.
  const row = spans.arenaRow[high * 64 + (low >>> 26)];
  if (row === 0) return;
  const span = spans.pageSpan[row * 8192 + ((low >>> 13) & 8191)] - 1;
  if (span < 0) return;
  let slot = 0;
  if (spans.elements[span] > 1) {
    slot = (((low - spans.baseLow[span]) >>> 0) / spans.elementSize[span]) | 0;
    if (slot >= spans.elements[span]) {
      scan.counts.badPointers++;
      return;
    }
  }
  const size = spans.elementSize[span];
  const offset = (low - spans.baseLow[span]) >>> 0;
  // Past 4 GiB in a large object the offset wraps.
  const interior =
    offset - slot * size !== objects.dataStart[span] || (size > 0xffffffff && high !== Math.floor(spans.base[span] / 0x100000000));
  const start = objects.bitStart[span];
  let id = objects.firstId[span];
  if (start < 0) id += slot;
  else {
    const bits = objects.allocated[start + (slot >>> 5)];
    const bit = 1 << (slot & 31);
    if ((bits & bit) === 0) {
      scan.counts.badPointers++;
      return;
    }
    id += objects.rank[start + (slot >>> 5)] + popcount(bits & (bit - 1));
  }
  edges.targets[edges.count] = scan.objectNode + id;
  if (slotWord > 0 && words[at - 1] === scan.imageHigh) {
    const before = words[at - 2];
    if (before >= scan.imageLow && before < scan.imageEnd) edges.before[edges.count] = numberOf(scan, before);
  }
  edges.slots[edges.count++] = interior ? slotWord | INTERIOR : slotWord;
}

/** The number of an address of the image, given at first sight; 0 when there are too many. */
function numberOf(scan: Scan, low: number): number {
  let number = scan.numbers.get(low);
  if (number === undefined) {
    const { beforeAddresses } = scan.edges;
    number = beforeAddresses.length <= MOST_NUMBERS ? beforeAddresses.push(scan.imageHigh * 0x100000000 + low) - 1 : 0;
    scan.numbers.set(low, number);
  }
  return number;
}
