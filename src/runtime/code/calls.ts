// What the code says of its calls.
import type { Address } from "../../base/units.js";
import type { FunctionTable } from "../functions.js";
import type { Instruction } from "./instructions.js";

/** Functions of the runtime that do not come back, by their names. */
const NEVER_RETURN = /^runtime\.(?:panic|gopanic|goPanic|throw|fatal|morestack|block$|goexit|unreachable)/;

/** Entry of the function that an instruction calls; undefined when it is no call, or one through a register or memory. */
export function callTarget(each: Instruction): Address | undefined {
  return each.action === "call" && typeof each.target === "number" ? each.target : undefined;
}

/** A call of the function at this address does not come back. */
export function neverReturns(functions: Pick<FunctionTable, "find">, target: Address | undefined): boolean {
  return target !== undefined && NEVER_RETURN.test(functions.find(target)?.name ?? "");
}
