// Each object's type by evidence: its own header first, then what points to it, followed edge by edge. See docs/typing.md.
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { type Address, NONE, type ObjectId, WORD } from "../base/units.js";
import { Worklist } from "../graph/worklist.js";
import { TINY_SPAN_CLASS } from "../runtime/spans.js";
import { ArenaValues } from "./arena-values.js";
import { INTERIOR, OFFSET_MASK } from "./edges.js";
import {
  BY_FINALIZER,
  BY_GUESS,
  BY_REFERRER,
  type ObjectTypes,
  pack,
  RANK,
  RANK_MASK,
  RANK_SHIFT,
  TYPE_SHIFT,
  unpack,
} from "./evidence.js";
import {
  assign,
  dataAddress,
  fits,
  infer,
  inferDynamic,
  inferFromRoot,
  inferType,
  newTyping,
  rankAt,
  readPending,
  type TypingInput,
  type TypingState,
  typeAt,
} from "./inference.js";
import { MOST_ROUNDS } from "./limits.js";
import { KIND_STEP, POINTER } from "./pointer-kinds.js";
import { finalizedType, type RootTable } from "./roots.js";
import { inferUndeclared } from "./undeclared.js";

/**
 * Types every object it can, in three sweeps: from headers and roots along pointers to first bytes; what is only pointed
 * into; what is left of tiny blocks. Each begins where the one before has nothing more to say.
 *
 * @param input  its headers become the answer's type column
 */
export function inferTypes(input: TypingInput, findings: Findings, progress: Progress): ObjectTypes {
  const { runtime, objects, roots, headers } = input;
  progress.stage("typing objects", objects.count);
  const typing = newTyping(input, headers, new Worklist(objects.count));
  for (let id = 0; id < objects.count; id++) if (typing.packed[id] >= 0) typing.queue.push(id);
  for (let row = 0; row < roots.count; row++) inferFromRoot(typing, roots, row);
  inferFinalized(typing);
  propagate(typing, progress);
  if (runtime.binary.from === "tables") {
    inferUndeclared(typing, roots);
    propagate(typing, progress);
  }
  const inArenas = new ArenaValues(typing, roots);
  for (let round = 0; round < MOST_ROUNDS && inArenas.follow(); round++) propagate(typing, progress);
  inferInteriors(typing, roots);
  propagate(typing, progress);
  nameTinyBlocks(typing);
  propagate(typing, progress);
  if (objects.count > 0 && runtime.types.count === 0) findings.add("no-types", "no types were found");
  return unpack(typing.packed);
}

/** A finalizer knows the type of the object it is set on: for one that only finalizers hold, nothing else may. */
function inferFinalized(typing: TypingState): void {
  for (const special of typing.runtime.specials) {
    const type = special.kind === "finalizer" ? finalizedType(typing.runtime, special) : NONE;
    const id = type === NONE ? NONE : typing.objects.find(special.object);
    if (id !== NONE) inferType(typing, id, type, BY_FINALIZER);
  }
}

/** Follows typed objects and reads what is pending until nothing is left. */
function propagate(typing: TypingState, progress: Progress): void {
  let followed = 0;
  for (;;) {
    for (let id = typing.queue.next(); id !== NONE; id = typing.queue.next()) {
      followObject(typing, id);
      if ((++followed & 0x3fff) === 0) progress.tick(Math.min(followed, typing.objects.count));
    }
    if (typing.pending.size === 0) return;
    readPending(typing);
  }
}

/** Loop: every pointer of a typed object says something of its target. */
function followObject(typing: TypingState, id: ObjectId): void {
  const { edges, edgeOffsets, objectNode, packed } = typing;
  const { targets } = edges;
  const node = objectNode + id;
  const begin = edges.first[node];
  const end = edges.first[node + 1];
  if (begin === end) return;
  const own = packed[id] >> TYPE_SHIFT;
  const { size, table } = typing.facts.of(own);
  if (size < WORD) return;
  const words = size / WORD;
  const skip = typing.objects.dataStart[typing.objects.spanOf(id)] / WORD;
  let base = NONE;
  for (let edge = begin; edge < end; edge++) {
    const target = targets[edge] - objectNode;
    const offset = edgeOffsets[edge];
    const word = (offset & OFFSET_MASK) - skip;
    // An object larger than its type is an array of it: the words repeat.
    const at = word < words ? word : word % words;
    const code = table ? table[at] : typing.kinds.codeAt(own, at * WORD);
    if (code === POINTER.none || code === POINTER.unknown) continue;
    const kind = code & (KIND_STEP - 1);
    const known = packed[target];
    // Most edges end here: the target has a header, or is known to be just this.
    if (((known >> RANK_SHIFT) & RANK_MASK) === RANK.header && kind !== POINTER.directory) continue;
    if (kind === POINTER.typed && known >> TYPE_SHIFT === code >>> 4) continue;
    let address = 0;
    if (kind === POINTER.eface || kind === POINTER.iface) {
      // The scan has numbered the interface's first word, unless it points out of the executable: to what was made at run time.
      const number = typing.before[edge];
      if (number > 0) {
        if (offset < INTERIOR) inferDynamic(typing, target, typing.beforeAddresses[number], kind === POINTER.iface);
        continue;
      }
      if (base === NONE) base = typing.objects.addressOf(id);
      address = base + (offset & OFFSET_MASK) * WORD;
    }
    infer(typing, code, target, offset >= INTERIOR, address, BY_REFERRER);
  }
}

/** A pointer past the first byte of an object that little is known of. */
interface InteriorPointer {
  /** Where the pointer lies. */
  readonly slot: Address;
  /** What it means, see pointer-kinds.ts. */
  readonly code: number;
  /** The object that it leads into. */
  readonly id: ObjectId;
}

/**
 * What is only pointed into: sub-slices tell the element, typed pointers a member. Pointers of objects are collected before
 * any is used, so that the types found here do not depend on the order of objects.
 */
function inferInteriors(typing: TypingState, roots: RootTable): void {
  const { memory } = typing.runtime.process;
  const pointers = interiorPointers(typing);
  for (let row = 0; row < roots.count; row++) {
    const id = roots.object[row];
    if (rankAt(typing, id) <= RANK.loose && roots.code[row] !== POINTER.none) inferInterior(typing, roots.code[row], id, roots.value[row]);
  }
  for (const { slot, code, id } of pointers) {
    if (inferSurrounding(typing, code, id)) continue;
    const value = memory.tryAddress(slot);
    if (value !== undefined) inferInterior(typing, code, id, value);
  }
}

/** The pointers of typed objects into the middle of objects whose type is unknown or loose. */
function interiorPointers(typing: TypingState): readonly InteriorPointer[] {
  const { edges, edgeOffsets, objectNode, objects, runtime } = typing;
  const found: InteriorPointer[] = [];
  for (let id = 0; id < objects.count; id++) {
    const type = typeAt(typing, id);
    if (type < 0) continue;
    const node = objectNode + id;
    for (let edge = edges.first[node]; edge < edges.first[node + 1]; edge++) {
      const offset = edgeOffsets[edge];
      if (offset < INTERIOR) continue;
      const target = edges.targets[edge] - objectNode;
      if (rankAt(typing, target) > RANK.loose) continue;
      const skip = objects.dataStart[objects.spanOf(id)] / WORD;
      const { size } = runtime.types.get(type);
      if (size < WORD) continue;
      const code = typing.kinds.codeAt(type, (((offset & OFFSET_MASK) - skip) * WORD) % size);
      const kind = code % KIND_STEP;
      if (kind !== POINTER.array && kind !== POINTER.typed) continue;
      found.push({ slot: objects.addressOf(id) + (offset & OFFSET_MASK) * WORD, code, id: target });
    }
  }
  return found;
}

/** A pointer past an object's first byte: what it says of the whole. @param value  the address that it holds */
function inferInterior(typing: TypingState, code: number, id: ObjectId, value: Address): void {
  const kind = code % KIND_STEP;
  if (kind !== POINTER.array && kind !== POINTER.typed) return;
  const target = (code - kind) / KIND_STEP;
  const { size } = typing.runtime.types.get(target);
  if (size === 0 || (value - dataAddress(typing, id)) % size !== 0) return;
  if (kind === POINTER.array) assign(typing, id, typing.facts.arrayOf(target), RANK.loose, BY_REFERRER);
  else if (rankAt(typing, id) === 0) assign(typing, id, typing.facts.arrayOf(target), RANK.guess, BY_GUESS);
}

/** Of some values only a part is ever pointed to: of a time.Timer the runtime.timer in it, by the P's heap. See RoleRules.insideOf. */
function inferSurrounding(typing: TypingState, code: number, id: ObjectId): boolean {
  const { types } = typing.runtime;
  if (code % KIND_STEP !== POINTER.typed) return false;
  const { role, size } = types.get(Math.floor(code / KIND_STEP));
  for (const name of role.insideOf ?? []) {
    const type = types.byName(name);
    if (type === NONE || !fits(typing, id, typing.facts.of(type)) || types.get(type).size <= size) continue;
    assign(typing, id, type, RANK.array, BY_REFERRER);
    return true;
  }
  return false;
}

/** Tiny blocks: 16-byte slots that several small values share have no one type. Bytes of a string stay that, and values of 16 bytes. */
function nameTinyBlocks(typing: TypingState): void {
  const { objects, runtime, packed } = typing;
  const { spans } = objects;
  for (let span = 0; span < spans.count; span++) {
    if (spans.spanClass[span] !== TINY_SPAN_CLASS) continue;
    for (let id = objects.firstId[span]; id < objects.firstId[span + 1]; id++) {
      const type = typeAt(typing, id);
      const small = type !== NONE && type !== runtime.stringBytes && runtime.types.get(type).size < 16;
      if (type === NONE) packed[id] = pack(runtime.tinyBlock, RANK.loose, BY_REFERRER);
      else if (small) packed[id] = pack(runtime.tinyBlock, rankAt(typing, id), packed[id] & ((1 << RANK_SHIFT) - 1));
    }
  }
}
