// What a method's receiver is, by the method's name, and which registers its words are passed in.
import { type Bytes, NONE, type TypeId, WORD } from "../base/units.js";
import type { TypeTable } from "../runtime/types.js";
import { DEEPEST_RECEIVER } from "./limits.js";
import { KIND_STEP, POINTER, type PointerKinds } from "./pointer-kinds.js";

/** "main.(*T).M" and "main.T.M"; functions in a method ("main.(*T).M.func1", "main.T.M-fm") are no methods. */
const POINTER_METHOD = /^(.*)\.\(\*([^()]+)\)\.[^.-]+$/;
const VALUE_METHOD = /^(.*)\.([^.()[\]]+(?:\[\.\.\.\])?)\.[^.()-]+$/;

/**
 * What the word of the receiver leads to that is passed in the argument register of this position, as a code of pointer-kinds.ts;
 * undefined when the function is no method, of a type that the program does not describe, or the register has no word of its receiver.
 * @param registers  for arguments that are no floating-point numbers
 */
export function receiverWord(types: TypeTable, kinds: PointerKinds, name: string, position: number, registers: number): number | undefined {
  const pointer = POINTER_METHOD.exec(name);
  if (pointer) {
    const type = position === 0 ? named(types, `${pointer[1]}.${pointer[2]}`) : NONE;
    return type === NONE ? undefined : POINTER.typed + type * KIND_STEP;
  }
  const value = VALUE_METHOD.exec(name);
  const type = value ? named(types, `${value[1]}.${value[2]}`) : NONE;
  if (type === NONE) return undefined;
  const words = registerWords(types, type);
  const offset = words && words.length <= registers ? words[position] : undefined;
  if (offset === undefined) return undefined;
  const code = kinds.codeAt(type, offset);
  // An interface's data word says nothing without the word before it.
  const kind = code % KIND_STEP;
  return kind === POINTER.typed || kind === POINTER.array || kind === POINTER.string || kind === POINTER.func ? code : undefined;
}

/** The linker writes dots of a package's last element as %2e. cmd/internal/objabi PathToPrefix */
function named(types: TypeTable, name: string): TypeId {
  // Code is shared by instantiations, whose arguments its name leaves out.
  if (name.endsWith("[...]")) return types.onlyInstantiation(name.slice(0, -5));
  return types.byName(name.replace(/%([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))));
}

/** Offsets of the words of a value in the order of the registers that they are passed in; undefined: on the stack. cmd/compile/abi-internal.md */
function registerWords(types: TypeTable, type: TypeId): readonly Bytes[] | undefined {
  const words: Bytes[] = [];
  return addWords(types, type, 0, words, 0) ? words : undefined;
}

function addWords(types: TypeTable, id: TypeId, at: Bytes, words: Bytes[], depth: number): boolean {
  const { kind, size, fields, element, count } = types.get(id);
  if (depth > DEEPEST_RECEIVER || words.length > DEEPEST_RECEIVER) return false;
  switch (kind) {
    case "struct":
      return fields.every((field) => addWords(types, field.type, at + field.offset, words, depth + 1));
    case "array":
      return count === 0 || (count === 1 && addWords(types, element, at, words, depth + 1));
    case "float":
    case "complex":
      return true;
    case "unknown":
      return false;
    default:
      for (let word = 0; word < Math.max(size, 1); word += WORD) words.push(at + word);
      return true;
  }
}
