// What slices and strings see of the arrays they keep alive, and the field each of them lies in.
import { uint64 } from "../base/uint64.js";
import { type Bytes, NONE, type ObjectId, type TypeId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { frameVariables } from "../runtime/frame-variables.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { GoType, TypeTable } from "../runtime/types.js";
import { LARGEST_VARIABLE, MOST_PLAN, PIECE } from "./limits.js";
import type { Sources } from "./sources.js";

/** A slice or string field of a type, or of a variable. */
export interface SeenField {
  /** "main.Session.Buf", "main.firstLines", "[]string". */
  readonly path: string;
  readonly kind: "slice" | "string";
  readonly elementSize: Bytes;
}

/** [objects] columns: the part of an object that slices and strings see. Objects of 4 GiB and more have no room here: nothing is said of them. */
export interface Extents {
  readonly fields: readonly SeenField[];
  /** First byte that is seen; of no meaning while field is NONE. */
  readonly start: Uint32Array;
  /** End of what is seen by length, and by capacity. */
  readonly lengthEnd: Uint32Array;
  readonly capacityEnd: Uint32Array;
  /** A field that sees the object, NONE when none does. */
  readonly field: Int32Array;
  /** Slices and strings that see it, at most 255. */
  readonly seers: Uint8Array;
}

interface PlanRow {
  readonly offset: Bytes;
  readonly field: number;
  readonly size: Bytes;
  readonly isSlice: boolean;
}

/** Reads every slice and string of live typed objects, of global variables and of goroutines' stacks. */
export function readExtents({ heap, runtime, progress }: Pick<Sources, "heap" | "runtime" | "progress">): Extents {
  const { memory } = runtime.process;
  const { objects } = heap;
  const { count, spans, firstId } = objects;
  const fields: SeenField[] = [];
  const extents = {
    fields,
    start: new Uint32Array(count),
    lengthEnd: new Uint32Array(count),
    capacityEnd: new Uint32Array(count),
    field: new Int32Array(count).fill(NONE),
    seers: new Uint8Array(count),
  };
  const byPath = new Map<string, number>();
  const intern = (path: string, kind: "slice" | "string", elementSize: Bytes): number => {
    const known = byPath.get(`${kind} ${path}`);
    if (known !== undefined) return known;
    byPath.set(`${kind} ${path}`, fields.length);
    fields.push({ path, kind, elementSize });
    return fields.length - 1;
  };
  const plans: (readonly PlanRow[] | undefined)[] = [];
  const planOf = (type: TypeId, repeats: boolean): readonly PlanRow[] => {
    const known = runtime.types.get(type);
    plans[type] ??= makePlan(runtime.types, known, repeats && known.kind !== "struct" ? `[]${known.name}` : known.name, intern);
    return plans[type];
  };
  const see = (words: DataView, at: number, plan: readonly PlanRow[]): void => {
    for (const row of plan) {
      const p = at + row.offset;
      if (p + (row.isSlice ? 24 : 16) > words.byteLength) continue;
      const pointer = uint64(words, p);
      if (pointer === 0 || words.getUint32(p + 12, true) !== 0) continue;
      const length = words.getUint32(p + 8, true) * row.size;
      const capacity = row.isSlice ? words.getUint32(p + 16, true) * row.size : length;
      const id = objects.find(pointer);
      if (id === NONE) continue;
      const span = objects.spanOf(id);
      const room = spans.elementSize[span];
      const start = pointer - objects.addressOf(id) - objects.dataStart[span];
      if (start < 0 || start + length > room || room >= 2 ** 32) continue;
      if (extents.field[id] === NONE || extents.start[id] > start) extents.start[id] = start;
      if (extents.field[id] === NONE) extents.field[id] = row.field;
      if (extents.lengthEnd[id] < start + length) extents.lengthEnd[id] = start + length;
      if (extents.capacityEnd[id] < start + capacity) extents.capacityEnd[id] = start + capacity;
      if (extents.seers[id] < 255) extents.seers[id]++;
    }
  };
  for (const owner of heap.roots.owners) {
    if (!owner.global) continue;
    const { address, size, type, name } = owner.global;
    const bytes = memory.tryBytes(address, size);
    if (bytes)
      see(
        new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        0,
        makePlan(runtime.types, runtime.types.get(type), name, intern),
      );
  }
  const stackPlans = new Map<string, readonly PlanRow[]>();
  for (const { name, type, bytes } of stackVariables(
    runtime,
    (type) => makePlan(runtime.types, runtime.types.get(type), "", () => 0).length > 0,
  )) {
    const known = stackPlans.get(`${type} ${name}`);
    const plan = known ?? makePlan(runtime.types, runtime.types.get(type), name, intern);
    if (!known) stackPlans.set(`${type} ${name}`, plan);
    see(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, plan);
  }
  const buffer = new Uint8Array(PIECE);
  progress.stage("lengths of slices", spans.count);
  for (let span = 0; span < spans.count; span++) {
    if ((span & 0x1ff) === 0) progress.tick(span);
    if ((spans.spanClass[span] & 1) === 1 || firstId[span] === firstId[span + 1]) continue;
    const size = spans.elementSize[span];
    const whole = size * spans.elements[span];
    const bytes = whole <= PIECE ? buffer.subarray(0, whole) : undefined;
    if (bytes && !memory.readInto(spans.base[span], bytes)) continue;
    for (let id = firstId[span]; id < firstId[span + 1]; id++) {
      const type = heap.types.type[id];
      if (type === NONE || !heap.isLive(id)) continue;
      const known = runtime.types.get(type);
      const repeats = known.kind === "array" && known.count === -1 && known.element !== NONE;
      const plan = planOf(repeats ? known.element : type, repeats);
      if (plan.length === 0) continue;
      const stride = repeats ? runtime.types.get(known.element).size : 0;
      const at = objects.addressOf(id) - spans.base[span] + objects.dataStart[span];
      const room = size - objects.dataStart[span];
      if (stride === 0 && !bytes) {
        // One value of many megabytes: its slices and strings alone are read.
        for (const row of plan) {
          const words = memory.tryBytes(spans.base[span] + at + row.offset, row.isSlice ? 24 : 16);
          if (words) see(new DataView(words.buffer, words.byteOffset, words.byteLength), 0, [{ ...row, offset: 0 }]);
        }
        continue;
      }
      eachPiece(memory, spans.base[span] + at, room, stride, bytes?.subarray(at, at + room), (view) => {
        if (stride === 0) see(view, 0, plan);
        else for (let offset = 0; offset + stride <= view.byteLength; offset += stride) see(view, offset, plan);
      });
    }
  }
  return extents;
}

/** Arguments and locals of every goroutine whose values the debug information has: "main.reader.buffer". In optimised code they are likely, not certain. */
function* stackVariables(
  runtime: GoRuntime,
  isWanted: (type: TypeId) => boolean,
): Iterable<{ readonly name: string; readonly type: TypeId; readonly bytes: Uint8Array }> {
  const known = new Map<TypeId, boolean>();
  const isKnown = (type: TypeId): boolean => {
    const before = known.get(type);
    if (before !== undefined) return before;
    const now = type !== NONE && runtime.types.get(type).size <= LARGEST_VARIABLE && isWanted(type);
    known.set(type, now);
    return now;
  };
  for (const goroutine of runtime.goroutines.all) {
    for (const frame of goroutine.unwound().frames) {
      for (const { name, type, place, function: fn } of frameVariables(runtime, goroutine, frame, isKnown)) {
        if (place.kind === "absent") continue;
        const { size } = runtime.types.get(type);
        const bytes = place.kind === "bytes" ? place.bytes : runtime.process.memory.tryBytes(place.address, size);
        if (bytes) yield { name: `${fn}.${name}`, type, bytes };
      }
    }
  }
}

/** The object's bytes as one view, or large arrays in pieces of whole elements. */
function eachPiece(
  memory: AddressSpace,
  address: number,
  room: Bytes,
  stride: Bytes,
  bytes: Uint8Array | undefined,
  visit: (view: DataView) => void,
): void {
  if (bytes) {
    visit(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return;
  }
  const piece = Math.max(stride, Math.floor(PIECE / stride) * stride);
  const buffer = new Uint8Array(Math.min(piece, room));
  for (let from = 0; from < room; from += piece) {
    const part = buffer.subarray(0, Math.min(piece, room - from));
    if (memory.readInto(address + from, part)) visit(new DataView(part.buffer, part.byteOffset, part.byteLength));
  }
}

/** Slice and string fields of one value, down through structs and arrays; paths begin at the innermost named struct. */
function makePlan(
  types: TypeTable,
  type: GoType,
  name: string,
  intern: (path: string, kind: "slice" | "string", elementSize: Bytes) => number,
): readonly PlanRow[] {
  const out: PlanRow[] = [];
  const walk = (at: GoType, offset: Bytes, path: string, depth: number): void => {
    if (depth > 16 || out.length > MOST_PLAN || at.size < 2 * WORD) return;
    if (at.kind === "string") out.push({ offset, field: intern(path, "string", 1), size: 1, isSlice: false });
    else if (at.kind === "slice") {
      const size = at.element === NONE ? 0 : types.get(at.element).size;
      if (size > 0) out.push({ offset, field: intern(path, "slice", size), size, isSlice: true });
    } else if (at.kind === "struct") {
      for (const field of at.fields) {
        if (field.type === NONE) continue;
        const inner = types.get(field.type);
        const named = inner.kind === "struct" && /^[\w./-]+\.[A-Za-z_]\w*$/.test(inner.name) && !field.embedded;
        walk(inner, offset + field.offset, named ? inner.name : `${path}.${field.name}`, depth + 1);
      }
    } else if (at.kind === "array" && at.element !== NONE && at.count > 0) {
      const element = types.get(at.element);
      for (let i = 0; i < at.count && out.length <= MOST_PLAN; i++) walk(element, offset + i * element.size, path, depth + 1);
    }
  };
  walk(type, 0, name, 0);
  return out;
}

/** Whether anything but the slices and strings counted points to an object: then more of it is in use than they see. */
export function isSeenOtherwise({ heap, retention }: Pick<Sources, "heap" | "retention">, extents: Extents, id: ObjectId): boolean {
  const { first } = retention.referrers;
  const node = heap.graph.nodeOfObject(id);
  const pointers = first[node + 1] - first[node];
  return extents.seers[id] < 255 && pointers > extents.seers[id];
}
