// What is waited for, in words: its name and its state.
import { type Address, counted, NONE, WORD } from "../base/units.js";
import type { RecordSource } from "../runtime/records/chain.js";
import { tryChannel } from "../runtime/records/channel.js";
import { waitingFor } from "../runtime/records/condition.js";
import { wakeTime } from "../runtime/records/goroutine.js";
import { readMutex, readRWMutex, readWaitGroup } from "../runtime/records/lock.js";
import { readPollDescriptor } from "../runtime/records/poll-descriptor.js";
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

/** "unbuffered", "locked, 2 waiting", "counter 2, 1 waiting"; "" for what has no state. */
export function stateOfObject(source: RecordSource, { kind, address }: WaitGroup): string {
  const describe = address > 0 ? STATES[kind] : undefined;
  return describe ? (describe(source, address) ?? "not in the core") : "";
}

type Describe = (source: RecordSource, address: Address) => string | undefined;

/** undefined: it is not in the core. */
const STATES: Partial<Record<WaitKind, Describe>> = { channel, mutex, rwmutex, waitgroup, cond, network };

/** hchan by its buffer; a timer's channel is told, since nobody has to send to it. runtime/chan.go */
function channel(source: RecordSource, address: Address): string | undefined {
  const found = tryChannel(source, address);
  if (!found) return undefined;
  const { length, capacity, closed, ofTimer } = found;
  return `${capacity === 0 ? "unbuffered" : `${length} of ${capacity} buffered`}${closed ? ", closed" : ""}${ofTimer ? ", of a timer" : ""}`;
}

/** State bits of sync.Mutex; starving: handed to the first that waits, since one waited above 1 ms. internal/sync/mutex.go */
function mutex(source: RecordSource, address: Address): string | undefined {
  const found = readMutex(source, address);
  return found && `${found.locked ? "locked" : "not locked"}, ${found.waiting} waiting${found.starving ? ", starving" : ""}`;
}

/** Who has it, who waits. A writer that is announced blocks new readers while old ones finish. sync/rwmutex.go */
function rwmutex(source: RecordSource, address: Address): string | undefined {
  const found = readRWMutex(source, address);
  if (!found) return undefined;
  const { writer, readersWaiting, writersQueued } = found;
  const readers = (count: number) => counted(count, "reader");
  const held = found.readers > 0 ? `held by ${readers(found.readers)}` : "not locked";
  const states = { none: held, announced: `${held}, a writer waits for them`, holds: "held by a writer" };
  return [
    states[writer],
    ...(readersWaiting > 0 ? [`${readers(readersWaiting)} behind it`] : []),
    ...(writersQueued > 0 ? [`${counted(writersQueued, "writer")} queued`] : []),
  ].join(", ");
}

/** Counter and waiters share one 64-bit word. sync/waitgroup.go */
function waitgroup(source: RecordSource, address: Address): string | undefined {
  const found = readWaitGroup(source, address);
  return found && `counter ${found.counter}, ${found.waiting} waiting`;
}

/** sync.Cond has no state but its list of waiters. runtime/sema.go notifyList */
function cond(source: RecordSource, address: Address): string | undefined {
  const waiting = waitingFor(source, address);
  return waiting === undefined ? undefined : `${waiting} waiting`;
}

/** A descriptor by its number, of the runtime's pollDesc. runtime/netpoll.go */
function network(source: RecordSource, address: Address): string | undefined {
  const found = readPollDescriptor(source, address);
  return found && `file descriptor ${found.fileDescriptor}${found.closing ? ", closing" : ""}`;
}

/** When a wait would have ended by itself, in ns of the runtime's clock: a sleep, or the deadline of a descriptor. */
export function endOfWait(source: RecordSource, { kind, address }: WaitGroup, { goroutine, operation }: Member): number | undefined {
  if (kind === "sleep") return wakeTime(source, goroutine.address);
  const polled = kind === "network" && address > 0 ? readPollDescriptor(source, address) : undefined;
  return operation === "read" ? polled?.readDeadline : polled?.writeDeadline;
}
