// The rows of the schema by which the runtime's variables are known when no symbol names them. runtime/proc.go, mheap.go, mprof.go
import type { StructSpec } from "./layout.js";

const optional = { optional: true } as const;

export const findingStructs = {
  /** goidgen: the last id given out. mnext, nmfreed: ms that were ever made, and those that are gone. midle, pidle: the first that is idle. */
  schedulerState: {
    names: ["runtime.schedt"],
    fields: {
      goidgen: {},
      mnext: {},
      nmfreed: optional,
      maxmcount: {},
      midle: { names: ["midle.obj", "midle"] },
      nmidle: {},
      pidle: {},
      npidle: {},
    },
  },
  /** central: an mcentral for each span class, padded to cache lines. */
  centralHeap: { names: ["runtime.mheap"], fields: { central: {} } },
  mcentral: { names: ["runtime.mcentral"], fields: { spanclass: {} } },
  processorCache: { names: ["runtime.p"], fields: { mcache: {} } },
  /** reusableNoscan, since Go 1.26: for each span class the first object that was freed. flushGen: the sweep that it was emptied for. */
  mcache: { names: ["runtime.mcache"], optional: true, fields: { alloc: {}, reusableNoscan: optional, flushGen: optional } },
  arenaSpans: { names: ["runtime.heapArena"], fields: { spans: optional } },
} as const satisfies Record<string, StructSpec>;
