// What is known of registers and memory at one place of the code: the core's memory, and what the code has written since.
import type { Address } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import type { Condition, Instruction, Memory, Operand, Register } from "./instructions.js";
import { isSymbol, type Symbols } from "./symbols.js";

/** Values are numbers; NaN when not known. */
export type Value = number;

interface Comparison {
  readonly a: Value;
  readonly b: Value;
  readonly mask: boolean;
  readonly size: number;
}

/** What may be added to a symbol: more would make it another one. */
const LARGEST_OFFSET = 2 ** 31;
/** Numbers above this are not exact. */
const EXACT = 2 ** 53;

/**
 * Registers and memory at one place of the code. A value is known exactly, stands for something that is not known yet (a symbol, see
 * symbols.ts), or is NaN. Memory is the core's, with what the code has written since laid over it.
 */
export class State {
  readonly registers: Float64Array;
  private readonly memory: AddressSpace;
  /** The goroutine's own stack. */
  private readonly low: Address;
  private readonly high: Address;
  /** Written since, by address. */
  private readonly written: Map<Address, { readonly size: number; readonly value: Value }>;
  /** What the next branch asks for. */
  comparison: Comparison | undefined;
  /** Stands for what is not known, where values have to be told apart. */
  symbols: Symbols | undefined;

  /** Addresses written on ways that only the code shows, not what happened; those of the way that is being followed apart. */
  private uncertain: ReadonlySet<Address> = new Set();
  private trial: ReadonlySet<Address> | undefined;

  constructor(
    memory: AddressSpace,
    registers: Float64Array,
    stack: { readonly lo: Address; readonly hi: Address },
    written = new Map<Address, { readonly size: number; readonly value: Value }>(),
  ) {
    this.memory = memory;
    this.low = stack.lo;
    this.high = stack.hi;
    this.registers = registers;
    this.written = written;
  }

  copy(): State {
    const copy = new State(this.memory, this.registers.slice(), { lo: this.low, hi: this.high }, new Map(this.written));
    copy.comparison = this.comparison;
    copy.symbols = this.symbols;
    copy.uncertain = this.uncertain;
    copy.trial = this.trial;
    return copy;
  }

  /** Keeps what both know alike. @returns whether less is known than before */
  join(other: State): boolean {
    let changed = false;
    const { registers } = this;
    for (let i = 0; i < registers.length; i++) {
      if (registers[i] === other.registers[i] || Number.isNaN(registers[i])) continue;
      registers[i] = Number.NaN;
      changed = true;
    }
    const differs = (address: Address, size: number) => {
      const mine = this.load(address, size);
      if (Number.isNaN(mine) || mine === other.load(address, size)) return;
      this.store(address, size, Number.NaN);
      changed = true;
    };
    for (const [address, { size }] of [...this.written]) differs(address, size);
    for (const [address, { size }] of other.written) differs(address, size);
    this.comparison = undefined;
    if (other.uncertain.size > 0) this.uncertain = new Set([...this.uncertain, ...other.uncertain]);
    return changed;
  }

  /** Forgets what was written below the stack pointer. */
  leave(sp: Address): void {
    for (const address of this.written.keys()) if (address < sp && address >= this.low) this.written.delete(address);
  }

  addressOf({ base, index, scale, offset }: Memory): Address {
    let address = offset;
    if (base >= 0) address += this.registers[base];
    if (index >= 0) address += this.registers[index] * scale;
    return address;
  }

  get(operand: Operand, size: number, signed = false): Value {
    if (operand.kind === "constant") return cut(operand.value, size, signed);
    if (operand.kind === "register") return cut(this.registers[operand.register], size, signed);
    return cut(this.load(this.addressOf(operand), size), size, signed);
  }

  set(operand: Operand, size: number, value: Value): void {
    if (operand.kind === "memory") this.store(this.addressOf(operand), size, value);
    else if (operand.kind === "register") this.registers[operand.register] = value;
  }

  load(address: Address, size: number): Value {
    const isUnknown = this.symbols !== undefined && isSymbol(address);
    if (!isUnknown && (!(address > 0) || address >= EXACT)) return Number.NaN;
    if (this.written.size > 0) {
      const exact = this.written.get(address);
      if (exact && exact.size >= size) return exact.size === size ? exact.value : cut(exact.value, size, false);
      for (let at = address - 7; at < address + size; at++) {
        const other = this.written.get(at);
        if (other && at + other.size > address) return Number.NaN;
      }
    }
    if (isUnknown) return size === 8 ? (this.symbols?.at(address) ?? Number.NaN) : Number.NaN;
    if (size === 8) {
      const value = this.memory.tryAddress(address);
      return value === undefined || value < 0 ? Number.NaN : value;
    }
    // Of what others may write only pointers are believed.
    if (address < this.low || address >= this.high) return Number.NaN;
    return this.memory.tryBytes(address, size) ? this.memory.readUint(address, size as 1 | 2 | 4) : Number.NaN;
  }

  store(address: Address, size: number, value: Value): void {
    if (!(address > 0 || isSymbol(address)) || address >= EXACT) return;
    for (let rest = size, at = address; rest > 0; rest -= 8, at += 8) {
      const part = Math.min(rest, 8);
      for (let near = at - 7; near < at + part; near++) {
        const other = this.written.get(near);
        if (!other || near === at || near + other.size <= at) continue;
        // Half written over: the rest is not known.
        this.written.set(near, { size: other.size, value: Number.NaN });
      }
      if (this.trial) this.trial = new Set([...this.trial, at]);
      else if (this.uncertain.has(at)) this.uncertain = new Set([...this.uncertain].filter((each) => each !== at));
      const old = this.written.get(at);
      if (old && old.size > part) this.written.set(at, { size: old.size, value: Number.NaN });
      else this.written.set(at, { size: part, value });
    }
  }

  /** From here to the next call the code is followed as if it had come this way. */
  suppose(): void {
    this.trial = new Set();
  }

  /** The call is made: it may have come another way. */
  supposed(): void {
    if (this.trial && this.trial.size > 0) this.uncertain = new Set([...this.uncertain, ...this.trial]);
    this.trial = undefined;
  }

  /** Words of 8 bytes surely written from an address on. */
  *words(from: Address): Iterable<readonly [address: Address, value: Value]> {
    for (const [address, { size, value }] of this.written)
      if (size === 8 && address >= from && !this.uncertain.has(address)) yield [address, value];
  }

  /** What an instruction makes of registers and memory. Calls and jumps are the caller's. */
  apply(each: Instruction): void {
    switch (each.action) {
      case "move":
        this.set(each.to, each.size, this.get(each.from, each.size, each.signed));
        break;
      case "address":
        this.registers[each.to] = this.addressOf(each.of);
        break;
      case "add": {
        const [a, b] = [this.get(each.a, each.size), this.get(each.b, each.size)];
        const isKnown = each.size === 8 && !isSymbol(b) && !(isSymbol(a) && Math.abs(b) > LARGEST_OFFSET);
        this.registers[each.to] = isKnown ? a + each.sign * b : Number.NaN;
        break;
      }
      case "compare":
        this.comparison = { a: this.get(each.a, each.size), b: this.get(each.b, each.size), mask: each.mask, size: each.size };
        break;
      case "clobber":
        if (each.writes) this.store(this.addressOf(each.writes.memory), each.writes.size, Number.NaN);
        for (const register of each.registers) this.forget(register);
        break;
      case "zero":
        this.store(this.addressOf(each.memory), each.size, 0);
        break;
      default:
        break;
    }
  }

  forget(register: Register): void {
    this.registers[register] = Number.NaN;
  }

  /** Whether a branch is taken; undefined when it may be. */
  decides(condition: Condition): boolean | undefined {
    const { comparison } = this;
    if (!comparison || condition === "other") return undefined;
    const { a, b, mask, size } = comparison;
    // Words change while others run; flags of the function's own, and the bits of its defers, are its own.
    if (size === 8 || Number.isNaN(a) || Number.isNaN(b)) return undefined;
    if (mask) {
      if (condition !== "equal" && condition !== "not equal") return undefined;
      const isZero = both(a, b) === 0;
      return (condition === "equal") === isZero;
    }
    if (condition === "equal") return a === b;
    if (condition === "not equal") return a !== b;
    // Order is told only where signed and unsigned agree.
    if (a < 0 || b < 0 || a >= 2 ** 31 || b >= 2 ** 31) return undefined;
    if (condition === "below" || condition === "less") return a < b;
    if (condition === "not below" || condition === "not less") return a >= b;
    if (condition === "above" || condition === "greater") return a > b;
    return a <= b;
  }
}

function both(a: number, b: number): number {
  if (a < 0 || b < 0) return a === b ? a : Number.NaN;
  const low = ((a % 2 ** 32) & (b % 2 ** 32)) >>> 0;
  return low + (Math.floor(a / 2 ** 32) & Math.floor(b / 2 ** 32)) * 2 ** 32;
}

function cut(value: Value, size: number, signed: boolean): Value {
  if (size === 8 || Number.isNaN(value)) return value;
  if (isSymbol(value)) return Number.NaN;
  const range = 2 ** (8 * size);
  const low = ((value % range) + range) % range;
  return signed && low >= range / 2 ? low - range : low;
}
