// What the runtime's _func record says of a function. runtime/runtime2.go _func; internal/abi/symtab.go
import type { Address } from "../base/units.js";
import type { Module } from "./modules.js";

/** One function in the text. internal/abi FuncFlag: 1 TopFrame, 2 SPWrite, 4 Asm. */
export interface GoFunction {
  readonly name: string;
  readonly entry: Address;
  /** The next function's entry. */
  readonly end: Address;
  readonly flag: number;
  readonly funcId: number;
  /** Bytes of arguments and results on the stack; -0x80000000 when unknown. */
  readonly args: number;
  /** Offset from entry of the call to deferreturn, 0 when there is none. */
  readonly deferreturn: number;
  readonly startLine: number;
  readonly module: Module;
  /** Of the runtime's _func record. */
  readonly address: Address;
}

export const FLAG_TOP_FRAME = 1;
export const FLAG_SP_WRITE = 2;
export const ARGS_UNKNOWN = -0x80000000;

/** internal/abi PCDATA_*: tables of a value per pc. */
export const PCDATA = { unsafePoint: 0, stackMapIndex: 1, inlineTreeIndex: 2, argLiveIndex: 3 } as const;
/** internal/abi FUNCDATA_*: tables of a function. */
export const FUNCDATA = { argsPointerMaps: 0, localsPointerMaps: 1, stackObjects: 2, inlineTree: 3, openCodedDefers: 4 } as const;
