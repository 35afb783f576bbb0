// A deferred call that the runtime keeps a record of: runtime._defer. runtime/panic.go deferproc
import type { Address } from "../../base/units.js";
import { MOST_DEFERS } from "../limits.js";
import { chain, pointerAt, type RecordSource } from "./chain.js";

export interface Defer {
  readonly address: Address;
  /** The func value that will be called; 0 when there is none, or it is not in the core. */
  readonly closure: Address;
  /** Stack pointer of the function that deferred it. */
  readonly sp: Address;
  /** It lies in the heap, not in a frame of the goroutine. */
  readonly inHeap: boolean;
  /** Words that point: to this record, to the closure, to the next record. */
  readonly slots: { readonly holder: Address; readonly closure: Address; readonly next: Address };
}

/** g._defer, the first to run first: defer statements in loops, and in functions with many of them. */
export function* defersOf({ layout, memory }: RecordSource, goroutine: Address): Iterable<Defer> {
  const struct = layout.struct("_defer");
  const [fn, link, sp, heap] = [struct.offset("fn"), struct.offset("link"), struct.offset("sp"), struct.offset("heap")];
  let holder = goroutine + layout.struct("g").offset("_defer");
  for (const address of chain(pointerAt(memory, holder), (at) => pointerAt(memory, at + link), MOST_DEFERS)) {
    yield {
      address,
      closure: pointerAt(memory, address + fn),
      sp: pointerAt(memory, address + sp),
      inHeap: memory.tryBytes(address + heap, 1)?.[0] === 1,
      slots: { holder, closure: address + fn, next: address + link },
    };
    holder = address + link;
  }
}
