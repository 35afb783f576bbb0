// What the records of goroutines say that few ask for: runtime.g. runtime/runtime2.go
import type { Address } from "../../base/units.js";
import { readField, readFieldOr } from "../layout/layout.js";
import { pointerAt, type RecordSource } from "./chain.js";

/** A fault that the runtime turned into a panic, as the g keeps it. runtime/signal_unix.go sigpanic */
export interface SavedFault {
  readonly signo: number;
  readonly code: number;
  readonly pc: Address;
  /** 64 bits as the kernel gave them: of a non-canonical address they mean nothing. */
  readonly address: bigint;
}

const MOST_SIGNALS = 64;

/** undefined: it had none. @throws MemoryFault when the g is not in the core */
export function savedFault({ layout, memory }: RecordSource, goroutine: Address): SavedFault | undefined {
  const g = layout.struct("g");
  const signo = readField(memory, g, goroutine, "sig");
  if (signo === 0 || signo > MOST_SIGNALS) return undefined;
  return {
    signo,
    code: readField(memory, g, goroutine, "sigcode0"),
    pc: readField(memory, g, goroutine, "sigpc"),
    address: memory.readUint64(goroutine + g.offset("sigcode1")),
  };
}

/** Number of a goroutine by its g; undefined when that is not in the core. */
export function goroutineId({ layout, memory }: RecordSource, goroutine: Address): number | undefined {
  return goroutine > 0 ? memory.tryAddress(goroutine + layout.struct("g").offset("goid")) : undefined;
}

/** The m it is on, 0 for none. @throws MemoryFault when the g is not in the core */
export function machineOf({ layout, memory }: RecordSource, goroutine: Address): Address {
  return readField(memory, layout.struct("g"), goroutine, "m");
}

/** Number of the bubble of testing/synctest that a goroutine is in; 0 for none. @throws MemoryFault when the g is not in the core */
export function bubbleOf({ layout, memory }: RecordSource, goroutine: Address): number {
  if (!layout.hasStruct("bubble")) return 0;
  const bubble = readFieldOr(memory, layout.struct("g"), goroutine, "bubble", 0);
  return bubble === 0 ? 0 : readFieldOr(memory, layout.struct("bubble"), bubble, "id", 0);
}

/**
 * When time.Sleep would have ended, in ns of the runtime's clock; undefined when the goroutine does not say.
 * Since Go 1.23 g.sleepWhen; before that the goroutine's own timer. runtime/time.go timeSleep
 */
export function wakeTime({ layout, memory }: RecordSource, goroutine: Address): number | undefined {
  const g = layout.struct("g");
  if (g.has("sleepWhen")) return memory.tryBytes(goroutine, g.size) ? readField(memory, g, goroutine, "sleepWhen") || undefined : undefined;
  const timer = layout.struct("timer");
  const own = pointerAt(memory, goroutine + g.offset("timer"));
  return own > 0 && memory.tryBytes(own, timer.size) ? readField(memory, timer, own, "when") || undefined : undefined;
}
