// Maps as key and value addresses, whichever of Go's two designs the program uses.
import type { Findings } from "../../base/findings.js";
import { type Address, type Bytes, counted, hex, NONE } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import { readField, readFieldOr } from "../layout/layout.js";
import type { Layout } from "../layout/schema.js";
import type { GoType, TypeTable } from "../types.js";
import { choose, type Variant } from "./variant.js";

/** Where one entry's key and value lie; behind the pointer when the map stores them indirectly. */
export interface MapEntry {
  readonly key: Address;
  readonly value: Address;
}

/**
 * How keys and values lie in a block of eight slots: a bucket or a group.
 * Key i is at keys + i * keyStride, value i at values + i * valueStride, in bytes from the block's start.
 */
export interface MapBlock {
  readonly size: Bytes;
  readonly keys: Bytes;
  readonly keyStride: Bytes;
  readonly values: Bytes;
  readonly valueStride: Bytes;
  readonly indirectKey: boolean;
  readonly indirectValue: boolean;
}

/** One of Go's map designs. */
export interface MapDesign {
  readonly name: "buckets" | "swiss";
  /** How blocks of this map type are laid out; undefined when neither rtype nor DWARF tells. */
  block(env: MapEnvironment, mapType: GoType): MapBlock | undefined;
  /** Number of entries as the header says; 0 for nil. */
  count(env: MapEnvironment, header: Address): number;
  entries(env: MapEnvironment, block: MapBlock, header: Address): Iterable<MapEntry>;
}

/** What reading a map needs. */
export interface MapEnvironment {
  readonly memory: AddressSpace;
  readonly types: TypeTable;
  readonly layout: Layout;
  readonly findings?: Findings | undefined;
}

/** Slots of a bucket and of a group, in every release. */
const SLOTS = 8;
/** Keys and values above this are stored as pointers. runtime/map.go maxKeySize; internal/abi MapMaxKeyBytes */
const MAX_INLINE: Bytes = 128;

/** Newest first. */
export const MAP_DESIGNS: readonly Variant<MapDesign, Layout>[] = [
  {
    // Since Go 1.24 (golang/go#54766, "runtime: use SwissTable"), unless built with GOEXPERIMENT=noswissmap (gone in 1.26).
    name: "swiss maps",
    since: "go1.24",
    source: "internal/runtime/maps/map.go, table.go, group.go",
    detect: (layout) => layout.hasStruct("swissMap") && !layout.hasStruct("hmap"),
    create: () => ({ name: "swiss", block: swissBlock, count: swissCount, entries: swissEntries }),
  },
  {
    // Before that, and with noswissmap: buckets of eight with overflow chains, moved bit by bit while growing.
    name: "bucket maps",
    since: "go1.0",
    until: "go1.25",
    source: "runtime/map.go, map_noswiss.go",
    detect: (layout) => layout.hasStruct("hmap"),
    create: () => ({ name: "buckets", block: bucketBlock, count: bucketCount, entries: bucketEntries }),
  },
];

const designs = new WeakMap<Layout, MapDesign>();

/** The design of this program's maps. @throws UnsupportedError when it has neither header. */
export function mapDesign(layout: Layout): MapDesign {
  let design = designs.get(layout);
  if (!design) {
    design = choose("maps", MAP_DESIGNS, layout);
    designs.set(layout, design);
  }
  return design;
}

/**
 * The entries of a map in memory order; empty for a nil map. Damage ends the walk and is counted in findings.
 *
 * @param mapType a GoType of kind map: its rtype, else its header struct, gives the slots' layout
 * @param header  address of the map header (the value of the map variable), 0 for nil
 */
export function* readMap(
  memory: AddressSpace,
  types: TypeTable,
  layout: Layout,
  mapType: GoType,
  header: Address,
  findings?: Findings,
): Iterable<MapEntry> {
  if (header === 0) return;
  const env: MapEnvironment = { memory, types, layout, findings };
  const design = mapDesign(layout);
  const block = design.block(env, mapType);
  if (!block) {
    damaged(env, header, `the layout of ${mapType.name} is unknown`);
    return;
  }
  try {
    let seen = 0;
    for (const entry of design.entries(env, block, header)) {
      seen++;
      yield entry;
    }
    const count = design.count(env, header);
    if (seen !== count) damaged(env, header, `it says ${counted(count, "entry", "entries")} and has ${seen}`);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    damaged(env, header, error.message);
  }
}

/** Number of entries as the header says; 0 for nil or when the header was not dumped. */
export function mapLength(memory: AddressSpace, types: TypeTable, layout: Layout, header: Address): number {
  if (header === 0 || memory.tryBytes(header, 48) === undefined) return 0;
  return mapDesign(layout).count({ memory, types, layout }, header);
}

function damaged(env: MapEnvironment, header: Address, message: string): void {
  env.findings?.add("map", "a map was not read whole", `map ${hex(header)}: ${message}`);
}

/** An entry at a slot of a block, through the pointers of indirect keys and values. */
function entryAt(env: MapEnvironment, block: MapBlock, at: Address, slot: number): MapEntry {
  const key = at + block.keys + slot * block.keyStride;
  const value = at + block.values + slot * block.valueStride;
  return {
    key: block.indirectKey ? env.memory.readAddress(key) : key,
    value: block.indirectValue ? env.memory.readAddress(value) : value,
  };
}

/** Bytes mapped without a gap from address on, at most wanted: what a count read from the file is held against. */
function mappedFrom(memory: AddressSpace, address: Address, wanted: Bytes): Bytes {
  let at = address;
  while (at - address < wanted) {
    const mapping = memory.find(at);
    if (!mapping || mapping.end <= at) break;
    at = mapping.end;
  }
  return Math.min(wanted, at - address);
}

// ── buckets ──────────────────────────────────────────────────────────────────────────────────

/** tophash values below this say empty or evacuated. runtime/map.go minTopHash */
const MIN_TOP_HASH = 5;
/** hmap.flags: the growth in progress is to the same size. */
const SAME_SIZE_GROW = 8;

function bucketBlock(env: MapEnvironment, mapType: GoType): MapBlock | undefined {
  const { memory, types, layout } = env;
  if (mapType.rtype !== 0 && layout.hasStruct("bucketMapType") && memory.tryBytes(mapType.rtype, 88)) {
    const struct = layout.struct("bucketMapType");
    const keyStride = readField(memory, struct, mapType.rtype, "KeySize");
    const valueStride = readField(memory, struct, mapType.rtype, "ValueSize");
    const flags = readField(memory, struct, mapType.rtype, "Flags");
    const size = readField(memory, struct, mapType.rtype, "BucketSize");
    // Flags until go1.23: 1 indirect key, 2 indirect value.
    return bucketOf(size, keyStride, valueStride, flags % 2 === 1, flags % 4 >= 2);
  }
  if (mapType.key === NONE || mapType.element === NONE) return undefined;
  const key = slotSize(types.get(mapType.key).size);
  const value = slotSize(types.get(mapType.element).size);
  return bucketOf(SLOTS * (1 + key.stride + value.stride) + 8, key.stride, value.stride, key.indirect, value.indirect);
}

function slotSize(size: Bytes): { readonly stride: Bytes; readonly indirect: boolean } {
  return size > MAX_INLINE ? { stride: 8, indirect: true } : { stride: size, indirect: false };
}

function bucketOf(size: Bytes, keyStride: Bytes, valueStride: Bytes, indirectKey: boolean, indirectValue: boolean): MapBlock | undefined {
  if (size < SLOTS * (1 + keyStride + valueStride)) return undefined;
  return { size, keys: SLOTS, keyStride, values: SLOTS * (1 + keyStride), valueStride, indirectKey, indirectValue };
}

function bucketCount(env: MapEnvironment, header: Address): number {
  return readField(env.memory, env.layout.struct("hmap"), header, "count");
}

function* bucketEntries(env: MapEnvironment, block: MapBlock, header: Address): Iterable<MapEntry> {
  const { memory, layout } = env;
  const hmap = layout.struct("hmap");
  const logarithm = readField(memory, hmap, header, "B");
  const buckets = memory.readAddress(header + hmap.offset("buckets"));
  if (buckets === 0) return;
  if (logarithm > 40) return damaged(env, header, `2^${logarithm} buckets`);
  const bucketCount = 2 ** logarithm;
  yield* bucketArray(env, block, header, buckets, bucketCount, false);
  const old = memory.readAddress(header + hmap.offset("oldbuckets"));
  if (old === 0) return;
  const sameSize = (readField(memory, hmap, header, "flags") & SAME_SIZE_GROW) !== 0;
  if (!sameSize && logarithm === 0) return damaged(env, header, "growing to one bucket");
  yield* bucketArray(env, block, header, old, sameSize ? bucketCount : bucketCount / 2, true);
}

function* bucketArray(
  env: MapEnvironment,
  block: MapBlock,
  header: Address,
  start: Address,
  count: number,
  old: boolean,
): Iterable<MapEntry> {
  const { memory } = env;
  const mapped = Math.floor(mappedFrom(memory, start, count * block.size) / block.size);
  if (mapped < count) damaged(env, header, `${counted(count, "bucket")} at ${hex(start)}, only ${mapped} are mapped`);
  for (let i = 0; i < mapped; i++) {
    let bucket = start + i * block.size;
    // Brent: a chain that comes back to a bucket seen at a power of two is a circle.
    let mark = bucket;
    let power = 1;
    for (let length = 0; bucket !== 0; length++) {
      const hashes = memory.bytes(bucket, SLOTS);
      // An old bucket that was moved: its entries are in the new array.
      if (old && length === 0 && hashes[0] > 1 && hashes[0] < MIN_TOP_HASH) break;
      for (let slot = 0; slot < SLOTS; slot++) if (hashes[slot] >= MIN_TOP_HASH) yield entryAt(env, block, bucket, slot);
      bucket = memory.readAddress(bucket + block.size - 8);
      if (bucket === 0) break;
      if (bucket === mark) return damaged(env, header, `the chain of bucket ${i} is a circle`);
      if (length === power) {
        mark = bucket;
        power *= 2;
      }
    }
  }
}

// ── swiss ────────────────────────────────────────────────────────────────────────────────────

/** Groups of a table above this are damage: a table has at most 1,024 slots. internal/runtime/maps maxTableCapacity */
const MAX_GROUPS = 1024 / SLOTS;

function swissBlock(env: MapEnvironment, mapType: GoType): MapBlock | undefined {
  const { memory, layout } = env;
  const struct = layout.hasStruct("swissMapType") ? layout.struct("swissMapType") : undefined;
  if (mapType.rtype === 0 || !struct?.has("GroupSize") || !memory.tryBytes(mapType.rtype, struct.size)) {
    return swissBlockFromHeader(env.types, mapType);
  }
  const field = (name: Parameters<typeof struct.has>[0]) => readFieldOr(memory, struct, mapType.rtype, name, 0);
  const flags = field("Flags");
  // Flags: 1 needs key update, 2 hash might panic, 4 indirect key, 8 indirect value.
  const indirect = { indirectKey: (flags & 4) !== 0, indirectValue: (flags & 8) !== 0 };
  const size = field("GroupSize");
  // Since go1.27 the type says where both lie, so that GOEXPERIMENT=mapsplitgroup can keep them apart.
  const block: MapBlock = struct.has("KeyStride")
    ? {
        size,
        keys: field("KeysOff"),
        keyStride: field("KeyStride"),
        values: field("ElemsOff"),
        valueStride: field("ElemStride"),
        ...indirect,
      }
    : { size, keys: 8, keyStride: field("SlotSize"), values: 8 + field("ElemOff"), valueStride: field("SlotSize"), ...indirect };
  const last = Math.max(block.keys + (SLOTS - 1) * block.keyStride, block.values + (SLOTS - 1) * block.valueStride);
  return block.keys >= 8 && block.values >= 8 && last <= size ? block : undefined;
}

/** The same from DWARF: map<K,V>.dirPtr -> *table<K,V> -> groups.data -> group. */
function swissBlockFromHeader(types: TypeTable, mapType: GoType): MapBlock | undefined {
  const group = [["dirPtr"], ["*", "*", "groups"], ["data"], ["*"]].flat().reduce<GoType | undefined>(
    (type, step) => {
      if (!type) return undefined;
      const next = step === "*" ? type.element : (type.fields.find((field) => field.name === step)?.type ?? NONE);
      return next === NONE ? undefined : types.get(next);
    },
    mapType.header === NONE ? undefined : types.get(mapType.header),
  );
  if (!group || mapType.key === NONE || mapType.element === NONE) return undefined;
  const indirectKey = types.get(mapType.key).size > MAX_INLINE;
  const indirectValue = types.get(mapType.element).size > MAX_INLINE;
  const field = (name: string) => group.fields.find((each) => each.name === name);
  const strideOf = (name: string): GoType | undefined => {
    const { element } = types.get(field(name)?.type ?? NONE);
    return element === NONE ? undefined : types.get(element);
  };
  const slots = field("slots");
  if (slots) {
    const slot = strideOf("slots");
    const value = slot?.fields.find((each) => each.name === "elem");
    if (!slot || !value) return undefined;
    const at = slots.offset;
    return {
      size: group.size,
      keys: at,
      keyStride: slot.size,
      values: at + value.offset,
      valueStride: slot.size,
      indirectKey,
      indirectValue,
    };
  }
  const [keys, values] = [field("keys"), field("elems")];
  const [key, value] = [strideOf("keys"), strideOf("elems")];
  if (!keys || !values || !key || !value) return undefined;
  return {
    size: group.size,
    keys: keys.offset,
    keyStride: key.size,
    values: values.offset,
    valueStride: value.size,
    indirectKey,
    indirectValue,
  };
}

function swissCount(env: MapEnvironment, header: Address): number {
  return readField(env.memory, env.layout.struct("swissMap"), header, "used");
}

function* swissEntries(env: MapEnvironment, block: MapBlock, header: Address): Iterable<MapEntry> {
  const { memory, layout } = env;
  const map = layout.struct("swissMap");
  const directory = memory.readAddress(header + map.offset("dirPtr"));
  const length = readField(memory, map, header, "dirLen");
  if (directory === 0) return;
  if (length === 0) {
    yield* groupEntries(env, block, directory);
    return;
  }
  const mapped = Math.floor(mappedFrom(memory, directory, length * 8) / 8);
  if (mapped < length)
    damaged(env, header, `a directory of ${counted(length, "table")}, only ${counted(mapped, "slot is", "slots are")} mapped`);
  const table = layout.struct("swissTable");
  const visited = new Set<Address>();
  for (let i = 0; i < mapped; i++) {
    // The same table stands in 2^(globalDepth - localDepth) slots.
    const at = memory.readAddress(directory + i * 8);
    if (at === 0 || visited.has(at)) continue;
    visited.add(at);
    const groups = memory.readAddress(at + table.offset("groups.data"));
    const count = readField(memory, table, at, "groups.lengthMask") + 1;
    if (count > MAX_GROUPS) {
      damaged(env, header, `a table of ${counted(count, "group")} at ${hex(at)}`);
      continue;
    }
    for (let g = 0; g < count; g++) yield* groupEntries(env, block, groups + g * block.size);
  }
}

function* groupEntries(env: MapEnvironment, block: MapBlock, group: Address): Iterable<MapEntry> {
  const control = env.memory.bytes(group, SLOTS);
  // Bit 7: empty (0x80) or deleted (0xfe).
  for (let slot = 0; slot < SLOTS; slot++) if (control[slot] < 0x80) yield entryAt(env, block, group, slot);
}
