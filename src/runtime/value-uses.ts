// What code does with a value that it loads out of its frame: uses it as it is, or only computes with it.
import type { Address } from "../base/units.js";
import type { Condition, Instruction, Machine, Operand, Register } from "./code/instructions.js";
import type { Code } from "./code/program.js";
import { MOST_USE_STEPS } from "./limits.js";

const ORDERED: readonly Condition[] = ["below", "not below", "above", "not above", "less", "not less", "greater", "not greater"];

/** Instructions after a sum among which the rest of it is. */
const LONGEST_SUM = 8;

/**
 * Whether a load is of the value as it is: to pass, return or store it, for one step of it, or to compare which is the greater. The
 * compiler makes one instruction of several (ok = !ok; wait(); if ok; n++; wait(); n + 2; on arm64 also n = n * m; wait(); n + k): then the
 * first of them has left no code, and what is loaded for the last is older than the variable.
 * @param isLocal  what is added to another variable counts too, where the compiler keeps changes of sign; a parameter has its value as passed
 * cmd/compile/internal/ssa/_gen/generic.rules, ARM64.rules
 */
export function usesAsItIs(code: Code, { arguments: passed, foldsSigns }: Machine, load: Address, isLocal: boolean): boolean {
  const isSummand = isLocal && !foldsSigns;
  const { instructions } = code;
  const index = code.indexOf(load);
  const first = instructions[index];
  if (first?.action === "compare") return isOrder(first, instructions[index + 1]);
  if (first?.action === "add") return isSummand && first.sign > 0 && !isMoved(instructions, index + 1, first.to);
  if (first?.action !== "move" || first.to.kind !== "register") return false;
  const open: Path[] = [{ index: index + 1, register: first.to.register, isUsed: false }];
  const seen = new Set<string>();
  while (open.length > 0 && seen.size < MOST_USE_STEPS) {
    const { index: at, register, isUsed } = open.pop() as Path;
    const key = `${at} ${register} ${isUsed}`;
    const each = instructions[at];
    if (!each || seen.has(key)) continue;
    seen.add(key);
    // What nothing has computed with was loaded for the call or the return.
    if (each.action === "call" || each.action === "return") {
      if (!isUsed && passed.includes(register)) return true;
      continue;
    }
    if (each.action === "stop") continue;
    if (isPlain(each, register, instructions[at + 1])) return true;
    const sum = isSummand ? sumOf(each, register) : undefined;
    if (sum !== undefined && !isMoved(instructions, at + 1, sum)) return true;
    if (each.action === "move" && isIn(each.from, register) && each.to.kind === "register")
      open.push({ index: at + 1, register: each.to.register, isUsed });
    if ((each.action === "jump" || each.action === "branch") && each.target !== undefined) {
      const target = code.indexOf(each.target);
      if (target >= 0) open.push({ index: target, register, isUsed });
    }
    if (each.action === "jump" || overwrites(each, register)) continue;
    open.push({ index: at + 1, register, isUsed: isUsed || reads(each, register) });
  }
  return false;
}

interface Path {
  readonly index: number;
  readonly register: Register;
  /** Something has been computed with it. */
  readonly isUsed: boolean;
}

const isIn = (operand: Operand, register: Register): boolean => operand.kind === "register" && operand.register === register;
/** Shifted or extended: of which register is not known. */
const isUnknown = (operand: Operand): boolean => operand.kind === "constant" && Number.isNaN(operand.value);
const isOne = (operand: Operand): boolean => operand.kind === "constant" && Math.abs(operand.value) === 1;

function isPlain(each: Instruction, register: Register, next: Instruction | undefined): boolean {
  switch (each.action) {
    case "move":
      return isIn(each.from, register) && each.to.kind === "memory";
    case "add":
      return (isIn(each.a, register) && isOne(each.b)) || (isIn(each.b, register) && isOne(each.a));
    case "address":
      return each.of.base === register && each.of.index === -1 && Math.abs(each.of.offset) === 1;
    case "compare":
      return (isIn(each.a, register) || isIn(each.b, register)) && isOrder(each, next);
    default:
      return false;
  }
}

/** Where the sum of it and another variable goes, or of it less another: x - y may have been x + -y. */
function sumOf(each: Instruction, register: Register): Register | undefined {
  if (each.action === "address")
    return each.of.offset === 0 && each.of.scale === 1 && (each.of.base === register || each.of.index === register) ? each.to : undefined;
  if (each.action !== "add" || !(isIn(each.a, register) || (each.sign > 0 && isIn(each.b, register)))) return undefined;
  return [each.a, each.b].some((operand) => operand.kind === "constant") ? undefined : each.to;
}

/** A constant is added to a sum: one of its terms may have been changed by it. */
function isMoved(instructions: readonly Instruction[], from: number, sum: Register): boolean {
  let at = sum;
  for (const each of instructions.slice(from, from + LONGEST_SUM)) {
    const isTerm = each.action === "add" && (isIn(each.a, at) || isIn(each.b, at));
    if (isTerm && (each.a.kind === "constant" || each.b.kind === "constant")) return true;
    if (each.action === "address" && each.of.offset !== 0 && (each.of.base === at || each.of.index === at)) return true;
    const next = sumOf(each, at);
    if (next !== undefined) at = next;
    else if (each.action === "move" && each.to.kind === "register" && isIn(each.from, at)) at = each.to.register;
    else if (each.action === "call" || each.action === "return" || overwrites(each, at)) return false;
  }
  return false;
}

/** n + 1 < m is no comparison of n: sums overflow. Only the sign of one can be had from what it is made of. */
function isOrder(each: Instruction & { readonly action: "compare" }, next: Instruction | undefined): boolean {
  const isSign = [each.a, each.b].some((operand) => operand.kind === "constant" && operand.value === 0);
  return !each.mask && !isSign && next?.action === "branch" && ORDERED.includes(next.condition);
}

function reads(each: Instruction, register: Register): boolean {
  switch (each.action) {
    case "compare":
    case "add":
      return [each.a, each.b].some((operand) => isIn(operand, register) || isUnknown(operand));
    case "address":
      return each.of.base === register || each.of.index === register;
    case "move":
      return [each.from, each.to].some((operand) => operand.kind === "memory" && (operand.base === register || operand.index === register));
    // Operands of what is not followed are not known.
    case "clobber":
      return true;
    default:
      return false;
  }
}

function overwrites(each: Instruction, register: Register): boolean {
  switch (each.action) {
    case "move":
      return isIn(each.to, register);
    case "add":
    case "address":
      return each.to === register;
    case "clobber":
      return each.registers.includes(register);
    default:
      return false;
  }
}
