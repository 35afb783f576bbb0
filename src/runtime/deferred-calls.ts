// Calls that a goroutine's functions will make when they return: records of the runtime, and those the compiler keeps in the frames.
import { type Address, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { FUNCDATA, type GoFunction } from "./functions.js";
import type { Goroutine } from "./goroutines.js";
import { LONGEST_DEFER_TABLE } from "./limits.js";
import { defersOf } from "./records/defer.js";
import type { GoRuntime } from "./runtime.js";
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
