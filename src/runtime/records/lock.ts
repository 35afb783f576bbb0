// Locks and groups of package sync. sync/mutex.go (internal/sync since Go 1.24), rwmutex.go, waitgroup.go
import type { Address } from "../../base/units.js";
import { readField } from "../layout/layout.js";
import type { RecordSource } from "./chain.js";

export interface Mutex {
  readonly locked: boolean;
  /** Who waited too long gets it next. */
  readonly starving: boolean;
  readonly waiting: number;
}

export interface RWMutex {
  /** Readers that hold it. */
  readonly readers: number;
  /** "announced": one waits for the readers that hold it, and new ones wait for the writer. */
  readonly writer: "none" | "announced" | "holds";
  /** Readers that wait for the writer. */
  readonly readersWaiting: number;
  /** Further writers. */
  readonly writersQueued: number;
}

export interface SyncWaitGroup {
  readonly counter: number;
  readonly waiting: number;
}

/** Semaphores of a sync.RWMutex: of the lock that writers take first, of the writer that is announced, of readers. */
export type RWMutexSemaphore = "w.sema" | "writerSem" | "readerSem";

const MUTEX_LOCKED = 1;
const MUTEX_STARVING = 4;
/** mutexWaiterShift */
const MUTEX_WAITER = 8;
/** rwmutexMaxReaders: a writer takes so many off the count of readers. */
const MOST_READERS = 2 ** 30;

/** undefined when it is not in the core. */
export function readMutex({ layout, memory }: RecordSource, address: Address): Mutex | undefined {
  const struct = layout.struct("syncMutex");
  if (!memory.tryBytes(address, struct.size)) return undefined;
  const state = readField(memory, struct, address, "state");
  return {
    locked: (state & MUTEX_LOCKED) !== 0,
    starving: (state & MUTEX_STARVING) !== 0,
    waiting: Math.floor(state / MUTEX_WAITER),
  };
}

/** undefined when it is not in the core. */
export function readRWMutex({ layout, memory }: RecordSource, address: Address): RWMutex | undefined {
  const struct = layout.struct("syncRWMutex");
  if (!memory.tryBytes(address, struct.size)) return undefined;
  const signed = (field: "readerCount" | "readerWait") => readField(memory, struct, address, field) | 0;
  const writersQueued = Math.floor(readField(memory, struct, address, "w.state") / MUTEX_WAITER);
  const count = signed("readerCount");
  if (count >= 0) return { readers: count, writer: "none", readersWaiting: 0, writersQueued };
  const left = signed("readerWait");
  return {
    readers: Math.max(left, 0),
    writer: left > 0 ? "announced" : "holds",
    readersWaiting: Math.max(count + MOST_READERS - left, 0),
    writersQueued,
  };
}

/** The counter is in the upper half of its state, those who wait in the lower 31 bits. undefined when it is not in the core. */
export function readWaitGroup({ layout, memory }: RecordSource, address: Address): SyncWaitGroup | undefined {
  const state = address + layout.struct("syncWaitGroup").offset("state");
  if (!memory.tryBytes(state, 8)) return undefined;
  return { counter: memory.readUint(state + 4, 4), waiting: memory.readUint(state, 4) % 2 ** 31 };
}

/** The sync.Mutex of a semaphore; undefined when the program has none. */
export function mutexOf({ layout }: RecordSource, semaphore: Address): Address | undefined {
  return layout.hasStruct("syncMutex") ? semaphore - layout.struct("syncMutex").offset("sema") : undefined;
}

/** The sync.RWMutex of one of its semaphores; undefined when the program has none. */
export function rwMutexOf({ layout }: RecordSource, semaphore: Address, which: RWMutexSemaphore): Address | undefined {
  return layout.hasStruct("syncRWMutex") ? semaphore - layout.struct("syncRWMutex").offset(which) : undefined;
}

/** The sync.WaitGroup of a semaphore; undefined when the program has none. */
export function waitGroupOf({ layout }: RecordSource, semaphore: Address): Address | undefined {
  return layout.hasStruct("syncWaitGroup") ? semaphore - layout.struct("syncWaitGroup").offset("sema") : undefined;
}
