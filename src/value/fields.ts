// What lies at an offset of a type: the field's name as Go writes it, and its type.
import { type Bytes, NONE, type TypeId } from "../base/units.js";
import type { GoType, TypeTable } from "../runtime/types.js";
import { DEEPEST_FIELD } from "./limits.js";

/** A place in a value. */
export interface Place {
  /** ".entries[3].value", "" for the value itself. */
  readonly text: string;
  /** The innermost type there: never a struct or array, unless the offset is in padding or an empty one. */
  readonly leaf: TypeId;
  /** Offset within leaf: 8 is the length of a string, the data word of an interface. */
  readonly rest: Bytes;
}

/**
 * Names an offset of a type, down through structs and arrays.
 *
 * Where several things lie at one offset, the innermost wins: a struct's first field before the struct, an array's
 * element 0 before the array; among fields of a struct the first that holds the byte, so that empty fields never win.
 * @param until stop at this type, for pointers to an outer thing; NONE to go down to the leaf
 */
export function nameOffset(types: TypeTable, type: TypeId, offset: Bytes, until: TypeId = NONE): Place {
  let text = "";
  let leaf = type;
  let rest = offset;
  for (let depth = 0; depth < DEEPEST_FIELD && leaf !== NONE; depth++) {
    if (leaf === until && rest === 0) break;
    const step = inward(types, types.get(leaf), rest);
    if (!step) break;
    text += step.name === "[" ? `[${step.index}]` : `.${step.name}`;
    leaf = step.type;
    rest -= step.offset;
  }
  return { text, leaf, rest };
}

/** The outermost struct on the way to an offset whose type passes the test; undefined when there is none. */
export function enclosing(types: TypeTable, type: TypeId, offset: Bytes, test: (type: GoType) => boolean): Place | undefined {
  let text = "";
  let leaf = type;
  let rest = offset;
  for (let depth = 0; depth < DEEPEST_FIELD && leaf !== NONE; depth++) {
    const here = types.get(leaf);
    if (here.kind === "struct" && test(here)) return { text, leaf, rest };
    const step = inward(types, here, rest);
    if (!step) return undefined;
    text += step.name === "[" ? `[${step.index}]` : `.${step.name}`;
    leaf = step.type;
    rest -= step.offset;
  }
  return undefined;
}

/** nameOffset without the text: the innermost type at an offset. */
export function slotAt(types: TypeTable, type: TypeId, offset: Bytes): { readonly leaf: TypeId; readonly rest: Bytes } {
  let leaf = type;
  let rest = offset;
  for (let depth = 0; depth < DEEPEST_FIELD && leaf !== NONE; depth++) {
    const step = inward(types, types.get(leaf), rest);
    if (!step) break;
    leaf = step.type;
    rest -= step.offset;
  }
  return { leaf, rest };
}

/** One level in: the field or element that holds the byte at offset; undefined at a leaf, in padding, or outside. */
function inward(
  types: TypeTable,
  type: GoType,
  offset: Bytes,
): { readonly name: string; readonly index: number; readonly type: TypeId; readonly offset: Bytes } | undefined {
  if (offset < 0) return undefined;
  if (type.kind === "struct") {
    for (const field of type.fields) {
      if (field.offset > offset || field.type === NONE || offset >= field.offset + types.get(field.type).size) continue;
      return { name: field.name, index: 0, type: field.type, offset: field.offset };
    }
    return undefined;
  }
  if (type.kind === "array" && type.element !== NONE) {
    const size = types.get(type.element).size;
    if (size === 0 || (type.count >= 0 && offset >= type.count * size)) return undefined;
    const index = Math.floor(offset / size);
    return { name: "[", index, type: type.element, offset: index * size };
  }
  return undefined;
}
