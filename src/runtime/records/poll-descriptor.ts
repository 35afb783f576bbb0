// A file descriptor that the runtime waits for by itself: runtime.pollDesc. runtime/netpoll.go
import type { Address } from "../../base/units.js";
import { readField, readFieldOr } from "../layout/layout.js";
import { pointerAt, type RecordSource } from "./chain.js";

export interface PollDescriptor {
  readonly fileDescriptor: number;
  readonly closing: boolean;
  /** In ns of the runtime's clock; undefined for none, or once it has passed. */
  readonly readDeadline: number | undefined;
  readonly writeDeadline: number | undefined;
}

/** undefined when it is not in the core. */
export function readPollDescriptor({ layout, memory }: RecordSource, address: Address): PollDescriptor | undefined {
  if (!layout.hasStruct("pollDesc")) return undefined;
  const struct = layout.struct("pollDesc");
  if (!memory.tryBytes(address, struct.size)) return undefined;
  const deadline = (field: "rd" | "wd") => {
    // -1 once it has passed.
    const value = readFieldOr(memory, struct, address, field, 0);
    return value > 0 && value < 2 ** 62 ? value : undefined;
  };
  return {
    fileDescriptor: readField(memory, struct, address, "fd"),
    closing: readField(memory, struct, address, "closing") !== 0,
    readDeadline: deadline("rd"),
    writeDeadline: deadline("wd"),
  };
}

/** What a goroutine waits for at a place that may be a pollDesc; undefined when it is none, or not of this goroutine. */
export function polledBy({ layout, memory }: RecordSource, address: Address, goroutine: Address): "read" | "write" | undefined {
  if (!layout.hasStruct("pollDesc")) return undefined;
  const struct = layout.struct("pollDesc");
  if (!memory.tryBytes(address, struct.size)) return undefined;
  if (pointerAt(memory, address + struct.offset("rg")) === goroutine) return "read";
  return pointerAt(memory, address + struct.offset("wg")) === goroutine ? "write" : undefined;
}
