// Which words of a heap object are pointers: arena bitmap, or malloc headers with bitmaps at the span's end.
import { MemoryFault } from "../../base/errors.js";
import type { Findings } from "../../base/findings.js";
import { type Address, type Bytes, hex, type SpanId, WORD } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import { type AbiHeader, elementOf, FIELD, fieldAt, fieldsOf, lengthOf, readAbiHeader } from "../abi-type.js";
import { runGcProgram } from "../gc-program.js";
import type { Layout } from "../layout/schema.js";
import { DEEPEST_MASK, LONGEST_ARRAY, LONGEST_PROGRAM, MOST_MASK_PARTS, MOST_MASK_WORDS } from "../limits.js";
import { ARENA, heapArenaOf, PAGE, type SpanTable } from "../spans.js";
import { choose, type Variant } from "./variant.js";

/** Pointer words of one element of a type. */
export interface TypeMask {
  /** abi.Type. */
  readonly type: Address;
  /** Distance between elements. */
  readonly size: Bytes;
  /** Word indices within one element, ascending. */
  readonly words: Uint32Array;
  /** Nothing tells which words are pointers: these are all that may be, and a value that hits no object is none. */
  readonly conservative?: boolean;
}

/** How a span's pointer words are known. */
export type MaskKind = "none" | "bitmap" | "header" | "large";

/** Pointer words of heap objects, whichever way this release keeps them. */
export interface PointerMasks {
  kindOf(spans: SpanTable, span: SpanId): MaskKind;
  /**
   * The span's own bitmap, for kind "bitmap".
   * @param out [span words / 32, rounded up] bit i = word i of the span holds a pointer; overwritten. Bits of free slots are junk.
   * @returns false when the bitmap was not dumped
   */
  spanBits(spans: SpanTable, span: SpanId, memory: Uint8Array | undefined, out: Uint32Array): boolean;
  /**
   * Mask of a type named by a malloc header or a span's largeType, conservative when it is not in the core; undefined when implausible.
   * @param room of the object: a type that says it is much larger is none, and its mask could be of any size
   */
  typeMask(type: Address, room?: Bytes): TypeMask | undefined;
}

/** abi.TFlag and abi.Kind bits that say how GCData is stored. internal/abi/type.go */
const TFLAG_GC_MASK_ON_DEMAND = 0x10;
const KIND_GC_PROG = 0x40;
const ARRAY = 17;
/** Largest object whose bitmap lies in its span. runtime/malloc.go minSizeForMallocHeader */
const MIN_SIZE_FOR_HEADER = 512;
const INLINE_MARKS: Bytes = 128;

/** What masks are read with; a damaged one is a finding. */
interface Env {
  readonly memory: AddressSpace;
  readonly layout: Layout;
  readonly arenaBaseOffset: number;
  readonly findings: Findings;
}

// Since Go 1.22 (golang/go#66737, "runtime: replace heap bitmap with allocation headers where possible"), small
// objects have a bitmap at the end of their span, larger ones a header with their type, large ones span.largeType.
// Before that, heapArena.bitmap held a bit per word, and noMorePtrs ended an object early.
const VARIANTS: readonly Variant<(env: Env) => PointerMasks, Layout>[] = [
  {
    name: "malloc headers",
    since: "go1.22",
    source: "runtime/mbitmap.go heapBitsSmallForAddr, typePointersOfUnchecked",
    detect: (layout) => layout.struct("mspan").has("largeType") && !layout.struct("heapArena").has("bitmap"),
    create: () => headerMasks,
  },
  {
    name: "arena bitmap",
    since: "go1.20",
    until: "go1.21",
    source: "runtime/mbitmap.go heapBits.next",
    detect: (layout) => layout.struct("heapArena").has("bitmap"),
    create: () => arenaMasks,
  },
];

/** The masks of this runtime. @throws UnsupportedError naming what was looked for */
export function readPointerMasks(env: Env): PointerMasks {
  return choose("pointer masks", VARIANTS, env.layout)(env);
}

/** Since Go 1.22. "large": the type is in the span; "header": the first word of each object is its type. */
function headerMasks(env: Env): PointerMasks {
  return {
    kindOf(spans, span) {
      if (spans.spanClass[span] & 1) return "none";
      if (spans.spanClass[span] < 2) return "large";
      return spans.elementSize[span] <= MIN_SIZE_FOR_HEADER ? "bitmap" : "header";
    },
    spanBits(spans, span, bytes, out) {
      const size = spans.pages[span] * PAGE;
      // A bit for each word of 8 bytes, so a byte for each 64.
      const bits = size / 64;
      const at = size - (spans.inlineMarks[span] ? INLINE_MARKS : 0) - bits;
      const mask = bytes ? bytes.subarray(at, at + bits) : env.memory.tryBytes(spans.base[span] + at, bits);
      if (!mask) return false;
      packBits(mask, out);
      return true;
    },
    typeMask: cachedTypeMasks(env),
  };
}

/** Bytes as 32-bit words, low byte first. */
function packBits(bytes: Uint8Array, out: Uint32Array): void {
  for (let i = 0; i * 4 < bytes.length; i++) {
    const at = i * 4;
    out[i] = bytes[at] | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
  }
}

/** Until Go 1.21: for each word of an arena a bit, and for each 64 of them one that ends the object's pointers. */
function arenaMasks(env: Env): PointerMasks {
  const { memory, layout } = env;
  const heap = layout.global("runtime.mheap_") ?? 0;
  const arena = layout.struct("heapArena");
  const bitmapAt = arena.offset("bitmap");
  const noMoreAt = arena.offset("noMorePtrs");
  // The record of the arena that holds an address; undefined where the heap has none.
  const arenaBytes = (address: Address) => {
    const at = heapArenaOf(memory, layout, heap, env.arenaBaseOffset, address);
    return at > 0 ? at : undefined;
  };
  return {
    kindOf: (spans, span) => (spans.spanClass[span] & 1 ? "none" : "bitmap"),
    spanBits(spans, span, _bytes, out) {
      const base = spans.base[span];
      const words = (spans.pages[span] * PAGE) / 8;
      // A span may go on into further arenas, each with a bitmap of its own: the pieces are put together first.
      const raw = new Uint8Array(Math.ceil(words / 64) * 8 + 8);
      const stops = new Uint8Array(raw.length / 8);
      // A page is 1024 words, so spans begin on a bitmap word.
      for (let done = 0; done < words; ) {
        const address = base + done * 8;
        const at = arenaBytes(address);
        const first = (address % ARENA) / 8;
        const n = Math.min(words - done, ARENA / 8 - first);
        const mask = at === undefined ? undefined : memory.tryBytes(at + bitmapAt + first / 8, n / 8);
        if (!mask) return false;
        raw.set(mask, done / 8);
        // noMorePtrs has a bit for each 64 words. A byte more than needed is read, since the span may begin within one.
        const stop = memory.tryBytes((at as number) + noMoreAt + Math.floor(first / 512), Math.ceil(n / 512) + 1);
        if (!stop) return false;
        for (let group = 0; group < n / 64; group++) {
          const index = first / 64 + group;
          stops[done / 64 + group] = (stop[Math.floor(index / 8) - Math.floor(first / 512)] >> (index % 8)) & 1;
        }
        done += n;
      }
      packBits(raw.subarray(0, Math.ceil(words / 8)), out);
      honourNoMorePointers(spans.elementSize[span] / 8, spans.elements[span], stops, out);
      return true;
    },
    typeMask: () => undefined,
  };
}

/** Bits after a noMorePtrs group of the same object are stale. */
function honourNoMorePointers(elementWords: number, elements: number, stops: Uint8Array, out: Uint32Array): void {
  for (let element = 0; element < elements; element++) {
    const start = element * elementWords;
    const end = start + elementWords;
    for (let group = Math.floor(start / 64); group * 64 < end; group++) {
      if (!stops[group]) continue;
      clearBits(out, Math.max(start, (group + 1) * 64), end);
      break;
    }
  }
}

/** Clears bits from one up to another, whole words at once. */
function clearBits(bits: Uint32Array, from: number, to: number): void {
  for (let i = from; i < to; ) {
    if (i % 32 === 0 && to - i >= 32) {
      bits[i / 32] = 0;
      i += 32;
    } else {
      bits[Math.floor(i / 32)] &= ~(1 << (i % 32));
      i++;
    }
  }
}

/** Masks by type address; a type without a plausible mask is remembered as undefined. */
function cachedTypeMasks(env: Env): PointerMasks["typeMask"] {
  // Misses are kept too: a damaged header names the same address again and again.
  const cache = new Map<Address, TypeMask | undefined>();
  return (type, room = Number.POSITIVE_INFINITY) => {
    let mask = cache.get(type);
    if (mask === undefined && !cache.has(type)) {
      // The type of a chunk of user arenas is made up, and may speak of the whole arena.
      if ((readAbiHeader(env.memory, env.layout, type)?.size ?? 0) > room + ARENA) return undefined;
      mask = typeMask(env, type);
      cache.set(type, mask);
    }
    return mask;
  };
}

/**
 * The mask of one element of a type. A huge array is told by its element, so that its mask does not grow with it.
 * @returns undefined when the record is not plausible; a conservative mask, and a finding, when it or its bits are not in the core
 */
function typeMask(env: Env, type: Address): TypeMask | undefined {
  const header = readAbiHeader(env.memory, env.layout, type);
  if (!header && isLeftOut(env.memory, type)) return everyWord(env, type, WORD, 1);
  if (!header || header.size === 0 || header.size % 8 !== 0) return undefined;
  if (header.kind === ARRAY && header.size > LONGEST_ARRAY) {
    const element = typeMask(env, elementOf(env.memory, type));
    if (element && header.size % element.size === 0) return { ...element, type };
  }
  const bits = maskBits(env, type, header) ?? builtMask(env, type, Math.ceil(header.pointerBytes / 64));
  if (!bits)
    return header.size > LONGEST_ARRAY ? everyWord(env, type, WORD, 1) : everyWord(env, type, header.size, header.pointerBytes / 8);
  // Words behind PtrBytes hold no pointers, and the mask has no bits for them.
  const count = header.pointerBytes / 8;
  const isSet = (word: number) => (bits[word >>> 3] & (1 << (word & 7))) !== 0;
  let found = 0;
  for (let word = 0; word < count; word++) if (isSet(word)) found++;
  const words = new Uint32Array(found);
  for (let word = 0, at = 0; word < count; word++) if (isSet(word)) words[at++] = word;
  return { type, size: header.size, words };
}

/** Whether a type may lie at an address whose memory the core leaves out. */
function isLeftOut(memory: AddressSpace, type: Address): boolean {
  return type % WORD === 0 && memory.find(type)?.backing === "not-dumped";
}

/** A mask with the first words of each element, all of which may be pointers. */
function everyWord({ findings }: Env, type: Address, size: Bytes, count: number): TypeMask {
  const message =
    "pointer masks of types are not in the core: every word of their objects is taken as a possible pointer, which may keep garbage";
  findings.add("mask-missing", message, hex(type), { partial: true });
  const words = Uint32Array.from({ length: count }, (_, word) => word);
  return { type, size, words, conservative: true };
}

/** GCData as plain bits, one per word of [0, PtrBytes). */
function maskBits(env: Env, type: Address, header: AbiHeader): Uint8Array | undefined {
  const { memory } = env;
  const words = header.pointerBytes / 8;
  if (words === 0) return new Uint8Array(0);
  if (words > MOST_MASK_WORDS) return undefined;
  const size = Math.ceil(words / 8);
  // Up to Go 1.23 the masks of large types are programs: a length, then runs of bits. runtime/mbitmap.go runGCProg
  if (header.kindFlags & KIND_GC_PROG) {
    const length = memory.tryBytes(header.gcData, 4) ? memory.readUint(header.gcData, 4) : 0;
    const program = length <= LONGEST_PROGRAM ? memory.tryBytes(header.gcData + 4, length) : undefined;
    return program && runGcProgram(program, words);
  }
  if (header.flags & TFLAG_GC_MASK_ON_DEMAND && header.kind !== 0) {
    // GCData is a slot that holds the mask once somebody needed it.
    const mask = memory.tryAddress(header.gcData);
    // While another thread makes the mask the slot holds a mark instead of an address.
    const inProgress = env.layout.global("runtime.inProgress");
    if (mask !== undefined && mask > 4096 && mask !== inProgress) {
      const bits = memory.tryBytes(mask, size);
      if (bits) return bits.slice();
    }
    return builtMask(env, type, size);
  }
  return memory.tryBytes(header.gcData, size)?.slice();
}

/** The mask of a type that nobody has needed yet; undefined when its tree is not in the core, or does not end. */
function builtMask(env: Env, type: Address, size: Bytes): Uint8Array | undefined {
  const out = new Uint8Array(size);
  try {
    return buildMask({ ...env, left: MOST_MASK_PARTS + size * 8 * DEEPEST_MASK }, type, 0, out, 0) ? out : undefined;
  } catch (error) {
    if (!(error instanceof MemoryFault)) throw error;
    return undefined;
  }
}

/** left: parts that may still be looked at. A type that damage made contain itself twice has 2^depth of them. */
type MaskBuild = Env & { left: number };

/** The mask of a type built from its tree, as runtime.buildGCMask does. runtime/type.go, go1.24 @throws MemoryFault */
function buildMask(env: MaskBuild, type: Address, at: number, out: Uint8Array, depth: number): boolean {
  const { memory } = env;
  const header = readAbiHeader(memory, env.layout, type);
  if (!header || depth > DEEPEST_MASK || env.left-- <= 0) return false;
  if (header.pointerBytes === 0) return true;
  // Words count from the beginning of the whole, in which this type lies at word `at`.
  const set = (word: number) => {
    out[word >>> 3] |= 1 << (word & 7);
  };
  switch (header.kind) {
    case 18: // chan, func, map, pointer, slice, string, unsafe.Pointer: their first word
    case 19:
    case 21:
    case 22:
    case 23:
    case 24:
    case 26:
      set(at);
      return true;
    case 20: // interface: the data word; its type is no GC pointer
      set(at + 1);
      return true;
    case ARRAY: {
      const element = elementOf(memory, type);
      const length = lengthOf(memory, type);
      // An array that says it is larger than its own size is damage.
      const elementHeader = readAbiHeader(memory, env.layout, element);
      if (!elementHeader || length * elementHeader.size > header.size) return false;
      if (elementHeader.pointerBytes === 0) return true;
      for (let i = 0; i < length; i++) if (!buildMask(env, element, at + (i * elementHeader.size) / 8, out, depth + 1)) return false;
      return true;
    }
    case 25: {
      // abi.StructType.Fields; a struct of more than 65,536 fields is damage.
      const { array, length } = fieldsOf(memory, type);
      if (array === 0 || length > 65_536) return false;
      for (let i = 0; i < length; i++) {
        const field = fieldAt(memory, array + i * FIELD);
        if (field.offset > header.size) return false;
        if (field.offset % 8 === 0 && !buildMask(env, field.type, at + field.offset / 8, out, depth + 1)) return false;
      }
      return true;
    }
    default:
      return false;
  }
}
