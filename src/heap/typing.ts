// Each object's type by evidence: its own header first, then what points to it, followed edge by edge.
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { type Address, type Bytes, NONE, type ObjectId, type TypeId, WORD } from "../base/units.js";
import type { Csr } from "../graph/graph.js";
import { Worklist } from "../graph/worklist.js";
import { slotSize } from "../runtime/accounting.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { ObjectTable } from "./objects.js";
import { Pending, WordReader } from "./pending.js";
import { INTERIOR, SLOT_MASK } from "./pointers.js";
import type { RootTable } from "./roots.js";
import { SLOT, SLOT_STEP, type TypeSlots } from "./type-slots.js";

export const EVIDENCE = ["none", "guess", "typed referrer", "closure", "interface", "root", "malloc header"] as const;
export type TypeEvidence = (typeof EVIDENCE)[number];

/** [objects] columns. */
export interface ObjectTypes {
  /** TypeId, NONE when nothing is known. */
  readonly type: Int32Array;
  /** Index into EVIDENCE in the low 4 bits, rank in the rest. */
  readonly evidence: Uint8Array;
  evidenceOf(id: ObjectId): TypeEvidence;
}

/** How strong a statement is; a stronger one replaces a weaker one, an equal one only when its type is larger. */
const RANK = {
  guess: 1,
  /** A typed pointer to the first byte of something that is not as large as the type. */
  loose: 2,
  /** A slice, string or closure that points at the first byte. */
  array: 4,
  /** A typed pointer or interface, and the slot is the one such a type gets. */
  exact: 5,
  header: 6,
} as const;

/** Index into EVIDENCE, rank and type in one word, from the lowest bits. */
const RANK_SHIFT = 4;
const RANK_MASK = 7;
const TYPE_SHIFT = 7;

function claim(type: TypeId, rank: number, evidence: number): number {
  return (type << TYPE_SHIFT) | (rank << RANK_SHIFT) | evidence;
}

const typeAt = (env: Env, id: ObjectId): TypeId => env.claims[id] >> TYPE_SHIFT;
const rankAt = (env: Env, id: ObjectId): number => (env.claims[id] >> RANK_SHIFT) & RANK_MASK;

/** The words taken apart: type stays in their place. */
function unpacked(claims: Int32Array): ObjectTypes {
  const evidence = new Uint8Array(claims.length);
  for (let id = 0; id < claims.length; id++) {
    const word = claims[id];
    evidence[id] = word & ((1 << TYPE_SHIFT) - 1);
    claims[id] = Math.max(word >> TYPE_SHIFT, NONE);
  }
  return { type: claims, evidence, evidenceOf: (id) => EVIDENCE[evidence[id] & ((1 << RANK_SHIFT) - 1)] };
}

/** Types by id, so that hot loops touch arrays only. */
interface Env {
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
  /** By TypeId, filled when asked. */
  readonly facts: (TypeFacts | undefined)[];
  readonly stringBytes: TypeId;
  /** By abi.Type or itab. */
  readonly dynamic: Map<Address, Dynamic>;
  readonly directories: Map<TypeId, Directory>;
}

/** What the loops ask of a type. */
interface TypeFacts {
  readonly size: Bytes;
  /** Slot that one value gets without and with a malloc header. */
  readonly slot: Bytes;
  readonly slotWithHeader: Bytes;
  readonly hasPointers: boolean;
  /** The runtime's own view of a map or channel, which does not know keys and elements: gives way to a typed one. */
  readonly isGeneric: boolean;
  /** A channel: of values without pointers it is one noscan allocation. */
  readonly isChannel: boolean;
  /** What is allocated when the type is time.Timer or time.Ticker; else NONE. runtime/time.go timeTimer */
  readonly whole: TypeId;
  readonly table: Int32Array | undefined;
  /** TypeId of "[]T"; NONE until asked. */
  array: TypeId;
}

function factsOf(env: Env, type: TypeId): TypeFacts {
  const known = env.facts[type];
  if (known) return known;
  const { types } = env.runtime;
  const { size, name } = types.get(type);
  const wholeName = name === "time.Timer" ? "runtime.timeTimer" : name === "time.Ticker" ? "runtime.timeTicker" : "";
  const facts: TypeFacts = {
    size,
    slot: size < 16 ? 16 : slotSize(size),
    slotWithHeader: slotSize(size + WORD),
    hasPointers: env.slots.hasPointers(type),
    isGeneric: /^(\[\]\*?)?(internal\/runtime\/maps\.(table|Map)|runtime\.h(map|chan))$/.test(name),
    isChannel: name.startsWith("hchan<") || name === "runtime.hchan",
    whole: wholeName === "" ? NONE : types.byName(wholeName),
    table: env.slots.table(type),
    array: NONE,
  };
  env.facts[type] = facts;
  return facts;
}

function arrayOf(env: Env, element: TypeId): TypeId {
  const facts = factsOf(env, element);
  if (facts.array === NONE) facts.array = env.runtime.types.arrayOf(element);
  return facts.array;
}

const BY_REFERRER = EVIDENCE.indexOf("typed referrer");
const BY_ROOT = EVIDENCE.indexOf("root");
const BY_INTERFACE = EVIDENCE.indexOf("interface");
const BY_CLOSURE = EVIDENCE.indexOf("closure");
const BY_HEADER = EVIDENCE.indexOf("malloc header");
const BY_GUESS = EVIDENCE.indexOf("guess");

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
function newEnv(input: TypingInput, claims: Int32Array, queue: Worklist): Env {
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
    facts: [],
    stringBytes: input.runtime.stringBytes,
    dynamic: new Map(),
    directories: new Map(),
  };
}

/** Bits of a span's key: no pointers in it; slots begin with a malloc header. */
const KEY_NOSCAN = 1;
const KEY_HEADER = 2;
const KEY_SIZE = 4;

function spanKeys(objects: ObjectTable): Float64Array {
  const { spans, dataStart } = objects;
  const keys = new Float64Array(spans.count);
  for (let span = 0; span < spans.count; span++) {
    keys[span] = spans.elementSize[span] * KEY_SIZE + (dataStart[span] > 0 ? KEY_HEADER : 0) + (spans.spanClass[span] & KEY_NOSCAN);
  }
  return keys;
}

function stateRoot(env: Env, roots: RootTable, row: number): void {
  const id = roots.object[row];
  state(env, roots.code[row], id, roots.value[row] !== dataAddress(env, id), roots.slot[row], BY_ROOT);
}

/**
 * Types of the objects of one path only, by the pointers of that path: what `why` needs, without typing the whole heap.
 *
 * @param row   the root's row
 * @param path  objects from the root on, each pointed to by the one before
 * @returns undefined when an object of the path stays unknown or doubtful: then all evidence is needed
 */
export function inferPathTypes(input: TypingInput, row: number, path: readonly ObjectId[]): ObjectTypes | undefined {
  const { edges, edgeSlots, objectNode, objects, roots } = input;
  const env = newEnv(input, input.headers.slice(), new Worklist(objects.count));
  stateRoot(env, roots, row);
  for (const [i, id] of path.entries()) {
    while (env.pending.size > 0) readPending(env);
    if (rankAt(env, id) < RANK.array) return undefined;
    if (i + 1 === path.length) break;
    const node = objectNode + id;
    for (let edge = edges.first[node]; edge < edges.first[node + 1]; edge++) {
      if (edges.targets[edge] - objectNode !== path[i + 1]) continue;
      followEdge(env, id, path[i + 1], edgeSlots[edge]);
      break;
    }
  }
  return unpacked(env.claims);
}

function followEdge(env: Env, id: ObjectId, target: ObjectId, slot: number): void {
  const own = typeAt(env, id);
  const { size } = factsOf(env, own);
  if (size < WORD) return;
  const word = (slot & SLOT_MASK) - env.objects.dataStart[env.objects.spanOf(id)] / WORD;
  const code = env.slots.codeAt(own, (word * WORD) % size);
  state(env, code, target, slot >= INTERIOR, env.objects.addressOf(id) + (slot & SLOT_MASK) * WORD, BY_REFERRER);
}

/** Types every object it can. headers becomes the answer's type column. */
export function inferTypes(input: TypingInput, findings: Findings, progress: Progress): ObjectTypes {
  const { runtime, objects, roots, headers } = input;
  progress.stage("typing objects", objects.count);
  const env = newEnv(input, headers, new Worklist(objects.count));
  for (let id = 0; id < objects.count; id++) if (env.claims[id] >= 0) env.queue.push(id);
  for (let row = 0; row < roots.count; row++) stateRoot(env, roots, row);
  settle(env);
  interiorPointers(env, roots);
  settle(env);
  leftovers(env);
  settle(env);
  if (objects.count > 0 && runtime.types.count === 0) findings.add("no-types", "no types were found");
  return unpacked(env.claims);
}

/** Follows typed objects and reads what is pending until nothing is left. */
function settle(env: Env): void {
  for (;;) {
    for (let id = env.queue.next(); id !== NONE; id = env.queue.next()) follow(env, id);
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
  const { size, table } = factsOf(env, own);
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
function state(env: Env, code: number, id: ObjectId, interior: boolean, slot: Address, evidence: number): void {
  const kind = code & (SLOT_STEP - 1);
  switch (kind) {
    case SLOT.typed:
      if (!interior) stateType(env, id, (code - kind) / SLOT_STEP, evidence);
      return;
    case SLOT.array:
      if (!interior) assign(env, id, arrayOf(env, (code - kind) / SLOT_STEP), RANK.array, evidence);
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
  const facts = factsOf(env, target);
  if (facts.size === 0) return;
  const key = env.spanKey[env.objects.spanOf(id)];
  if (facts.whole !== NONE && fitsKey(factsOf(env, facts.whole), key)) settleOn(env, id, facts.whole, RANK.exact, evidence, key, false);
  else settleOn(env, id, target, fitsKey(facts, key) ? RANK.exact : RANK.loose, evidence, key, false);
}

/** The object's slot is of the size class that one value of the type gets. */
function fits(env: Env, id: ObjectId, facts: TypeFacts): boolean {
  return fitsKey(facts, env.spanKey[env.objects.spanOf(id)]);
}

function fitsKey(facts: TypeFacts, key: number): boolean {
  const size = Math.floor(key / KEY_SIZE);
  if (key & KEY_HEADER) return facts.slotWithHeader === size;
  return facts.slot === size || (size === 8 && facts.size <= 8);
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
  const facts = factsOf(env, type);
  if (known === rank) {
    const present = factsOf(env, now);
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
function readPending(env: Env): void {
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
      const name = runtime.types.get(target).name.replace(".node[", isEntry ? ".entry[" : ".indirect[");
      const found = runtime.types.byName(name);
      // Since Go 1.27 the linker keeps only the shaped twins of what nothing names.
      const type = found === NONE ? runtime.types.byName(name.replace("[", "[go.shape.").replace(",", ",go.shape.")) : found;
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

/** Indices such that addresses come block by block, ascending: a radix sort of their 16 KiB block numbers. */
function localOrder(at: Float64Array): Uint32Array {
  let lowest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < at.length; i++) if (at[i] < lowest) lowest = at[i];
  const keys = new Uint32Array(at.length);
  for (let i = 0; i < at.length; i++) keys[i] = Math.min(Math.floor((at[i] - lowest) / 16384), 0xffffffff);
  let order = new Uint32Array(at.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(65_537);
    for (let i = 0; i < keys.length; i++) starts[((keys[i] >>> shift) & 0xffff) + 1]++;
    if (starts[1] === keys.length) continue;
    for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1];
    const next = new Uint32Array(order.length);
    for (let i = 0; i < order.length; i++) next[starts[(keys[order[i]] >>> shift) & 0xffff]++] = order[i];
    order = next;
  }
  return order;
}

/** What an interface's data word points to, by its first word (abi.Type or itab). */
interface Dynamic {
  readonly kind: "typed" | "func" | "unknown";
  readonly type: TypeId;
}

const UNKNOWN: Dynamic = { kind: "unknown", type: NONE };

/** What an interface says of the object its data word points to. */
function stateDynamic(env: Env, id: ObjectId, word: Address, isItab: boolean): void {
  if (rankAt(env, id) >= RANK.header) return;
  const known = dynamicOf(env, word, isItab);
  if (known.kind === "typed") stateType(env, id, known.type, BY_INTERFACE);
  else if (known.kind === "func") stateClosure(env, id);
}

/** A func value points to the object: its first word is the code, seen by the scan or still to be read. */
function stateClosure(env: Env, id: ObjectId): void {
  const candidate = typeAt(env, id);
  if (candidate < NONE) assign(env, id, -2 - candidate, RANK.exact, BY_CLOSURE, true);
  else env.pending.add(dataAddress(env, id), SLOT.func, id, BY_CLOSURE);
}

function dynamicOf(env: Env, word: Address, isItab: boolean): Dynamic {
  let known = env.dynamic.get(word);
  if (known) return known;
  const type = env.runtime.types.byRtype(isItab ? env.runtime.itabType(word) : word);
  known = type === NONE ? UNKNOWN : dynamicType(env, type);
  env.dynamic.set(word, known);
  return known;
}

/** Pointer-shaped values are the data word itself, others are boxed. */
function dynamicType(env: Env, type: TypeId): Dynamic {
  const value = env.runtime.types.get(type);
  const typed = (target: TypeId): Dynamic => (target === NONE ? UNKNOWN : { kind: "typed", type: target });
  switch (value.kind) {
    case "pointer":
      return typed(value.element);
    case "map":
    case "chan":
      return typed(value.header);
    case "func":
      return { kind: "func", type: NONE };
    case "unsafe.Pointer":
      return UNKNOWN;
    default:
      break;
  }
  // A struct or array of one pointer is stored directly too.
  if (value.size === WORD && env.slots.hasPointers(type)) {
    const code = env.slots.codeAt(type, 0);
    if (code % SLOT_STEP === SLOT.typed) return typed((code - SLOT.typed) / SLOT_STEP);
    if (code % SLOT_STEP === SLOT.func) return { kind: "func", type: NONE };
  }
  return typed(type);
}

/** What a swiss map's dirPtr may point to. */
interface Directory {
  readonly group: TypeId;
  /** "[]*table" */
  readonly tables: TypeId;
}

function directoryOf(env: Env, header: TypeId): Directory | undefined {
  let known = env.directories.get(header);
  if (known) return known;
  const { types } = env.runtime;
  const pointee = (struct: TypeId, name: string): TypeId => {
    const field = struct === NONE ? undefined : types.get(struct).fields.find((each) => each.name === name);
    return field ? types.get(field.type).element : NONE;
  };
  const tablePointer = pointee(header, "dirPtr");
  const table = tablePointer === NONE ? NONE : types.get(tablePointer).element;
  const groups = table === NONE ? undefined : types.get(table).fields.find((each) => each.name === "groups");
  const group = groups ? pointee(groups.type, "data") : NONE;
  if (group === NONE) return undefined;
  known = { group, tables: types.arrayOf(tablePointer) };
  env.directories.set(header, known);
  return known;
}

/** The slot tells a group from a directory, unless a group's slot is as large as some directory: a power of two. */
function directoryBySlot(env: Env, id: ObjectId, header: TypeId, evidence: number): boolean {
  const known = directoryOf(env, header);
  if (!known) return true;
  const facts = factsOf(env, known.group);
  if (fits(env, id, facts)) {
    if (Number.isInteger(Math.log2(facts.slot))) return false;
    stateType(env, id, known.group, evidence);
  } else assign(env, id, known.tables, RANK.header, evidence);
  return true;
}

/** Since Go 1.24: dirPtr is one group, which begins with 8 control bytes, or an array of tables. */
function directory(env: Env, id: ObjectId, header: TypeId, firstWord: Address, evidence: number): void {
  const known = directoryOf(env, header);
  if (!known) return;
  if (firstWord > 0 && env.objects.find(firstWord) !== NONE) assign(env, id, known.tables, RANK.header, evidence);
  else stateType(env, id, known.group, evidence);
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
    if (wrappedTimer(env, code, id)) continue;
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
    if (kind === SLOT.array && offset % size === 0) assign(env, id, arrayOf(env, target), RANK.loose, BY_REFERRER);
    else if (rankAt(env, id) === 0 && offset % size === 0) assign(env, id, arrayOf(env, target), RANK.guess, BY_GUESS);
  }
}

/** A runtime.timer is allocated inside a time.Timer, of which only the timer is in the P's heap. time/sleep.go, runtime/time.go */
function wrappedTimer(env: Env, code: number, id: ObjectId): boolean {
  const { types } = env.runtime;
  if (code % SLOT_STEP !== SLOT.typed || types.get(Math.floor(code / SLOT_STEP)).name !== "runtime.timer") return false;
  for (const name of ["runtime.timeTimer", "time.Timer"]) {
    const type = types.byName(name);
    if (type === NONE || !fits(env, id, factsOf(env, type)) || types.get(type).size <= types.get(Math.floor(code / SLOT_STEP)).size)
      continue;
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
