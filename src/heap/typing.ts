// Each object's type by evidence: its own header first, then what points to it, followed edge by edge.
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { type Address, NONE, type ObjectId, type TypeId, WORD } from "../base/units.js";
import type { Csr } from "../graph/graph.js";
import { Worklist } from "../graph/worklist.js";
import { trieNodeType } from "../runtime/maps/sync-maps.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { INTERIOR, SLOT_MASK } from "./edges.js";
import {
  BY_CLOSURE,
  BY_FINALIZER,
  BY_GUESS,
  BY_HEADER,
  BY_INTERFACE,
  BY_REFERRER,
  BY_ROOT,
  claim,
  type ObjectTypes,
  RANK,
  RANK_MASK,
  RANK_SHIFT,
  TYPE_SHIFT,
  unpacked,
} from "./evidence.js";
import { InterfaceTypes } from "./interface-types.js";
import type { ObjectTable } from "./objects.js";
import { localOrder, Pending, WordReader } from "./pending.js";
import { finalizedType, type RootTable } from "./roots.js";
import { FactsByType, fitsKey, KEY_NOSCAN, KEY_SIZE, spanKeys, type TypeFacts } from "./type-facts.js";
import { SLOT, SLOT_STEP, type TypeSlots } from "./type-slots.js";

export const typeAt = (env: Env, id: ObjectId): TypeId => env.claims[id] >> TYPE_SHIFT;
export const rankAt = (env: Env, id: ObjectId): number => (env.claims[id] >> RANK_SHIFT) & RANK_MASK;

/** Types by id, so that hot loops touch arrays only. */
export interface Env {
  readonly runtime: GoRuntime;
  readonly objects: ObjectTable;
  readonly slots: TypeSlots;
  /** [objects] type and evidence in one word, so that an edge costs one miss of the cache: see claim. */
  readonly claims: Int32Array;
  readonly edges: Csr;
  readonly edgeSlots: Uint32Array;
  readonly before: Uint16Array;
  readonly beforeAddresses: readonly Address[];
  readonly objectNode: number;
  readonly queue: Worklist;
  /** [spans] what typing asks of a span, in one word: slot size x 4, and the bits below. */
  readonly spanKey: Float64Array;
  /** Statements that need a word of memory: read in address order. */
  readonly pending: Pending;
  readonly facts: FactsByType;
  readonly stringBytes: TypeId;
  readonly interfaces: InterfaceTypes;
}

/** What typing works on: the heap's columns before types are known. */
export interface TypingInput {
  readonly runtime: GoRuntime;
  readonly objects: ObjectTable;
  readonly slots: TypeSlots;
  readonly roots: RootTable;
  readonly edges: Csr;
  readonly edgeSlots: Uint32Array;
  /** See EdgeWriter. */
  readonly before: Uint16Array;
  readonly beforeAddresses: readonly Address[];
  readonly objectNode: number;
  /** [objects] TypeId that the object's own malloc header or span says; NONE; or a closureCandidate. */
  readonly headers: Int32Array;
}

/** An object whose first word is some function's code is a closure of it, if a func value points to it: kept below NONE until one does. */
export function closureCandidate(type: TypeId): number {
  return -2 - type;
}

/** @param claims  the headers' types; becomes the env's column */
export function newEnv(input: TypingInput, claims: Int32Array, queue: Worklist): Env {
  for (let id = 0; id < claims.length; id++) {
    const type = claims[id];
    claims[id] = type >= 0 ? claim(type, RANK.header, BY_HEADER) : claim(type, 0, 0);
  }
  return {
    ...input,
    claims,
    queue,
    spanKey: spanKeys(input.objects),
    pending: new Pending(),
    facts: new FactsByType(input.runtime.types, input.runtime.maps, input.slots),
    stringBytes: input.runtime.stringBytes,
    interfaces: new InterfaceTypes(input.runtime, input.slots),
  };
}

export function stateRoot(env: Env, roots: RootTable, row: number): void {
  const id = roots.object[row];
  state(env, roots.code[row], id, roots.value[row] !== dataAddress(env, id), roots.slot[row], BY_ROOT);
}

/** A finalizer knows the type of the object it is set on: for one that only finalizers hold, nothing else may. */
function stateFinalized(env: Env): void {
  for (const special of env.runtime.specials) {
    const type = special.kind === "finalizer" ? finalizedType(env.runtime, special) : NONE;
    const id = type === NONE ? NONE : env.objects.find(special.object);
    if (id !== NONE) stateType(env, id, type, BY_FINALIZER);
  }
}

/** Types every object it can. headers becomes the answer's type column. */
export function inferTypes(input: TypingInput, findings: Findings, progress: Progress): ObjectTypes {
  const { runtime, objects, roots, headers } = input;
  progress.stage("typing objects", objects.count);
  const env = newEnv(input, headers, new Worklist(objects.count));
  for (let id = 0; id < objects.count; id++) if (env.claims[id] >= 0) env.queue.push(id);
  for (let row = 0; row < roots.count; row++) stateRoot(env, roots, row);
  stateFinalized(env);
  settle(env, progress);
  interiorPointers(env, roots);
  settle(env, progress);
  leftovers(env);
  settle(env, progress);
  if (objects.count > 0 && runtime.types.count === 0) findings.add("no-types", "no types were found");
  return unpacked(env.claims);
}

/** Follows typed objects and reads what is pending until nothing is left. */
function settle(env: Env, progress: Progress): void {
  let followed = 0;
  for (;;) {
    for (let id = env.queue.next(); id !== NONE; id = env.queue.next()) {
      follow(env, id);
      if ((++followed & 0x3fff) === 0) progress.tick(Math.min(followed, env.objects.count));
    }
    if (env.pending.size === 0) return;
    readPending(env);
  }
}

/** Every pointer of a typed object says something of its target. */
function follow(env: Env, id: ObjectId): void {
  const { edges, edgeSlots, objectNode, claims } = env;
  const { targets } = edges;
  const node = objectNode + id;
  const begin = edges.first[node];
  const end = edges.first[node + 1];
  if (begin === end) return;
  const own = claims[id] >> TYPE_SHIFT;
  const { size, table } = env.facts.of(own);
  if (size < WORD) return;
  const words = size / WORD;
  const skip = env.objects.dataStart[env.objects.spanOf(id)] / WORD;
  let base = NONE;
  for (let edge = begin; edge < end; edge++) {
    const target = targets[edge] - objectNode;
    const slot = edgeSlots[edge];
    const word = (slot & SLOT_MASK) - skip;
    const at = word < words ? word : word % words;
    const code = table ? table[at] : env.slots.codeAt(own, at * WORD);
    if (code === SLOT.none || code === SLOT.unknown) continue;
    const kind = code & (SLOT_STEP - 1);
    const known = claims[target];
    if (((known >> RANK_SHIFT) & RANK_MASK) === RANK.header && kind !== SLOT.directory) continue;
    if (kind === SLOT.typed && known >> TYPE_SHIFT === code >>> 4) continue;
    let address = 0;
    if (kind === SLOT.eface || kind === SLOT.iface) {
      const word = env.before[edge];
      if (word > 0) {
        if (slot < INTERIOR) stateDynamic(env, target, env.beforeAddresses[word], kind === SLOT.iface);
        continue;
      }
      if (base === NONE) base = env.objects.addressOf(id);
      address = base + (slot & SLOT_MASK) * WORD;
    }
    state(env, code, target, slot >= INTERIOR, address, BY_REFERRER);
  }
}

/** One statement: a pointer with this meaning, lying at `slot`, points to the object. */
export function state(env: Env, code: number, id: ObjectId, interior: boolean, slot: Address, evidence: number): void {
  const kind = code & (SLOT_STEP - 1);
  switch (kind) {
    case SLOT.typed:
      if (!interior) stateType(env, id, (code - kind) / SLOT_STEP, evidence);
      return;
    case SLOT.array:
      if (!interior) assign(env, id, env.facts.arrayOf((code - kind) / SLOT_STEP), RANK.array, evidence);
      return;
    case SLOT.string:
      assign(env, id, env.stringBytes, interior ? RANK.loose : RANK.array, evidence);
      return;
    case SLOT.eface:
    case SLOT.iface:
      if (rankAt(env, id) < RANK.exact && !interior) env.pending.add(slot - WORD, code, id, BY_INTERFACE);
      return;
    case SLOT.func:
      if (rankAt(env, id) < RANK.exact && !interior) stateClosure(env, id);
      return;
    case SLOT.directory:
      if (interior) return;
      if (!directoryBySlot(env, id, (code - kind) / SLOT_STEP, evidence)) env.pending.add(dataAddress(env, id), code, id, evidence);
      return;
    case SLOT.trieNode:
      if (rankAt(env, id) < RANK.array && !interior) env.pending.add(dataAddress(env, id), code, id, evidence);
      return;
    default:
      return;
  }
}

function dataAddress(env: Env, id: ObjectId): Address {
  return env.objects.addressOf(id) + env.objects.dataStart[env.objects.spanOf(id)];
}

/** A pointer to a T at the object's first byte: exact when a T gets a slot of that size. */
function stateType(env: Env, id: ObjectId, target: TypeId, evidence: number): void {
  if (typeAt(env, id) === target && rankAt(env, id) >= RANK.exact) return;
  const facts = env.facts.of(target);
  if (facts.size === 0) return;
  const key = env.spanKey[env.objects.spanOf(id)];
  if (facts.whole !== NONE && fitsKey(env.facts.of(facts.whole), key)) settleOn(env, id, facts.whole, RANK.exact, evidence, key, false);
  else settleOn(env, id, target, fitsKey(facts, key) ? RANK.exact : RANK.loose, evidence, key, false);
}

/** The object's slot is of the size class that one value of the type gets. */
function fits(env: Env, id: ObjectId, facts: TypeFacts): boolean {
  return fitsKey(facts, env.spanKey[env.objects.spanOf(id)]);
}

/** @param any  the type does not say where its pointers are: closures before Go 1.23 */
function assign(env: Env, id: ObjectId, type: TypeId, rank: number, evidence: number, any = false): void {
  if (rankAt(env, id) > rank) return;
  settleOn(env, id, type, rank, evidence, env.spanKey[env.objects.spanOf(id)], any);
}

function settleOn(env: Env, id: ObjectId, type: TypeId, rank: number, evidence: number, key: number, any: boolean): void {
  const known = rankAt(env, id);
  if (known > rank) return;
  const now = typeAt(env, id);
  if (now === type) {
    if (known < rank) env.claims[id] = claim(type, rank, evidence);
    return;
  }
  const facts = env.facts.of(type);
  if (known === rank) {
    const present = env.facts.of(now);
    if (facts.size < present.size || (facts.size === present.size && !(present.isGeneric && !facts.isGeneric))) return;
  }
  const noscan = (key & KEY_NOSCAN) !== 0;
  // A type with pointers cannot lie in a noscan span; one without may only by mistake lie in a scan span.
  if (!any && noscan === facts.hasPointers && !(noscan && facts.isChannel)) return;
  if (facts.size * KEY_SIZE > key) return;
  env.claims[id] = claim(type, rank, evidence);
  if (facts.hasPointers) env.queue.push(id);
}

/** Reads the words that pending statements need, in address order, and states what they say. */
export function readPending(env: Env): void {
  const { pending, runtime } = env;
  const { memory } = runtime.process;
  const n = pending.size;
  const at = pending.at.slice(0, n);
  const code = pending.code.slice(0, n);
  const object = pending.object.slice(0, n);
  const evidence = pending.evidence.slice(0, n);
  pending.size = 0;
  const order = localOrder(at);
  const reader = new WordReader(memory, at);
  for (const i of order) {
    const kind = code[i] % SLOT_STEP;
    const target = (code[i] - kind) / SLOT_STEP;
    const id = object[i];
    if (kind === SLOT.trieNode) {
      const isEntry = memory.tryBytes(at[i], 1)?.[0];
      const type = trieNodeType(runtime.types, target, Boolean(isEntry));
      if (type !== NONE) stateType(env, id, type, evidence[i]);
      continue;
    }
    const word = reader.word(at[i]);
    if (kind === SLOT.directory) directory(env, id, target, word, evidence[i]);
    else if (word === 0) continue;
    else if (kind === SLOT.func) {
      const type = runtime.closureType(word);
      if (type !== NONE) assign(env, id, type, RANK.exact, BY_CLOSURE, true);
    } else {
      stateDynamic(env, id, word, kind === SLOT.iface);
    }
  }
}

/** What an interface says of the object its data word points to. */
function stateDynamic(env: Env, id: ObjectId, word: Address, isItab: boolean): void {
  if (rankAt(env, id) >= RANK.header) return;
  const known = env.interfaces.of(word, isItab);
  if (known.kind === "typed") stateType(env, id, known.type, BY_INTERFACE);
  else if (known.kind === "func") stateClosure(env, id);
}

/** A func value points to the object: its first word is the code, seen by the scan or still to be read. */
function stateClosure(env: Env, id: ObjectId): void {
  const candidate = typeAt(env, id);
  if (candidate < NONE) assign(env, id, -2 - candidate, RANK.exact, BY_CLOSURE, true);
  else env.pending.add(dataAddress(env, id), SLOT.func, id, BY_CLOSURE);
}

/** The slot tells a block from an array of tables, unless a block's slot is as large as some array: a power of two. */
function directoryBySlot(env: Env, id: ObjectId, header: TypeId, evidence: number): boolean {
  const known = env.facts.directoryOf(header);
  if (!known) return true;
  const facts = env.facts.of(known.block);
  if (fits(env, id, facts)) {
    if (Number.isInteger(Math.log2(facts.slot))) return false;
    stateType(env, id, known.block, evidence);
  } else assign(env, id, known.tables, RANK.header, evidence);
  return true;
}

/** The first word tells a block, which begins with 8 control bytes, from an array of tables. */
function directory(env: Env, id: ObjectId, header: TypeId, firstWord: Address, evidence: number): void {
  const known = env.facts.directoryOf(header);
  if (!known) return;
  if (firstWord > 0 && env.objects.find(firstWord) !== NONE) assign(env, id, known.tables, RANK.header, evidence);
  else stateType(env, id, known.block, evidence);
}

/** What is only pointed into: sub-slices tell the element, typed pointers a member. */
function interiorPointers(env: Env, roots: RootTable): void {
  const { edges, edgeSlots, objectNode, objects, runtime } = env;
  const { memory } = runtime.process;
  const wanted: { slot: Address; code: number; id: ObjectId }[] = [];
  for (let id = 0; id < objects.count; id++) {
    const type = typeAt(env, id);
    if (type < 0) continue;
    const node = objectNode + id;
    for (let edge = edges.first[node]; edge < edges.first[node + 1]; edge++) {
      const slot = edgeSlots[edge];
      if (slot < INTERIOR) continue;
      const target = edges.targets[edge] - objectNode;
      if (rankAt(env, target) > RANK.loose) continue;
      const skip = objects.dataStart[objects.spanOf(id)] / WORD;
      const { size } = runtime.types.get(type);
      if (size < WORD) continue;
      const code = env.slots.codeAt(type, (((slot & SLOT_MASK) - skip) * WORD) % size);
      const kind = code % SLOT_STEP;
      if (kind !== SLOT.array && kind !== SLOT.typed) continue;
      wanted.push({ slot: objects.addressOf(id) + (slot & SLOT_MASK) * WORD, code, id: target });
    }
  }
  for (let row = 0; row < roots.count; row++) {
    const id = roots.object[row];
    if (rankAt(env, id) <= RANK.loose && roots.code[row] !== SLOT.none) stateInterior(env, roots.code[row], id, roots.value[row]);
  }
  for (const { slot, code, id } of wanted) {
    if (wrapped(env, code, id)) continue;
    const value = memory.tryAddress(slot);
    if (value !== undefined) stateInterior(env, code, id, value);
  }
}

/** A pointer past an object's first byte: what it says of the whole. */
function stateInterior(env: Env, code: number, id: ObjectId, value: Address): void {
  const { runtime } = env;
  {
    const offset = value - dataAddress(env, id);
    const kind = code % SLOT_STEP;
    const target = (code - kind) / SLOT_STEP;
    if (kind !== SLOT.array && kind !== SLOT.typed) return;
    const { size } = runtime.types.get(target);
    if (size === 0) return;
    if (kind === SLOT.array && offset % size === 0) assign(env, id, env.facts.arrayOf(target), RANK.loose, BY_REFERRER);
    else if (rankAt(env, id) === 0 && offset % size === 0) assign(env, id, env.facts.arrayOf(target), RANK.guess, BY_GUESS);
  }
}

/** Of some values only a part is ever pointed to: of a time.Timer the runtime.timer in it, by the P's heap. See RoleRules.insideOf. */
function wrapped(env: Env, code: number, id: ObjectId): boolean {
  const { types } = env.runtime;
  if (code % SLOT_STEP !== SLOT.typed) return false;
  const { role, size } = types.get(Math.floor(code / SLOT_STEP));
  for (const name of role.insideOf ?? []) {
    const type = types.byName(name);
    if (type === NONE || !fits(env, id, env.facts.of(type)) || types.get(type).size <= size) continue;
    assign(env, id, type, RANK.array, BY_REFERRER);
    return true;
  }
  return false;
}

/** Tiny blocks: 16-byte slots that several small values share have no one type. */
function leftovers(env: Env): void {
  const { objects, runtime } = env;
  const { spans } = objects;
  for (let span = 0; span < spans.count; span++) {
    if (spans.spanClass[span] !== TINY_SPAN_CLASS) continue;
    for (let id = objects.firstId[span]; id < objects.firstId[span + 1]; id++) {
      const type = typeAt(env, id);
      const small = type !== NONE && type !== runtime.stringBytes && runtime.types.get(type).size < 16;
      if (type === NONE) env.claims[id] = claim(runtime.tinyBlock, RANK.loose, BY_REFERRER);
      else if (small) env.claims[id] = claim(runtime.tinyBlock, rankAt(env, id), env.claims[id] & ((1 << RANK_SHIFT) - 1));
    }
  }
}

/** Size class 2 (16 B), noscan. runtime/malloc.go tinySpanClass */
const TINY_SPAN_CLASS = (2 << 1) | 1;
