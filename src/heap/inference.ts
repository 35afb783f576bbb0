// What one pointer says of the object it leads to, and whether that is better than what is known of the object.
import { type Address, NONE, type ObjectId, type TypeId, WORD } from "../base/units.js";
import type { Csr } from "../graph/graph.js";
import type { Worklist } from "../graph/worklist.js";
import { trieNodeType } from "../runtime/maps/sync-maps.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { nameChunks } from "./arena-chunks.js";
import { BY_CLOSURE, BY_HEADER, BY_INTERFACE, BY_ROOT, pack, RANK, RANK_MASK, RANK_SHIFT, TYPE_SHIFT } from "./evidence.js";
import { InterfaceTypes } from "./interface-types.js";
import type { ObjectTable } from "./objects.js";
import { localOrder, Pending, WordReader } from "./pending.js";
import { KIND_STEP, POINTER, type PointerKinds } from "./pointer-kinds.js";
import type { RootTable } from "./roots.js";
import { FactsByType, fitsKey, KEY_NOSCAN, KEY_SIZE, spanKeys, type TypeFacts } from "./type-facts.js";

/** What typing works on: the heap's columns before types are known. */
export interface TypingInput {
  readonly runtime: GoRuntime;
  readonly objects: ObjectTable;
  readonly kinds: PointerKinds;
  readonly roots: RootTable;
  readonly edges: Csr;
  /** [edges] See EdgeWriter.offsets. */
  readonly edgeOffsets: Uint32Array;
  /** [edges] See EdgeWriter.before. */
  readonly before: Uint16Array;
  /** What the numbers in before stand for. */
  readonly beforeAddresses: readonly Address[];
  /** Node of object 0. */
  readonly objectNode: number;
  /** [objects] TypeId that the object's own malloc header or span says; NONE; or a closureCandidate. */
  readonly headers: Int32Array;
}

/** The input, and what is known so far. Facts of types and spans are columns by id, so that hot loops touch arrays only. */
export interface TypingState extends Omit<TypingInput, "headers" | "roots"> {
  /** [objects] type, rank and evidence in one word, so that an edge costs one miss of the cache: see pack(). */
  readonly packed: Int32Array;
  /** Objects whose type was found or changed, and that have pointers: they are still to be followed. */
  readonly queue: Worklist;
  /** [spans] slot size x KEY_SIZE, and the bits of type-facts.ts. */
  readonly spanKey: Float64Array;
  /** Inferences that need a word of memory: read in address order. */
  readonly pending: Pending;
  readonly facts: FactsByType;
  /** Type of the bytes that strings point to. */
  readonly stringBytes: TypeId;
  readonly interfaces: InterfaceTypes;
}

/** An object whose first word is some function's code is a closure of it, if a func value points to it: kept below NONE until one does. */
export function closureCandidate(type: TypeId): number {
  return -2 - type;
}

/** @param headers  as TypingInput has them; becomes the state's packed column */
export function newTyping(input: TypingInput, headers: Int32Array, queue: Worklist): TypingState {
  for (let id = 0; id < headers.length; id++) {
    const type = headers[id];
    headers[id] = type >= 0 ? pack(type, RANK.header, BY_HEADER) : pack(type, 0, 0);
  }
  nameChunks(input.objects, headers, () => input.runtime.arenaChunk);
  return {
    ...input,
    packed: headers,
    queue,
    spanKey: spanKeys(input.objects),
    pending: new Pending(),
    facts: new FactsByType(input.runtime.types, input.runtime.maps, input.kinds),
    stringBytes: input.runtime.stringBytes,
    interfaces: new InterfaceTypes(input.runtime, input.kinds),
  };
}

/** The object's type so far: NONE, or a closure candidate below it, when nothing is known. */
export const typeAt = (typing: TypingState, id: ObjectId): TypeId => typing.packed[id] >> TYPE_SHIFT;

/** How strong that is, as in RANK; 0 when nothing is known. */
export const rankAt = (typing: TypingState, id: ObjectId): number => (typing.packed[id] >> RANK_SHIFT) & RANK_MASK;

/** Where the object's data begins: past its malloc header, if it has one. A Go pointer to the object points there. */
export function dataAddress({ objects }: TypingState, id: ObjectId): Address {
  return objects.addressOf(id) + objects.dataStart[objects.spanOf(id)];
}

/** A root says of its object what the variable's type has at that place. */
export function inferFromRoot(typing: TypingState, roots: RootTable, row: number): void {
  const id = roots.object[row];
  infer(typing, roots.code[row], id, roots.value[row] !== dataAddress(typing, id), roots.slot[row], BY_ROOT);
}

/**
 * What one pointer says of the object it leads to.
 *
 * @param code      kind and target of the pointer, see pointer-kinds.ts
 * @param interior  the pointer leads past the object's first byte
 * @param slot      where the pointer lies; an interface's first word lies before it
 * @param evidence  index into EVIDENCE
 */
export function infer(typing: TypingState, code: number, id: ObjectId, interior: boolean, slot: Address, evidence: number): void {
  const kind = code & (KIND_STEP - 1);
  switch (kind) {
    case POINTER.typed:
      if (!interior) inferType(typing, id, (code - kind) / KIND_STEP, evidence);
      return;
    case POINTER.array:
      if (!interior) assign(typing, id, typing.facts.arrayOf((code - kind) / KIND_STEP), RANK.array, evidence);
      return;
    case POINTER.string:
      assign(typing, id, typing.stringBytes, interior ? RANK.loose : RANK.array, evidence);
      return;
    case POINTER.eface:
    case POINTER.iface:
      if (rankAt(typing, id) < RANK.exact && !interior) typing.pending.add(slot - WORD, code, id, BY_INTERFACE);
      return;
    case POINTER.func:
      if (rankAt(typing, id) < RANK.exact && !interior) inferClosure(typing, id);
      return;
    case POINTER.directory:
      if (interior) return;
      if (!directoryBySize(typing, id, (code - kind) / KIND_STEP, evidence)) {
        typing.pending.add(dataAddress(typing, id), code, id, evidence);
      }
      return;
    case POINTER.trieNode:
      if (rankAt(typing, id) < RANK.array && !interior) typing.pending.add(dataAddress(typing, id), code, id, evidence);
      return;
    default:
      return;
  }
}

/**
 * A pointer to a T at the object's first byte: exact when a T gets a slot of that size. A type that is only ever allocated
 * as a part of a larger one (RoleRules.allocatedAs) gives way to that, if the slot is the larger one's.
 */
export function inferType(typing: TypingState, id: ObjectId, target: TypeId, evidence: number): void {
  if (typeAt(typing, id) === target && rankAt(typing, id) >= RANK.exact) return;
  const facts = typing.facts.of(target);
  if (facts.size === 0) return;
  const key = typing.spanKey[typing.objects.spanOf(id)];
  const isWhole = facts.whole !== NONE && fitsKey(typing.facts.of(facts.whole), key);
  if (isWhole) replaceWeaker(typing, id, facts.whole, RANK.exact, evidence, key, false);
  else replaceWeaker(typing, id, target, fitsKey(facts, key) ? RANK.exact : RANK.loose, evidence, key, false);
}

/** What an interface says of the object its data word points to. @param word  its first word, an itab or an abi.Type */
export function inferDynamic(typing: TypingState, id: ObjectId, word: Address, isItab: boolean): void {
  if (rankAt(typing, id) >= RANK.header) return;
  const known = typing.interfaces.of(word, isItab);
  if (known.kind === "typed") inferType(typing, id, known.type, BY_INTERFACE);
  else if (known.kind === "func") inferClosure(typing, id);
}

/** A func value points to the object: its first word is the code, seen by the scan or still to be read. */
function inferClosure(typing: TypingState, id: ObjectId): void {
  const candidate = typeAt(typing, id);
  if (candidate < NONE) assign(typing, id, -2 - candidate, RANK.exact, BY_CLOSURE, true);
  else typing.pending.add(dataAddress(typing, id), POINTER.func, id, BY_CLOSURE);
}

/** The object's size tells a block from an array of tables, unless a block's slot is as large as some array: a power of two. */
function directoryBySize(typing: TypingState, id: ObjectId, header: TypeId, evidence: number): boolean {
  const known = typing.facts.directoryOf(header);
  if (!known) return true;
  const facts = typing.facts.of(known.block);
  if (fits(typing, id, facts)) {
    if (Number.isInteger(Math.log2(facts.slot))) return false;
    inferType(typing, id, known.block, evidence);
  } else assign(typing, id, known.tables, RANK.header, evidence);
  return true;
}

/** The first word tells a block, which begins with 8 control bytes, from an array of tables, which begins with a pointer. */
function directoryByWord(typing: TypingState, id: ObjectId, header: TypeId, firstWord: Address, evidence: number): void {
  const known = typing.facts.directoryOf(header);
  if (!known) return;
  if (firstWord > 0 && typing.objects.find(firstWord) !== NONE) assign(typing, id, known.tables, RANK.header, evidence);
  else inferType(typing, id, known.block, evidence);
}

/**
 * Reads the words that pending inferences need, in address order, and infers what they say. What that adds to pending is
 * for the next call.
 */
export function readPending(typing: TypingState): void {
  const { pending, runtime } = typing;
  const { memory } = runtime.process;
  const { at, code, object, evidence } = pending.take();
  const reader = new WordReader(memory, at);
  for (const i of localOrder(at)) {
    const kind = code[i] % KIND_STEP;
    const target = (code[i] - kind) / KIND_STEP;
    const id = object[i];
    if (kind === POINTER.trieNode) {
      const isEntry = memory.tryBytes(at[i], 1)?.[0];
      const type = trieNodeType(runtime.types, target, Boolean(isEntry));
      if (type !== NONE) inferType(typing, id, type, evidence[i]);
      continue;
    }
    const word = reader.word(at[i]);
    if (kind === POINTER.directory) directoryByWord(typing, id, target, word, evidence[i]);
    else if (word === 0) continue;
    else if (kind === POINTER.func) {
      const type = runtime.closureType(word);
      if (type !== NONE) assign(typing, id, type, RANK.exact, BY_CLOSURE, true);
    } else {
      inferDynamic(typing, id, word, kind === POINTER.iface);
    }
  }
}

/** The object's slot is of the size class that one value of the type gets. */
export function fits(typing: TypingState, id: ObjectId, facts: TypeFacts): boolean {
  return fitsKey(facts, typing.spanKey[typing.objects.spanOf(id)]);
}

/**
 * Gives the object a type, unless it has a better one or cannot be of this one.
 * @param anyPointers  the type does not say where its pointers are: closures before Go 1.23
 */
export function assign(typing: TypingState, id: ObjectId, type: TypeId, rank: number, evidence: number, anyPointers = false): void {
  if (rankAt(typing, id) > rank) return;
  replaceWeaker(typing, id, type, rank, evidence, typing.spanKey[typing.objects.spanOf(id)], anyPointers);
}

/**
 * The one place where an object's type changes. A rank only grows, and at one rank a type only gets larger: so the
 * worklist ends. @param key  the spanKey of the object's span
 */
function replaceWeaker(
  typing: TypingState,
  id: ObjectId,
  type: TypeId,
  rank: number,
  evidence: number,
  key: number,
  anyPointers: boolean,
): void {
  const known = rankAt(typing, id);
  if (known > rank) return;
  const now = typeAt(typing, id);
  if (now === type) {
    if (known < rank) typing.packed[id] = pack(type, rank, evidence);
    return;
  }
  const facts = typing.facts.of(type);
  if (known === rank) {
    const present = typing.facts.of(now);
    // Equally large: the program's map type knows keys and elements, the runtime's view of it does not.
    if (facts.size < present.size || (facts.size === present.size && !(present.isGeneric && !facts.isGeneric))) return;
  }
  const noscan = (key & KEY_NOSCAN) !== 0;
  // A type with pointers cannot lie in a noscan span; one without may only by mistake lie in a scan span.
  if (!anyPointers && noscan === facts.hasPointers && !(noscan && facts.isChannel)) return;
  if (facts.size * KEY_SIZE > key) return;
  typing.packed[id] = pack(type, rank, evidence);
  if (facts.hasPointers) typing.queue.push(id);
}
