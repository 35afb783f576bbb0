// Where values come from in the code of one function: backwards over its instructions, every way that leads to a place.
import type { Bytes } from "../../base/units.js";
import type { FunctionTable } from "../functions.js";
import { MOST_ORIGIN_STEPS } from "../limits.js";
import type { GoRuntime } from "../runtime.js";
import { callTarget, neverReturns } from "./calls.js";
import type { Instruction, Machine, Memory, Operand, Register } from "./instructions.js";
import { type Flow, flowOf, type Loop, loopsOf } from "./loops.js";
import { type Code, programOf } from "./program.js";

/** A general register, by its number in the instruction set, or bytes from the stack pointer. */
export type ValuePlace =
  | { readonly kind: "register"; readonly register: Register }
  | { readonly kind: "slot"; readonly offset: Bytes; readonly size: Bytes };

/** How a value came into a place, on whichever way. */
export interface Sources {
  /** Instructions that made it, by their indexes, and where they left it. */
  readonly makers: readonly { readonly index: number; readonly place: ValuePlace }[];
  /** Registers that it was in when the function was called. */
  readonly entries: readonly Register[];
}

const known = new WeakMap<Code, { readonly flow: Flow; readonly all: readonly Loop[] }>();

/** Control flow of a function, and its loops; worked out once. */
export function loopsIn({ functions }: GoRuntime, code: Code) {
  let found = known.get(code);
  if (!found) {
    const { instructions } = code;
    const flow = flowOf(code, (index) => neverReturns(functions, callTarget(instructions[index])));
    found = { flow, all: loopsOf(flow, instructions.length) };
    known.set(code, found);
  }
  return found;
}

/** Tells places apart. */
export const keyOf = (place: ValuePlace): string => (place.kind === "register" ? `r${place.register}` : `${place.offset}`);

const knownSources = new WeakMap<Code, Map<string, Sources | undefined>>();

/**
 * The sources of the value that a place holds just before an instruction.
 * @returns undefined where the code does not tell all: it came in on the stack, or there are too many ways
 */
export function sourcesOf(runtime: GoRuntime, code: Code, index: number, place: ValuePlace): Sources | undefined {
  let byPlace = knownSources.get(code);
  if (!byPlace) {
    byPlace = new Map();
    knownSources.set(code, byPlace);
  }
  const key = `${index} ${keyOf(place)}`;
  if (!byPlace.has(key)) byPlace.set(key, findSources(runtime, code, index, place));
  return byPlace.get(key);
}

function findSources(runtime: GoRuntime, code: Code, start: number, wanted: ValuePlace): Sources | undefined {
  const { machine } = programOf(runtime);
  const { instructions, fn } = code;
  // What cannot be read, or a table of jumps, may lead anywhere.
  const isWhole =
    (instructions.at(-1)?.next ?? 0) >= fn.end && !instructions.some((each) => each.action === "jump" && each.target === undefined);
  if (!isWhole) return undefined;
  const { flow } = loopsIn(runtime, code);
  const makers = new Map<string, Sources["makers"][number]>();
  const entries = new Set<Register>();
  const seen = new Set<string>();
  const open = [{ index: start, place: wanted }];
  for (let at = open.pop(); at; at = open.pop()) {
    const { index, place } = at;
    const key = `${index} ${keyOf(place)}`;
    if (seen.has(key)) continue;
    if (seen.size > MOST_ORIGIN_STEPS) return undefined;
    seen.add(key);
    if (index === 0) {
      if (place.kind === "slot") return undefined;
      entries.add(place.register);
    }
    for (const before of flow.predecessors(index)) {
      const source = sourceIn(instructions[before], place, machine, runtime.functions);
      if (source === "begin") return undefined;
      if (typeof source === "object") open.push({ index: before, place: source });
      else makers.set(`${before} ${keyOf(place)}`, { index: before, place });
    }
  }
  return { makers: [...makers.values()], entries: [...entries] };
}

/**
 * Where a value was before an instruction that leaves it in a place: there, or in another place; else how the instruction made it.
 * "begin": the frame is being set up.
 */
export function sourceIn(
  each: Instruction,
  place: ValuePlace,
  machine: Machine,
  functions: FunctionTable,
): ValuePlace | "computed" | "ordered" | "begin" {
  const { stackPointer } = machine;
  const isHere = (memory: Memory, size: Bytes): boolean =>
    place.kind === "slot" &&
    memory.base === stackPointer &&
    memory.index === -1 &&
    memory.offset < place.offset + place.size &&
    place.offset < memory.offset + size;
  const isWanted = (register: Register) => place.kind === "register" && place.register === register;
  switch (each.action) {
    case "move": {
      const { to, from, size } = each;
      if (to.kind === "register" ? !isWanted(to.register) : to.kind !== "memory" || !isHere(to, size)) return place;
      // A part of the place is written: the rest has another origin.
      if (to.kind === "memory" && place.kind === "slot" && (to.offset > place.offset || to.offset + size < place.offset + place.size))
        return "computed";
      return sourceOf(from, size, stackPointer);
    }
    case "address":
      return isWanted(each.to) ? "computed" : place;
    case "add":
      if (each.to === stackPointer) return place.kind === "slot" ? "begin" : place;
      return isWanted(each.to) ? "computed" : place;
    case "clobber":
      return each.registers.some(isWanted) || (each.writes && isHere(each.writes.memory, each.writes.size)) ? "computed" : place;
    case "zero":
      return isHere(each.memory, each.size) ? "ordered" : place;
    case "call": {
      if (place.kind === "slot") return place;
      const target = callTarget(each);
      const name = target === undefined ? "" : (functions.find(target)?.name ?? "");
      const helper = machine.helpers.find((one) => name.startsWith(one.name));
      return helper && !helper.changes.includes(place.register) ? place : "ordered";
    }
    default:
      return place;
  }
}

/** Of what is moved: constants are made anywhere, and what is loaded keeps its order among calls. */
function sourceOf(from: Operand, size: Bytes, stackPointer: Register): ValuePlace | "ordered" {
  if (from.kind === "register") return from;
  if (from.kind === "memory" && from.base === stackPointer && from.index === -1) return { kind: "slot", offset: from.offset, size };
  return "ordered";
}
