// Functions of the program as lists of instructions, each read once.
import type { Address } from "../../base/units.js";
import type { GoFunction } from "../functions.js";
import { LONGEST_FUNCTION, MOST_CODE_REMEMBERED } from "../limits.js";
import type { GoRuntime } from "../runtime.js";
import { decodeAll, type Instruction, type Machine } from "./instructions.js";
import { machineOf } from "./machines.js";

/** The code of one function. */
export interface Code {
  readonly fn: GoFunction;
  readonly instructions: readonly Instruction[];
  /** Of the instruction at pc; -1 when there is none. */
  indexOf(pc: Address): number;
  /** Of the instruction that ends where pc begins: of the call that returns to pc. -1 when there is none. */
  indexBefore(pc: Address): number;
  /** Places that are jumped to, by index. */
  readonly targets: ReadonlySet<number>;
  /** Indexes of returns; undefined when a jump out of the function returns for it. */
  readonly returns: readonly number[] | undefined;
}

/** The code of all functions, as far as it was asked for. */
export interface Program {
  readonly machine: Machine;
  /** undefined: too long, or not in the core. */
  read(fn: GoFunction): Code | undefined;
  /** The function that begins exactly here. */
  at(entry: Address): GoFunction | undefined;
}

const programs = new WeakMap<GoRuntime, Program>();

/** The one of a runtime, made at first use. */
export function programOf(runtime: GoRuntime): Program {
  let program = programs.get(runtime);
  if (!program) {
    program = readProgram(runtime);
    programs.set(runtime, program);
  }
  return program;
}

function readProgram({ process, functions }: GoRuntime): Program {
  const machine = machineOf(process.arch);
  const known = new Map<Address, Code | undefined>();
  return {
    machine,
    read(fn) {
      let code = known.get(fn.entry);
      if (code || known.has(fn.entry)) return code;
      if (known.size >= MOST_CODE_REMEMBERED) known.clear();
      const size = fn.end - fn.entry;
      const bytes = size > 0 && size <= LONGEST_FUNCTION ? process.memory.tryBytes(fn.entry, size) : undefined;
      code = bytes && toCode(fn, decodeAll(machine, bytes, fn.entry));
      known.set(fn.entry, code);
      return code;
    },
    at(entry) {
      const fn = entry > 0 ? functions.find(entry) : undefined;
      return fn?.entry === entry ? fn : undefined;
    },
  };
}

function toCode(fn: GoFunction, instructions: readonly Instruction[]): Code {
  const indexes = new Map<Address, number>();
  // Some are read as several: the first is where one arrives.
  for (let i = instructions.length - 1; i >= 0; i--) indexes.set(instructions[i].pc, i);
  const targets = new Set<number>();
  for (const each of instructions) {
    if ((each.action !== "jump" && each.action !== "branch") || each.target === undefined) continue;
    const index = indexes.get(each.target);
    if (index !== undefined) targets.add(index);
  }
  const indexOf = (pc: Address) => indexes.get(pc) ?? -1;
  const indexBefore = (pc: Address): number => {
    // A call that does not return may be the last instruction.
    const after = indexes.get(pc) ?? instructions.length;
    return instructions[after - 1]?.next === pc ? after - 1 : -1;
  };
  const returns = instructions.flatMap((each, index) => (each.action === "return" ? [index] : []));
  const leaves = instructions.some(
    (each) => each.action === "jump" && (each.target === undefined || each.target < fn.entry || each.target >= fn.end),
  );
  return { fn, instructions, indexOf, indexBefore, targets, returns: leaves ? undefined : returns };
}
