// Machine instructions as far as it matters where values go: what is moved, compared, called. Everything else only forgets what it writes.
import type { Address } from "../../base/units.js";

/** Registers by their number in the instruction set; the stack pointer is one of them. */
export type Register = number;

export interface Memory {
  readonly kind: "memory";
  /** -1 for none. */
  readonly base: Register;
  readonly index: Register;
  readonly scale: number;
  /** Absolute when there is no base. */
  readonly offset: number;
}

export type Operand =
  | { readonly kind: "register"; readonly register: Register }
  | { readonly kind: "constant"; readonly value: number }
  | Memory;

/** Conditions of branches after a comparison of a with b; "other" is never known. */
export type Condition =
  | "equal"
  | "not equal"
  | "below"
  | "not below"
  | "above"
  | "not above"
  | "less"
  | "not less"
  | "greater"
  | "not greater"
  | "other";

export type Instruction = {
  readonly pc: Address;
  readonly next: Address;
} & (
  | { readonly action: "move"; readonly to: Operand; readonly from: Operand; readonly size: number; readonly signed?: boolean }
  /** The address itself, not what lies there. */
  | { readonly action: "address"; readonly to: Register; readonly of: Memory }
  | {
      readonly action: "add";
      readonly to: Register;
      readonly a: Operand;
      readonly b: Operand;
      readonly sign: 1 | -1;
      readonly size: number;
    }
  /** "mask": of a and b together with zero. */
  | { readonly action: "compare"; readonly a: Operand; readonly b: Operand; readonly size: number; readonly mask: boolean }
  /** Registers and memory that are written with what is not known. */
  | {
      readonly action: "forget";
      readonly registers: readonly Register[];
      readonly memory?: Memory;
      readonly size?: number;
      readonly atomic?: boolean;
    }
  | { readonly action: "zero"; readonly memory: Memory; readonly size: number }
  | { readonly action: "call"; readonly target: Address | Operand }
  | { readonly action: "jump"; readonly target: Address | undefined }
  | { readonly action: "branch"; readonly target: Address; readonly condition: Condition }
  | { readonly action: "return" | "stop" | "nothing" }
);

/** What differs between the architectures: where the calling convention of Go keeps values. cmd/compile/abi-internal.md */
export interface Machine {
  readonly registers: number;
  /** As a stopped thread's registers name them, by number; the stack pointer may be missing. */
  readonly names: readonly string[];
  readonly stackPointer: Register;
  /** Go keeps the frame pointer there, and nothing else. */
  readonly framePointer: Register;
  readonly arguments: readonly Register[];
  /** Closure context. */
  readonly context: Register;
  /** Functions of the runtime that keep to no convention: all registers but these stay as they are. runtime/asm_*.s, duff_*.s */
  readonly helpers: readonly { readonly name: string; readonly changes: readonly Register[] }[];
  /** General registers by the numbers that DWARF has for them. */
  readonly dwarf: readonly Register[];
  /** Bytes that a call pushes. */
  readonly pushed: number;
  /** Instructions of a function, in order; a place that is no instruction ends the list. */
  decode(code: DataView, start: Address): Instruction[];
}
