// One value followed forwards through the registers and slots that hold it.
import { WORD } from "../../base/units.js";
import { MOST_USES_FOLLOWED } from "../limits.js";
import type { GoRuntime } from "../runtime.js";
import { callTarget } from "./calls.js";
import type { Instruction, Machine, Memory, Operand, Register } from "./instructions.js";
import { type Code, type Program, programOf } from "./program.js";
import { loopsIn, type ValuePlace } from "./sources.js";

/** Where the value is on the way. */
export interface Where {
  readonly index: number;
  /** A bit of each register. */
  readonly registers: number;
  /** Offsets from the stack pointer, ascending. */
  readonly slots: readonly number[];
}

/**
 * Visits the instructions behind a place, along every way, as long as something holds the value.
 * @param place  holds it just before the instruction at the index
 * @param visit  false ends the way there
 */
export function walkValue(
  runtime: GoRuntime,
  code: Code,
  index: number,
  place: ValuePlace,
  visit: (each: Instruction, where: Where) => boolean,
): void {
  const program = programOf(runtime);
  const { flow } = loopsIn(runtime, code);
  /** By the index of the instruction. */
  const seen: (Where[] | undefined)[] = [];
  let count = 0;
  const open: Where[] = [
    { index, registers: place.kind === "register" ? bit(place.register) : 0, slots: place.kind === "slot" ? [place.offset] : [] },
  ];
  for (let at = open.pop(); at && count < MOST_USES_FOLLOWED; at = open.pop()) {
    const each = code.instructions[at.index];
    if (!each || (at.registers === 0 && at.slots.length === 0)) continue;
    seen[at.index] ??= [];
    const known = seen[at.index] as Where[];
    if (isIn(known, at)) continue;
    known.push(at);
    count++;
    const after = visit(each, at) ? behind(program, each, at) : undefined;
    if (after) for (const next of flow.successors(at.index)) open.push({ ...after, index: next });
  }
}

/** The same place, held by the same. */
function isIn(known: readonly Where[], { registers, slots }: Where): boolean {
  return known.some(
    (each) =>
      each.registers === registers &&
      (each.slots === slots || (each.slots.length === slots.length && each.slots.every((slot, i) => slot === slots[i]))),
  );
}

/** The operand is the value. */
export function holdsValue(machine: Machine, { registers, slots }: Where, operand: Operand): boolean {
  if (operand.kind === "register") return (registers & bit(operand.register)) !== 0;
  return operand.kind === "memory" && isSlot(operand, machine) && slots.includes(operand.offset);
}

/** Positions of the arguments that are the value. */
export function argumentsWith(machine: Machine, { registers }: Where): readonly number[] {
  return machine.arguments.flatMap((register, position) => (registers & bit(register) ? [position] : []));
}

/** Where the value is behind an instruction; undefined where the frame is taken down. */
function behind({ machine, at: functionAt }: Program, each: Instruction, at: Where): Omit<Where, "index"> | undefined {
  let { registers, slots } = at;
  const overwrite = (memory: Memory, size: number) => {
    if (isSlot(memory, machine)) slots = slots.filter((slot) => slot + WORD <= memory.offset || memory.offset + size <= slot);
  };
  switch (each.action) {
    case "move": {
      const isIt = each.size === WORD && holdsValue(machine, at, each.from);
      if (each.to.kind === "register") registers = isIt ? registers | bit(each.to.register) : registers & ~bit(each.to.register);
      else if (each.to.kind === "memory") {
        overwrite(each.to, each.size);
        if (isIt && isSlot(each.to, machine)) slots = [...slots, each.to.offset].sort((a, b) => a - b);
      }
      break;
    }
    case "address":
    case "add":
      if (each.to === machine.stackPointer) slots = [];
      registers &= ~bit(each.to);
      break;
    case "clobber":
      for (const register of each.registers) registers &= ~bit(register);
      if (each.writes) overwrite(each.writes.memory, each.writes.size);
      break;
    case "zero":
      overwrite(each.memory, each.size);
      break;
    case "call": {
      const target = callTarget(each);
      const name = target === undefined ? "" : (functionAt(target)?.name ?? "");
      const helper = machine.helpers.find((one) => name.startsWith(one.name));
      registers = helper ? helper.changes.reduce((rest, register) => rest & ~bit(register), registers) : 0;
      break;
    }
    case "return":
    case "stop":
      return undefined;
  }
  return { registers, slots };
}

const bit = (register: Register): number => 1 << register;

const isSlot = ({ base, index }: Memory, { stackPointer }: Machine): boolean => base === stackPointer && index === -1;
