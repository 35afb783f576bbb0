// Which lock or group of package sync a semaphore belongs to.
import { type Address, NONE } from "../base/units.js";
import type { Dump } from "../dump.js";
import type { Goroutine } from "../runtime/goroutines.js";

export type SyncKind = "mutex" | "rwmutex" | "waitgroup" | "semaphore";

export interface SyncOffsets {
  readonly mutex: number;
  readonly writer: number;
  readonly reader: number;
  readonly group: number;
}

/** Where the semaphores lie in the types of package sync, from their own definitions. */
export function syncOffsets(dump: Dump): SyncOffsets {
  const { types } = dump.runtime;
  const offset = (typeName: string, field: string): number => {
    const search = (id: number, base: number, depth: number): number => {
      if (id === NONE || depth > 4) return NONE;
      const type = types.get(id);
      if (type.kind !== "struct") return NONE;
      for (const each of type.fields) {
        if (each.name === field) return base + each.offset;
        const inside = depth > 0 || each.name === "mu" ? search(each.type, base + each.offset, depth + 1) : NONE;
        if (inside !== NONE) return inside;
      }
      return NONE;
    };
    return search(types.byName(typeName), 0, 0);
  };
  return {
    mutex: offset("sync.Mutex", "sema"),
    writer: offset("sync.RWMutex", "writerSem"),
    reader: offset("sync.RWMutex", "readerSem"),
    group: offset("sync.WaitGroup", "sema"),
  };
}

/** Which lock a semaphore belongs to: the method that waits says it. */
export function syncObject(
  dump: Dump,
  goroutine: Goroutine,
  semaphore: Address,
  offsets: SyncOffsets,
): { readonly kind: SyncKind; readonly base: Address } {
  const { functions } = dump.runtime;
  for (const frame of goroutine.unwound().frames.slice(0, 20)) {
    for (const { name } of functions.inlinedAt(frame.fn, frame.symbolPc)) {
      const method = /^(?:internal\/)?sync\.\(\*(Mutex|RWMutex|WaitGroup)\)\.(\w+)/.exec(name);
      if (!method) continue;
      const minus = (kind: SyncKind, offset: number) => ({ kind, base: offset === NONE ? semaphore : semaphore - offset });
      if (method[1] === "Mutex") return minus("mutex", offsets.mutex === NONE ? 4 : offsets.mutex);
      if (method[1] === "WaitGroup") return minus("waitgroup", offsets.group);
      return minus("rwmutex", method[2].startsWith("R") ? offsets.reader : offsets.writer);
    }
  }
  return { kind: "semaphore", base: semaphore };
}
