// What lies at an address that is no object.
import type { Bytes, Hex } from "./units.js";

/**
 * unmapped: the process had nothing there. span-tail: behind the last slot of a span. free-slot: nothing is allocated there, a freed object
 * or one that never was. manual: memory that the runtime uses for itself, free stacks and work buffers of the collector. mapping: of a
 * file, or of none where path is ""; dumped: its bytes are in the core.
 */
export type AddressPlace =
  | { readonly kind: "unmapped"; readonly address: Hex }
  | { readonly kind: "span-tail" | "free-slot"; readonly address: Hex; readonly slotBytes: Bytes }
  | { readonly kind: "stack"; readonly address: Hex; readonly goroutine: number }
  /** offset: from the variable's beginning. */
  | { readonly kind: "global"; readonly address: Hex; readonly name: string; readonly offset: Bytes }
  | { readonly kind: "code"; readonly address: Hex; readonly function: string }
  | { readonly kind: "symbol"; readonly address: Hex; readonly name: string }
  | { readonly kind: "manual"; readonly address: Hex }
  | { readonly kind: "mapping"; readonly address: Hex; readonly path: string; readonly dumped: boolean };

/**
 * Where a fault struck. nil: offset bytes behind a nil pointer, in the first page. stack-guard: just below the stack of the goroutine.
 * not-told: the processor does not tell an address that no user program can have (non-canonical); the pointer was garbage.
 */
export type FaultPlace =
  | AddressPlace
  | { readonly kind: "nil"; readonly address: Hex; readonly offset: Bytes }
  | { readonly kind: "stack-guard"; readonly address: Hex; readonly goroutine: number }
  | { readonly kind: "not-told" };
