// A processor, what a thread needs to run Go code: runtime.p. runtime/runtime2.go
import { type Address, WORD } from "../../base/units.js";
import { readField, readFieldOr, readSlice } from "../layout/layout.js";
import { MOST_PROCESSORS } from "../limits.js";
import type { RecordSource } from "./chain.js";

export interface Processor {
  readonly id: number;
  /** runtime/runtime2.go _Pidle */
  readonly status: number;
  /** The m that has it, 0 for none. */
  readonly machine: Address;
  /** The tracer has noted that it began to sweep. */
  readonly inSweep: boolean;
}

/** runtime.allp: every p there ever was that is not nil. */
export function* processorAddresses({ layout, memory }: RecordSource): Iterable<Address> {
  const allp = layout.global("runtime.allp");
  if (allp === undefined || !memory.tryBytes(allp, 3 * WORD)) return;
  const { array, length } = readSlice(memory, allp);
  for (let i = 0; i < Math.min(length, MOST_PROCESSORS); i++) {
    const address = memory.tryAddress(array + i * WORD) ?? 0;
    if (address > 0) yield address;
  }
}

/** Those that are whole in the core. */
export function readProcessors(source: RecordSource): readonly Processor[] {
  const { memory } = source;
  const struct = source.layout.struct("processor");
  const whole = [...processorAddresses(source)].filter((address) => memory.tryBytes(address, struct.size) !== undefined);
  return whole.map((address) => ({
    id: readField(memory, struct, address, "id"),
    status: readField(memory, struct, address, "status"),
    machine: readField(memory, struct, address, "m"),
    inSweep: readFieldOr(memory, struct, address, "trace.inSweep", 0) !== 0,
  }));
}
