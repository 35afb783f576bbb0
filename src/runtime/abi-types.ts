// abi.Type records of the process: what reflect made, and what DWARF does not describe. internal/abi/type.go
import type { Findings } from "../base/findings.js";
import { type Address, hex, NONE, type TypeId } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { elementOf, FIELD, fieldAt, fieldsOf, lengthOf, mapValueOf, methodCountOf, NAME_EMBEDDED, readAbiHeader } from "./abi-type.js";
import { type GoField, KINDS, type TypeParts, type TypeTable } from "./go-types.js";
import type { Layout } from "./layout/schema.js";
import { MOST_FIELDS } from "./limits.js";
import { structLike } from "./maps/design.js";
import { mapDesign } from "./maps/designs.js";
import type { TypeNames } from "./type-names.js";

const DAMAGED = "descriptions of types are partly missing";

/** Reads abi.Type records. */
export interface AbiReader {
  /** The type's parts, undefined when no plausible abi.Type lies at the address. */
  parts(address: Address, table: TypeTable): TypeParts | undefined;
}

/** What is missing of a record is a finding; the rest of the type stands. */
export function abiReader(memory: AddressSpace, layout: Layout, names: TypeNames, findings: Findings): AbiReader {
  return new AbiTypes(memory, layout, names, findings);
}

class AbiTypes implements AbiReader {
  private readonly memory: AddressSpace;
  private readonly layout: Layout;
  private readonly names: TypeNames;
  private readonly findings: Findings;

  constructor(memory: AddressSpace, layout: Layout, names: TypeNames, findings: Findings) {
    this.memory = memory;
    this.layout = layout;
    this.names = names;
    this.findings = findings;
  }

  parts(address: Address, table: TypeTable): TypeParts | undefined {
    const { memory, layout, findings } = this;
    // Kind 0 is Invalid: what lies there is no abi.Type.
    const header = readAbiHeader(memory, layout, address);
    if (!header || header.kind === 0) return undefined;
    const kind = KINDS[header.kind];
    const name = this.names.nameOf(address);
    // Elements are asked for late: a type may hold itself, and most are never looked into.
    const element = () => table.byRtype(elementOf(memory, address));
    const parts = { name, kind, size: header.size, rtype: address };
    switch (kind) {
      case "array":
        return { ...parts, element, count: this.safely(address, () => lengthOf(memory, address), 0) };
      case "pointer":
      case "slice":
        return { ...parts, element };
      case "chan":
        return { ...parts, element, header: () => channelHeader(table, table.byRtype(elementOf(memory, address))) };
      case "map":
        return {
          ...parts,
          key: element,
          element: () => table.byRtype(mapValueOf(memory, address)),
          header: () => mapDesign(layout).madeHeader({ memory, types: table, findings }, address, this.keyAndValue(address)),
        };
      case "interface":
        return { ...parts, hasMethods: this.safely(address, () => methodCountOf(memory, address), 0) > 0 };
      case "struct":
        return { ...parts, fields: () => this.safely(address, () => this.fields(address, table), []) };
      default:
        return parts;
    }
  }

  /** "string,main.User" of a map type: what the compiler names a map's parts by. */
  private keyAndValue(map: Address): string {
    return [elementOf(this.memory, map), mapValueOf(this.memory, map)].map((each) => this.names.nameOf(each) || "?").join(",");
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

  /** Fields of an abi.StructType. A name that cannot be read is "?", a type that cannot be read NONE, and both are findings. */
  private fields(address: Address, table: TypeTable): readonly GoField[] {
    const { memory, findings } = this;
    const { array, length } = fieldsOf(memory, address);
    const isOdd = length < 1 || length > MOST_FIELDS || array % 8 !== 0 || !memory.tryBytes(array, length * FIELD);
    // A map bucket that reflect made is a bare abi.Type: what lies behind it are no fields.
    if (isOdd && !this.names.moduleOf(address)) return [];
    return Array.from({ length: Math.min(length, MOST_FIELDS) }, (_, i) => {
      const field = fieldAt(memory, array + i * FIELD);
      const flag = memory.tryBytes(field.name, 1)?.[0] ?? 0;
      return {
        name: this.names.textAt(field.name) ?? "?",
        offset: field.offset,
        embedded: (flag & NAME_EMBEDDED) !== 0,
        get type() {
          const type = table.byRtype(field.type);
          if (type === NONE) findings.add("type-damaged", DAMAGED, hex(address));
          return type;
        },
      };
    });
  }
}

/** The runtime's own channel, with what its buffer holds: what debug information calls "hchan<T>". */
export function channelHeader(table: TypeTable, element: TypeId): TypeId {
  if (element === NONE) return NONE;
  return table.derived(element, "hchan", () => {
    const name = `hchan<${table.get(element).name}>`;
    const known = table.byName(name);
    return known === NONE ? structLike(table, table.byName("runtime.hchan"), name, "", () => NONE) : known;
  });
}
