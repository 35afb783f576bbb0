// Who points to whom: one pass over the heap in address order that reads only words the masks name.
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { type Address, hex, type ObjectId, type SpanId } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { isSwept, PAGE, type SpanTable } from "../runtime/spans.js";
import type { PointerMasks, TypeMask } from "../runtime/variants/pointer-masks.js";
import type { ObjectTable } from "./objects.js";

/** Edges in the making: one row per pointer that hits an allocated object. */
export interface EdgeWriter {
  /** [nodes + 1] */
  readonly first: Uint32Array;
  /** Node that is pointed to. */
  targets: Uint32Array;
  /** Word index of the pointer within the object it lies in, row of RootTable for owners; INTERIOR is set when it points past its target's start. */
  slots: Uint32Array;
  /** [edges] number, from 1, of the address in the word before the pointer when that lies in the image: an interface's type or itab; 0. */
  before: Uint16Array;
  /** The addresses that before numbers; [0] is unused. */
  readonly beforeAddresses: number[];
  count: number;
}

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

/** Bit of EdgeWriter.slots: the pointer does not point at its target's first byte. */
export const INTERIOR = 0x80000000;
/** The rest of EdgeWriter.slots. */
export const SLOT_MASK = 0x7fffffff;

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
  let buffer = new Uint8Array(READ_BLOCK);
  const bits = { words: new Uint32Array(PAGE / 256 + 1) };
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
    if (size > buffer.length) buffer = new Uint8Array(size);
    const bytes = buffer.subarray(0, size);
    if (!memory.readInto(start, bytes)) {
      counts.unreadableSpans++;
      findings.add("heap-missing", "parts of the heap are not in the core; references from them are missing", hex(start), {
        partial: true,
      });
    }
    scan.words = new Uint32Array(buffer.buffer, 0, size / 4);
    for (; span <= last; span++) {
      const kind = masks.kindOf(spans, span);
      const offset = spans.base[span] - start;
      const { badPointers } = counts;
      if (kind === "none" || objects.countIn(span) === 0)
        edges.first.fill(edges.count, objectNode + objects.firstId[span], objectNode + objects.firstId[span + 1]);
      else if (kind === "bitmap") {
        const size = spans.pages[span] * PAGE;
        if (bits.words.length < size / 256) bits.words = new Uint32Array(size / 256 + 1);
        if (!masks.spanBits(spans, span, bytes.subarray(offset, offset + size), bits.words)) {
          bits.words.fill(0);
          findings.add(
            "mask-missing",
            "pointer bitmaps are not in the core; references from their objects are missing",
            hex(spans.base[span]),
            { partial: true },
          );
        }
        scanBitmapSpan(scan, span, offset / 4, bits.words);
      } else if (kind === "header") scanHeaderSpan(scan, span, offset / 4, masks, findings);
      else scanLargeSpan(scan, span, offset / 4, masks, findings);
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
      scanTiled(scan, at, 1, elementWords, mask);
    } else if (type !== 0) findings.add("header-odd", "objects whose malloc header is no type", hex(type));
    id++;
  }
}

function scanLargeSpan(scan: Scan, span: SpanId, wordBase: number, masks: PointerMasks, findings: Findings): void {
  const { objects, edges, objectNode } = scan;
  const id = objects.firstId[span];
  edges.first[objectNode + id] = edges.count;
  const type = objects.spans.largeType[span];
  if (type === 0) return;
  const mask = masks.typeMask(type);
  if (!mask) {
    findings.add("header-odd", "objects whose malloc header is no type", hex(type));
    return;
  }
  scan.hints.headerType(id, span, type);
  scanTiled(scan, wordBase, 0, objects.spans.elementSize[span] / 8, mask);
}

/** Loop: one type's mask over a whole slot, again and again; the tail past the real length is zero. */
function scanTiled(scan: Scan, wordBase: number, from: number, elementWords: number, mask: TypeMask): void {
  const stride = mask.size / 8;
  const pointers = mask.words;
  if (pointers.length === 0 || stride === 0) return;
  for (let element = from; element < elementWords; element += stride) {
    for (let i = 0; i < pointers.length; i++) {
      const word = element + pointers[i];
      if (word >= elementWords) return;
      addEdge(scan, wordBase + word * 2, word);
    }
  }
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
  // Large objects past 4 GiB wrap here, and count as interior.
  const offset = (low - spans.baseLow[span]) >>> 0;
  const interior = offset - slot * spans.elementSize[span] !== objects.dataStart[span];
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
    const below = bits & (bit - 1);
    let v = below - ((below >>> 1) & 0x55555555);
    v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
    id += objects.rank[start + (slot >>> 5)] + (Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24);
  }
  edges.targets[edges.count] = scan.objectNode + id;
  if (slotWord > 0 && words[at - 1] === scan.imageHigh) {
    const before = words[at - 2];
    if (before >= scan.imageLow && before < scan.imageEnd) edges.before[edges.count] = numberOf(scan, before);
  }
  edges.slots[edges.count++] = interior ? slotWord | INTERIOR : slotWord;
}

const MOST_NUMBERS = 0xffff;

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

/** Pointer words of one object: [word index, address, ...]; for questions about single objects. */
export function pointersOf(
  memory: AddressSpace,
  objects: ObjectTable,
  masks: PointerMasks,
  id: ObjectId,
): readonly { readonly word: number; readonly value: Address }[] {
  const { spans } = objects;
  const span = objects.spanOf(id);
  const size = spans.elementSize[span];
  const base = objects.addressOf(id);
  const out: { word: number; value: Address }[] = [];
  const add = (word: number) => {
    const value = memory.tryAddress(base + word * 8);
    if (value !== undefined && value > 0) out.push({ word, value });
  };
  const kind = masks.kindOf(spans, span);
  if (kind === "bitmap") {
    const bits = new Uint32Array(Math.ceil((spans.pages[span] * PAGE) / 256));
    if (!masks.spanBits(spans, span, undefined, bits)) return out;
    const from = (base - spans.base[span]) / 8;
    for (let word = 0; word < size / 8; word++) if (bits[(from + word) >>> 5] & (1 << ((from + word) & 31))) add(word);
  } else if (kind !== "none") {
    const type = kind === "header" ? memory.tryAddress(base) : spans.largeType[span];
    const mask = type ? masks.typeMask(type) : undefined;
    if (mask && mask.words.length > 0) {
      for (let element = kind === "header" ? 1 : 0; element < size / 8; element += mask.size / 8) {
        for (const word of mask.words) if (element + word < size / 8) add(element + word);
      }
    }
  }
  return out;
}
