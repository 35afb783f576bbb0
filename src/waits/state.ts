// What is waited for, in words: its name and its state.
import { type Address, counted, NONE, WORD } from "../base/units.js";
import type { Dump } from "../dump.js";
import { readField, readFieldOr } from "../runtime/layout/layout.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { wakeTime } from "../runtime/wait.js";
import { enclosing, nameOffset } from "../value/fields.js";
import type { Member, WaitGroup, WaitKind } from "./groups.js";

const SYNC_TYPES: Partial<Record<WaitKind, string>> = {
  mutex: "sync.Mutex",
  rwmutex: "sync.RWMutex",
  waitgroup: "sync.WaitGroup",
  cond: "sync.Cond",
};

/**
 * What the program calls them: "main.first.mu" in a global variable, "*main.signal" behind a pointer in one, "main.requests" for a channel.
 * Nothing for other places of the heap.
 */
export function namer(dump: Dump, groups: readonly WaitGroup[]): (group: WaitGroup) => string {
  const { types, variables } = dump.runtime;
  const { memory } = dump.process;
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
export function stateOfObject(dump: Dump, { kind, address }: WaitGroup): string {
  const describe = address > 0 ? STATES[kind] : undefined;
  return describe ? (describe(dump.runtime, address) ?? "not in the core") : "";
}

type Describe = (runtime: GoRuntime, address: Address) => string | undefined;

/** undefined: it was not dumped. */
const STATES: Partial<Record<WaitKind, Describe>> = { channel, mutex, rwmutex, waitgroup, cond, network };

function channel({ layout, process: { memory } }: GoRuntime, address: Address): string | undefined {
  const struct = layout.struct("hchan");
  if (!memory.tryBytes(address, struct.size)) return undefined;
  const size = readField(memory, struct, address, "dataqsiz");
  const count = readField(memory, struct, address, "qcount");
  const closed = readField(memory, struct, address, "closed") !== 0 ? ", closed" : "";
  const timer = readFieldOr(memory, struct, address, "timer", 0) !== 0 ? ", of a timer" : "";
  return `${size === 0 ? "unbuffered" : `${count} of ${size} buffered`}${closed}${timer}`;
}

/** internal/sync/mutex.go mutexLocked, mutexStarving, mutexWaiterShift */
function mutex({ layout, process: { memory } }: GoRuntime, address: Address): string | undefined {
  const struct = layout.struct("syncMutex");
  if (!memory.tryBytes(address, struct.size)) return undefined;
  const state = readField(memory, struct, address, "state");
  return `${state % 2 === 1 ? "locked" : "not locked"}, ${Math.floor(state / 8)} waiting${Math.floor(state / 4) % 2 === 1 ? ", starving" : ""}`;
}

const MOST_READERS = 2 ** 30;

/** A writer takes MOST_READERS off the count of readers and notes how many of them it has to wait for. sync/rwmutex.go */
function rwmutex({ layout, process: { memory } }: GoRuntime, address: Address): string | undefined {
  const struct = layout.struct("syncRWMutex");
  if (!memory.tryBytes(address, struct.size)) return undefined;
  const signed = (field: "readerCount" | "readerWait") => readField(memory, struct, address, field) | 0;
  const count = signed("readerCount");
  const queued = Math.floor(readField(memory, struct, address, "w.state") / 8);
  const writers = queued > 0 ? [`${counted(queued, "writer")} queued`] : [];
  if (count >= 0) return [count > 0 ? `held by ${readers(count)}` : "not locked", ...writers].join(", ");
  const left = signed("readerWait");
  const behind = Math.max(count + MOST_READERS - left, 0);
  const held = left > 0 ? `held by ${readers(left)}, a writer waits for them` : "held by a writer";
  return [held, ...(behind > 0 ? [`${readers(behind)} behind it`] : []), ...writers].join(", ");
}

function readers(count: number): string {
  return counted(count, "reader");
}

function waitgroup({ layout, process: { memory } }: GoRuntime, address: Address): string | undefined {
  const struct = layout.struct("syncWaitGroup");
  const state = address + struct.offset("state");
  if (!memory.tryBytes(state, 8)) return undefined;
  return `counter ${memory.readUint(state + 4, 4)}, ${memory.readUint(state, 4) % 2 ** 31} waiting`;
}

/** Tickets given out and not yet called. sync/runtime.go notifyList */
function cond({ layout, process: { memory } }: GoRuntime, address: Address): string | undefined {
  const list = layout.struct("notifyList");
  const at = address + layout.struct("syncCond").offset("notify");
  if (!memory.tryBytes(at, list.size)) return undefined;
  return `${(readField(memory, list, at, "wait") - readField(memory, list, at, "notify")) >>> 0} waiting`;
}

function network({ layout, process: { memory } }: GoRuntime, address: Address): string | undefined {
  const struct = layout.struct("pollDesc");
  if (!memory.tryBytes(address, struct.size)) return undefined;
  return `file descriptor ${readField(memory, struct, address, "fd")}${readField(memory, struct, address, "closing") !== 0 ? ", closing" : ""}`;
}

/** When a wait would have ended by itself, in ns of the runtime's clock: a sleep, or the deadline of a descriptor. */
export function endOfWait(runtime: GoRuntime, { kind, address }: WaitGroup, member: Member): number | undefined {
  if (kind === "sleep") return wakeTime(runtime, member.goroutine);
  if (kind !== "network" || address === 0) return undefined;
  const { layout, process } = runtime;
  const struct = layout.struct("pollDesc");
  const field = member.operation === "read" ? "rd" : "wd";
  if (!struct.has(field) || !process.memory.tryBytes(address, struct.size)) return undefined;
  const deadline = readField(process.memory, struct, address, field);
  // -1 once it has passed.
  return deadline > 0 && deadline < 2 ** 62 ? deadline : undefined;
}
