// Location expressions: where a variable lies, given a frame. DWARF 5 sections 2.5 and 2.6.
//
// An expression is a small program for a stack machine. What is on top of the stack at its end is an address in memory, unless its last
// operation says that the variable is in a register, is the value itself, or lies in pieces. Go keeps the words of strings, slices and
// interfaces in registers one by one, so pieces are common.
import { ByteReader } from "../base/byte-reader.js";
import type { Address, Bytes } from "../base/units.js";
import { DW_AT, DW_OP } from "./constants.js";
import type { Die } from "./dies.js";
import { MOST_OPERATIONS, MOST_STACKED } from "./limits.js";
import { locationExpression } from "./lists.js";

/**
 * Where a value lies. Memory addresses are the process's (biased); register numbers are DWARF's. value: the value itself, of 8 bytes at
 * most. pieces: one after the other. absent: nowhere at this pc, or it cannot be known.
 */
export type Location =
  | { readonly kind: "memory"; readonly address: Address }
  | { readonly kind: "register"; readonly register: number }
  | { readonly kind: "value"; readonly value: bigint }
  | { readonly kind: "pieces"; readonly pieces: readonly { readonly at: Location; readonly size: Bytes }[] }
  | { readonly kind: "absent" };

/** One frame. pc is link-time; cfa is the process's: the stack pointer before the call pushed anything. */
export interface FrameContext {
  readonly pc: Address;
  readonly cfa: Address;
  /** Process address minus link-time address. */
  readonly bias: Address;
  /** undefined: not known in this frame (callee-saved nothing: only the innermost frame has them). */
  register(dwarfNumber: number): bigint | undefined;
}

/** A value that is nowhere. */
export const ABSENT: Location = { kind: "absent" };

/** Thrown inside evaluate when the answer needs what is not there: no damage, and no finding. */
class Unknown extends Error {}

/**
 * Evaluates an expression. "absent" when it is empty, needs an unknown register, memory (DW_OP_deref) or the caller's state (DW_OP_entry_value).
 * @param die       the variable: its unit sizes the operands
 * @param function_ the subprogram, for DW_AT_frame_base
 * @throws FormatError when the expression is damaged
 */
export function evaluate(expression: Uint8Array, die: Die, function_: Die, frame: FrameContext): Location {
  return run(expression, die, function_, frame, true);
}

/**
 * The interpreter: one case an operation. @param mayUseFrameBase false inside DW_AT_frame_base, which cannot need itself
 */
// oxlint-disable-next-line max-lines-per-function -- an interpreter: one case an operation of DWARF
function run(expression: Uint8Array, die: Die, function_: Die, frame: FrameContext, mayUseFrameBase: boolean): Location {
  const reader = new ByteReader(expression, `${die.dies.name} expression of DIE ${die.offset}`);
  const stack: bigint[] = [];
  const pieces: { at: Location; size: Bytes }[] = [];
  // What the operations since the last piece amount to, when it is not "memory at the top of the stack".
  let direct: Location | undefined;

  // Values are words of 64 bits: whatever is pushed wraps around.
  const push = (value: bigint | number) => {
    if (stack.length >= MOST_STACKED) throw reader.error("expression stack overflow");
    stack.push(BigInt.asUintN(64, BigInt(value)));
  };
  const pop = (): bigint => {
    const value = stack.pop();
    if (value === undefined) throw reader.error("expression stack underflow");
    return value;
  };
  const signed = () => BigInt.asIntN(64, pop());
  const register = (number: number): bigint => {
    const value = frame.register(number);
    if (value === undefined) throw new Unknown();
    return value;
  };
  // DW_AT_frame_base of the function, itself an expression: in Go it is DW_OP_call_frame_cfa.
  const frameBase = (): bigint => {
    const base = mayUseFrameBase ? locationExpression(function_, DW_AT.frame_base, frame.pc) : undefined;
    if (base === undefined) throw new Unknown();
    const at = run(base, function_, function_, frame, false);
    if (at.kind === "memory") return BigInt(at.address);
    if (at.kind === "register") return register(at.register);
    throw new Unknown();
  };
  const result = (): Location => {
    if (direct !== undefined) return direct;
    const top = stack[stack.length - 1];
    if (top === undefined) return ABSENT;
    return top <= BigInt(Number.MAX_SAFE_INTEGER) ? { kind: "memory", address: Number(top) } : ABSENT;
  };
  // Addresses of variables in the file are link-time ones.
  const linkTime = (address: Address) => push(address + frame.bias);
  const { unit, dies } = die;

  try {
    for (let count = 0; !reader.done; count++) {
      if (count > MOST_OPERATIONS) throw reader.error("expression too long");
      const op = reader.u8();
      // Thirty-two operations each for small numbers, registers, and registers with an offset.
      if (op >= DW_OP.lit0 && op < DW_OP.lit0 + 32) push(op - DW_OP.lit0);
      else if (op >= DW_OP.reg0 && op < DW_OP.reg0 + 32) direct = { kind: "register", register: op - DW_OP.reg0 };
      else if (op >= DW_OP.breg0 && op < DW_OP.breg0 + 32) push(register(op - DW_OP.breg0) + BigInt(reader.sleb()));
      else {
        switch (op) {
          // Addresses and constants.
          case DW_OP.addr:
            linkTime(unit.addressSize === 8 ? reader.u64() : reader.u32());
            break;
          case DW_OP.addrx:
          case DW_OP.GNU_addr_index:
            linkTime(dies.indexedAddress(unit, reader.uleb()));
            break;
          case DW_OP.constx:
          case DW_OP.GNU_const_index:
            push(dies.indexedAddress(unit, reader.uleb()));
            break;
          case DW_OP.const1u:
            push(reader.u8());
            break;
          case DW_OP.const1s:
            push(BigInt.asIntN(8, BigInt(reader.u8())));
            break;
          case DW_OP.const2u:
            push(reader.u16());
            break;
          case DW_OP.const2s:
            push(BigInt.asIntN(16, BigInt(reader.u16())));
            break;
          case DW_OP.const4u:
            push(reader.u32());
            break;
          case DW_OP.const4s:
            push(reader.i32());
            break;
          case DW_OP.const8u:
          case DW_OP.const8s:
            push(reader.bigU64());
            break;
          case DW_OP.constu:
            push(reader.uleb());
            break;
          case DW_OP.consts:
            push(reader.sleb());
            break;
          // The stack itself.
          case DW_OP.dup: {
            const top = pop();
            push(top);
            push(top);
            break;
          }
          case DW_OP.drop:
            pop();
            break;
          case DW_OP.over: {
            const top = pop();
            const below = pop();
            push(below);
            push(top);
            push(below);
            break;
          }
          case DW_OP.swap: {
            const top = pop();
            const below = pop();
            push(top);
            push(below);
            break;
          }
          // Arithmetic; operands are unsigned but for neg.
          case DW_OP.plus:
            push(pop() + pop());
            break;
          case DW_OP.minus: {
            const top = pop();
            push(pop() - top);
            break;
          }
          case DW_OP.mul:
            push(pop() * pop());
            break;
          case DW_OP.neg:
            push(-signed());
            break;
          case DW_OP.not:
            push(~pop());
            break;
          case DW_OP.and:
            push(pop() & pop());
            break;
          case DW_OP.or:
            push(pop() | pop());
            break;
          case DW_OP.xor:
            push(pop() ^ pop());
            break;
          case DW_OP.shl: {
            const bits = pop();
            const value = pop();
            push(bits < 64n ? value << bits : 0n);
            break;
          }
          case DW_OP.shr: {
            const bits = pop();
            const value = pop();
            push(bits < 64n ? value >> bits : 0n);
            break;
          }
          case DW_OP.plus_uconst:
            push(pop() + BigInt(reader.uleb()));
            break;
          // Registers and the frame.
          case DW_OP.regx:
            direct = { kind: "register", register: reader.uleb() };
            break;
          case DW_OP.bregx: {
            const number = reader.uleb();
            push(register(number) + BigInt(reader.sleb()));
            break;
          }
          case DW_OP.fbreg: {
            const offset = BigInt(reader.sleb());
            push(frameBase() + offset);
            break;
          }
          case DW_OP.call_frame_cfa:
            push(frame.cfa);
            break;
          case DW_OP.nop:
            break;
          // What the value is, instead of where it lies.
          case DW_OP.implicit_value: {
            const bytes = reader.slice(reader.uleb());
            let value = 0n;
            for (let i = Math.min(bytes.length, 8) - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[i]);
            direct = { kind: "value", value };
            break;
          }
          case DW_OP.stack_value:
            direct = { kind: "value", value: pop() };
            break;
          // What was computed so far is one piece; the next begins with an empty stack.
          case DW_OP.piece: {
            pieces.push({ at: result(), size: reader.uleb() });
            direct = undefined;
            stack.length = 0;
            break;
          }
          // DW_OP_deref, DW_OP_entry_value and all others.
          default:
            throw new Unknown();
        }
      }
    }
  } catch (error) {
    if (error instanceof Unknown) return ABSENT;
    throw error;
  }
  return pieces.length > 0 ? { kind: "pieces", pieces } : result();
}
