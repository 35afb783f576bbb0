// Bytes that hold nothing anyone reads, by kind and by the field that keeps them.
import { DumpError } from "../base/errors.js";
import { NumberSet } from "../base/number-set.js";
import { type Bytes, type Hex, hex, NONE, type ObjectId, type TypeId } from "../base/units.js";
import { slotSize } from "../runtime/accounting.js";
import { mapRoom } from "../runtime/maps/maps.js";
import type { GoType, TypeTable } from "../runtime/types.js";
import { type Extents, isReferencedOtherwise, readExtents } from "./extents.js";
import { MOST_REPEATED, MOST_STRINGS } from "./limits.js";
import type { Sources } from "./sources.js";

/** Capacity past the length; what a sub-slice keeps alive around it; room of maps past what their entries need; equal texts; what allocations are rounded up by. */
export type WasteKind = "slice capacity" | "pinned array" | "map slack" | "duplicate strings" | "size-class rounding";

/** Bytes lost in one way by one field or type. */
export interface Waste {
  readonly kind: WasteKind;
  /** Field or type that keeps the bytes: "main.Session.Buf". */
  readonly path: string;
  /** Of all objects together. Slots of equal texts are counted whole: what another row says of rounding in them is in there too. */
  readonly bytes: Bytes;
  /** Objects or maps it is lost in. */
  readonly count: number;
  /** The one that loses most. */
  readonly example: ObjectId;
  /** Of maps: entries, and the slots that they have together. */
  readonly room?: { readonly entries: number; readonly slots: number };
  /** Of equal strings: the text of which there are most bytes too many, cut, and how many copies too many there are. */
  readonly repeated?: { readonly text: string; readonly copies: number };
}

/** As people and programs get it. */
export interface WasteRow extends Omit<Waste, "example"> {
  readonly example: Hex;
}

/** Of one kind and path. */
interface Sum {
  bytes: Bytes;
  count: number;
  most: Bytes;
  example: ObjectId;
  room?: { entries: number; slots: number };
  repeated?: Repeated;
}

/** One text that there is more than once. */
interface Repeated {
  readonly id: ObjectId;
  readonly length: number;
  readonly path: string;
  bytes: Bytes;
  copies: number;
}

/** Waste of all kinds as rows, the largest first. */
export function wasteRows(source: Sources): readonly WasteRow[] {
  return findWaste(source).map((row) => ({ ...row, example: hex(source.heap.objects.addressOf(row.example)) }));
}

/** Waste of all kinds, the largest first. */
export function findWaste(source: Sources): readonly Waste[] {
  const sums = new Map<string, Sum>();
  const add: Add = (kind, path, bytes, id, room) => {
    if (bytes <= 0) return;
    const key = `${kind}\n${path}`;
    let sum = sums.get(key);
    if (!sum) {
      sum = { bytes: 0, count: 0, most: 0, example: id };
      sums.set(key, sum);
    }
    sum.bytes += bytes;
    sum.count++;
    if (room) sum.room = { entries: (sum.room?.entries ?? 0) + room.entries, slots: (sum.room?.slots ?? 0) + room.slots };
    if (bytes > sum.most) {
      sum.most = bytes;
      sum.example = id;
    }
  };
  const extents = readExtents(source);
  arrays(source, extents, add);
  maps(source, add);
  for (const text of duplicates(source, extents, add)) {
    const sum = sums.get(`duplicate strings\n${text.path}`);
    if (sum && text.bytes > (sum.repeated?.bytes ?? 0)) sum.repeated = text;
  }
  const rows = [...sums].map(([key, { bytes, count, example, room, repeated }]): Waste => {
    const [kind, path] = key.split("\n");
    const more = { ...(room ? { room } : {}), ...(repeated ? textOf(source, repeated) : {}) };
    return { kind: kind as WasteKind, path, bytes, count, example: repeated?.id ?? example, ...more };
  });
  return rows.sort((a, b) => b.bytes - a.bytes);
}

/** Larger objects are rounded up to pages of 8 KiB. runtime/sizeclasses.go */
const LARGEST_CLASS: Bytes = 32_768;

/** Adds bytes that one object loses; none are no waste. @param room  of a map */
type Add = (kind: WasteKind, path: string, bytes: Bytes, id: number, room?: Waste["room"]) => void;

/** Bytes of a text that are told. */
const LONGEST_TEXT = 200;

function textOf({ heap, runtime }: Sources, { id, length, copies }: Repeated): Pick<Waste, "repeated"> {
  const bytes = runtime.process.memory.tryBytes(heap.objects.addressOf(id), Math.min(length, LONGEST_TEXT));
  return bytes ? { repeated: { text: new TextDecoder().decode(bytes), copies } } : {};
}

/** Small values without pointers share slots of this class. runtime/malloc.go tinySpanClass */
const TINY_SPAN_CLASS = 5;

/** Arrays behind slices and strings, and single values: what lies past the length, before the start, past the capacity. */
function arrays(source: Sources, extents: Extents, add: Add): void {
  const { heap, runtime, progress } = source;
  const { spans, firstId, dataStart } = heap.objects;
  progress.stage("waste: arrays", spans.count);
  for (let span = 0; span < spans.count; span++) {
    if ((span & 0x1ff) === 0) progress.tick(span);
    const slot = spans.elementSize[span];
    const size = slot - dataStart[span];
    if (spans.spanClass[span] === TINY_SPAN_CLASS) continue;
    for (let id = firstId[span]; id < firstId[span + 1]; id++) {
      if (!heap.isLive(id)) continue;
      const field = extents.field[id];
      if (field === NONE) {
        const type = heap.types.type[id];
        const known = type === NONE ? undefined : runtime.types.get(type);
        // Arrays of unknown length have no size of their own.
        if (
          !known ||
          known.kind === "unknown" ||
          (known.kind === "array" && known.count < 0) ||
          known.size > size ||
          slotSize(known.size) !== slot
        )
          continue;
        add("size-class rounding", known.role.readable, size - known.size, id);
        continue;
      }
      const { path } = extents.fields[field];
      // What lies before the first viewed byte is pinned, and what lies after the last unless the size class alone explains it.
      const front = extents.start[id];
      const unused = extents.capacityEnd[id] - extents.lengthEnd[id];
      const tail = Math.max(0, size - extents.capacityEnd[id]);
      const isRounding = slot > LARGEST_CLASS ? tail < 8192 : slotSize(extents.capacityEnd[id] + dataStart[span]) === slot;
      const pinned = front + (isRounding ? 0 : tail);
      if (isRounding) add("size-class rounding", path, tail, id);
      if ((unused === 0 && pinned === 0) || isReferencedOtherwise(source, extents, id)) continue;
      add("slice capacity", path, unused, id);
      add("pinned array", path, pinned, id);
    }
  }
}

/** Maps: slots past those that a map of as many entries has grown to. */
function maps({ heap, runtime, progress }: Sources, add: Add): void {
  const env = { memory: runtime.process.memory, types: runtime.types, maps: runtime.maps };
  const known = new Map<number, GoType | undefined>();
  progress.stage("waste: maps", heap.objects.count);
  for (let id = 0; id < heap.objects.count; id++) {
    if ((id & 0xffff) === 0) progress.tick(id);
    const type = heap.types.type[id];
    if (type === NONE || !heap.isLive(id)) continue;
    if (!known.has(type)) known.set(type, mapOfHeader(runtime.types, type));
    const map = known.get(type);
    if (!map) continue;
    try {
      const room = mapRoom(env, map, heap.objects.addressOf(id));
      if (room) add("map slack", map.name, (room.slots - room.needed) * room.slotBytes, id, room);
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
    }
  }
}

/** The map type whose header a type is; undefined for other types. */
function mapOfHeader(types: TypeTable, type: TypeId): GoType | undefined {
  const { role } = types.get(type);
  const id = role.kind === "map header" ? types.byName(role.readable) : NONE;
  const map = id === NONE ? undefined : types.get(id);
  return map?.kind === "map" ? map : undefined;
}

/** Strings of equal bytes, but one of each: found by a hash of their bytes. The texts there are several of, the first so many. */
function duplicates({ heap, runtime, progress }: Sources, extents: Extents, add: Add): Iterable<Repeated> {
  const { spans, firstId } = heap.objects;
  // Two hashes of a text, 32 and 21 bits of them, packed into one double.
  const seen = new NumberSet();
  const repeated = new Map<number, Repeated>();
  const buffer = new Uint8Array(1 << 20);
  progress.stage("waste: equal strings", spans.count);
  for (let span = 0; span < spans.count; span++) {
    if ((span & 0x1ff) === 0) progress.tick(span);
    const size = spans.elementSize[span];
    if ((spans.spanClass[span] & 1) === 0 || size > LARGEST_CLASS || size <= 8) continue;
    const whole = size * spans.elements[span];
    if (whole > buffer.length) continue;
    let isRead = false;
    for (let id = firstId[span]; id < firstId[span + 1]; id++) {
      const field = extents.field[id];
      if (field === NONE || extents.fields[field].kind !== "string") continue;
      if (!isRead && !runtime.process.memory.readInto(spans.base[span], buffer.subarray(0, whole))) break;
      isRead = true;
      const at = heap.objects.addressOf(id) - spans.base[span];
      const length = extents.lengthEnd[id];
      if (length < 9) continue;
      // FNV-1a, and a second hash that the first one stirs.
      let a = 0x811c9dc5;
      let b = length;
      for (let i = 0; i < length; i++) {
        const byte = buffer[at + i];
        a = Math.imul(a ^ byte, 0x01000193);
        b = Math.imul(b, 31) + byte + (a >>> 15);
      }
      // 53 bits, what a double holds: that any two of 8 million different texts (MOST_STRINGS) have one hash is less likely than 1 %.
      const hash = (a >>> 0) * 0x200000 + ((b >>> 0) & 0x1fffff);
      // The first of equal texts is needed; each further one is lost with its whole slot.
      if (seen.has(hash)) {
        const { path } = extents.fields[field];
        add("duplicate strings", path, size, id);
        const known = repeated.get(hash);
        if (known) {
          known.bytes += size;
          known.copies++;
        } else if (repeated.size < MOST_REPEATED) repeated.set(hash, { id, length, path, bytes: size, copies: 1 });
      } else if (seen.size < MOST_STRINGS) seen.add(hash);
    }
  }
  return repeated.values();
}
