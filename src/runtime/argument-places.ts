// Where a Go function's arguments lie above its frame: stack-assigned ones, then spill slots. src/cmd/compile/abi-internal.md
import type { Arch } from "../base/arch.js";
import { alignUp, type Bytes, type TypeId } from "../base/units.js";
import type { TypeTable } from "./go-types.js";

/** Where the calling convention keeps one argument or result: in registers with a spill slot above the frame, or on the stack. */
export interface ArgumentPlace {
  readonly name: string;
  readonly type: TypeId;
  readonly size: Bytes;
  /** From the start of the argument area. */
  readonly offset: Bytes;
  /** Passed in registers: the place is left for it to be stored in. */
  readonly inRegisters: boolean;
  /** The integer registers that it is passed in; undefined when it is not, or in others too. */
  readonly integers: { readonly first: number; readonly count: number } | undefined;
}

/** A parameter or result as DWARF has it, in the order of the declaration. */
interface Named {
  readonly name: string;
  readonly type: TypeId;
}

/** Registers that are not yet taken; may fall below 0 while one value is tried. */
interface Free {
  integers: number;
  floats: number;
}

/** Takes the registers of one value; false, and nothing taken, when it goes to the stack. */
function assign(types: TypeTable, id: TypeId, free: Free): boolean {
  const trial = { ...free };
  if (!take(types, id, trial)) return false;
  Object.assign(free, trial);
  return true;
}

/**
 * Recursive assignment by the ABI's rules: a value goes to registers as a whole or not at all, arrays of more than one element never do.
 */
function take(types: TypeTable, id: TypeId, free: Free): boolean {
  const type = types.get(id);
  const integers = (n: number) => {
    free.integers -= n;
    return free.integers >= 0;
  };
  const floats = (n: number) => {
    free.floats -= n;
    return free.floats >= 0;
  };
  switch (type.kind) {
    case "float":
      return floats(1);
    case "complex":
      return floats(2);
    case "string":
    case "interface":
      return integers(2);
    case "slice":
      return integers(3);
    case "struct":
      return type.fields.every((field) => take(types, field.type, free));
    case "array":
      return type.count === 0 || (type.count === 1 && take(types, type.element, free));
    case "unknown":
      return false;
    default:
      return integers(1);
  }
}

/** Places of parameters; results only move what comes after them. */
export function argumentPlaces(
  types: TypeTable,
  parameters: readonly Named[],
  results: readonly Named[],
  arch: Arch,
): readonly ArgumentPlace[] {
  const out: ArgumentPlace[] = [];
  const spilled: { readonly each: Named; readonly integers: ArgumentPlace["integers"] }[] = [];
  let offset = 0;
  const place = (each: Named, inRegisters: boolean, integers?: ArgumentPlace["integers"]): ArgumentPlace => {
    const { size } = types.get(each.type);
    offset = alignUp(offset, alignmentOf(types, each.type));
    const at = { ...each, size, offset, inRegisters, integers };
    offset += size;
    return at;
  };
  // Parameters and results begin with all registers each: results use the same ones again.
  const free: Free = { ...arch.argumentRegisters };
  for (const each of parameters) {
    const before = { ...free };
    if (assign(types, each.type, free)) {
      const first = arch.argumentRegisters.integers - before.integers;
      spilled.push({ each, integers: free.floats < before.floats ? undefined : { first, count: before.integers - free.integers } });
    } else out.push(place(each, false));
  }
  offset = alignUp(offset, 8);
  const freeForResults: Free = { ...arch.argumentRegisters };
  for (const each of results) if (!assign(types, each.type, freeForResults)) place(each, false);
  offset = alignUp(offset, 8);
  for (const { each, integers } of spilled) out.push(place(each, true, integers));
  return out;
}

/** Bytes that a value's address is a multiple of; of a struct the most that a field wants. */
function alignmentOf(types: TypeTable, id: TypeId): Bytes {
  const type = types.get(id);
  if (type.kind === "struct") return type.fields.reduce((most, field) => Math.max(most, alignmentOf(types, field.type)), 1);
  if (type.kind === "array") return type.element >= 0 ? alignmentOf(types, type.element) : 8;
  if (type.kind === "complex") return type.size / 2;
  return Math.min(8, Math.max(1, type.size));
}
