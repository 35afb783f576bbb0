// Which lock or group of package sync a semaphore belongs to, and what the goroutine wants of it.
import type { Address } from "../base/units.js";
import type { Dump } from "../dump.js";
import type { Goroutine } from "../runtime/goroutines.js";

export type SyncKind = "mutex" | "rwmutex" | "waitgroup" | "semaphore";

/** Of a sync.RWMutex: "writer" has announced itself and waits for readers to finish, "queued" waits for the writers before it. */
export type Role = "lock" | "reader" | "writer" | "queued" | "other";

/** Methods of package sync, on any of its levels. */
export const SYNC_METHOD = /^(?:internal\/)?sync\.\(\*(Mutex|RWMutex|WaitGroup)\)\.(\w+)$/;
const OF_THE_LIBRARY = /^(?:runtime|(?:internal\/)?sync)\./;
const MOST_FRAMES = 20;

export interface SyncWait {
  readonly kind: SyncKind;
  /** Of the lock or group; of the semaphore itself when nothing tells what it belongs to. */
  readonly object: Address;
  readonly role: Role;
}

/** The methods on the stack say it: the outermost of package sync is what the program called, the innermost what waits. */
export function syncWait(dump: Dump, goroutine: Goroutine, semaphore: Address): SyncWait {
  const methods = syncMethods(dump, goroutine);
  const outer = methods.at(-1);
  const { layout } = dump.runtime;
  if (outer?.type === "Mutex" && layout.hasStruct("syncMutex"))
    return { kind: "mutex", object: semaphore - layout.struct("syncMutex").offset("sema"), role: "lock" };
  if (outer?.type === "WaitGroup" && layout.hasStruct("syncWaitGroup"))
    return { kind: "waitgroup", object: semaphore - layout.struct("syncWaitGroup").offset("sema"), role: "other" };
  if (outer?.type === "RWMutex" && layout.hasStruct("syncRWMutex")) {
    const lock = layout.struct("syncRWMutex");
    const at = (role: Role, field: "w.sema" | "writerSem" | "readerSem"): SyncWait => ({
      kind: "rwmutex",
      object: semaphore - lock.offset(field),
      role,
    });
    if (methods[0]?.type === "Mutex") return at("queued", "w.sema");
    return outer.method.startsWith("R") ? at("reader", "readerSem") : at("writer", "writerSem");
  }
  return { kind: "semaphore", object: semaphore, role: "other" };
}

/** Innermost first, up to the first function outside the library. */
function syncMethods(dump: Dump, goroutine: Goroutine): { readonly type: string; readonly method: string }[] {
  const methods: { type: string; method: string }[] = [];
  for (const frame of goroutine.unwound().frames.slice(0, MOST_FRAMES)) {
    for (const { name } of dump.runtime.functions.inlinedAt(frame.fn, frame.symbolPc)) {
      const match = SYNC_METHOD.exec(name);
      if (match) methods.push({ type: match[1], method: match[2] });
      else if (!OF_THE_LIBRARY.test(name)) return methods;
    }
  }
  return methods;
}
