// Spans whose records are lost, out of their own bytes: the records lie above the heap, and a core that was cut off has its objects only.
//
// Since the Green Tea collector (Go 1.26) a span of small objects ends in 128 bytes that say of which class it is, and between collections
// all others of them are zero. Which of its slots hold objects only the record tells: here those that a pointer leads to, from a variable,
// a frame, or an object that is known. runtime/mgcmark_greenteagc.go spanInlineMarkBits
import { popcount } from "../base/bits.js";
import { Findings } from "../base/findings.js";
import { type Address, counted, NONE, WORD } from "../base/units.js";
import { lostSpans, SIZE_CLASSES } from "../runtime/accounting.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { PAGE, type RecoveredSpan, type SpanTable, withRecovered } from "../runtime/spans.js";
import { stackRoots } from "../runtime/stack-roots.js";
import { eachPointer } from "./object-pointers.js";
import { numberObjects } from "./objects.js";
import { readDataWords } from "./statics.js";

/** scans, owned, marks, class: only the last is set while no collection runs; owned may be. */
const INLINE_BYTES = 128;
const OWNED = PAGE - 65;
const CLASS = PAGE - 1;
/** Bits of pointers stand before them: one for each word of the page. */
const BITMAP_BYTES = PAGE / 64;
const SMALLEST = 16;
const LARGEST = 512;

/** A page that is a span, and its slots that were reached. */
class Recovered implements RecoveredSpan {
  readonly reached: Uint8Array;
  readonly base: Address;
  readonly elementSize: number;
  readonly elements: number;
  readonly spanClass: number;
  private readonly view: DataView;
  /** Slots that were first reached at their beginning, the page's own not counted; and elsewhere. */
  private starts = 0;
  private inner = 0;

  constructor(base: Address, bytes: Uint8Array, elementSize: number) {
    this.base = base;
    this.elementSize = elementSize;
    this.spanClass = bytes[CLASS];
    this.view = new DataView(bytes.buffer, bytes.byteOffset, PAGE);
    this.elements = Math.floor((PAGE - INLINE_BYTES - (this.isNoscan ? 0 : BITMAP_BYTES)) / elementSize);
    this.reached = new Uint8Array(Math.ceil(this.elements / 8));
  }

  private get isNoscan(): boolean {
    return this.spanClass % 2 === 1;
  }

  /** The slot of an address that was not reached before; NONE otherwise, and in the span's end. */
  reach(address: Address): number {
    const slot = Math.floor((address - this.base) / this.elementSize);
    const bit = 1 << (slot & 7);
    if (slot >= this.elements || (this.reached[slot >> 3] & bit) !== 0) return NONE;
    this.reached[slot >> 3] |= bit;
    if ((address - this.base) % this.elementSize !== 0) this.inner++;
    else if (slot > 0) this.starts++;
    return slot;
  }

  /** A page may have its end from a span that it was before: then pointers do not lead to where its slots begin. */
  get isSound(): boolean {
    return this.starts > 0 && this.starts >= this.inner;
  }

  /** The words of a slot that its bitmap calls pointers. */
  *pointers(slot: number): Iterable<Address> {
    if (this.isNoscan) return;
    const bitmap = PAGE - INLINE_BYTES - BITMAP_BYTES;
    const words = this.elementSize / WORD;
    for (let word = slot * words; word < (slot + 1) * words; word++) {
      if ((this.view.getUint8(bitmap + (word >> 3)) & (1 << (word & 7))) === 0) continue;
      const high = this.view.getUint32(word * WORD + 4, true);
      if (high < 2 ** 16) yield high * 2 ** 32 + this.view.getUint32(word * WORD, true);
    }
  }
}

/** The page as a span of small objects; undefined when its end is not that of one. */
export function spanOfPage(base: Address, bytes: Uint8Array): Recovered | undefined {
  const size = SIZE_CLASSES[bytes[CLASS] >> 1] ?? 0;
  if (size < SMALLEST || size > LARGEST || bytes[OWNED] > 1) return undefined;
  for (let at = PAGE - INLINE_BYTES; at < CLASS; at++) if (bytes[at] !== 0 && at !== OWNED) return undefined;
  return new Recovered(base, bytes, size);
}

/** The spans of the runtime and, where records of some are lost, those that their own bytes and the pointers to them tell. */
export function recoverSpans(runtime: GoRuntime, findings: Findings): SpanTable {
  const { spans } = runtime;
  const { bytes, haveClass } = lostSpans(runtime);
  if (bytes === 0 || !haveClass) return spans;
  const recovery = new Recovery(runtime);
  recovery.run();
  const found = recovery.found();
  if (found.length === 0) return spans;
  const table = withRecovered(spans, found);
  const objects = found.reduce((sum, { reached }) => sum + reached.reduce((bits, byte) => bits + popcount(byte), 0), 0);
  const how = "by what they end in, with those of their objects that pointers lead to: there were more";
  findings.add("spans-recovered", `spans whose records are lost were recovered ${how}`, `${counted(objects, "object")} at least`, {
    partial: true,
    count: found.length,
    bytes: found.length * PAGE,
  });
  return table;
}

/** What pointers lead to, page by page. */
class Recovery {
  private readonly runtime: GoRuntime;
  private readonly pages = new Map<Address, Recovered | undefined>();
  private readonly work: { readonly span: Recovered; readonly slot: number }[] = [];
  private readonly heap: ReadonlySet<Address>;
  /** Pointers from what is known to pages that are not. */
  private readonly seeds = new Set<Address>();
  private readonly unsound = new Set<Address>();

  constructor(runtime: GoRuntime) {
    this.runtime = runtime;
    this.heap = heapMappings(runtime);
  }

  /** Only what is surely a pointer leads to an object. */
  run(): void {
    const { runtime } = this;
    const { memory, goroutines, spans, pointerMasks, specials } = runtime;
    // What is missing is told by who reads it for the heap.
    const untold = new Findings();
    const words = readDataWords(runtime, untold);
    for (let i = 0; i < words.count; i++) if (words.certain[i] === 1) this.add(words.value[i]);
    for (const goroutine of goroutines.all)
      for (const { value, certain } of stackRoots(runtime, goroutine).roots) if (certain) this.add(value);
    for (const { pointers } of specials) for (const { value } of pointers) this.add(value);
    const objects = numberObjects(memory, spans, pointerMasks, untold);
    for (let id = 0; id < objects.count; id++) eachPointer(memory, objects, pointerMasks, id, (_, value) => this.add(value));
    this.walk();
  }

  /** Again without the pages that turned out to be none, and what only they lead to: each time there are fewer. */
  private walk(): void {
    for (let before = -1; before < this.unsound.size; ) {
      before = this.unsound.size;
      this.pages.clear();
      for (const seed of this.seeds) {
        this.reach(seed);
        for (let next = this.work.pop(); next; next = this.work.pop()) for (const each of next.span.pointers(next.slot)) this.reach(each);
      }
      for (const [base, span] of this.pages) if (span && !span.isSound) this.unsound.add(base);
    }
  }

  /** Ascending. */
  found(): readonly RecoveredSpan[] {
    return [...this.pages.values()].filter((each) => each !== undefined).sort((a, b) => a.base - b.base);
  }

  private add(pointer: Address): void {
    if (pointer >= PAGE && this.runtime.spans.find(pointer) === NONE && this.heap.has(this.runtime.memory.find(pointer)?.start ?? NONE))
      this.seeds.add(pointer);
  }

  private reach(pointer: Address): void {
    if (pointer < PAGE) return;
    const base = pointer - (pointer % PAGE);
    if (!this.pages.has(base)) this.pages.set(base, this.spanAt(base));
    const span = this.pages.get(base);
    const slot = span?.reach(pointer) ?? NONE;
    if (span && slot !== NONE) this.work.push({ span, slot });
  }

  private spanAt(base: Address): Recovered | undefined {
    const { memory, spans } = this.runtime;
    if (this.unsound.has(base) || spans.find(base) !== NONE || !this.heap.has(memory.find(base)?.start ?? NONE) || isManual(spans, base))
      return undefined;
    const bytes = memory.tryBytes(base, PAGE)?.slice();
    return bytes && spanOfPage(base, bytes);
  }
}

/** Where mappings of the heap begin: those of known spans, and the one that the heap has grown by last. */
function heapMappings(runtime: GoRuntime): ReadonlySet<Address> {
  const { memory, spans } = runtime;
  const starts = new Set<Address>();
  for (const at of [...spans.base, lostSpans(runtime).grownTo - 1]) {
    const mapping = at > 0 ? memory.find(at) : undefined;
    if (mapping?.path === "") starts.add(mapping.start);
  }
  return starts;
}

/** Stacks, and the runtime's own memory. */
function isManual({ manual }: SpanTable, address: Address): boolean {
  for (let i = 0; i < manual.length; i += 2) if (address >= manual[i] && address < manual[i + 1]) return true;
  return false;
}
