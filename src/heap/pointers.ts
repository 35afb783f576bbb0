// Who points to whom: one pass over the heap in address order that reads only words the masks name.
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { type Address, hex, type SpanId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { isSwept, PAGE, type SpanTable } from "../runtime/spans.js";
import type { PointerMasks, TypeMask } from "../runtime/variants/pointer-masks.js";
import { type EdgeWriter, makeRoom } from "./edges.js";
import { MOST_WORDS } from "./limits.js";
import type { ObjectTable } from "./objects.js";
import {
  newScan,
  type Scan,
  type ScanCounts,
  type ScanHints,
  scanBitmapSpan,
  scanBits,
  scanHeaderSpan,
  scanTiled,
} from "./pointer-loops.js";

/** Most that is read at once; of larger objects a block at a time. */
const READ_BLOCK = 4 * 1024 * 1024;
/** Spans nearer than this are read together. */
const READ_GAP = 8 * 1024;

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
  const scan = newScan(objects, edges, objectNode, hints);
  new HeapScan(memory, masks, scan, findings, progress).run();
  edges.first[objectNode + objects.count] = edges.count;
  const { badPointers } = scan.counts;
  if (badPointers > 0) findings.add("bad-pointer", "pointers into free slots were ignored", "", { count: badPointers });
  return scan.counts;
}

/** Reads the heap piece by piece, and has the loops look at each. */
class HeapScan {
  private readonly memory: AddressSpace;
  private readonly masks: PointerMasks;
  private readonly scan: Scan;
  private readonly spans: SpanTable;
  private readonly findings: Findings;
  private readonly progress: Progress;
  /** One word longer than a block: see scanBlocks. */
  private buffer = new Uint8Array(READ_BLOCK + WORD);
  /** A bit for each word of one span. */
  private bits = new Uint32Array(PAGE / 256 + 1);

  constructor(memory: AddressSpace, masks: PointerMasks, scan: Scan, findings: Findings, progress: Progress) {
    this.memory = memory;
    this.masks = masks;
    this.scan = scan;
    this.spans = scan.objects.spans;
    this.findings = findings;
    this.progress = progress;
  }

  /** Runs of spans in the order of addresses, so that a core is read from front to back. */
  run(): void {
    const { spans, progress } = this;
    progress.stage("scanning objects", spans.count);
    for (let span = 0; span < spans.count; span++) {
      if (!this.hasPointers(span)) {
        this.skip(span);
        continue;
      }
      const last = this.runEnd(span);
      if (this.endOf(last) - spans.base[span] > READ_BLOCK && spans.elements[span] === 1) this.scanLarge(span);
      else {
        this.scanRun(span, last);
        span = last;
        progress.tick(span + 1);
      }
    }
  }

  /** There are objects in the span, and they may have pointers. */
  private hasPointers(span: SpanId): boolean {
    return this.masks.kindOf(this.spans, span) !== "none" && this.scan.objects.countIn(span) > 0;
  }

  private endOf(span: SpanId): Address {
    return this.spans.base[span] + this.spans.pages[span] * PAGE;
  }

  /** Its objects have no edges. */
  private skip(span: SpanId): void {
    const { objects, edges, objectNode } = this.scan;
    edges.first.fill(edges.count, objectNode + objects.firstId[span], objectNode + objects.firstId[span + 1]);
  }

  /** The last span that is worth reading together with this one. */
  private runEnd(first: SpanId): SpanId {
    const { spans } = this;
    let last = first;
    for (let span = first + 1; span < spans.count; span++) {
      const gap = spans.base[span] - this.endOf(last);
      if (gap > READ_GAP || this.endOf(span) - spans.base[first] > READ_BLOCK) break;
      if (this.hasPointers(span)) last = span;
    }
    return last;
  }

  /** Spans that are read together. */
  private scanRun(first: SpanId, last: SpanId): void {
    const { spans, scan, masks, findings } = this;
    const start = spans.base[first];
    const size = this.endOf(last) - start;
    if (size > this.buffer.length) this.buffer = new Uint8Array(size);
    const bytes = this.buffer.subarray(0, size);
    if (!this.memory.readInto(start, bytes)) this.missing(start);
    makeRoom(scan.edges, size / WORD);
    scan.words = new Uint32Array(this.buffer.buffer, 0, size / 4);
    for (let span = first; span <= last; span++) {
      if (!this.hasPointers(span)) {
        this.skip(span);
        continue;
      }
      const kind = masks.kindOf(spans, span);
      const offset = spans.base[span] - start;
      const { badPointers } = scan.counts;
      if (kind === "bitmap")
        scanBitmapSpan(scan, span, offset / 4, this.bitmapOf(span, bytes.subarray(offset, offset + spans.pages[span] * PAGE)));
      else if (kind === "header") scanHeaderSpan(scan, span, offset / 4, masks, findings);
      else this.scanOne(span, offset / 4);
      // An unswept span still has its dead objects, and what they point to may be free by now: that is no damage.
      if (!isSwept(spans, span)) scan.counts.badPointers = badPointers;
    }
  }

  /** The one object of a span, when all of it was read. */
  private scanOne(span: SpanId, wordBase: number): void {
    const { scan } = this;
    const mask = this.largeMask(span);
    scan.edges.first[scan.objectNode + scan.objects.firstId[span]] = scan.edges.count;
    if (mask) scanTiled(scan, wordBase, 0, 0, this.spans.elementSize[span] / 8, mask);
  }

  /** One object that is larger than what is read at once. */
  private scanLarge(span: SpanId): void {
    const { counts } = this.scan;
    const { badPointers } = counts;
    const isBitmap = this.masks.kindOf(this.spans, span) === "bitmap";
    this.scanBlocks(span, isBitmap ? this.bitmapOf(span, undefined) : this.largeMask(span));
    if (!isSwept(this.spans, span)) counts.badPointers = badPointers;
  }

  /** Block by block: in each the word before it is read too, an interface's type. */
  private scanBlocks(span: SpanId, pattern: TypeMask | Uint32Array | undefined): void {
    const { scan, spans, buffer } = this;
    const { objects, edges, objectNode, hints } = scan;
    const id = objects.firstId[span];
    const base = spans.base[span];
    const words = Math.min(spans.elementSize[span] / WORD, MOST_WORDS);
    if (spans.elementSize[span] / WORD > MOST_WORDS) {
      const message = "of objects of more than 16 GiB the pointers past that are not followed";
      this.findings.add("object-too-large", message, hex(base), { partial: true });
    }
    edges.first[objectNode + id] = edges.count;
    if (!pattern || ("size" in pattern && pattern.words.length === 0)) return;
    let isWhole = true;
    for (let from = 0; from < words; from += READ_BLOCK / WORD) {
      const to = Math.min(words, from + READ_BLOCK / WORD);
      // An interface's type lies in the word before its data word, which may be the last one of the block before.
      const lead = from === 0 ? 0 : 1;
      const bytes = buffer.subarray(0, (to - from + lead) * WORD);
      if (!this.memory.readInto(base + (from - lead) * WORD, bytes)) {
        if (isWhole) this.missing(base);
        isWhole = false;
      }
      makeRoom(edges, to - from);
      scan.words = new Uint32Array(buffer.buffer, 0, bytes.length / 4);
      // Where word 0 of the object would be in the buffer, in units of 4 bytes; below 0 from the second block on.
      const wordBase = (lead - from) * 2;
      if ("size" in pattern) scanTiled(scan, wordBase, Math.floor(from / (pattern.size / WORD)) * (pattern.size / WORD), from, to, pattern);
      else {
        if (from === 0 && scan.words[1] === scan.imageHigh && scan.words[0] >= scan.textLow && scan.words[0] < scan.textEnd)
          hints.codePointer(id, scan.imageHigh * 0x100000000 + scan.words[0]);
        scanBits(scan, wordBase, from, to, pattern);
      }
      this.progress.tick(span);
    }
  }

  /** A bit for each word of the span, in a buffer that the next span uses again. @param bytes  the span's, when they were read */
  private bitmapOf(span: SpanId, bytes: Uint8Array | undefined): Uint32Array {
    const size = this.spans.pages[span] * PAGE;
    if (this.bits.length < size / 256) this.bits = new Uint32Array(size / 256 + 1);
    if (!this.masks.spanBits(this.spans, span, bytes, this.bits)) {
      this.bits.fill(0);
      const message = "pointer bitmaps are not in the core; references from their objects are missing";
      this.findings.add("mask-missing", message, hex(this.spans.base[span]), { partial: true });
    }
    return this.bits;
  }

  /** The mask of a large object; undefined when it has none that is known. */
  private largeMask(span: SpanId): TypeMask | undefined {
    const type = this.spans.largeType[span];
    if (type === 0) return undefined;
    const mask = this.masks.typeMask(type, this.spans.elementSize[span]);
    if (mask) this.scan.hints.headerType(this.scan.objects.firstId[span], span, type);
    else this.findings.add("header-odd", "objects whose malloc header is no type", hex(type));
    return mask;
  }

  /** Counts a piece of heap that is not in the core; it was read as zeros, which are no pointers. */
  private missing(start: Address): void {
    this.scan.counts.unreadableSpans++;
    const message = "parts of the heap are not in the core; references from them are missing";
    this.findings.add("heap-missing", message, hex(start), { partial: true });
  }
}
