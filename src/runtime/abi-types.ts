// abi.Type records of the process: what reflect made, and what DWARF does not describe. internal/abi/type.go
import { decodeText } from "../base/byte-reader.js";
import type { Findings } from "../base/findings.js";
import { type Address, type Bytes, hex, NONE, type TypeId } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { elementOf, FIELD, fieldAt, fieldsOf, lengthOf, mapValueOf, methodCountOf, readAbiHeader } from "./abi-type.js";
import { type GoField, type GoKind, KINDS, type TypeParts, type TypeTable } from "./go-types.js";
import type { Layout } from "./layout/schema.js";
import { LONGEST_NAME, LONGEST_STRUCTURE, MOST_FIELDS } from "./limits.js";
import { mapDesign } from "./maps/designs.js";
import type { Module } from "./modules.js";

const TFLAG_EXTRA_STAR = 2;
/** Bit of an abi.Name's flags. */
const EMBEDDED = 8;
const DAMAGED = "descriptions of types are partly missing";

export interface AbiReader {
  /** The type's parts, undefined when no plausible abi.Type lies at the address. */
  parts(address: Address, table: TypeTable): TypeParts | undefined;
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
    const { array, length } = fieldsOf(memory, address);
    // A map bucket that reflect made is a bare abi.Type: what lies behind it are no fields.
    const bare = !isDescribed(address) && (length < 1 || length > MOST_FIELDS || array % 8 !== 0 || !bytes(array, length * FIELD));
    if (bare) return [];
    return Array.from({ length: Math.min(length, MOST_FIELDS) }, (_, i) => {
      const field = fieldAt(memory, array + i * FIELD);
      const flag = bytes(field.name, 1)?.[0] ?? 0;
      return {
        name: name(field.name) ?? "?",
        offset: field.offset,
        embedded: (flag & EMBEDDED) !== 0,
        get type() {
          const type = table.byRtype(field.type);
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
    const element = (): string => nameOf(table.byRtype(elementOf(memory, address)));
    switch (kind) {
      case "pointer":
        return `*${element()}`;
      case "slice":
        return `[]${element()}`;
      case "chan":
        return `chan ${element()}`;
      case "array":
        return `[${lengthOf(memory, address)}]${element()}`;
      case "map":
        return `map[${element()}]${nameOf(table.byRtype(mapValueOf(memory, address)))}`;
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
      const element = () => table.byRtype(elementOf(memory, address));
      const parts = { name: text, kind, size: header.size, rtype: address };
      switch (kind) {
        case "array":
          return { ...parts, element, count: safely(() => lengthOf(memory, address), 0) };
        case "pointer":
        case "slice":
        case "chan":
          return { ...parts, element };
        case "map":
          return {
            ...parts,
            key: element,
            element: () => table.byRtype(mapValueOf(memory, address)),
            header: () => mapDesign(layout).madeHeader({ memory, types: table, findings }, address, text),
          };
        case "interface":
          return { ...parts, hasMethods: safely(() => methodCountOf(memory, address), 0) > 0 };
        case "struct":
          return { ...parts, fields: () => safely(() => fields(address, table), []) };
        default:
          return parts;
      }
    },
  };
}
