// Variables of a stripped program: no debug information has their types, but the code that uses them tells.
//
//     text ──> functions that name variables ──> claims "a T lies at A" ──> those that fit the process and each other ──> variables
import type { Arch } from "../base/arch.js";
import { lazy } from "../base/lazy.js";
import { type Address, type Bytes, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { type Claim, type Evidence, GlobalClaims } from "./code/global-claims.js";
import { machineOf } from "./code/machines.js";
import { mentionsOf } from "./code/mentions.js";
import type { FunctionTable, GoFunction } from "./functions.js";
import { fittingClaims } from "./global-checks.js";
import { MOST_GLOBAL_CODE, SCAN_BLOCK } from "./limits.js";
import type { Module } from "./modules.js";
import type { SpanTable } from "./spans.js";
import type { TypeTable } from "./types.js";
import { type GlobalVariable, type Variables, withGlobals } from "./variables.js";

/** What the code is read with. */
export interface GlobalSource {
  readonly memory: AddressSpace;
  readonly arch: Arch;
  /** The executable's. */
  readonly module: Module;
  readonly functions: FunctionTable;
  readonly types: TypeTable;
  readonly spans: SpanTable;
  /** Those that are known without the code. */
  readonly known: Pick<Variables, "globalAt">;
}

/** A variable of data or bss that the code tells the type of. */
export interface CodeGlobal extends GlobalVariable {
  readonly by: Evidence;
}

/** What was found, and what was not believed. */
export interface CodeGlobals {
  /** Ascending by address; none overlaps another. */
  readonly variables: readonly CodeGlobal[];
  /** Functions that were followed. */
  readonly functions: number;
  /** Claims that contradict each other, or the process. */
  readonly contradicted: number;
  readonly misfits: number;
}

/** Reads all code that refers to variables which may hold pointers. */
export function readCodeGlobals(source: GlobalSource): CodeGlobals {
  const { module, memory, arch, functions, types } = source;
  const isVariable = (address: Address) =>
    ((address >= module.data && address < module.edata) || (address >= module.bss && address < module.ebss)) &&
    source.known.globalAt(address) === undefined;
  const claims = new GlobalClaims({ memory, machine: machineOf(arch), functions, types, isVariable });
  let read = 0;
  let code: Bytes = 0;
  for (const fn of functionsOf(source)) {
    code += fn.end - fn.entry;
    if (code > MOST_GLOBAL_CODE) break;
    claims.read(fn);
    read++;
  }
  const { fitting, contradicted, misfits } = fittingClaims(source, claims.claims, claims.interfaces);
  return { variables: fitting.map((each) => toVariable(source, each)), functions: read, contradicted, misfits };
}

/** Functions with a place that may name a variable without a type. */
function* functionsOf({ memory, arch, module, functions, types, known }: GlobalSource): Iterable<GoFunction> {
  const mentions = mentionsOf(arch.name);
  const isTypeWord = (address: Address) => types.firstWord(memory.tryAddress(address) ?? 0) !== undefined;
  const told = new Map<Address, boolean>();
  // An interface tells itself, and most variables of a program are its errors.
  const isTold = (address: Address): boolean => {
    let answer = told.get(address);
    if (answer === undefined) {
      answer = address % WORD === 0 && (known.globalAt(address) !== undefined || isTypeWord(address) || isTypeWord(address - WORD));
      told.set(address, answer);
    }
    return answer;
  };
  let end = 0;
  for (let from = module.text; from < module.etext; from += SCAN_BLOCK) {
    // A place may lie across the end of a block.
    const bytes = memory.tryBytes(from, Math.min(SCAN_BLOCK + WORD, module.etext - from));
    if (!bytes) continue;
    for (const { offset, target } of mentions(bytes, from, Math.min(module.data, module.bss), Math.max(module.edata, module.ebss))) {
      if (from + offset < end || isTold(target)) continue;
      const fn = functions.find(from + offset);
      if (!fn) continue;
      end = fn.end;
      yield fn;
    }
  }
}

/** Named by its place: "data+0x1a40", "bss+0x60". */
function toVariable({ module, types }: GlobalSource, { address, type, by }: Claim): CodeGlobal {
  const isData = address >= module.data && address < module.edata;
  const name = isData ? `data+0x${(address - module.data).toString(16)}` : `bss+0x${(address - module.bss).toString(16)}`;
  return { name, address, size: types.get(type).size, type, by };
}

/** The variables with those that the code tells of. Code is read when the first address in data or bss without a variable is asked for. */
export function withCodeGlobals(variables: Variables, module: Module, read: () => CodeGlobals): Variables {
  return withGlobals(variables, {
    globals: lazy(() => read().variables),
    isThere: (address) => address >= Math.min(module.data, module.bss) && address < Math.max(module.edata, module.ebss),
    mayBeNamed: (name) => /^(?:data|bss)\+0x/.test(name),
  });
}
