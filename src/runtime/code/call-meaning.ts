// What a call says of the types of what it is passed and of what it answers: the runtime's functions are told the type, methods have it in
// their names.
import { NONE, type TypeId } from "../../base/units.js";
import type { TypeTable } from "../types.js";
import type { Value } from "./flow-values.js";

/** Something said of one value; or, where the value is a variable's address, of what lies there. */
interface Said {
  readonly value: Value;
  readonly type: TypeId;
  /** Whether `type` is the value's own, or the type of what it points to. */
  readonly of: "value" | "target";
  readonly by: "receiver" | "operand";
}

/** Of one function. */
export interface Meaning {
  /** What its first result is; NONE when that is not told. */
  result?(passed: readonly Value[]): TypeId;
  says?(passed: readonly Value[]): readonly Said[];
}

/** Reads types out of operands. */
export interface TypeWords {
  readonly types: TypeTable;
  /** The type at the address that a value is; NONE for other values. */
  typeOf(value: Value): TypeId;
  pointerTo(type: TypeId): TypeId;
  sliceOf(type: TypeId): TypeId;
  /** A function whose parameters are not known. */
  func(): TypeId;
}

/** Runtime functions by name, and where the type that they are given stands among their operands. runtime/malloc.go, slice.go, map*.go, chan.go, mbarrier.go */
export function meaningOf(name: string, words: TypeWords): Meaning | undefined {
  return name.startsWith("runtime.") ? runtimeMeaning(name.slice("runtime.".length), words) : methodMeaning(name, words);
}

function runtimeMeaning(name: string, words: TypeWords): Meaning | undefined {
  const { types, typeOf, pointerTo, sliceOf } = words;
  const wrap = (type: TypeId, as: (type: TypeId) => TypeId) => (type === NONE ? NONE : as(type));
  const operand = (value: Value, type: TypeId, of: Said["of"]): Said => ({ value, type, of, by: "operand" });
  if (name === "newobject") return { result: ([type]) => wrap(typeOf(type), pointerTo) };
  // mallocgc(size, type, needzero), also of one size class: of one value, or of an array of them.
  if (/^mallocgc(?:(?:Small|Tiny)\w*SC\d+)?$/.test(name)) {
    return {
      result: ([size, type]) =>
        typeof size === "number"
          ? wrap(typeOf(type), (known) => (size === types.get(known).size ? pointerTo(known) : sliceOf(known)))
          : NONE,
    };
  }
  if (/^makeslice(?:64|copy)?$/.test(name)) return { result: ([element]) => wrap(typeOf(element), sliceOf) };
  // growslice(old pointer, new length, old capacity, count, element)
  if (/^growslice(?:Buf|NoAlias|BufNoAlias)?$/.test(name)) {
    const slice = (passed: readonly Value[]) => wrap(typeOf(passed[4]), sliceOf);
    return { result: slice, says: (passed) => [operand(passed[0], slice(passed), "value")] };
  }
  if (/^makemap(?:64)?$/.test(name)) return { result: ([type]) => typeOf(type) };
  if (/^makechan(?:64)?$/.test(name)) return { result: ([type]) => typeOf(type) };
  if (/^map(?:access[12]|assign|delete|iterinit|IterStart|clear)/.test(name))
    return { says: ([type, map]) => [operand(map, typeOf(type), "value")] };
  if (/^(?:typedmemmove|wbMove)$/.test(name))
    return { says: ([type, to, from]) => [to, from].map((each) => operand(each, typeOf(type), "target")) };
  if (/^(?:typedmemclr|wbZero)$/.test(name)) return { says: ([type, at]) => [operand(at, typeOf(type), "target")] };
  if (/^(?:concatstrings?[2-5]?|slicebytetostring|slicerunetostring|intstring)$/.test(name))
    return { result: () => types.byName("string") };
  return undefined;
}

/** The receiver comes first, so that of a pointer, and of a value of one word, the first register has it. cmd/compile/abi-internal.md */
function methodMeaning(name: string, { types, pointerTo }: TypeWords): Meaning | undefined {
  const match = /^(.*)\.(?:\(\*([^()]+)\)|([^().]+))\.[^.-]+$/.exec(name);
  if (!match) return undefined;
  const [, pack, pointed, own] = match;
  const type = types.byName(`${pack}.${pointed ?? own}`);
  if (type === NONE) return undefined;
  const said = (value: Value, of: Said["of"]): Said => ({ value, type, of, by: "receiver" });
  if (pointed !== undefined) {
    const pointer = pointerTo(type);
    return {
      says: ([receiver]) => [typeof receiver === "object" ? { ...said(receiver, "value"), type: pointer } : said(receiver, "target")],
    };
  }
  const { kind, isDirect } = types.get(type);
  if (!isDirect && kind !== "slice" && kind !== "string") return undefined;
  return { says: ([receiver]) => (typeof receiver === "object" ? [said(receiver, "value")] : []) };
}
