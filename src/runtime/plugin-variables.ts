// Globals of plugins and shared libraries of Go: each image has debug information of its own, and types in its own module.

import { lazy } from "../base/lazy.js";
import { type Address, NONE, type TypeId, WORD } from "../base/units.js";
import type { DebugInfo, DwarfType } from "../dwarf/dwarf.js";
import { KINDS } from "./go-types.js";
import { underlying } from "./layout/from-dwarf.js";
import type { Module } from "./modules.js";
import type { TypeTable } from "./types.js";
import { type GlobalVariable, type Variables, withGlobals } from "./variables.js";

/** Another image than the executable. */
export interface OtherImage {
  /** Reads it; undefined when it has none. */
  readonly debug: () => DebugInfo | undefined;
  readonly bias: Address;
}

/**
 * The variables with those of plugins: names of the executable win. Nothing of a plugin is read before an address in one, or a name that
 * the executable does not have, is asked for.
 * @param modules the first is the executable's
 */
export function withPlugins(variables: Variables, types: TypeTable, modules: readonly Module[], images: readonly OtherImage[]): Variables {
  const plugins = modules.slice(1);
  if (plugins.length === 0 || images.length === 0) return variables;
  return withGlobals(variables, {
    globals: lazy(() => images.flatMap((image) => readGlobals(image, plugins, types)).sort((a, b) => a.address - b.address)),
    isThere: (address) => plugins.some((each) => holds(each, address)),
    mayBeNamed: () => true,
  });
}

/** Whether an address is in a module's variables. */
function holds(module: Module, address: Address): boolean {
  return address >= Math.min(module.noptrdata, module.data) && address < Math.max(module.ebss, module.enoptrbss);
}

/** The variables that an image's DWARF names and that lie in a module of the process. */
function readGlobals({ debug, bias }: OtherImage, plugins: readonly Module[], types: TypeTable): readonly GlobalVariable[] {
  const found: GlobalVariable[] = [];
  const known = new Map<number, TypeId>();
  for (const { name, address, type } of debug()?.globals() ?? []) {
    const module = plugins.find((each) => holds(each, address + bias));
    if (!module || type.size === 0) continue;
    found.push({ name, address: address + bias, size: type.size, type: typeOf(type, { module, bias, types, known }) });
  }
  return found;
}

/** What types of one image are found by. The same type has records of its own in each image. */
interface ImageTypes {
  readonly module: Module;
  readonly bias: Address;
  readonly types: TypeTable;
  /** By offset in the image's debug information. */
  readonly known: Map<number, TypeId>;
}

/** By the abi.Type in the plugin's own module; what no interface ever held has none there, but its parts may. */
function typeOf(type: DwarfType, image: ImageTypes): TypeId {
  const before = image.known.get(type.offset);
  if (before !== undefined) return before;
  const id = byRuntimeType(type, image);
  const found = id === NONE ? image.types.byName(type.name) : id;
  const made = found === NONE ? describe(type, image) : found;
  image.known.set(type.offset, made);
  return made;
}

/** The type by DW_AT_go_runtime_type; NONE where the linker wrote none, or where size contradicts. */
function byRuntimeType(type: DwarfType, { module, bias, types }: ImageTypes): TypeId {
  if (type.runtimeType === 0) return NONE;
  // As in the executable: an absolute link-time address in Go 1.21 and 1.22, an offset into the module's types later.
  const absolute = type.runtimeType + bias;
  const address = absolute >= module.types && absolute < module.etypes ? absolute : module.types + type.runtimeType;
  const id = address < module.etypes ? types.byRtype(address) : NONE;
  // A pointer, map or func has no size of its own in DWARF.
  return id !== NONE && types.get(id).size === (type.size || WORD) ? id : NONE;
}

/** From DWARF alone. */
function describe(type: DwarfType, image: ImageTypes): TypeId {
  const resolved = underlying(type);
  const kind = KINDS[type.goKind] ?? "unknown";
  const base = { name: type.name, size: type.size || resolved.size, rtype: 0 };
  if (kind === "struct" && resolved.kind === "struct") {
    const fields = () =>
      resolved.fields.map((each) => ({ name: each.name, offset: each.offset, embedded: each.embedded, type: typeOf(each.type, image) }));
    return image.types.synthetic({ ...base, kind, fields });
  }
  if (kind === "slice" && resolved.kind === "struct" && resolved.element) {
    const { element } = resolved;
    return image.types.synthetic({ ...base, kind, element: () => typeOf(element, image) });
  }
  if (resolved.kind === "pointer" && resolved.target && resolved.name !== "unsafe.Pointer") {
    const { target } = resolved;
    return image.types.synthetic({ ...base, kind: "pointer", size: WORD, element: () => typeOf(target, image) });
  }
  return NONE;
}
