// The loops of the pointer scan: words in, edges out. They touch typed arrays only; who reads memory for them is pointers.ts.
import { popcount } from "../base/bits.js";
import type { Findings } from "../base/findings.js";
import { partitionPoint } from "../base/search.js";
import { type Address, hex, type ObjectId, type SpanId } from "../base/units.js";
import type { PointerMasks, TypeMask } from "../runtime/variants/pointer-masks.js";
import { type EdgeWriter, INTERIOR } from "./edges.js";
import { MOST_NUMBERS } from "./limits.js";
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

/** What the loops need, as plain columns. Addresses of the image are halves of words: their high half is imageHigh. */
export interface Scan {
  readonly objects: ObjectTable;
  readonly edges: EdgeWriter;
  readonly counts: ScanCounts;
  /** Node of object 0. */
  readonly objectNode: number;
  /** What was read of memory: two entries a word, the low half first. */
  words: Uint32Array;
  readonly hints: ScanHints;
  readonly imageHigh: number;
  readonly imageLow: number;
  readonly imageEnd: number;
  readonly textLow: number;
  readonly textEnd: number;
  /** Numbers of EdgeWriter.before, by the low half of the address. */
  readonly numbers: Map<number, number>;
}

/** A scan before its first word. */
export function newScan(objects: ObjectTable, edges: EdgeWriter, objectNode: number, hints: ScanHints): Scan {
  const imageHigh = Math.floor(hints.image.start / 0x100000000);
  const low = (address: Address) => Math.min(Math.max(address - imageHigh * 0x100000000, 0), 0xffffffff);
  return {
    objects,
    edges,
    counts: { badPointers: 0, unreadableSpans: 0 },
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
}

/**
 * Loop: spans whose own bitmap says which words are pointers.
 * @param wordBase  index into scan.words of the span's first word
 * @param bits      a bit for each word of the span
 */
export function scanBitmapSpan(scan: Scan, span: SpanId, wordBase: number, bits: Uint32Array): void {
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
export function scanHeaderSpan(scan: Scan, span: SpanId, wordBase: number, masks: PointerMasks, findings: Findings): void {
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
    const mask = masks.typeMask(type, elementWords * 8);
    if (mask) {
      scan.hints.headerType(id, span, type);
      scanTiled(scan, at, 1, 1, elementWords, mask);
    } else if (type !== 0) findings.add("header-odd", "objects whose malloc header is no type", hex(type));
    id++;
  }
}

/** Loop: the bits [from, to) of one large object's own bitmap; from is a multiple of 32. */
export function scanBits(scan: Scan, wordBase: number, from: number, to: number, bits: Uint32Array): void {
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
 * @param wordBase  index into scan.words of the slot's first word; it may lie before what was read
 * @param element   word that the first element begins at; at or before from
 */
export function scanTiled(scan: Scan, wordBase: number, element: number, from: number, to: number, mask: TypeMask): void {
  const stride = mask.size / 8;
  const pointers = mask.words;
  if (pointers.length === 0 || stride === 0) return;
  const { badPointers } = scan.counts;
  // An element that began before from.
  let first = element < from ? indexFrom(pointers, from - element) : 0;
  for (let start = element; start < to; start += stride) {
    for (let i = first; i < pointers.length; i++) {
      const word = start + pointers[i];
      if (word >= to) break;
      addEdge(scan, wordBase + word * 2, word);
    }
    first = 0;
  }
  // What only may be a pointer says nothing against the heap.
  if (mask.conservative) scan.counts.badPointers = badPointers;
}

/** Index of the first of ascending words that is not below least. */
function indexFrom(words: Uint32Array, least: number): number {
  return partitionPoint(words.length, (index) => words[index] < least);
}

/**
 * The hot path: a pointer word to the object it hits. Address arithmetic on halves, for a word as one double would cost more.
 * @param at          index of the pointer's low half in scan.words
 * @param wordOffset  of the pointer in the object that it lies in
 */
function addEdge(scan: Scan, at: number, wordOffset: number): void {
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
  if (wordOffset > 0 && words[at - 1] === scan.imageHigh) {
    const before = words[at - 2];
    if (before >= scan.imageLow && before < scan.imageEnd) edges.before[edges.count] = numberOf(scan, before);
  }
  edges.offsets[edges.count++] = interior ? wordOffset | INTERIOR : wordOffset;
}

/** The number of an address of the image, given at first sight; 0 when there are too many: then the word is read again. */
function numberOf(scan: Scan, low: number): number {
  let number = scan.numbers.get(low);
  if (number === undefined) {
    const { beforeAddresses } = scan.edges;
    number = beforeAddresses.length <= MOST_NUMBERS ? beforeAddresses.push(scan.imageHigh * 0x100000000 + low) - 1 : 0;
    scan.numbers.set(low, number);
  }
  return number;
}
