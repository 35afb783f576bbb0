// What is known at one place of a function's code: of each register and each word of memory where its value came from.
import type { Address } from "../../base/units.js";
import type { Machine, Memory } from "./instructions.js";

/** Where a value that is not known came from. Made once for each place: two values of one source are the same. */
export interface Source {
  /** What a call answered, a word of a variable, an argument of the function itself, a word of other memory. */
  readonly kind: "result" | "variable" | "argument" | "memory";
  /** Dense, within one function. */
  readonly id: number;
  /** Of the instruction; of an argument the function's entry. */
  readonly pc: Address;
  /** Of a result or an argument: which one, in registers. */
  readonly index: number;
  /** Of the variable, or of the function that was called; 0 when that is not known. */
  readonly address: Address;
  /** The first instruction that looks at what the value points to, or compares it with nil; infinite for none. */
  usedAt: Address;
}

/** A number (an address, a constant), a source, or nothing known. */
export type Value = number | Source | undefined;

/** Addresses of the frame, counted from the stack pointer at the function's entry; no process has them. */
const FRAME = 2 ** 50;
const FRAME_REACH = 2 ** 40;
/** Addresses behind a pointer of unknown value. */
const BEHIND = 2 ** 51;
const REACH = 2 ** 24;
/** How much of a variable whose address a function was given it may write, as far as it matters here. */
const HANDED = 128;

export const isFrame = (address: number): boolean => address > FRAME - FRAME_REACH && address < FRAME + FRAME_REACH;
export const isBehind = (address: number): boolean => address >= BEHIND;

/** Registers and memory at one place. */
export class Values {
  readonly registers: Value[];
  private words: Map<number, Value>;
  /** Another place has the same words: they are copied before one changes. */
  private isShared = false;

  private constructor(registers: Value[], words: Map<number, Value>) {
    this.registers = registers;
    this.words = words;
  }

  /** At a function's entry. */
  static atEntry(count: number, stackPointer: number): Values {
    const registers: Value[] = new Array(count).fill(undefined);
    registers[stackPointer] = FRAME;
    return new Values(registers, new Map());
  }

  copy(): Values {
    const copy = new Values(this.registers.slice(), this.words);
    this.isShared = true;
    copy.isShared = true;
    return copy;
  }

  private own(): Map<number, Value> {
    if (this.isShared) this.words = new Map(this.words);
    this.isShared = false;
    return this.words;
  }

  /**
   * Keeps what holds on both ways; nil and a pointer are a pointer.
   * @returns whether less is known than before
   */
  join(other: Values): boolean {
    let changed = false;
    const { registers } = this;
    for (let i = 0; i < registers.length; i++) {
      const joined = either(registers[i], other.registers[i]);
      if (joined === registers[i]) continue;
      registers[i] = joined;
      changed = true;
    }
    if (this.words === other.words) return changed;
    for (const [address, value] of this.words) {
      const joined = either(value, other.words.get(address));
      if (joined === value) continue;
      if (joined === undefined) this.own().delete(address);
      else this.own().set(address, joined);
      changed = true;
    }
    return changed;
  }

  /** Of an operand: an address of the process, of the frame, or one behind a source; undefined when it is computed. */
  place({ base, index, offset }: Memory): number | undefined {
    if (index !== -1) return undefined;
    if (base < 0) return offset;
    const value = this.registers[base];
    if (typeof value === "number") return value + offset;
    return value && Math.abs(offset) < REACH / 2 ? BEHIND + value.id * REACH + REACH / 2 + offset : undefined;
  }

  /** A word of the frame, or one that was written behind a source; undefined for what lies elsewhere. */
  word(place: number): Value {
    return this.words.get(place);
  }

  store(place: number, size: number, value: Value): void {
    if (!isFrame(place) && !isBehind(place)) return;
    // Words of frames lie at multiples of 8; a part of one makes the whole unknown.
    const isKnown = size === 8 && place % 8 === 0 && value !== undefined;
    for (let at = place - (place % 8); at < place + size; at += 8)
      if (this.words.has(at) && !(isKnown && at === place)) this.own().delete(at);
    if (isKnown && this.words.get(place) !== value) this.own().set(place, value);
  }

  /** A call may change what lies behind pointers, and the variables whose addresses it gets. @param onlyReads  not those */
  afterCall(machine: Machine, onlyReads: boolean): void {
    if (this.words.size === 0) return;
    const handed = onlyReads
      ? []
      : this.registers.filter(
          (each, register): each is number =>
            typeof each === "number" && isFrame(each) && register !== machine.stackPointer && register !== machine.framePointer,
        );
    for (const address of [...this.words.keys()]) {
      if (isBehind(address) || handed.some((each) => address >= each && address < each + HANDED)) this.own().delete(address);
    }
  }
}

function either(a: Value, b: Value): Value {
  if (a === b) return a;
  if (a === 0 && typeof b === "object") return b;
  if (b === 0 && typeof a === "object") return a;
  return undefined;
}
