// Maps as buckets of eight entries with chains of overflow buckets, moved bit by bit while growing: until Go 1.23, and in 1.24 and 1.25
// when built with GOEXPERIMENT=noswissmap.
import { type Address, type Bytes, counted, hex, NONE, type TypeId, WORD } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import { mapBlockOf, mapKeyOf, mapValueOf } from "../abi-type.js";
import type { GoType, TypeTable } from "../go-types.js";
import { readField } from "../layout/layout.js";
import type { Layout } from "../layout/schema.js";
import { fieldOf, isFieldAt, pointeeOf, type RoleRow } from "../role.js";
import {
  damaged,
  entryAt,
  MAX_INLINE,
  type MapBlock,
  type MapDesign,
  type MapEntry,
  type MapMemory,
  mappedFrom,
  pointerTo,
  SLOTS,
  structLike,
} from "./design.js";
import { mapInBrackets, mapOfBlock } from "./map-names.js";

/** Types of bucket maps: "hash<K,V>" is a header's. */
export const BUCKET_ROLES: readonly RoleRow[] = [
  {
    kind: "map header",
    names: /^hash</,
    readable: mapInBrackets,
    pointerAt(types, type, offset) {
      for (const field of ["buckets", "oldbuckets"])
        if (isFieldAt(type, field, offset)) return { kind: "array", target: pointeeOf(types, type, field) };
      return isFieldAt(type, "extra", offset) ? { kind: "typed", target: overflowLists(types, type) } : undefined;
    },
  },
  { kind: "map header", isGeneric: true, names: /^(?:\[\]\*?)?runtime\.hmap$/ },
  // DWARF gives every bucket a pointer to the next one; where keys and values have none it is a number. cmd/compile reflectdata.MapBucketType
  { kind: "map part", names: /^bucket</, partOf: mapInBrackets, linkField: "overflow" },
  { kind: "map part", names: /^mapextra</, partOf: mapInBrackets },
  {
    // The type that the runtime allocates buckets by has an unsafe.Pointer for what is the next bucket.
    kind: "map part",
    names: /^(?:noalg\.)?map\.bucket\[/,
    partOf: mapOfBlock,
    pointerAt: (_, type, offset) => (isFieldAt(type, "overflow", offset) ? { kind: "typed", target: type.id } : undefined),
  },
];

/**
 * runtime.mapextra as this map has it: lists of the buckets that nothing but their chains would keep alive, and chains of
 * pointer-free buckets keep nothing. The executable says *runtime.bmap for each. runtime/map.go mapextra
 */
function overflowLists(types: TypeTable, header: GoType): TypeId {
  return types.derived(header.id, "mapextra", () => {
    const generic = types.byName("runtime.mapextra");
    const pointer = fieldOf(header, "buckets")?.type ?? NONE;
    if (generic === NONE || pointer === NONE || types.get(pointer).element === NONE) return generic;
    const { size, fields } = types.get(generic);
    const name = `[]${types.get(pointer).name}`;
    const list = types.synthetic({ name, kind: "slice", size: 3 * WORD, rtype: 0, element: () => pointer });
    const toList = pointerTo(types, list, name);
    const own = fields.map((field) => ({ ...field, type: field.name === "nextOverflow" ? pointer : toList }));
    return types.synthetic({ name: header.name.replace("hash<", "mapextra<"), kind: "struct", size, rtype: 0, fields: () => own });
  });
}

/** Bucket maps of the program that has this layout. runtime/map.go, map_noswiss.go */
export function bucketMaps(layout: Layout): MapDesign {
  const hmap = layout.struct("hmap");
  return {
    name: "buckets",
    headerSize: hmap.size,
    block: (env, mapType) => bucketBlock(layout, env, mapType),
    count: ({ memory }, header) => readField(memory, hmap, header, "count"),
    entries: (env, block, header) => bucketEntries(layout, env, block, header),
    slots: ({ memory }, header) =>
      readField(memory, hmap, header, "buckets") === 0 ? 0 : SLOTS * 2 ** readField(memory, hmap, header, "B"),
    neededSlots(count) {
      let buckets = 1;
      while (count > SLOTS && count > BUCKET_LOAD * buckets) buckets *= 2;
      return buckets * SLOTS;
    },
    partOfHeader: (_, __, offset) => (offset === hmap.offset("buckets") || offset === hmap.offset("oldbuckets") ? "blocks" : "other"),
    partOfPart(part, block, offset) {
      if (part === "other") return "other";
      return part === "blocks" && block && offset === block.size - WORD ? "blocks" : undefined;
    },
    directory: () => undefined,
    furtherPointers: (["oldbuckets", "extra"] as const)
      .filter((field) => hmap.has(field))
      .map((field) => hmap.offset(field) - hmap.offset("buckets")),
    madeHeader: (env, rtype, name) => madeHeader(layout, env, rtype, name),
  };
}

/** Entries a bucket when a map doubles. runtime/map.go loadFactorNum/loadFactorDen */
const BUCKET_LOAD = 6.5;

/** tophash values below this say empty or evacuated. runtime/map.go minTopHash */
const MIN_TOP_HASH = 5;
/** hmap.flags: the growth in progress is to the same size. */
const SAME_SIZE_GROW = 8;

/**
 * Where keys and values lie in a bucket: eight hashes, eight keys, eight values, a pointer. By the map's abi.Type where the process has it,
 * else by the sizes of its key and value.
 * @returns undefined when nothing says it, or sizes contradict each other
 */
function bucketBlock(layout: Layout, { memory, types }: MapMemory, mapType: GoType): MapBlock | undefined {
  if (mapType.rtype !== 0 && layout.hasStruct("bucketMapType") && memory.tryBytes(mapType.rtype, 88)) {
    const struct = layout.struct("bucketMapType");
    const keyStride = readField(memory, struct, mapType.rtype, "KeySize");
    const valueStride = readField(memory, struct, mapType.rtype, "ValueSize");
    const size = readField(memory, struct, mapType.rtype, "BucketSize");
    return bucketOf(size, keyStride, valueStride, flagsOf(layout, memory, mapType.rtype));
  }
  if (mapType.key === NONE || mapType.element === NONE) return undefined;
  const key = slotSize(types.get(mapType.key).size);
  const value = slotSize(types.get(mapType.element).size);
  return bucketOf(SLOTS * (1 + key.stride + value.stride) + WORD, key.stride, value.stride, {
    indirectKey: key.indirect,
    indirectValue: value.indirect,
  });
}

/** A key or value of more than 128 bytes lies outside, and its place holds a pointer. runtime/map.go maxKeySize */
function slotSize(size: Bytes): { readonly stride: Bytes; readonly indirect: boolean } {
  return size > MAX_INLINE ? { stride: 8, indirect: true } : { stride: size, indirect: false };
}

/** The layout by sizes; undefined when the bucket is too small for it. */
function bucketOf(size: Bytes, keyStride: Bytes, valueStride: Bytes, indirect: Indirect): MapBlock | undefined {
  if (size < SLOTS * (1 + keyStride + valueStride)) return undefined;
  return { size, keys: SLOTS, keyStride, values: SLOTS * (1 + keyStride), valueStride, ...indirect };
}

type Indirect = Pick<MapBlock, "indirectKey" | "indirectValue">;

/** What the flags of a map's type say. runtime/type.go, internal/abi/map_noswiss.go */
function flagsOf(layout: Layout, memory: AddressSpace, rtype: Address): Indirect {
  const flags = readField(memory, layout.struct("bucketMapType"), rtype, "Flags");
  return { indirectKey: (flags & 1) !== 0, indirectValue: (flags & 2) !== 0 };
}

/**
 * Entries of the buckets, and of the old ones where a growth is in progress: an entry is in either, never in both. Damage is a finding and
 * ends the walk.
 */
function* bucketEntries(layout: Layout, env: MapMemory, block: MapBlock, header: Address): Iterable<MapEntry> {
  const { memory } = env;
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

/**
 * Entries of an array of buckets with their overflow chains.
 * @param old it is being moved out of: buckets that were moved already are left out
 */
function* bucketArray(env: MapMemory, block: MapBlock, header: Address, start: Address, count: number, old: boolean): Iterable<MapEntry> {
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

/** The header of a map that only the process describes: the runtime's own, with the type's bucket filled in. */
function madeHeader(layout: Layout, env: MapMemory, rtype: Address, name: string): TypeId {
  const { memory, types } = env;
  const known = types.byRtype(mapBlockOf(memory, rtype));
  if (known === NONE) return NONE;
  const bucket = types.get(known).fields.length > 0 ? known : madeBucket(layout, env, rtype, known);
  const buckets = pointerTo(types, bucket, `bucket of ${name}`);
  return structLike(types, types.byName("runtime.hmap"), `hash<${name}>`, "buckets", () => buckets);
}

/** A bucket that reflect made has a mask and no fields: eight keys, eight values and the next bucket. reflect/map_noswiss.go bucketOf */
function madeBucket(layout: Layout, env: MapMemory, rtype: Address, masked: TypeId): TypeId {
  const { memory, types } = env;
  const key = types.byRtype(mapKeyOf(memory, rtype));
  const value = types.byRtype(mapValueOf(memory, rtype));
  if (key === NONE || value === NONE) return masked;
  const flags = flagsOf(layout, memory, rtype);
  const eight = (element: TypeId, indirect: boolean): { readonly type: TypeId; readonly size: Bytes } => {
    const { name: of, size } = types.get(element);
    const width = indirect ? WORD : size;
    const held = indirect ? pointerTo(types, element, of) : element;
    const type = types.synthetic({
      name: `[8]${of}`,
      kind: "array",
      size: SLOTS * width,
      rtype: 0,
      count: SLOTS,
      element: () => held,
    });
    return { size: SLOTS * width, type };
  };
  const keys = eight(key, flags.indirectKey);
  const values = eight(value, flags.indirectValue);
  const { size } = types.get(masked);
  const field = (text: string, offset: Bytes, type: TypeId) => ({ name: text, offset, type, embedded: false });
  const bucketName = `map.bucket[${types.get(key).name}]${types.get(value).name}`;
  const bucket: TypeId = types.synthetic({
    name: bucketName,
    kind: "struct",
    size,
    rtype: 0,
    fields: () => [
      field("keys", SLOTS, keys.type),
      field("values", SLOTS + keys.size, values.type),
      field(
        "overflow",
        size - WORD,
        types.synthetic({ name: `*${bucketName}`, kind: "pointer", size: WORD, rtype: 0, element: () => bucket }),
      ),
    ],
  });
  return bucket;
}
