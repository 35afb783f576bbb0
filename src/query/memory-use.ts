// What the memory was used for, by the spans and the runtime's own numbers.
import type { Accounts } from "../runtime/accounting.js";
import type { NoArgs, Query } from "./query.js";

/** All sizes in bytes. */
export interface MemoryUse {
  readonly memory: {
    /** Of all readable mappings, whether or not their pages were ever touched. */
    readonly mappedBytes: number;
    /** Address space without rights (PROT_NONE), which the runtime holds for later. */
    readonly reservedBytes: number;
    /** go: of the memory that the runtime has from the system; these add up to stats.sys. */
    readonly classes: readonly { readonly name: string; readonly bytes: number; readonly go: boolean }[];
    /** What the class "other mappings" is made of, the largest first; count: of several anonymous ones of one size. */
    readonly mappings: readonly { readonly name: string; readonly bytes: number; readonly count?: number }[];
    /** What the class "mapped files" is made of, the largest first. */
    readonly files: readonly { readonly name: string; readonly bytes: number }[];
  };
  /** Fields of runtime.MemStats at the moment of death; there is no program left that could call ReadMemStats. */
  readonly stats: {
    readonly heapObjects: number;
    readonly heapAlloc: number;
    readonly heapInuse: number;
    readonly heapIdle: number;
    readonly heapReleased: number;
    readonly stackInuse: number;
    readonly sys: number;
  } | null;
  /**
   * stats and gc are null when the runtime's variables are not in the core. Phase is "off", "mark" or "mark termination" (runtime/mgc.go).
   */
  readonly gc: {
    readonly phase: string;
    readonly cycles: number;
    /** Percent, as GOGC; -1 is off. */
    readonly gogc: number;
    /** Bytes, as GOMEMLIMIT; null without one. */
    readonly memoryLimit: number | null;
    /**
     * Bytes of heap at which the next cycle is to end by GOGC alone: gcController.gcPercentHeapGoal, runtime/mgcpacer.go. A memory limit
     * may end it sooner.
     */
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
