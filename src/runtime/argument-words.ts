// Argument words of a frame as tracebacks print them: (0x1, {0xc000012000?, 0x5}). runtime/traceback.go printArgs
import type { Address } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { type FunctionTable, PCDATA } from "./functions.js";
import { LONGEST_ARGUMENT_INFO } from "./limits.js";
import type { Frame } from "./unwind.js";

/** internal/abi FUNCDATA_ArgInfo, FUNCDATA_ArgLiveInfo. */
const ARG_INFO = 5;
const ARG_LIVE_INFO = 6;
/** internal/abi TraceArgs*: codes above any offset. */
const END = 0xff;
const START_AGGREGATE = 0xfe;
const END_AGGREGATE = 0xfd;
const DOTS = 0xfc;
const OFFSET_TOO_LARGE = 0xfb;

/** An argument's word, or a sign of its shape. */
type Part = { readonly offset: number; readonly size: number; readonly isLive: boolean; readonly isStored: boolean } | string;

/** What stands between the parentheses; "" when the function has no such table. A "?" marks words that may be stale. */
export function argumentWords(memory: AddressSpace, functions: FunctionTable, frame: Frame): string {
  let out = "";
  let start = true;
  for (const part of partsOf(memory, functions, frame)) {
    if (part === "}") {
      out += part;
      start = false;
      continue;
    }
    const text = typeof part === "string" ? part : `${word(memory, frame.argp + part.offset, part.size)}${part.isLive ? "" : "?"}`;
    out += start ? text : `, ${text}`;
    start = part === "{";
  }
  return out;
}

/** Words of the arguments, from argp, that are known to have been stored where they are: as they were passed. */
export function storedArguments(
  memory: AddressSpace,
  functions: FunctionTable,
  frame: Frame,
): readonly { readonly offset: number; readonly size: number }[] {
  return partsOf(memory, functions, frame).flatMap((part) => (typeof part !== "string" && part.isStored ? [part] : []));
}

/**
 * Reads the bytecode of a function's FUNCDATA_ArgInfo: pairs of offset and size, and signs of where aggregates begin and end. Which words
 * are live comes from FUNCDATA_ArgLiveInfo: the first offset that needs a bit, then bit vectors that PCDATA_ArgLiveIndex chooses among by
 * pc.
 */
function partsOf(memory: AddressSpace, functions: FunctionTable, frame: Frame): readonly Part[] {
  const table = functions.funcdata(frame.fn, ARG_INFO);
  const codes = table === 0 ? undefined : readSome(memory, table);
  if (!codes) return [];
  const liveTable = functions.funcdata(frame.fn, ARG_LIVE_INFO);
  const liveIndex = functions.pcdata(frame.fn, PCDATA.argLiveIndex, frame.symbolPc);
  // Arguments below it were passed on the stack: they are always there.
  const firstUnsure = liveTable === 0 ? 0xff : (memory.tryBytes(liveTable, 1)?.[0] ?? 0xff);
  const isSet = (slot: number): boolean => {
    const bits = memory.tryBytes(liveTable + liveIndex + (slot >> 3), 1)?.[0] ?? 0xff;
    return (bits & (1 << (slot & 7))) !== 0;
  };
  const parts: Part[] = [];
  // Before the prologue has made the frame, nothing that came in registers has been stored.
  const hasBegun = frame.symbolPc !== frame.pc || (functions.spDelta(frame.fn, frame.pc) ?? 0) > 0;
  let slot = 0;
  for (let i = 0; i < codes.length; ) {
    const code = codes[i++];
    if (code === END) break;
    if (code === START_AGGREGATE) parts.push("{");
    else if (code === END_AGGREGATE) parts.push("}");
    else if (code === DOTS) parts.push("...");
    else if (code === OFFSET_TOO_LARGE) parts.push("_");
    else {
      const isSure = liveTable === 0 || code < firstUnsure;
      // No index: all of them (cmd/compile/internal/liveness allLiveIdx), or an instruction before the first that tells.
      const isLive = isSure || liveIndex <= 0 || isSet(slot);
      parts.push({ offset: code, size: codes[i++], isLive, isStored: isLive && hasBegun });
      if (code >= firstUnsure) slot++;
    }
  }
  return parts;
}

function word(memory: AddressSpace, address: Address, size: number): string {
  const bytes = memory.tryBytes(address, Math.min(size, 8));
  if (!bytes) return "_";
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[i]);
  return `0x${value.toString(16)}`;
}

function readSome(memory: AddressSpace, address: Address): Uint8Array | undefined {
  for (let size = LONGEST_ARGUMENT_INFO; size > 0; size >>= 1) {
    const bytes = memory.tryBytes(address, size);
    if (bytes) return bytes;
  }
  return undefined;
}
