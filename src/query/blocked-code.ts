// What functions do with locks and groups of package sync, as their machine code says: where they lock, and what they release.
import type { Address } from "../base/units.js";
import type { Dump } from "../dump.js";
import type { GoFunction } from "../runtime/functions.js";
import { directCalls } from "../runtime/machine-code.js";
import { SYNC_METHOD } from "./blocked-sync.js";

/** "read", "write": how a lock is held; "done": of a WaitGroup. */
export type Mode = "read" | "write" | "done";

export interface SyncCall {
  readonly type: "Mutex" | "RWMutex" | "WaitGroup";
  readonly action: "take" | "release";
  readonly mode: Mode;
  /** In the function's own source, also when it happens in a function inlined into it. */
  readonly line: number;
  /** The global variable, or a place in it, that is taken or released; undefined when it is reached through a pointer. */
  readonly variable: Address | undefined;
}

const METHODS: Readonly<Record<string, readonly [action: SyncCall["action"], mode: Mode]>> = {
  "Mutex.Lock": ["take", "write"],
  "Mutex.lockSlow": ["take", "write"],
  "Mutex.Unlock": ["release", "write"],
  "Mutex.unlockSlow": ["release", "write"],
  "RWMutex.Lock": ["take", "write"],
  "RWMutex.Unlock": ["release", "write"],
  "RWMutex.RLock": ["take", "read"],
  "RWMutex.RUnlock": ["release", "read"],
  "RWMutex.rUnlockSlow": ["release", "read"],
  "WaitGroup.Done": ["release", "done"],
};

/** Calls of a function into package sync, inlined ones too, by line. */
export type SyncCallReader = (fn: GoFunction) => readonly SyncCall[];

/** Reads each function once. */
export function syncCallReader(dump: Dump): SyncCallReader {
  const known = new Map<Address, readonly SyncCall[]>();
  return (fn) => {
    let calls = known.get(fn.entry);
    if (!calls) {
      calls = readSyncCalls(dump, fn);
      known.set(fn.entry, calls);
    }
    return calls;
  };
}

/** Every method that is inlined still calls its slow path: the outermost method around that call is what the program wrote. */
function readSyncCalls({ runtime }: Dump, fn: GoFunction): readonly SyncCall[] {
  const found: SyncCall[] = [];
  for (const { pc, target, variable } of directCalls(runtime, fn)) {
    if (!/^(?:internal\/)?sync\./.test(target.name)) continue;
    const levels = runtime.functions.inlinedAt(fn, pc);
    const names = [target.name, ...levels.slice(0, -1).map((each) => each.name)];
    const method = names.map((name) => SYNC_METHOD.exec(name)).findLast((match) => match !== null);
    const type = method?.[1] as SyncCall["type"] | undefined;
    const meaning = METHODS[`${type}.${method?.[2]}`];
    if (type && meaning) found.push({ type, action: meaning[0], mode: meaning[1], line: levels.at(-1)?.line ?? 0, variable });
  }
  return found.sort((a, b) => a.line - b.line);
}
