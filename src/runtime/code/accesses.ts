// Which memory an instruction reads and writes, whatever else it does.
import type { Bytes } from "../../base/units.js";
import type { Access, Instruction, Memory, Operand } from "./instructions.js";

/** Memory of interest: given an operand in memory and its size in bytes. */
export type IsWanted = (memory: Memory, size: Bytes) => boolean;

/** Whether an instruction reads memory of interest. Taking its address is no read. */
export function reads(each: Instruction, isWanted: IsWanted): boolean {
  const from = (operand: Operand, size: Bytes) => operand.kind === "memory" && isWanted(operand, size);
  switch (each.action) {
    case "move":
      return from(each.from, each.size);
    case "add":
    case "compare":
      return from(each.a, each.size) || from(each.b, each.size);
    case "clobber":
      return each.reads !== undefined && isWanted(each.reads.memory, each.reads.size);
    case "call":
      return typeof each.target === "object" && from(each.target, 8);
    default:
      return false;
  }
}

/** The memory that an instruction writes, undefined for none. A call writes what its function does: that is not told here. */
export function written(each: Instruction): Access | undefined {
  switch (each.action) {
    case "move":
      return each.to.kind === "memory" ? { memory: each.to, size: each.size } : undefined;
    case "clobber":
      return each.writes;
    case "zero":
      return { memory: each.memory, size: each.size };
    default:
      return undefined;
  }
}
