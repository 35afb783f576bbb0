// The rows of the schema for processors, clocks and bubbles. runtime/panic.go, proc.go
import type { StructSpec } from "./layout.js";

const optional = { optional: true } as const;

export const deathStructs = {
  /** sysmontick: what the monitor saw of it, and when (ns of the runtime's clock). */
  processor: {
    names: ["runtime.p"],
    fields: {
      id: {},
      status: {},
      m: {},
      schedwhen: { names: ["sysmontick.schedwhen"] },
      syscallwhen: { names: ["sysmontick.syscallwhen"] },
      "trace.inSweep": optional,
    },
  },
  schedulerClock: { names: ["runtime.schedt"], fields: { lastpoll: {} } },
  collectorClock: { names: ["runtime.mstats"], fields: { last_gc_nanotime: {} } },
  bubble: { names: ["runtime.synctestBubble", "runtime.synctestGroup"], optional: true, fields: { id: optional } },
} as const satisfies Record<string, StructSpec>;
