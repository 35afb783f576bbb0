// The rows of the schema for what programs wait on: package sync, timers, the network. sync/*.go, runtime/time.go, netpoll.go
import type { StructSpec } from "./layout.js";

const optional = { optional: true } as const;

export const syncStructs = {
  /** In package internal/sync since Go 1.24. */
  syncMutex: {
    names: ["sync.Mutex"],
    optional: true,
    fields: { state: { names: ["mu.state", "state"] }, sema: { names: ["mu.sema", "sema"] } },
  },
  syncRWMutex: {
    names: ["sync.RWMutex"],
    optional: true,
    fields: {
      "w.state": { names: ["w.mu.state", "w.state"] },
      "w.sema": { names: ["w.mu.sema", "w.sema"] },
      writerSem: {},
      readerSem: {},
      readerCount: {},
      readerWait: {},
    },
  },
  /** state: the counter in the upper half, the number of waiters in the lower 31 bits. */
  syncWaitGroup: { names: ["sync.WaitGroup"], optional: true, fields: { state: {}, sema: {} } },
  syncCond: { names: ["sync.Cond"], optional: true, fields: { notify: {} } },
  notifyList: { names: ["sync.notifyList", "runtime.notifyList"], optional: true, fields: { wait: {}, notify: {}, head: {} } },
  timer: { names: ["runtime.timer"], fields: { when: {} } },
  /** rg, wg: the g that waits to read or write, or 0 to 2. rd, wd: their deadlines in ns of the runtime's clock, 0 for none. */
  pollDesc: { names: ["runtime.pollDesc"], optional: true, fields: { fd: {}, closing: {}, rg: {}, wg: {}, rd: optional, wd: optional } },
} as const satisfies Record<string, StructSpec>;
