// Calls that a goroutine's functions will make when they return: records of the runtime, and those the compiler keeps in the frames.
import { type Address, type Bytes, type TypeId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { argumentPlaces } from "./argument-places.js";
import type { Register } from "./code/instructions.js";
import { type Code, programOf } from "./code/program.js";
import { sourcesOf } from "./code/sources.js";
import { FUNCDATA, type GoFunction } from "./functions.js";
import type { Goroutine } from "./goroutines.js";
import { LONGEST_DEFER_TABLE } from "./limits.js";
import { defersOf } from "./records/defer.js";
import type { GoRuntime } from "./runtime.js";
import { tracebackFormat } from "./traceback-format.js";
import type { Frame } from "./unwind.js";

/** A call that a function of a goroutine has put off until it returns. */
export interface DeferredCall {
  /** The func value: its code, then what it captured. */
  readonly closure: Address;
  readonly code: GoFunction;
  /** The function that deferred it; undefined when its frame was not walked. */
  readonly by: GoFunction | undefined;
}

/** One bit each in a byte. cmd/compile/internal/ssagen maxOpenDefers */
const MOST_OPEN_CODED = 8;

/** Of the frames kept by Goroutine.unwound. */
export function deferredCalls(runtime: GoRuntime, goroutine: Goroutine): DeferredCall[] {
  const { frames } = goroutine.unwound();
  const calls: { readonly closure: Address; readonly by: GoFunction | undefined }[] = frames.flatMap((frame) =>
    openCoded(runtime, frame).map((closure) => ({ closure, by: frame.fn })),
  );
  // A record names the frame by its stack pointer: runtime/runtime2.go _defer.sp
  const bySp = new Map(frames.toReversed().map((frame) => [frame.sp, frame.fn]));
  for (const { closure, sp } of defersOf(runtime, goroutine.address)) calls.push({ closure, by: bySp.get(sp) });
  return calls.flatMap(({ closure, by }) => {
    const entry = closure > 0 ? (runtime.process.memory.tryAddress(closure) ?? 0) : 0;
    const code = entry > 0 ? runtime.functions.find(entry) : undefined;
    return code?.entry === entry ? [{ closure, code, by }] : [];
  });
}

/**
 * Func values of defer statements that were reached, in slots of the frame; a byte of bits says which.
 * Since Go 1.22 (CL 513837) the slots lie in a row; before, the table has the place of each, the last first. runtime/panic.go
 */
function openCoded({ layout, functions, process: { memory } }: GoRuntime, frame: Frame): Address[] {
  const table = functions.funcdata(frame.fn, FUNCDATA.openCodedDefers);
  const numbers = table === 0 ? [] : readVarints(memory, table, 2 + MOST_OPEN_CODED);
  if (numbers.length < 2) return [];
  const bits = memory.tryBytes(frame.varp - numbers[0], 1)?.[0] ?? 0;
  const slot = layout.struct("_panic").has("slotsPtr")
    ? (index: number) => frame.varp - numbers[1] + index * WORD
    : (index: number) => frame.varp - (numbers[1 + numbers[1] - index] ?? 0);
  const found: Address[] = [];
  for (let index = 0; index < MOST_OPEN_CODED; index++)
    if (Math.floor(bits / 2 ** index) % 2 === 1) found.push(memory.tryAddress(slot(index)) ?? 0);
  return found;
}

function readVarints(memory: AddressSpace, table: Address, count: number): number[] {
  const bytes = memory.tryBytes(table, LONGEST_DEFER_TABLE) ?? new Uint8Array(0);
  const found: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    if (found.length === count || scale > 2 ** 28) break;
    value += (byte % 128) * scale;
    scale *= 128;
    if (byte < 128) {
      found.push(value);
      value = 0;
      scale = 1;
    }
  }
  return found;
}

/** What a closure of the compiler's own, made for `defer f(x)` or `go f(x)`, calls. */
export interface WrappedCall {
  /** As the statement has it: what is called, or was inlined into the closure. */
  readonly name: string;
  /** What it passes, by the callee's parameters; those in registers that the code tells. */
  readonly arguments: readonly { readonly name: string; readonly type: TypeId; readonly offset: Bytes }[];
}

/** Made by the compiler for statements whose call has arguments. cmd/compile/internal/walk wrapGoDefer */
const WRAPPER = /\.(?:gowrap|deferwrap)\d+$/;

/** undefined of other functions, and where the code does not tell the call. Before Go 1.22 only the function's id tells it is a wrapper. */
export function wrappedCall(runtime: GoRuntime, code: GoFunction): WrappedCall | undefined {
  if (!WRAPPER.test(code.name) && code.funcId !== tracebackFormat(runtime).wrapperId) return undefined;
  const { machine, read, at: functionAt } = programOf(runtime);
  const body = read(code);
  const found = body?.instructions.flatMap((each, index) => {
    const target = each.action === "call" || each.action === "jump" ? each.target : undefined;
    const callee = typeof target === "number" ? functionAt(target) : undefined;
    return callee && callee !== code && !callee.name.startsWith("runtime.") ? [{ callee, index }] : [];
  });
  const [call] = found ?? [];
  if (!body || !call || found?.length !== 1) return undefined;
  const dwarf = runtime.binary.debug.functionAt(call.callee.entry - runtime.process.loadBias);
  const parameters = (dwarf?.variables ?? []).filter((each) => each.kind === "parameter" && !each.inlined);
  const named = parameters.map(({ name, type }) => ({ name, type: runtime.types.fromDwarf(type) }));
  const places = argumentPlaces(runtime.types, named, [], runtime.process.arch);
  const passed = places.flatMap(({ name, type, integers }) => {
    const register = integers && machine.arguments[integers.first];
    const offset = register === undefined ? undefined : capturedAt(runtime, body, call.index, register);
    return offset === undefined ? [] : [{ name, type, offset }];
  });
  // A function that was inlined into the closure is the one that the statement names.
  const inlined = runtime.functions.inlinedAt(code, body.instructions[call.index].pc).at(-2);
  // Its parameters are not those of what it calls.
  return inlined ? { name: inlined.name, arguments: [] } : { name: call.callee.name, arguments: passed };
}

/** Where in the closure lies what a register holds just before an instruction. */
function capturedAt(runtime: GoRuntime, code: Code, index: number, register: Register): Bytes | undefined {
  const { machine } = programOf(runtime);
  const sources = sourcesOf(runtime, code, index, { kind: "register", register });
  const [maker] = sources?.makers ?? [];
  if (!maker || sources?.makers.length !== 1 || sources.entries.length > 0) return undefined;
  const load = code.instructions[maker.index];
  if (load.action !== "move" || load.from.kind !== "memory" || load.from.base < 0 || load.from.index !== -1) return undefined;
  const base = sourcesOf(runtime, code, maker.index, { kind: "register", register: load.from.base });
  const isClosure = base?.makers.length === 0 && base.entries.length === 1 && base.entries[0] === machine.context;
  return isClosure ? load.from.offset : undefined;
}
