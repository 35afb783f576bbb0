// What a call of the runtime's allocator makes: the compiler passes the abi.Type as a constant. cmd/compile/internal/ssagen/ssa.go
import { NONE, type TypeId } from "../../base/units.js";
import { constantBefore } from "../call-arguments.js";
import type { GoRuntime } from "../runtime.js";
import { callTarget } from "./calls.js";
import { type Code, programOf } from "./program.js";

/** What a pointer leads to: one value of a type, the array behind a slice of it, the bytes of a string, or a closure. */
export interface Pointed {
  readonly kind: "object" | "array" | "string" | "func";
  /** NONE for a string, and for a closure whose code is not known. */
  readonly type: TypeId;
}

/** Which argument is the type, and what a pointer to it leads to. "header": of a map or channel type. "sized": the argument before is the size. */
interface Maker {
  readonly argument: number;
  readonly makes: "object" | "array" | "header" | "sized";
}

const STRING: Pointed = { kind: "string", type: NONE };

/** runtime/malloc.go, slice.go, map.go, chan.go, iface.go */
const MAKERS: ReadonlyMap<string, Maker> = new Map([
  ["newobject", { argument: 0, makes: "object" }],
  ["convT", { argument: 0, makes: "object" }],
  ["convTnoptr", { argument: 0, makes: "object" }],
  ["newarray", { argument: 0, makes: "array" }],
  ["makeslice", { argument: 0, makes: "array" }],
  ["makeslice64", { argument: 0, makes: "array" }],
  ["makeslicecopy", { argument: 0, makes: "array" }],
  ["moveSlice", { argument: 0, makes: "array" }],
  ["moveSliceNoCap", { argument: 0, makes: "array" }],
  ["growslice", { argument: 4, makes: "array" }],
  ["growsliceNoAlias", { argument: 4, makes: "array" }],
  ["growsliceBuf", { argument: 4, makes: "array" }],
  ["growsliceBufNoAlias", { argument: 4, makes: "array" }],
  ["makemap", { argument: 0, makes: "header" }],
  ["makemap64", { argument: 0, makes: "header" }],
  ["makechan", { argument: 0, makes: "header" }],
  ["makechan64", { argument: 0, makes: "header" }],
]);
/** Those of one size class too, which the compiler calls since Go 1.27. runtime/malloc_generated.go */
const SIZED = /^mallocgc(?:(?:SmallScanNoHeader|SmallNoScan|Tiny)SC\d+)?$/;
/** runtime/string.go */
const STRINGS = /^(?:concatstring[s2-5]|slicebytetostring|slicerunetostring|intstring)$/;
const BYTES = /^(?:concatbyte[s2-5]|stringtoslicebyte)$/;

/**
 * What the pointer leads to that the call at an index of the code returns first; undefined when the call is none of an allocator, or the
 * code does not tell its type.
 */
export function allocationAt(runtime: GoRuntime, code: Code, index: number): Pointed | undefined {
  const target = callTarget(code.instructions[index]);
  const name = target === undefined ? undefined : /^runtime\.(\w+)$/.exec(runtime.functions.find(target)?.name ?? "")?.[1];
  if (name === undefined) return undefined;
  if (STRINGS.test(name)) return STRING;
  const { types } = runtime;
  if (BYTES.test(name)) return { kind: "array", type: types.byName("uint8") };
  if (name === "stringtoslicerune") return { kind: "array", type: types.byName("int32") };
  const maker = MAKERS.get(name) ?? (SIZED.test(name) ? ({ argument: 1, makes: "sized" } as const) : undefined);
  const type = maker ? typeArgument(runtime, code, index, maker.argument) : NONE;
  if (!maker || type === NONE) return undefined;
  switch (maker.makes) {
    case "header": {
      const { header } = types.get(type);
      return header === NONE ? undefined : { kind: "object", type: header };
    }
    case "sized": {
      const size = argument(runtime, code, index, 0);
      return size === undefined ? undefined : { kind: size === types.get(type).size ? "object" : "array", type };
    }
    default:
      return { kind: maker.makes, type };
  }
}

/** The type whose abi.Type is passed as an argument of the call at an index; NONE when that is not told by a constant. */
export function typeArgument(runtime: GoRuntime, code: Code, index: number, position: number): TypeId {
  const address = argument(runtime, code, index, position);
  return address !== undefined && runtime.types.firstWord(address) === "type" ? runtime.types.byRtype(address) : NONE;
}

/** A constant argument. */
function argument(runtime: GoRuntime, code: Code, index: number, position: number): number | undefined {
  const { machine } = programOf(runtime);
  const register = machine.arguments[position];
  return register === undefined ? undefined : constantBefore(code, machine, index, register);
}
