// abi.Type records of the process: what reflect made, and what DWARF does not describe. internal/abi/type.go
import { decodeText } from "../base/byte-reader.js";
import type { Findings } from "../base/findings.js";
import { type Address, hex, NONE, type TypeId } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { elementOf, FIELD, fieldAt, fieldsOf, lengthOf, mapValueOf, methodCountOf, readAbiHeader } from "./abi-type.js";
import { type GoField, type GoKind, KINDS, type TypeParts, type TypeTable } from "./go-types.js";
import type { Layout } from "./layout/schema.js";
import { LONGEST_NAME, LONGEST_STRUCTURE, MOST_FIELDS } from "./limits.js";
import { mapDesign } from "./maps/designs.js";
import type { Module } from "./modules.js";

/** The name in the record begins with a star that is not the type's: types T and *T share one text. internal/abi/type.go TFlagExtraStar */
const TFLAG_EXTRA_STAR = 2;
/** Bit of an abi.Name's flags. */
const EMBEDDED = 8;
const DAMAGED = "descriptions of types are partly missing";

/** Reads abi.Type records. */
export interface AbiReader {
  /** The type's parts, undefined when no plausible abi.Type lies at the address. */
  parts(address: Address, table: TypeTable): TypeParts | undefined;
}

/** What is missing of a record is a finding; the rest of the type stands. */
export function abiReader(memory: AddressSpace, layout: Layout, modules: readonly Module[], findings: Findings): AbiReader {
  return new AbiTypes(memory, layout, modules, findings);
}

class AbiTypes implements AbiReader {
  private readonly memory: AddressSpace;
  private readonly layout: Layout;
  private readonly modules: readonly Module[];
  private readonly findings: Findings;

  constructor(memory: AddressSpace, layout: Layout, modules: readonly Module[], findings: Findings) {
    this.memory = memory;
    this.layout = layout;
    this.modules = modules;
    this.findings = findings;
  }

  parts(address: Address, table: TypeTable): TypeParts | undefined {
    const { memory, layout, findings } = this;
    // Kind 0 is Invalid: what lies there is no abi.Type.
    const header = readAbiHeader(memory, layout, address);
    if (!header || header.kind === 0) return undefined;
    const kind = KINDS[header.kind];
    const name = this.typeName(address, kind, header.flags, table);
    // Elements are asked for late: a type may hold itself, and most are never looked into.
    const element = () => table.byRtype(elementOf(memory, address));
    const parts = { name, kind, size: header.size, rtype: address };
    switch (kind) {
      case "array":
        return { ...parts, element, count: this.safely(address, () => lengthOf(memory, address), 0) };
      case "pointer":
      case "slice":
      case "chan":
        return { ...parts, element };
      case "map":
        return {
          ...parts,
          key: element,
          element: () => table.byRtype(mapValueOf(memory, address)),
          header: () => mapDesign(layout).madeHeader({ memory, types: table, findings }, address, name),
        };
      case "interface":
        return { ...parts, hasMethods: this.safely(address, () => methodCountOf(memory, address), 0) > 0 };
      case "struct":
        return { ...parts, fields: () => this.safely(address, () => this.fields(address, table), []) };
      default:
        return parts;
    }
  }

  /** What a damaged record does not tell is the fallback. */
  private safely<T>(address: Address, read: () => T, fallback: T): T {
    try {
      return read();
    } catch {
      this.findings.add("type-damaged", DAMAGED, hex(address));
      return fallback;
    }
  }

  /** The text that Str, an offset from its module's types, leads to; of a type without one, what its structure says. */
  private typeName(address: Address, kind: GoKind, flags: number, table: TypeTable): string {
    const offset = this.memory.readUint(address + this.layout.struct("abiType").offset("Str"), 4) | 0;
    const module = this.moduleOf(address);
    const text = module && this.nameAt(module.types + offset);
    if (text !== undefined) return flags & TFLAG_EXTRA_STAR ? text.slice(1) : text;
    return this.safely(address, () => this.structuralName(kind, address, table), `reflect ${kind}`);
  }

  /** Types made by reflect lie outside the modules; their names are in runtime.reflectOffs, a map we need not read: structure tells. */
  private moduleOf(type: Address): Module | undefined {
    return this.modules.find((each) => type >= each.types && type < each.etypes);
  }

  /** abi.Name: flags, varint length, text. internal/abi/type.go */
  private nameAt(address: Address): string | undefined {
    const head = this.memory.tryBytes(address, 3);
    if (!head) return undefined;
    const wide = head[1] >= 0x80;
    const length = wide ? (head[1] & 0x7f) + head[2] * 128 : head[1];
    if (length > LONGEST_NAME) return undefined;
    const text = this.memory.tryBytes(address + (wide ? 3 : 2), length);
    return text && decodeText(text);
  }

  /** Fields of an abi.StructType. A name that cannot be read is "?", a type that cannot be read NONE, and both are findings. */
  private fields(address: Address, table: TypeTable): readonly GoField[] {
    const { memory, findings } = this;
    const { array, length } = fieldsOf(memory, address);
    const isOdd = length < 1 || length > MOST_FIELDS || array % 8 !== 0 || !memory.tryBytes(array, length * FIELD);
    // A map bucket that reflect made is a bare abi.Type: what lies behind it are no fields.
    if (isOdd && !this.moduleOf(address)) return [];
    return Array.from({ length: Math.min(length, MOST_FIELDS) }, (_, i) => {
      const field = fieldAt(memory, array + i * FIELD);
      const flag = memory.tryBytes(field.name, 1)?.[0] ?? 0;
      return {
        name: this.nameAt(field.name) ?? "?",
        offset: field.offset,
        embedded: (flag & EMBEDDED) !== 0,
        get type() {
          const type = table.byRtype(field.type);
          if (type === NONE) findings.add("type-damaged", DAMAGED, hex(address));
          return type;
        },
      };
    });
  }

  /** "[]main.User" from its element; reflect makes no named types. */
  private structuralName(kind: GoKind, address: Address, table: TypeTable): string {
    const { memory } = this;
    const element = (): string => nameIn(table, table.byRtype(elementOf(memory, address)));
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
        return `map[${element()}]${nameIn(table, table.byRtype(mapValueOf(memory, address)))}`;
      case "struct":
        return structName(this.fields(address, table), table);
      default:
        this.findings.add("type-name-missing", "names of types made by reflect are not known", hex(address));
        return `reflect ${kind} ${hex(address)}`;
    }
  }
}

/** The name of a part, cut where it would make the whole unreadable: structs of structs grow fast. */
function nameIn(table: TypeTable, id: TypeId): string {
  const text = table.get(id).name;
  return text.length > LONGEST_STRUCTURE ? `${text.slice(0, LONGEST_STRUCTURE)}...` : text;
}

/** "struct { a int; b string }" of an unnamed struct, as reflect names it, cut at LONGEST_STRUCTURE. */
function structName(fields: readonly GoField[], table: TypeTable): string {
  const list: string[] = [];
  let length = 0;
  for (const field of fields) {
    if (length > LONGEST_STRUCTURE) {
      list.push("...");
      break;
    }
    const text = `${field.name} ${nameIn(table, field.type)}`;
    list.push(text);
    length += text.length;
  }
  return list.length === 0 ? "struct {}" : `struct { ${list.join("; ")} }`;
}
