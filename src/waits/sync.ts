// Which lock or group of package sync a semaphore belongs to, and what the goroutine wants of it.
import type { Address } from "../base/units.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { RecordSource } from "../runtime/records/chain.js";
import { mutexOf, rwMutexOf, waitGroupOf } from "../runtime/records/lock.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { MOST_SYNC_FRAMES } from "./limits.js";

/** "semaphore": of package sync, but nothing tells which of its types. */
export type SyncKind = "mutex" | "rwmutex" | "waitgroup" | "semaphore";

/** Of a sync.RWMutex: "writer" has announced itself and waits for readers to finish, "queued" waits for the writers before it. */
export type Role = "lock" | "reader" | "writer" | "queued" | "other";

/** Methods of package sync, on any of its levels. */
export const SYNC_METHOD = /^(?:internal\/)?sync\.\(\*(Mutex|RWMutex|WaitGroup)\)\.(\w+)$/;
const OF_THE_LIBRARY = /^(?:runtime|(?:internal\/)?sync)\./;

/** What a goroutine that sleeps on a semaphore waits for. */
export interface SyncWait {
  readonly kind: SyncKind;
  /** Of the lock or group; of the semaphore itself when nothing tells what it belongs to. */
  readonly object: Address;
  readonly role: Role;
}

/** What tells locks by their semaphores; a GoRuntime is one. */
export type SyncSource = RecordSource & { readonly functions: Pick<GoRuntime["functions"], "inlinedAt"> };

/** The methods on the stack say it: the outermost of package sync is what the program called, the innermost what waits. */
export function syncWait(runtime: SyncSource, goroutine: Goroutine, semaphore: Address): SyncWait {
  const methods = syncMethods(runtime, goroutine);
  const outer = methods.at(-1);
  const wait = (kind: SyncKind, role: Role, object: Address | undefined): SyncWait =>
    object === undefined ? { kind: "semaphore", object: semaphore, role: "other" } : { kind, object, role };
  if (outer?.type === "Mutex") return wait("mutex", "lock", mutexOf(runtime, semaphore));
  if (outer?.type === "WaitGroup") return wait("waitgroup", "other", waitGroupOf(runtime, semaphore));
  if (outer?.type !== "RWMutex") return wait("semaphore", "other", semaphore);
  if (methods[0]?.type === "Mutex") return wait("rwmutex", "queued", rwMutexOf(runtime, semaphore, "w.sema"));
  if (outer.method.startsWith("R")) return wait("rwmutex", "reader", rwMutexOf(runtime, semaphore, "readerSem"));
  return wait("rwmutex", "writer", rwMutexOf(runtime, semaphore, "writerSem"));
}

/** Innermost first, up to the first function outside the library. */
function syncMethods({ functions }: SyncSource, goroutine: Goroutine): { readonly type: string; readonly method: string }[] {
  const methods: { type: string; method: string }[] = [];
  for (const frame of goroutine.unwound().frames.slice(0, MOST_SYNC_FRAMES)) {
    for (const { name } of functions.inlinedAt(frame.fn, frame.symbolPc)) {
      const match = SYNC_METHOD.exec(name);
      if (match) methods.push({ type: match[1], method: match[2] });
      else if (!OF_THE_LIBRARY.test(name)) return methods;
    }
  }
  return methods;
}
