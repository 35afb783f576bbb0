// What the memory was used for, by the spans and the runtime's own numbers.
import type { Accounts } from "../runtime/accounting.js";
import type { NoArgs, Query } from "./query.js";

export interface MemoryUse {
  readonly memory: {
    readonly mappedBytes: number;
    readonly reservedBytes: number;
    /** go: of the memory that the runtime has from the system; these add up to stats.sys. */
    readonly classes: readonly { readonly name: string; readonly bytes: number; readonly go: boolean }[];
    /** What the class "other mappings" is made of, the largest first. */
    readonly mappings: readonly { readonly name: string; readonly bytes: number }[];
    /** What the class "mapped files" is made of, the largest first. */
    readonly files: readonly { readonly name: string; readonly bytes: number }[];
  };
  readonly stats: {
    readonly heapObjects: number;
    readonly heapAlloc: number;
    readonly heapInuse: number;
    readonly heapIdle: number;
    readonly heapReleased: number;
    readonly stackInuse: number;
    readonly sys: number;
  } | null;
  /** stats and gc are null when the runtime's variables are not in the core. */
  readonly gc: {
    readonly phase: string;
    readonly cycles: number;
    readonly gogc: number;
    readonly memoryLimit: number | null;
    readonly nextGoal: number;
    /** Unix time in ns as a decimal string; null = no cycle ended. */
    readonly lastGcUnixNanoseconds: string | null;
  } | null;
}

export const memoryUse: Query<NoArgs, MemoryUse> = {
  name: "memory-use",
  summary: "memory by class, the heap's statistics and the GC, without reading objects",
  run({ runtime: { accounts, memoryClasses } }) {
    return {
      memory: {
        mappedBytes: memoryClasses.mappedBytes,
        reservedBytes: memoryClasses.reservedBytes,
        classes: memoryClasses.classes,
        mappings: memoryClasses.others,
        files: memoryClasses.files,
      },
      stats: accounts ? statsOf(accounts) : null,
      gc: accounts ? gcOf(accounts) : null,
    };
  },
};

function statsOf({ heapObjects, heapAlloc, heapInuse, heapIdle, heapReleased, stackInuse, sys }: Accounts): MemoryUse["stats"] {
  return { heapObjects, heapAlloc, heapInuse, heapIdle, heapReleased, stackInuse, sys };
}

function gcOf({ gc }: Accounts): MemoryUse["gc"] {
  return {
    phase: gc.phase,
    cycles: gc.cycles,
    gogc: gc.gogc,
    memoryLimit: gc.memoryLimit ?? null,
    nextGoal: gc.nextGoal,
    lastGcUnixNanoseconds: gc.lastGc === 0n ? null : String(gc.lastGc),
  };
}
