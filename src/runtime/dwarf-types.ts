// DWARF types as Go sees them. cmd/link/internal/ld/dwarf.go
import { type Address, NONE, type TypeId } from "../base/units.js";
import type { DwarfType } from "../dwarf/dwarf.js";
import { type GoField, type GoKind, KINDS, type TypeParts } from "./go-types.js";
import { underlying } from "./layout/from-dwarf.js";

/** A DWARF type as Go sees it: strings, slices, maps, channels and interfaces are structs and typedefs to DWARF. */
export function dwarfParts(type: DwarfType, rtype: Address, intern: (type: DwarfType) => TypeId): TypeParts {
  const resolved = underlying(type);
  const kind = goKind(type, resolved);
  const base = { name: type.name, kind, size: type.size || resolved.size, rtype };
  // A shape stands for many types: what it points to is not what its name says.
  const isShape = type.name.startsWith("go.shape.") || type.name.startsWith("*go.shape.");
  const pointee = () => (resolved.kind === "pointer" && resolved.target && !isShape ? intern(resolved.target) : NONE);
  const element = goElement(type);
  switch (kind) {
    case "pointer":
      return { ...base, element: pointee };
    case "slice":
      return { ...base, element: () => sliceElement(resolved, element, intern) };
    case "array":
      return resolved.kind === "array" ? { ...base, count: resolved.count, element: () => intern(resolved.element) } : base;
    case "struct":
      return { ...base, fields: () => dwarfFields(resolved, intern) };
    case "map":
      return { ...base, element: () => (element ? intern(element) : NONE), key: () => goKey(type, intern), header: pointee };
    case "chan":
      return { ...base, element: () => (element ? intern(element) : NONE), header: pointee };
    case "interface":
      return { ...base, hasMethods: resolved.name === "runtime.iface" };
    default:
      return base;
  }
}

/** Fields of a struct; types behind them are interned when asked for, since types are circular. */
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

/** DW_AT_go_elem, of the type or of what its typedefs lead to. 32 steps: damaged DWARF may be circular. */
function goElement(type: DwarfType): DwarfType | undefined {
  for (let at = type, i = 0; i < 32; i++) {
    if ((at.kind === "typedef" || at.kind === "struct") && at.element) return at.element;
    if (at.kind !== "typedef") return undefined;
    at = at.target;
  }
  return undefined;
}

/** DW_AT_go_key of a map. */
function goKey(type: DwarfType, intern: (type: DwarfType) => TypeId): TypeId {
  for (let at = type, i = 0; i < 32 && at.kind === "typedef"; i++) {
    if (at.key) return intern(at.key);
    at = at.target;
  }
  return NONE;
}

/** The element by DW_AT_go_elem, else by the pointer in the header's field "array". */
function sliceElement(resolved: DwarfType, element: DwarfType | undefined, intern: (type: DwarfType) => TypeId): TypeId {
  if (element) return intern(element);
  const array = resolved.kind === "struct" ? resolved.fields.find((field) => field.name === "array")?.type : undefined;
  const pointer = array && underlying(array);
  return pointer?.kind === "pointer" && pointer.target ? intern(pointer.target) : NONE;
}

/**
 * The kind by DW_AT_go_kind where the linker wrote one, else by what DWARF describes: runtime.eface, iface, string and slices are structs
 * to it.
 */
function goKind(type: DwarfType, resolved: DwarfType): GoKind {
  // A named map or channel is a typedef of the typedef that says its kind.
  for (let at = type, i = 0; i < 32; i++) {
    const said = KINDS[at.goKind] ?? "unknown";
    if (said !== "unknown") return said;
    if (at.kind !== "typedef") break;
    at = at.target;
  }
  if (resolved.kind === "pointer") return resolved.name === "unsafe.Pointer" ? "unsafe.Pointer" : "pointer";
  if (resolved.kind === "base") return resolved.encoding;
  if (resolved.kind === "function") return "func";
  if (resolved.kind === "array") return "array";
  if (resolved.kind === "struct") {
    if (resolved.name === "runtime.eface" || resolved.name === "runtime.iface") return type === resolved ? "struct" : "interface";
    if (resolved.name === "string") return "string";
    if (resolved.name.startsWith("[]")) return "slice";
    return "struct";
  }
  return "unknown";
}
