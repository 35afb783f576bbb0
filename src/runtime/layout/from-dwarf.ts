// The layout read from the executable's own DWARF: right for any build, known release or not.

import { UnsupportedError } from "../../base/errors.js";
import { RELEASES } from "../../base/releases.js";
import type { Address, Bytes } from "../../base/units.js";
import type { DebugInfo, DwarfType } from "../../dwarf/dwarf.js";
import { type RuntimeLayout, type StructLayout, type StructSpec, structLayout } from "./layout.js";

/** Follows typedefs to what is behind them. */
export function underlying(type: DwarfType): DwarfType {
  let current = type;
  for (let i = 0; i < 32 && current.kind === "typedef"; i++) current = current.target;
  return current;
}

/** Atomics, lock-ranked and box types hold one value: the innermost such field of a struct. */
function unwrap(type: DwarfType, offset: Bytes): { readonly type: DwarfType; readonly offset: Bytes } {
  let current = underlying(type);
  let at = offset;
  for (let depth = 0; depth < 8 && current.kind === "struct"; depth++) {
    const value = current.fields.filter((field) => field.type.size > 0);
    const only = value.length === 1 ? value[0] : undefined;
    if (!only) break;
    at += only.offset;
    current = underlying(only.type);
  }
  return { type: current, offset: at };
}

/** Field names of anonymous structs may be package-qualified: the last dotted component counts. */
function fieldNamed(type: DwarfType, name: string) {
  if (type.kind !== "struct") return undefined;
  return type.fields.find((field) => field.name === name) ?? type.fields.find((field) => field.name.endsWith(`.${name}`));
}

/**
 * Offset and width in bytes of the field at a dotted path; of a field that is a struct by itself, its whole size. undefined when this
 * release has no such field.
 */
function resolvePath(struct: DwarfType, path: string): { readonly offset: Bytes; readonly width: Bytes } | undefined {
  let type = underlying(struct);
  let offset = 0;
  for (const name of path.split(".")) {
    const field = fieldNamed(type, name);
    if (!field) return undefined;
    offset += field.offset;
    type = underlying(field.type);
  }
  const value = unwrap(type, offset);
  const simple = value.type.kind === "base" || value.type.kind === "pointer";
  return simple ? { offset: value.offset, width: value.type.size } : { offset, width: type.size };
}

/** Resolves the schema against DWARF lazily, one struct at its first use. */
export function layoutFromDwarf<S extends Readonly<Record<string, StructSpec>>>(
  debug: DebugInfo,
  schema: S,
  bias: Address,
  release = "",
): RuntimeLayout<S> {
  // Kept by the schema's name, misses too.
  const structs = new Map<string, StructLayout | undefined>();
  // The first candidate that DWARF has is taken; a field without any is left out, and only whoever asks for it learns so.
  const resolve = (key: string): StructLayout | undefined => {
    const spec = schema[key];
    const type = spec?.names.map((name) => debug.type(name)).find((found) => found !== undefined);
    if (!spec || !type) return undefined;
    const fields = new Map<string, { offset: Bytes; width: Bytes }>();
    for (const [name, field] of Object.entries(spec.fields)) {
      const found = (field.names ?? [name]).map((path) => resolvePath(type, path)).find((each) => each !== undefined);
      if (found) fields.set(name, found);
    }
    return structLayout(type.name, underlying(type).size, fields, release);
  };
  const find = (key: string) => {
    if (!structs.has(key)) structs.set(key, resolve(key));
    return structs.get(key);
  };
  return {
    from: "dwarf",
    hasStruct: (name) => find(name) !== undefined,
    struct(name) {
      const found = find(name);
      if (found) return found;
      const wanted = schema[name]?.names.join(" or ") ?? name;
      const lacks = `${release === "" ? "" : `${release}, `}no type ${wanted} in DWARF`;
      throw new UnsupportedError("Go runtime layout", lacks, RELEASES);
    },
    global(name) {
      const found = debug.global(name);
      return found ? found.address + bias : undefined;
    },
    texts: (name) => debug.texts?.(name),
    constant: (name) => debug.constant(name),
  };
}
