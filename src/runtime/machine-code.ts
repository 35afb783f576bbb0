// What the machine code of a function calls, and which variables it names. Intel SDM vol. 2 CALL; Arm ARM C6.2 BL, ADRP, ADD
import type { Address } from "../base/units.js";
import type { FunctionTable, GoFunction } from "./functions.js";
import type { GoRuntime } from "./runtime.js";

export interface DirectCall {
  /** Of the call instruction. */
  readonly pc: Address;
  readonly target: GoFunction;
  /** The program's variable, or a place in it, whose address was formed just before: likely an argument. Undefined when none was. */
  readonly variable: Address | undefined;
}

/** Functions longer than this are not read. */
const LONGEST_FUNCTION = 1 << 20;
/** An address is an argument when it was formed at most so many bytes before the call. */
const ARGUMENT_DISTANCE = 24;

/** Calls of functions by their address, in the order of the code; of calls through pointers nothing is known. */
export function directCalls({ process, functions }: GoRuntime, fn: GoFunction): readonly DirectCall[] {
  const size = fn.end - fn.entry;
  const bytes = size > 0 && size <= LONGEST_FUNCTION ? process.memory.tryBytes(fn.entry, size) : undefined;
  if (!bytes) return [];
  const code = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return process.arch === "amd64" ? readAmd64(code, fn, functions) : readArm64(code, fn, functions);
}

function inVariables({ module }: GoFunction, address: Address): boolean {
  return address >= module.noptrdata && address < module.enoptrbss;
}

/** What was formed last, while it is near. */
class Recent {
  private pc = Number.NEGATIVE_INFINITY;
  private address = 0;

  note(pc: Address, address: Address): void {
    this.pc = pc;
    this.address = address;
  }

  at(pc: Address): Address | undefined {
    return pc - this.pc <= ARGUMENT_DISTANCE ? this.address : undefined;
  }
}

/**
 * Instructions are not decoded: a byte 0xe8 whose displacement leads to the very start of a function is taken for a call, and any
 * four bytes whose displacement leads to a variable for its address.
 */
function readAmd64(code: DataView, fn: GoFunction, functions: FunctionTable): DirectCall[] {
  const calls: DirectCall[] = [];
  const recent = new Recent();
  for (let at = 0; at + 4 <= code.byteLength; at++) {
    const pc = fn.entry + at;
    const address = pc + 4 + code.getInt32(at, true);
    if (inVariables(fn, address)) recent.note(pc, address);
    if (at === 0 || code.getUint8(at - 1) !== 0xe8) continue;
    const target = functions.find(address);
    if (target?.entry === address) calls.push({ pc: pc - 1, target, variable: recent.at(pc - 1) });
  }
  return calls;
}

function readArm64(code: DataView, fn: GoFunction, functions: FunctionTable): DirectCall[] {
  const calls: DirectCall[] = [];
  const recent = new Recent();
  for (let at = 0; at + 4 <= code.byteLength; at += 4) {
    const pc = fn.entry + at;
    const word = code.getUint32(at, true);
    if (word >>> 26 === 0b100101) {
      const address = pc + ((word << 6) >> 6) * 4;
      const target = functions.find(address);
      if (target?.entry === address) calls.push({ pc, target, variable: recent.at(pc) });
    } else if ((word & 0x9f000000) >>> 0 === 0x90000000 && at + 8 <= code.byteLength) {
      const next = code.getUint32(at + 4, true);
      const pages = (((((word >>> 5) & 0x7ffff) << 2) | ((word >>> 29) & 3)) << 11) >> 11;
      const isAdd = next >>> 22 === 0b1001000100 && ((next >>> 5) & 31) === (word & 31);
      const address = pc - (pc % 4096) + pages * 4096 + ((next >>> 10) & 0xfff);
      if (isAdd && inVariables(fn, address)) recent.note(pc, address);
    }
  }
  return calls;
}
