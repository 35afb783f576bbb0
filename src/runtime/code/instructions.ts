// Machine instructions as far as it matters where values go: what is moved, added, compared and called. Of all others only what they
// read and write is kept. Both decoders (amd64.ts, arm64.ts) answer in these terms, so that everything above is written once.
import type { Address, Bytes } from "../../base/units.js";

/** Registers by their number in the instruction set; the stack pointer is one of them. */
export type Register = number;

/** Memory at base + index * scale + offset. */
export interface Memory {
  readonly kind: "memory";
  /** -1 for none. */
  readonly base: Register;
  readonly index: Register;
  readonly scale: number;
  /** Absolute when there is no base. */
  readonly offset: number;
}

/** Bytes of memory that an instruction reads or writes. */
export interface Access {
  readonly memory: Memory;
  readonly size: Bytes;
}

/** Where an instruction takes a value from or puts it; a constant of NaN is one that is not followed. */
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

/** One step; an instruction of arm64 may be several, with the same pc and next, in the order of their effects. */
export type Instruction = {
  readonly pc: Address;
  /** Where the instruction that follows begins. */
  readonly next: Address;
} & (
  | { readonly action: "move"; readonly to: Operand; readonly from: Operand; readonly size: number; readonly signed: boolean }
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
  /** Registers and memory get values that are not followed: vector arithmetic, bit operations, atomics. */
  | {
      readonly action: "clobber";
      readonly registers: readonly Register[];
      readonly reads: Access | undefined;
      readonly writes: Access | undefined;
    }
  /** Memory gets zeros out of a vector register. */
  | { readonly action: "zero"; readonly memory: Memory; readonly size: number }
  | { readonly action: "call"; readonly target: Address | Operand }
  | { readonly action: "jump"; readonly target: Address | undefined }
  | { readonly action: "branch"; readonly target: Address; readonly condition: Condition }
  | { readonly action: "return" | "stop" | "nothing" }
);

type Of<Action> = Instruction & { readonly action: Action };

/** Makes instructions: all of one action have one shape, whichever decoder makes them. Their place is set when they are read to their end. */
export const make = {
  move: (to: Operand, from: Operand, size: number, signed = false): Of<"move"> => ({
    pc: 0,
    next: 0,
    action: "move",
    to,
    from,
    size,
    signed,
  }),
  address: (to: Register, of: Memory): Of<"address"> => ({ pc: 0, next: 0, action: "address", to, of }),
  add: (to: Register, a: Operand, b: Operand, sign: 1 | -1, size: number): Of<"add"> => ({
    pc: 0,
    next: 0,
    action: "add",
    to,
    a,
    b,
    sign,
    size,
  }),
  compare: (a: Operand, b: Operand, size: number, mask: boolean): Of<"compare"> => ({
    pc: 0,
    next: 0,
    action: "compare",
    a,
    b,
    size,
    mask,
  }),
  clobber: (registers: readonly Register[], reads?: Access, writes?: Access): Of<"clobber"> => ({
    pc: 0,
    next: 0,
    action: "clobber",
    registers,
    reads,
    writes,
  }),
  zero: (memory: Memory, size: number): Of<"zero"> => ({ pc: 0, next: 0, action: "zero", memory, size }),
  call: (target: Address | Operand): Of<"call"> => ({ pc: 0, next: 0, action: "call", target }),
  jump: (target: Address | undefined): Of<"jump"> => ({ pc: 0, next: 0, action: "jump", target }),
  branch: (target: Address, condition: Condition): Of<"branch"> => ({ pc: 0, next: 0, action: "branch", target, condition }),
  other: (action: "return" | "stop" | "nothing"): Instruction => ({ pc: 0, next: 0, action }),
};

/** Says where an instruction stands. */
export function place(each: Instruction, pc: Address, next: Address): Instruction {
  const made: { pc: Address; next: Address } = each;
  made.pc = pc;
  made.next = next;
  return each;
}

const REGISTERS: readonly Operand[] = Array.from({ length: 32 }, (_, register) => ({ kind: "register", register }));

/** Operands that are no memory. */
export const register = (number: Register): Operand => REGISTERS[number];
export const constant = (value: number): Operand => ({ kind: "constant", value });

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
  /** The compiler makes x + y of x - -y: a change of sign leaves no code. cmd/compile/internal/ssa/_gen/ARM64.rules */
  readonly foldsSigns: boolean;
  /** Bytes that a call pushes. */
  readonly pushed: number;
  /**
   * Instructions from an offset of the code on. One that is not known, or that the code ends within, ends the list.
   * @param start  address of the code's first byte
   * @param most  instructions of the machine: one may be several of the list
   */
  decode(code: DataView, start: Address, offset?: Bytes, most?: number): Instruction[];
}

/** All of some code, in the order of their addresses; one that is not known ends the list. */
export function decodeAll(machine: Machine, code: Uint8Array, start: Address): Instruction[] {
  return machine.decode(new DataView(code.buffer, code.byteOffset, code.byteLength), start);
}
