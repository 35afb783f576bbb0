// What is waited for, in words: its name and its state.
import { type Address, NONE, WORD } from "../base/units.js";
import type { RecordSource } from "../runtime/records/chain.js";
import { type Channel, tryChannel } from "../runtime/records/channel.js";
import { waitingFor } from "../runtime/records/condition.js";
import { wakeTime } from "../runtime/records/goroutine.js";
import { type Mutex, type RWMutex, readMutex, readRWMutex, readWaitGroup, type SyncWaitGroup } from "../runtime/records/lock.js";
import { type PollDescriptor, readPollDescriptor } from "../runtime/records/poll-descriptor.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { enclosing, nameOffset } from "../value/fields.js";
import type { Member, WaitGroup, WaitKind } from "./groups.js";

const SYNC_TYPES: Partial<Record<WaitKind, string>> = {
  mutex: "sync.Mutex",
  rwmutex: "sync.RWMutex",
  waitgroup: "sync.WaitGroup",
  cond: "sync.Cond",
};

/** What names are found in; a GoRuntime is one. */
export type NameSource = Pick<GoRuntime, "types" | "variables" | "memory">;

/**
 * What the program calls them: "main.first.mu" in a global variable, "*main.signal" behind a pointer in one, "main.requests" for a channel.
 * Nothing for other places of the heap.
 */
export function groupNames({ types, variables, memory }: NameSource, groups: readonly WaitGroup[]): (group: WaitGroup) => string {
  const wanted = new Set(groups.map((each) => each.address));
  const pointers = new Map<Address, string>();
  for (const name of variables.globalNames()) {
    const global = variables.global(name);
    const value = global?.size === WORD ? (memory.tryAddress(global.address) ?? 0) : 0;
    if (global && value > 0 && wanted.has(value) && !pointers.has(value) && !name.startsWith("runtime."))
      pointers.set(value, types.get(global.type).kind === "chan" ? name : `*${name}`);
  }
  return ({ kind, address }) => {
    const global = address > 0 ? variables.globalAt(address) : undefined;
    if (!global) return pointers.get(address) ?? "";
    const offset = address - global.address;
    const place =
      enclosing(types, global.type, offset, (type) => type.name === SYNC_TYPES[kind]) ?? nameOffset(types, global.type, offset, NONE);
    return `${global.name}${place.text}`;
  };
}

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
