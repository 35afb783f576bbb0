// Which argument registers of a function are an interface's two words: its table for tracebacks has the shapes of arguments.
import type { AddressSpace } from "../../process/address-space.js";
import type { FunctionTable, GoFunction } from "../functions.js";
import { LONGEST_ARGUMENT_INFO } from "../limits.js";

/** internal/abi FUNCDATA_ArgInfo and its codes; what is below them is an offset, and a size follows. */
const ARG_INFO = 5;
const END = 0xff;
const START_AGGREGATE = 0xfe;
const END_AGGREGATE = 0xfd;
const DOTS = 0xfc;

/** Numbers of the registers that begin a value of two words; none when arguments come on the stack. internal/abi/symtab.go TraceArgs */
export function pairsOfWords(memory: AddressSpace, functions: FunctionTable, fn: GoFunction, registers: number): readonly number[] {
  const table = functions.funcdata(fn, ARG_INFO);
  const codes = table === 0 ? undefined : memory.tryBytes(table, LONGEST_ARGUMENT_INFO);
  if (!codes) return [];
  const found: number[] = [];
  let count = 0;
  let last = -1;
  for (let i = 0; i < codes.length && codes[i] < END; i++) {
    const code = codes[i];
    if (code === START_AGGREGATE) {
      // { offset 8, offset + 8 8 }
      if (codes[i + 2] === 8 && codes[i + 4] === 8 && codes[i + 5] === END_AGGREGATE) found.push(count);
    } else if (code < DOTS - 1) {
      // Arguments on the stack come first in memory, wherever they stand among the others.
      if (code <= last || (last < 0 && code !== 0)) return [];
      last = code;
      count++;
      i++;
    } else if (code !== END_AGGREGATE) break;
  }
  return found.filter((each) => each + 2 <= Math.min(count, registers));
}
