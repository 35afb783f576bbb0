// A panic in progress: runtime._panic, on the stack in a frame of gopanic. runtime/panic.go
import type { Address } from "../../base/units.js";
import { readField, readFieldOr } from "../layout/layout.js";
import { MOST_PANICS } from "../limits.js";
import { chain, pointerAt, type RecordSource } from "./chain.js";

/** One panic in progress. */
export interface PanicRecord {
  readonly address: Address;
  /** Of the interface{} that holds the value. The runtime has replaced an error by its text before it printed it. */
  readonly value: Address;
  readonly recovered: boolean;
  /** runtime.Goexit, not a panic. */
  readonly goexit: boolean;
  /** The next one has the same value: it was recovered and panicked again. Told since Go 1.23. */
  readonly repanicked: boolean;
}

/** g._panic, the last one first; it ends before a record that is not in the core. */
export function* panicsOf({ layout, memory }: RecordSource, goroutine: Address): Iterable<PanicRecord> {
  const struct = layout.struct("_panic");
  const first = pointerAt(memory, goroutine + layout.struct("g").offset("_panic"));
  for (const address of chain(first, (at) => pointerAt(memory, at + struct.offset("link")), MOST_PANICS)) {
    if (!memory.tryBytes(address, struct.size)) return;
    yield {
      address,
      value: address + struct.offset("arg"),
      recovered: readField(memory, struct, address, "recovered") !== 0,
      goexit: readField(memory, struct, address, "goexit") !== 0,
      repanicked: readFieldOr(memory, struct, address, "repanicked", 0) !== 0,
    };
  }
}
