// The rows of the schema for how a process died and when: panics, processors, clocks. runtime/panic.go, proc.go
import type { StructSpec } from "./layout.js";

const optional = { optional: true } as const;

export const deathStructs = {
  /** sysmontick: what the monitor saw of a processor, and when (ns of the runtime's clock). */
  processor: {
    names: ["runtime.p"],
    fields: {
      id: {},
      status: {},
      m: {},
      schedwhen: { names: ["sysmontick.schedwhen"] },
      syscallwhen: { names: ["sysmontick.syscallwhen"] },
    },
  },
  schedulerClock: { names: ["runtime.schedt"], fields: { lastpoll: {} } },
  collectorClock: { names: ["runtime.mstats"], fields: { last_gc_nanotime: {} } },
  /** repanicked: the next panic has the same value; since Go 1.23. */
  panicState: { names: ["runtime._panic"], fields: { arg: {}, link: {}, recovered: {}, goexit: {}, repanicked: optional } },
  bubble: { names: ["runtime.synctestBubble", "runtime.synctestGroup"], optional: true, fields: { id: optional } },
} as const satisfies Record<string, StructSpec>;
