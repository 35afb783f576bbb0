// Maps as tables of groups of eight slots (golang/go#54766, "runtime: use SwissTable"): since Go 1.24, unless built with
// GOEXPERIMENT=noswissmap, which is gone in 1.26.
import { type Address, counted, hex, NONE, type TypeId } from "../../base/units.js";
import { mapBlockOf } from "../abi-type.js";
import type { GoType, TypeTable } from "../go-types.js";
import { readField, readFieldOr } from "../layout/layout.js";
import type { Layout } from "../layout/schema.js";
import { fieldOf, isFieldAt, pointeeOf, type RoleRow, typeOf } from "../role.js";
import {
  type Directory,
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

/** Slots of the largest table, and how many of them are filled before it splits in two. internal/runtime/maps/table.go, group.go */
const TABLE_SLOTS = 1024;
const TABLE_LOAD = 7 / 8;
/** Tables of a directory: more is damage. */
const MOST_TABLES = 1 << 30;

/** Types of swiss maps: "map<K,V>" is a header's. */
export const SWISS_ROLES: readonly RoleRow[] = [
  {
    kind: "map header",
    names: /^map</,
    readable: mapInBrackets,
    pointerAt: (_, type, offset) => (isFieldAt(type, "dirPtr", offset) ? { kind: "directory", target: type.id } : undefined),
  },
  { kind: "map part", isGeneric: true, names: /^(?:\[\]\*?)?internal\/runtime\/maps\.(?:table|Map)$/ },
  { kind: "map part", names: /^(?:\[\])?\*?internal\/runtime\/maps\./ },
  { kind: "map part", names: /^(?:table|group)</, partOf: mapInBrackets },
  { kind: "map part", names: /^(?:noalg\.)?map\.group\[/, partOf: mapOfBlock },
  {
    // A table's groups: it lies in the table and is no object.
    kind: "none",
    names: /^groupReference</,
    pointerAt: (types, type, offset) =>
      isFieldAt(type, "data", offset) ? { kind: "array", target: pointeeOf(types, type, "data") } : undefined,
  },
];

/** Swiss maps of the program that has this layout. internal/runtime/maps/map.go, table.go, group.go */
export function swissMaps(layout: Layout): MapDesign {
  const map = layout.struct("swissMap");
  return {
    name: "swiss",
    headerSize: map.size,
    block: (env, mapType) => swissBlock(layout, env, mapType),
    count: ({ memory }, header) => readField(memory, map, header, "used"),
    entries: (env, block, header) => swissEntries(layout, env, block, header),
    slots: (env, header) => tableSlots(layout, env, header),
    neededSlots(count) {
      if (count <= SLOTS) return SLOTS;
      // Tables that have all just split are filled to half of what made them split.
      if (count > TABLE_SLOTS * TABLE_LOAD) return Math.ceil((count * 2) / TABLE_LOAD);
      let slots = SLOTS;
      while (count > slots * TABLE_LOAD) slots *= 2;
      return slots;
    },
    partOfHeader({ memory }, header, offset) {
      if (offset !== map.offset("dirPtr")) return undefined;
      return memory.readAddress(header + map.offset("dirLen")) === 0 ? "blocks" : "directory";
    },
    partOfPart(part, _, offset) {
      if (part === "directory") return "table";
      return part === "table" && offset === layout.struct("swissTable").offset("groups.data") ? "blocks" : undefined;
    },
    directory: directoryOf,
    furtherPointers: [],
    madeHeader,
  };
}

/** Slots of all tables, filled or not; those of the only group where there is no directory. */
function tableSlots(layout: Layout, { memory }: MapMemory, header: Address): number {
  const map = layout.struct("swissMap");
  const table = layout.struct("swissTable");
  const directory = readField(memory, map, header, "dirPtr");
  const length = readField(memory, map, header, "dirLen");
  if (directory === 0) return 0;
  if (length === 0) return SLOTS;
  let slots = 0;
  let before = 0;
  // The same table stands in neighbouring slots.
  for (let i = 0; i < Math.min(length, MOST_TABLES); i++) {
    const at = memory.readAddress(directory + i * 8);
    if (at !== before) slots += Math.min(TABLE_SLOTS, SLOTS * (readField(memory, table, at, "groups.lengthMask") + 1));
    before = at;
  }
  return slots;
}

/** dirPtr is one group while dirLen is 0, and else an array of tables. */
function directoryOf(types: TypeTable, header: TypeId): Directory | undefined {
  const tablePointer = pointeeOf(types, types.get(header), "dirPtr");
  const table = tablePointer === NONE ? undefined : types.get(types.get(tablePointer).element);
  const groups = typeOf(types, fieldOf(table, "groups"));
  const block = groups ? pointeeOf(types, groups, "data") : NONE;
  return block === NONE ? undefined : { block, tables: types.arrayOf(tablePointer) };
}

/** The header of a map that only the process describes: the runtime's own, with the type's group filled in. */
function madeHeader({ memory, types }: MapMemory, rtype: Address, name: string): TypeId {
  const group = types.byRtype(mapBlockOf(memory, rtype));
  if (group === NONE) return NONE;
  const like = (of: string, as: string, field: string, type: () => TypeId) =>
    structLike(types, types.byName(`internal/runtime/maps.${of}`), `${as}<${name}>`, field, type);
  const groups = like("groupsReference", "groupReference", "data", () => pointerTo(types, group, `group of ${name}`));
  const table = like("table", "table", "groups", () => groups);
  const directory = pointerTo(types, pointerTo(types, table, `table<${name}>`), `*table<${name}>`);
  return like("Map", "map", "dirPtr", () => directory);
}

/** Groups of a table above this are damage: a table has at most 1,024 slots. internal/runtime/maps maxTableCapacity */
const MAX_GROUPS = TABLE_SLOTS / SLOTS;

/**
 * Where keys and values lie in a group: by the map's abi.Type where the process has it, else by DWARF.
 * @returns undefined when offsets do not fit the group's size
 */
function swissBlock(layout: Layout, env: MapMemory, mapType: GoType): MapBlock | undefined {
  const { memory } = env;
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

/** Entries in the order of the directory; a range statement begins at a random one. A damaged table is a finding and left out. */
function* swissEntries(layout: Layout, env: MapMemory, block: MapBlock, header: Address): Iterable<MapEntry> {
  const { memory } = env;
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

/** Slots of a group that are full: eight control bytes come first. @throws MemoryFault */
function* groupEntries(env: MapMemory, block: MapBlock, group: Address): Iterable<MapEntry> {
  const control = env.memory.bytes(group, SLOTS);
  // Bit 7: empty (0x80) or deleted (0xfe).
  for (let slot = 0; slot < SLOTS; slot++) if (control[slot] < 0x80) yield entryAt(env, block, group, slot);
}
