// What slices and strings view of the arrays they keep alive, and the field each of them lies in.
import { uint64 } from "../base/uint64.js";
import { type Address, type Bytes, NONE, type ObjectId, type SpanId, type TypeId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { frameVariables } from "../runtime/frame-variables.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { GoType, TypeTable } from "../runtime/types.js";
import { LARGEST_VARIABLE, MOST_PLAN, MOST_PLAN_STEPS, PIECE } from "./limits.js";
import type { Sources } from "./sources.js";

/** A slice or string field of a type, or of a variable. */
interface ViewField {
  /** "main.Session.Buf", "main.firstLines", "[]string". */
  readonly path: string;
  readonly kind: "slice" | "string";
  readonly elementSize: Bytes;
}

/**
 * [objects] columns: the part of an object that slices and strings view, in bytes from the object's data on. Objects of 4 GiB and
 * more have no room here: nothing is said of them.
 */
export interface Extents {
  readonly fields: readonly ViewField[];
  /** First byte that is viewed; of no meaning while field is NONE. */
  readonly start: Uint32Array;
  /** End of what is viewed by length, and by capacity. */
  readonly lengthEnd: Uint32Array;
  readonly capacityEnd: Uint32Array;
  /** The first field that was found to view the object, NONE when none does. */
  readonly field: Int32Array;
  /** Slices and strings that view it, at most 255. */
  readonly viewCount: Uint8Array;
}

/** A slice or string at an offset of a value. */
interface PlanRow {
  readonly offset: Bytes;
  /** Index into Extents.fields. */
  readonly field: number;
  /** Of an element. */
  readonly size: Bytes;
  readonly isSlice: boolean;
}

/** Reads every slice and string of live typed objects, of global variables and of goroutines' stacks. */
export function readExtents(source: Pick<Sources, "heap" | "runtime" | "progress">): Extents {
  const reader = new ExtentReader(source);
  reader.readGlobals();
  reader.readStacks();
  reader.readObjects();
  return reader.extents;
}

/** Slice and string headers: pointer, length, and a slice's capacity. */
const headerSize = (row: PlanRow): Bytes => (row.isSlice ? 24 : 16);

// Words are read little-endian, as on every architecture that is supported.
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Reads headers and widens the extents of the arrays that they point to. What is not readable widens nothing, so an array may seem less
 * used than it was; waste-rows.ts asks isReferencedOtherwise before it calls bytes unused.
 */
class ExtentReader {
  readonly extents: Extents;
  private readonly source: Pick<Sources, "heap" | "runtime" | "progress">;
  private readonly fields: ViewField[] = [];
  /** Index into fields by kind and path. */
  private readonly byPath = new Map<string, number>();
  /** By TypeId of an object, or of an array's element. */
  private readonly plans: (readonly PlanRow[] | undefined)[] = [];

  constructor(source: Pick<Sources, "heap" | "runtime" | "progress">) {
    this.source = source;
    const { count } = source.heap.objects;
    this.extents = {
      fields: this.fields,
      start: new Uint32Array(count),
      lengthEnd: new Uint32Array(count),
      capacityEnd: new Uint32Array(count),
      field: new Int32Array(count).fill(NONE),
      viewCount: new Uint8Array(count),
    };
  }

  /** Global variables, each with its own plan: the path begins at the variable's name. */
  readGlobals(): void {
    const { heap, runtime } = this.source;
    for (const { global } of heap.roots.owners) {
      const bytes = global && runtime.process.memory.tryBytes(global.address, global.size);
      if (bytes) this.addViews(viewOf(bytes), 0, this.makePlan(global.type, global.name));
    }
  }

  /** Variables of all frames: the buffer of a read loop is often viewed from a stack alone. */
  readStacks(): void {
    const { runtime } = this.source;
    const plans = new Map<string, readonly PlanRow[]>();
    const isWanted = (type: TypeId) => makePlan(runtime.types, runtime.types.get(type), "", () => 0).length > 0;
    for (const { name, type, bytes } of stackVariables(runtime, isWanted)) {
      const key = `${type} ${name}`;
      const plan = plans.get(key) ?? this.makePlan(type, name);
      plans.set(key, plan);
      this.addViews(viewOf(bytes), 0, plan);
    }
  }

  /** Span by span: a small span's bytes are read at once. */
  readObjects(): void {
    const { heap, runtime, progress } = this.source;
    const { spans, firstId } = heap.objects;
    const buffer = new Uint8Array(PIECE);
    progress.stage("lengths of slices", spans.count);
    for (let span = 0; span < spans.count; span++) {
      if ((span & 0x1ff) === 0) progress.tick(span);
      // The lowest bit of a span class is noscan: no pointers, so no slices. runtime/mheap.go makeSpanClass
      if ((spans.spanClass[span] & 1) === 1 || firstId[span] === firstId[span + 1]) continue;
      const whole = spans.elementSize[span] * spans.elements[span];
      const bytes = whole <= PIECE ? buffer.subarray(0, whole) : undefined;
      if (bytes && !runtime.process.memory.readInto(spans.base[span], bytes)) continue;
      for (let id = firstId[span]; id < firstId[span + 1]; id++) this.readObject(id, span, bytes);
    }
  }

  /** @param bytes  the span's, when it is small */
  private readObject(id: ObjectId, span: SpanId, bytes: Uint8Array | undefined): void {
    const { heap, runtime } = this.source;
    const { objects } = heap;
    const { spans, dataStart } = objects;
    const type = heap.types.type[id];
    if (type === NONE || !heap.isLive(id)) return;
    const known = runtime.types.get(type);
    // Count -1: the array behind a slice, whose length no type tells; it is read as far as the slot goes.
    const isArray = known.kind === "array" && known.count === -1 && known.element !== NONE;
    const plan = this.planOf(isArray ? known.element : type, isArray);
    if (plan.length === 0) return;
    const stride = isArray ? runtime.types.get(known.element).size : 0;
    const at = objects.addressOf(id) - spans.base[span] + dataStart[span];
    const room = spans.elementSize[span] - dataStart[span];
    if (stride === 0 && !bytes) {
      this.readLargeValue(spans.base[span] + at, plan);
      return;
    }
    eachPiece(runtime.process.memory, spans.base[span] + at, room, stride, bytes?.subarray(at, at + room), (view) => {
      if (stride === 0) this.addViews(view, 0, plan);
      else for (let offset = 0; offset + stride <= view.byteLength; offset += stride) this.addViews(view, offset, plan);
    });
  }

  /** One value of many megabytes: its slices and strings alone are read. */
  private readLargeValue(address: Address, plan: readonly PlanRow[]): void {
    for (const row of plan) {
      const words = this.source.runtime.process.memory.tryBytes(address + row.offset, headerSize(row));
      if (words) this.addViews(viewOf(words), 0, [{ ...row, offset: 0 }]);
    }
  }

  /** Plans of objects by type; of arrays the element's, whose paths begin with "[]". */
  private planOf(type: TypeId, isElement: boolean): readonly PlanRow[] {
    const { kind, name } = this.source.runtime.types.get(type);
    this.plans[type] ??= this.makePlan(type, isElement && kind !== "struct" ? `[]${name}` : name);
    return this.plans[type];
  }

  /** Where slices and strings lie in a value of a type, paths given numbers. */
  private makePlan(type: TypeId, name: string): readonly PlanRow[] {
    const { types } = this.source.runtime;
    return makePlan(types, types.get(type), name, (path, kind, elementSize) => this.intern(path, kind, elementSize));
  }

  /** The number of a path, the same for equal ones: two fields of a name are one row. */
  private intern(path: string, kind: ViewField["kind"], elementSize: Bytes): number {
    const key = `${kind} ${path}`;
    const known = this.byPath.get(key);
    if (known !== undefined) return known;
    this.byPath.set(key, this.fields.length);
    return this.fields.push({ path, kind, elementSize }) - 1;
  }

  /** The slices and strings of one value, which begins at a byte of what was read, widen the extents of the arrays they view. */
  private addViews(words: DataView, at: number, plan: readonly PlanRow[]): void {
    const { objects } = this.source.heap;
    const { extents } = this;
    for (const row of plan) {
      const p = at + row.offset;
      if (p + headerSize(row) > words.byteLength) continue;
      const pointer = uint64(words, p);
      // A length of 4 GiB and more is damage, or an array that has no room here.
      if (pointer === 0 || words.getUint32(p + 12, true) !== 0) continue;
      const length = words.getUint32(p + 8, true) * row.size;
      const capacity = row.isSlice ? words.getUint32(p + 16, true) * row.size : length;
      const id = objects.find(pointer);
      if (id === NONE) continue;
      const span = objects.spanOf(id);
      const room = objects.spans.elementSize[span];
      const start = pointer - objects.addressOf(id) - objects.dataStart[span];
      if (start < 0 || start + length > room || room >= 2 ** 32) continue;
      if (extents.field[id] === NONE || extents.start[id] > start) extents.start[id] = start;
      if (extents.field[id] === NONE) extents.field[id] = row.field;
      if (extents.lengthEnd[id] < start + length) extents.lengthEnd[id] = start + length;
      if (extents.capacityEnd[id] < start + capacity) extents.capacityEnd[id] = start + capacity;
      // Saturates: more views than fit a byte are not told apart, and isReferencedOtherwise does not say of them that others refer to it.
      if (extents.viewCount[id] < 255) extents.viewCount[id]++;
    }
  }
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
  intern: (path: string, kind: ViewField["kind"], elementSize: Bytes) => number,
): readonly PlanRow[] {
  const out: PlanRow[] = [];
  let steps = 0;
  const walk = (at: GoType, offset: Bytes, path: string, depth: number): void => {
    // A type that damage made contain itself twice has 2^depth parts.
    if (depth > 16 || out.length > MOST_PLAN || at.size < 2 * WORD || steps++ > MOST_PLAN_STEPS) return;
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
      for (let i = 0; i < at.count && out.length <= MOST_PLAN && steps <= MOST_PLAN_STEPS; i++) {
        const before = out.length;
        walk(element, offset + i * element.size, path, depth + 1);
        // Where the first element has none, a billion of them have none.
        if (out.length === before) break;
      }
    }
  };
  walk(type, 0, name, 0);
  return out;
}

/** Whether anything but the slices and strings counted points to an object: then more of it is in use than they view. */
export function isReferencedOtherwise({ heap, retention }: Pick<Sources, "heap" | "retention">, extents: Extents, id: ObjectId): boolean {
  const { first } = retention.referrers;
  const node = heap.graph.nodeOfObject(id);
  const pointers = first[node + 1] - first[node];
  return extents.viewCount[id] < 255 && pointers > extents.viewCount[id];
}
