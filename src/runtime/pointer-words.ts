// Where a type has pointers, word by word, as the compiler tells the collector. cmd/compile/internal/reflectdata dgcptrmask
import { type Bytes, NONE, type TypeId, WORD } from "../base/units.js";
import { DEEPEST_TYPE_NAME, MOST_VARIABLE_WORDS } from "./limits.js";
import type { TypeTable } from "./types.js";

/**
 * Visits the numbers of words that hold pointers, ascending.
 * @returns false when a part of the type is not known, or it is too large
 */
export function pointerWords(types: TypeTable, type: TypeId, visit: (word: number) => void): boolean {
  return walk(types, type, 0, visit, 0);
}

function walk(types: TypeTable, type: TypeId, at: Bytes, visit: (word: number) => void, depth: number): boolean {
  if (type === NONE || depth > DEEPEST_TYPE_NAME) return false;
  const { kind, fields, element, count, size } = types.get(type);
  switch (kind) {
    case "pointer":
    case "unsafe.Pointer":
    case "map":
    case "chan":
    case "func":
    case "slice":
    case "string":
      visit(at / WORD);
      return true;
    case "interface":
      visit(at / WORD + 1);
      return true;
    case "struct":
      return fields.every((each) => walk(types, each.type, at + each.offset, visit, depth + 1));
    case "array": {
      const step = element === NONE ? NONE : types.get(element).size;
      if (count < 0 || step < 0 || size > MOST_VARIABLE_WORDS * WORD) return false;
      let has = false;
      const first = walk(
        types,
        element,
        at,
        (word) => {
          has = true;
          visit(word);
        },
        depth + 1,
      );
      for (let i = 1; i < count && first && has; i++) walk(types, element, at + i * step, visit, depth + 1);
      return first;
    }
    case "unknown":
      return false;
    default:
      return true;
  }
}
