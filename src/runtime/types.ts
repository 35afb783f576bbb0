// Go types, interned: from DWARF where the executable describes them, from abi.Type where only the process does.
import type { Findings } from "../base/findings.js";
import { type Address, NONE, type TypeId } from "../base/units.js";
import type { DebugInfo, DwarfType } from "../dwarf/dwarf.js";
import type { AddressSpace } from "../process/address-space.js";
import { isDirect as isDirectByAbi, readAbiHeader } from "./abi-type.js";
import { type AbiReader, abiReader } from "./abi-types.js";
import { type GoField, type GoKind, type GoType, KINDS, type TypeParts, type TypeRole, type TypeTable } from "./go-types.js";
import { underlying } from "./layout/from-dwarf.js";
import { readField } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import type { Module } from "./modules.js";
import { roleOf } from "./roles.js";

export type { GoField, GoKind, GoType, TypeTable } from "./go-types.js";

class LazyType implements GoType {
  readonly id: TypeId;
  private readonly parts: TypeParts;
  private knownFields: readonly GoField[] | undefined;
  private knownElement: TypeId | undefined;
  private knownKey: TypeId | undefined;
  private knownHeader: TypeId | undefined;
  private knownRole: TypeRole | undefined;
  private knownDirect: boolean | undefined;
  private readonly direct: (type: GoType) => boolean;
  constructor(id: TypeId, parts: TypeParts, direct: (type: GoType) => boolean) {
    this.id = id;
    this.parts = parts;
    this.direct = direct;
  }
  get name() {
    return this.parts.name;
  }
  get kind() {
    return this.parts.kind;
  }
  get size() {
    return this.parts.size;
  }
  get rtype() {
    return this.parts.rtype;
  }
  get count() {
    return this.parts.count ?? 0;
  }
  get hasMethods() {
    return this.parts.hasMethods ?? false;
  }
  get element() {
    this.knownElement ??= this.parts.element?.() ?? NONE;
    return this.knownElement;
  }
  get key() {
    this.knownKey ??= this.parts.key?.() ?? NONE;
    return this.knownKey;
  }
  get header() {
    this.knownHeader ??= this.parts.header?.() ?? NONE;
    return this.knownHeader;
  }
  get isDirect() {
    this.knownDirect ??= this.direct(this);
    return this.knownDirect;
  }
  get role() {
    this.knownRole ??= roleOf(this.parts.name);
    return this.knownRole;
  }
  get fields() {
    this.knownFields ??= this.parts.fields?.() ?? [];
    return this.knownFields;
  }
}

/** What damage left of a type: nothing. */
const UNKNOWN: GoType = new LazyType(NONE, { name: "?", kind: "unknown", size: 0, rtype: 0 }, () => false);

/** Types are interned at first sight; nothing is read before it is asked for. */
export function readTypes(
  memory: AddressSpace,
  layout: Layout,
  modules: readonly Module[],
  debug: DebugInfo,
  bias: Address,
  findings: Findings,
): TypeTable {
  const rows: GoType[] = [];
  const byDie = new Map<number, TypeId>();
  const byAddress = new Map<Address, TypeId>();
  const derivedTypes = new Map<string, TypeId>();
  const byText = new Map<string, TypeId>();
  const add = (parts: TypeParts): TypeId => {
    const id = table.synthetic(parts);
    if (!byText.has(parts.name)) byText.set(parts.name, id);
    return id;
  };
  const main = modules[0];

  const rtypeOf = (type: DwarfType): Address => {
    if (type.runtimeType === 0 || !main) return 0;
    // Go 1.21 and 1.22 write an absolute link-time address for uintptr.
    return type.runtimeType >= main.types - bias ? type.runtimeType + bias : main.types + type.runtimeType;
  };

  const fromDwarf = (type: DwarfType): TypeId => {
    const known = byDie.get(type.offset);
    if (known !== undefined) return known;
    const id = add(dwarfParts(type, rtypeOf(type), fromDwarf));
    byDie.set(type.offset, id);
    const rtype = rows[id].rtype;
    if (rtype > 0 && !byAddress.has(rtype)) byAddress.set(rtype, id);
    return id;
  };

  const isDirect = (type: GoType): boolean => {
    const header = type.rtype === 0 ? undefined : readAbiHeader(memory, layout, type.rtype);
    return header ? isDirectByAbi(header) : isPointerShaped(table, type, 0);
  };

  const abi: AbiReader = abiReader(memory, layout, modules, findings);
  const byRtype = (address: Address): TypeId => {
    const known = byAddress.get(address);
    if (known !== undefined) return known;
    let id = NONE;
    if (main && address >= main.types && address < main.etypes) {
      const die = debug.typeByRuntimeOffset(address - main.types) ?? debug.typeByRuntimeOffset(address - bias);
      if (die) id = fromDwarf(die);
    }
    if (id === NONE) {
      byAddress.set(address, NONE); // the name of a type that reflect made holds others, never itself
      const parts = abi.parts(address, table);
      if (parts) id = add(parts);
    }
    byAddress.set(address, id);
    return id;
  };

  const table: TypeTable = {
    get count() {
      return rows.length;
    },
    get: (id) => rows[id] ?? UNKNOWN,
    byName(name) {
      const known = byText.get(name);
      if (known !== undefined) return known;
      const die = debug.type(name);
      return die ? fromDwarf(die) : NONE;
    },
    byRtype,
    interfaceTarget(word, isItab) {
      const rtype = isItab ? itabType(memory, layout, word) : word;
      return rtype > 0 ? byRtype(rtype) : NONE;
    },
    fromDwarf,
    synthetic(parts) {
      rows.push(new LazyType(rows.length, parts, isDirect));
      return rows.length - 1;
    },
    arrayOf: (element) =>
      table.derived(element, "array", () => {
        const { name, size } = table.get(element);
        return table.synthetic({ name: `[]${name}`, kind: "array", size, rtype: 0, count: -1, element: () => element });
      }),
    derived(of, as, make) {
      const key = `${of} ${as}`;
      let id = derivedTypes.get(key);
      if (id === undefined) {
        id = make();
        derivedTypes.set(key, id);
      }
      return id;
    },
  };
  return table;
}

/** abi.Type of the dynamic type behind an itab; 0 = none. */
function itabType(memory: AddressSpace, layout: Layout, itab: Address): Address {
  const struct = layout.struct("itab");
  return memory.tryBytes(itab, struct.size) ? readField(memory, struct, itab, "Type") : 0;
}

/** What takes one word, a pointer. cmd/compile types.IsDirectIface */
export function isPointerShaped(types: TypeTable, type: GoType, depth: number): boolean {
  if (depth > 16) return false;
  switch (type.kind) {
    case "pointer":
    case "unsafe.Pointer":
    case "func":
    case "chan":
    case "map":
      return true;
    case "struct":
      return type.fields.length === 1 && type.fields[0].type !== NONE && isPointerShaped(types, types.get(type.fields[0].type), depth + 1);
    case "array":
      return type.count === 1 && type.element !== NONE && isPointerShaped(types, types.get(type.element), depth + 1);
    default:
      return false;
  }
}

/** A DWARF type as Go sees it: strings, slices, maps, channels and interfaces are structs and typedefs to DWARF. */
function dwarfParts(type: DwarfType, rtype: Address, intern: (type: DwarfType) => TypeId): TypeParts {
  const behind = underlying(type);
  const kind = goKind(type, behind);
  const base = { name: type.name, kind, size: type.size || behind.size, rtype };
  // A shape stands for many types: what it points to is not what its name says.
  const isShape = type.name.startsWith("go.shape.") || type.name.startsWith("*go.shape.");
  const pointee = () => (behind.kind === "pointer" && behind.target && !isShape ? intern(behind.target) : NONE);
  const element = goElement(type);
  switch (kind) {
    case "pointer":
      return { ...base, element: pointee };
    case "slice":
      return { ...base, element: () => sliceElement(behind, element, intern) };
    case "array":
      return behind.kind === "array" ? { ...base, count: behind.count, element: () => intern(behind.element) } : base;
    case "struct":
      return { ...base, fields: () => dwarfFields(behind, intern) };
    case "map":
      return { ...base, element: () => (element ? intern(element) : NONE), key: () => goKey(type, intern), header: pointee };
    case "chan":
      return { ...base, element: () => (element ? intern(element) : NONE), header: pointee };
    case "interface":
      return { ...base, hasMethods: behind.name === "runtime.iface" };
    default:
      return base;
  }
}

function dwarfFields(type: DwarfType, intern: (type: DwarfType) => TypeId): readonly GoField[] {
  if (type.kind !== "struct") return [];
  return type.fields.map((field) => ({
    name: field.name,
    offset: field.offset,
    embedded: field.embedded,
    get type() {
      return intern(field.type);
    },
  }));
}

function goElement(type: DwarfType): DwarfType | undefined {
  for (let at = type, i = 0; i < 32; i++) {
    if ((at.kind === "typedef" || at.kind === "struct") && at.element) return at.element;
    if (at.kind !== "typedef") return undefined;
    at = at.target;
  }
  return undefined;
}

function goKey(type: DwarfType, intern: (type: DwarfType) => TypeId): TypeId {
  for (let at = type, i = 0; i < 32 && at.kind === "typedef"; i++) {
    if (at.key) return intern(at.key);
    at = at.target;
  }
  return NONE;
}

function sliceElement(behind: DwarfType, element: DwarfType | undefined, intern: (type: DwarfType) => TypeId): TypeId {
  if (element) return intern(element);
  const array = behind.kind === "struct" ? behind.fields.find((field) => field.name === "array")?.type : undefined;
  const pointer = array && underlying(array);
  return pointer?.kind === "pointer" && pointer.target ? intern(pointer.target) : NONE;
}

function goKind(type: DwarfType, behind: DwarfType): GoKind {
  // A named map or channel is a typedef of the typedef that says its kind.
  for (let at = type, i = 0; i < 32; i++) {
    const said = KINDS[at.goKind] ?? "unknown";
    if (said !== "unknown") return said;
    if (at.kind !== "typedef") break;
    at = at.target;
  }
  if (behind.kind === "pointer") return behind.name === "unsafe.Pointer" ? "unsafe.Pointer" : "pointer";
  if (behind.kind === "base") return behind.encoding;
  if (behind.kind === "function") return "func";
  if (behind.kind === "array") return "array";
  if (behind.kind === "struct") {
    if (behind.name === "runtime.eface" || behind.name === "runtime.iface") return type === behind ? "struct" : "interface";
    if (behind.name === "string") return "string";
    if (behind.name.startsWith("[]")) return "slice";
    return "struct";
  }
  return "unknown";
}
