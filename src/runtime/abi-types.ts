// abi.Type records of the process: what reflect made, and what DWARF does not describe. internal/abi/type.go
import { decodeText } from "../base/byte-reader.js";
import type { Findings } from "../base/findings.js";
import { type Address, type Bytes, hex, NONE, type TypeId } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { type GoField, type GoKind, KINDS, type TypeParts, type TypeTable } from "./go-types.js";
import { readField } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import type { Module } from "./modules.js";

/** abi.KindMask: the kind's own five bits. */
const KIND_MASK = 31;
const TFLAG_EXTRA_STAR = 2;
const MOST_FIELDS = 65_536;
const LONGEST_NAME = 65_536;
const DAMAGED = "descriptions of types are partly missing";
/** Of a name put together from others, which without a bound grows with every level. */
const LONGEST_STRUCTURE = 4096;

export interface AbiReader {
  /** The type's parts, undefined when no plausible abi.Type lies at the address. */
  parts(address: Address, table: TypeTable): TypeParts | undefined;
}

/** Fixed part of an abi.Type. */
export interface AbiHeader {
  readonly size: Bytes;
  readonly pointerBytes: Bytes;
  readonly flags: number;
  readonly kind: number;
  readonly kindFlags: number;
  readonly gcData: Address;
}

/** Reads the fixed part; undefined when it cannot be a type. */
export function readAbiHeader(memory: AddressSpace, layout: Layout, address: Address): AbiHeader | undefined {
  const struct = layout.struct("abiType");
  if (!(address > 4096) || address % 8 !== 0 || memory.tryBytes(address, struct.size) === undefined) return undefined;
  const raw = readField(memory, struct, address, "Kind_");
  const header = {
    size: readField(memory, struct, address, "Size_"),
    pointerBytes: readField(memory, struct, address, "PtrBytes"),
    flags: readField(memory, struct, address, "TFlag"),
    kind: raw & KIND_MASK,
    kindFlags: raw - (raw & KIND_MASK),
    gcData: readField(memory, struct, address, "GCData"),
  };
  return header.kind < KINDS.length && header.pointerBytes <= header.size && header.size < 2 ** 46 ? header : undefined;
}

export function abiReader(memory: AddressSpace, layout: Layout, modules: readonly Module[], findings: Findings): AbiReader {
  const struct = layout.struct("abiType");
  const bytes = (address: Address, size: Bytes) => memory.tryBytes(address, size);

  /** abi.Name: flags, varint length, text. */
  const name = (address: Address): string | undefined => {
    const head = bytes(address, 3);
    if (!head) return undefined;
    const wide = head[1] >= 0x80;
    const length = wide ? (head[1] & 0x7f) + head[2] * 128 : head[1];
    if (length > LONGEST_NAME) return undefined;
    const text = bytes(address + (wide ? 3 : 2), length);
    return text && decodeText(text);
  };
  /** Types made by reflect lie outside the modules; their names are in runtime.reflectOffs, a map we need not read: structure tells. */
  const isDescribed = (type: Address) => modules.some((each) => type >= each.types && type < each.etypes);
  const nameAt = (type: Address, offset: number): string | undefined => {
    const module = modules.find((each) => type >= each.types && type < each.etypes);
    return module && name(module.types + offset);
  };

  const int32 = (address: Address): number => memory.readUint(address, 4) | 0;

  const fields = (address: Address, table: TypeTable): readonly GoField[] => {
    const array = memory.tryAddress(address + 56) ?? 0;
    const length = memory.tryAddress(address + 64) ?? 0;
    // A map bucket that reflect made is a bare abi.Type: what lies behind it are no fields.
    const bare = !isDescribed(address) && (length < 1 || length > MOST_FIELDS || array % 8 !== 0 || !bytes(array, length * 24));
    if (bare) return [];
    return Array.from({ length: Math.min(length, MOST_FIELDS) }, (_, i) => {
      const at = array + i * 24;
      const nameAddress = memory.readAddress(at);
      const flag = bytes(nameAddress, 1)?.[0] ?? 0;
      return {
        name: name(nameAddress) ?? "?",
        offset: memory.readUint(at + 16, 8),
        embedded: (flag & 8) !== 0,
        get type() {
          const type = table.byRtype(memory.tryAddress(at + 8) ?? 0);
          if (type === NONE) findings.add("type-damaged", DAMAGED, hex(address));
          return type;
        },
      };
    });
  };

  /** "[]main.User" from its element; reflect makes no named types. */
  const structuralName = (kind: GoKind, address: Address, table: TypeTable): string => {
    const nameOf = (id: TypeId): string => {
      const text = table.get(id).name;
      return text.length > LONGEST_STRUCTURE ? `${text.slice(0, LONGEST_STRUCTURE)}...` : text;
    };
    const named = (at: Address): string => nameOf(table.byRtype(memory.tryAddress(at) ?? 0));
    switch (kind) {
      case "pointer":
        return `*${named(address + 48)}`;
      case "slice":
        return `[]${named(address + 48)}`;
      case "chan":
        return `chan ${named(address + 48)}`;
      case "array":
        return `[${memory.tryAddress(address + 64) ?? "?"}]${named(address + 48)}`;
      case "map":
        return `map[${named(address + 48)}]${named(address + 56)}`;
      case "struct": {
        const list: string[] = [];
        let length = 0;
        for (const field of fields(address, table)) {
          if (length > LONGEST_STRUCTURE) {
            list.push("...");
            break;
          }
          const text = `${field.name} ${nameOf(field.type)}`;
          list.push(text);
          length += text.length;
        }
        return list.length === 0 ? "struct {}" : `struct { ${list.join("; ")} }`;
      }
      default:
        findings.add("type-name-missing", "names of types made by reflect are not known", hex(address));
        return `reflect ${kind} ${hex(address)}`;
    }
  };

  return {
    parts(address, table) {
      const header = readAbiHeader(memory, layout, address);
      if (!header || header.kind === 0) return undefined;
      const kind = KINDS[header.kind];
      const safely = <T>(read: () => T, fallback: T): T => {
        try {
          return read();
        } catch {
          findings.add("type-damaged", DAMAGED, hex(address));
          return fallback;
        }
      };
      let text = nameAt(address, int32(address + struct.offset("Str")));
      if (text === undefined) text = safely(() => structuralName(kind, address, table), `reflect ${kind}`);
      else if (header.flags & TFLAG_EXTRA_STAR) text = text.slice(1);
      const element = () => table.byRtype(memory.tryAddress(address + 48) ?? 0);
      const parts = { name: text, kind, size: header.size, rtype: address };
      switch (kind) {
        case "array":
          return { ...parts, element, count: safely(() => memory.readUint(address + 64, 8), 0) };
        case "pointer":
        case "slice":
        case "chan":
          return { ...parts, element };
        case "map":
          return {
            ...parts,
            key: element,
            element: () => table.byRtype(memory.tryAddress(address + 56) ?? 0),
            header: () => mapHeader(memory, layout, table, address, text),
          };
        case "interface":
          return { ...parts, hasMethods: safely(() => memory.readUint(address + 64, 8), 0) > 0 };
        case "struct":
          return { ...parts, fields: () => safely(() => fields(address, table), []) };
        default:
          return parts;
      }
    },
  };
}

/** The header of a map that only the process describes: the runtime's own header with the type's group or bucket filled in. */
function mapHeader(memory: AddressSpace, layout: Layout, table: TypeTable, address: Address, name: string): TypeId {
  const group = table.byRtype(memory.tryAddress(address + 64) ?? 0);
  if (group === NONE) return NONE;
  const pointer = (element: TypeId, to: string) =>
    table.synthetic({ name: `*${to}`, kind: "pointer", size: 8, rtype: 0, element: () => element });
  const copy = (of: string, as: string, field: string, type: () => TypeId): TypeId => {
    const id = table.byName(of);
    if (id === NONE) return NONE;
    const original = table.get(id);
    return table.synthetic({
      name: as,
      kind: "struct",
      size: original.size,
      rtype: 0,
      fields: () => original.fields.map((each) => (each.name === field ? { ...each, type: type() } : each)),
    });
  };
  if (!layout.hasStruct("swissMap")) {
    const bucket = table.get(group).fields.length > 0 ? group : madeBucket(memory, table, address, name);
    const buckets = pointer(bucket, `bucket of ${name}`);
    return copy("runtime.hmap", `hash<${name}>`, "buckets", () => buckets);
  }
  const groups = copy("internal/runtime/maps.groupsReference", `groupReference<${name}>`, "data", () => pointer(group, `group of ${name}`));
  const tables = copy("internal/runtime/maps.table", `table<${name}>`, "groups", () => groups);
  const directory = pointer(pointer(tables, `table<${name}>`), `*table<${name}>`);
  return copy("internal/runtime/maps.Map", `map<${name}>`, "dirPtr", () => directory);
}

/** A bucket that reflect made has a mask and no fields: eight keys, eight values and the next bucket. reflect/map_noswiss.go bucketOf */
function madeBucket(memory: AddressSpace, table: TypeTable, mapType: Address, name: string): TypeId {
  const at = (offset: Bytes): TypeId => table.byRtype(memory.tryAddress(mapType + offset) ?? 0);
  const key = at(48);
  const value = at(56);
  const group = at(64);
  if (key === NONE || value === NONE) return group;
  const flags = memory.readUint(mapType + 84, 4);
  const eight = (element: TypeId, indirect: boolean): { readonly type: TypeId; readonly size: Bytes } => {
    const { name: of, size } = table.get(element);
    const held = indirect ? table.synthetic({ name: `*${of}`, kind: "pointer", size: 8, rtype: 0, element: () => element }) : element;
    const width = indirect ? 8 : size;
    return {
      size: 8 * width,
      type: table.synthetic({ name: `[8]${of}`, kind: "array", size: 8 * width, rtype: 0, count: 8, element: () => held }),
    };
  };
  const keys = eight(key, flags % 2 === 1);
  const values = eight(value, Math.floor(flags / 2) % 2 === 1);
  const { size } = table.get(group);
  const field = (text: string, offset: Bytes, type: TypeId) => ({ name: text, offset, type, embedded: false });
  const bucket: TypeId = table.synthetic({
    name: `map.bucket[${name}]`,
    kind: "struct",
    size,
    rtype: 0,
    fields: () => [
      field("keys", 8, keys.type),
      field("values", 8 + keys.size, values.type),
      field(
        "overflow",
        size - 8,
        table.synthetic({ name: `*map.bucket[${name}]`, kind: "pointer", size: 8, rtype: 0, element: () => bucket }),
      ),
    ],
  });
  return bucket;
}
