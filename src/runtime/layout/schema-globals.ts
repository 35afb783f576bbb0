// Every variable of the runtime, and of the packages that it serves, that corescope reads by name.

/**
 * Full names. A release, or a program, may be without one: then what is told from it is missing, and `layout.global` answers undefined.
 * Their types are read from debug information or, of a stripped program, from the layout tables.
 */
export const RUNTIME_GLOBALS = [
  // What is linked, and what there is. runtime/symtab.go, proc.go, mheap.go
  "runtime.firstmoduledata",
  "runtime.allgs",
  "runtime.allm",
  "runtime.allp",
  "runtime.sched",
  "runtime.mheap_",
  "runtime.semtable",
  // The heap's accounts, and memory that is not heap. runtime/mstats.go, mgcpacer.go, malloc.go, mprof.go
  "runtime.memstats",
  "runtime.gcController",
  "runtime.gcphase",
  "runtime.persistentChunks",
  "runtime.gcBitsArenas",
  "runtime.buckhash",
  "runtime.class_to_size",
  "internal/runtime/gc.SizeClassToSize",
  "runtime.inProgress",
  // Finalizers and cleanups. runtime/mfinal.go, mcleanup.go
  "runtime.allfin",
  "runtime.fingStatus",
  "runtime.gcCleanups",
  // Stacks, and what goroutines wait for. runtime/stkframe.go, runtime2.go
  "runtime.methodValueCallFrameObjs",
  "runtime.waitReasonStrings",
  "runtime.isWaitingForGC",
  "runtime.isWaitingForSuspendG",
  "runtime.isIdleInSynctest",
  // Death. runtime/panic.go, print.go, runtime1.go
  "runtime.panicking",
  "runtime.printBacklog",
  "runtime.printBacklogIndex",
  "runtime.freezing",
  "runtime.debug",
  // The execution tracer. runtime/trace.go, runtime/trace/trace.go
  "runtime.trace",
  "runtime/trace.tracing",
  // Profiles: their buckets, and how much is sampled. runtime/mprof.go, runtime.go
  "runtime.mbuckets",
  "runtime.bbuckets",
  "runtime.xbuckets",
  "runtime.mProfCycle",
  "runtime.MemProfileRate",
  "runtime.blockprofilerate",
  "runtime.mutexprofilerate",
  "runtime.ticks",
  // Of other packages: the value of a deleted entry, the start of the monotonic clock. sync/map.go, time/time.go
  "sync.expunged",
  "time.startNano",
] as const;

/** A variable by its full name. */
export type GlobalName = (typeof RUNTIME_GLOBALS)[number];
