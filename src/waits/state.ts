// What state the things are in that are waited for, and when a wait would have ended by itself.
import type { Address } from "../base/units.js";
import type { RecordSource } from "../runtime/records/chain.js";
import { type Channel, tryChannel } from "../runtime/records/channel.js";
import { waitingFor } from "../runtime/records/condition.js";
import { wakeTime } from "../runtime/records/goroutine.js";
import { type Mutex, type RWMutex, readMutex, readRWMutex, readWaitGroup, type SyncWaitGroup } from "../runtime/records/lock.js";
import { type PollDescriptor, readPollDescriptor } from "../runtime/records/poll-descriptor.js";
import type { Member, WaitGroup, WaitKind } from "./groups.js";

/** The state of what is waited for, by its kind. */
export type WaitState =
  /** ofTimer: nobody has to send to it. */
  | ({ readonly kind: "channel" } & Pick<Channel, "length" | "capacity" | "closed" | "ofTimer">)
  | ({ readonly kind: "mutex" } & Mutex)
  | ({ readonly kind: "rwmutex" } & RWMutex)
  | ({ readonly kind: "waitgroup" } & SyncWaitGroup)
  /** waiting: goroutines in its list. */
  | { readonly kind: "cond"; readonly waiting: number }
  | ({ readonly kind: "network" } & Pick<PollDescriptor, "fileDescriptor" | "closing">)
  | { readonly kind: "not in the core" };

type Read = (source: RecordSource, address: Address) => WaitState | undefined;

/** undefined: it is not in the core. */
const STATES: Partial<Record<WaitKind, Read>> = {
  channel(source, address) {
    const found = tryChannel(source, address);
    if (!found) return undefined;
    const { length, capacity, closed, ofTimer } = found;
    return { kind: "channel", length, capacity, closed, ofTimer };
  },
  mutex(source, address) {
    const found = readMutex(source, address);
    return found && { kind: "mutex", ...found };
  },
  rwmutex(source, address) {
    const found = readRWMutex(source, address);
    return found && { kind: "rwmutex", ...found };
  },
  waitgroup(source, address) {
    const found = readWaitGroup(source, address);
    return found && { kind: "waitgroup", ...found };
  },
  // sync.Cond has no state but its list of waiters. runtime/sema.go notifyList
  cond(source, address) {
    const waiting = waitingFor(source, address);
    return waiting === undefined ? undefined : { kind: "cond", waiting };
  },
  network(source, address) {
    const found = readPollDescriptor(source, address);
    return found && { kind: "network", fileDescriptor: found.fileDescriptor, closing: found.closing };
  },
};

/** The state as the runtime's or sync's record has it; null for what has none, as a sleep. */
export function stateOfObject(source: RecordSource, { kind, address }: WaitGroup): WaitState | null {
  const read = address > 0 ? STATES[kind] : undefined;
  return read ? (read(source, address) ?? { kind: "not in the core" }) : null;
}

/** When a wait would have ended by itself, in ns of the runtime's clock: a sleep, or the deadline of a descriptor. */
export function endOfWait(source: RecordSource, { kind, address }: WaitGroup, { goroutine, operation }: Member): number | undefined {
  if (kind === "sleep") return wakeTime(source, goroutine.address);
  const polled = kind === "network" && address > 0 ? readPollDescriptor(source, address) : undefined;
  return operation === "read" ? polled?.readDeadline : polled?.writeDeadline;
}
