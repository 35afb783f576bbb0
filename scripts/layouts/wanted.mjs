// What of a release's runtime stands in the layout tables.

/** Variables whose types are kept, and whose addresses recipes find. Not every release has each. */
export const VARIABLES = [
  ...["firstmoduledata", "lastmoduledatap", "modulesSlice", "itabTable", "reflectOffs"],
  ...["mheap_", "persistentChunks", "gcBitsArenas", "buckhash", "mbuckets", "bbuckets", "xbuckets", "zerobase", "emptymspan"],
  ...["stackpool", "stackLarge", "class_to_size"],
  ...["allgs", "allglen", "allgptr", "allm", "allp", "sched", "m0", "g0", "gomaxprocs", "ncpu", "semtable", "forcegc"],
  ...["memstats", "gcController", "gcphase", "work", "writeBarrier", "gcBlackenEnabled", "scavenge"],
  ...["allfin", "finq", "fingStatus", "gcCleanups", "finptrmask"],
  ...["panicking", "runningPanics", "printBacklog", "printBacklogIndex", "inProgress", "methodValueCallFrameObjs"],
  ...["trace", "freezing", "isWaitingForSuspendG", "isWaitingForGC", "isIdleInSynctest", "debug"],
  ...[
    "buildVersion",
    "modinfo",
    "iscgo",
    "argv",
    "envs",
    "runtimeInitTime",
    "physPageSize",
    "extraM",
    "sig",
    "sweep",
    "gcBgMarkWorkerPool",
  ],
  ...["MemProfileRate", "blockprofilerate", "mutexprofilerate", "mProfCycle", "ticks"],
  ...["timers", "netpollInited", "pollcache", "deadlock"],
  ...["waitReasonStrings", "gStatusStrings"],
]
  .map((name) => `runtime.${name}`)
  .concat("internal/runtime/gc.SizeClassToSize", "sync.expunged", "time.startNano", "runtime/trace.tracing");

/** Variables that never change: their contents are kept, and how an element is read. */
export const CONTENTS = {
  "runtime.waitReasonStrings": "string",
  "runtime.gStatusStrings": "string",
  "runtime.isWaitingForSuspendG": "number",
  "runtime.isWaitingForGC": "number",
  "runtime.isIdleInSynctest": "number",
  "runtime.class_to_size": "number",
  "internal/runtime/gc.SizeClassToSize": "number",
};

/** Types that are kept although no variable and no row of the schema may lead to them: every one of the runtime that has a plain name. */
export const TYPES = /^(runtime|internal\/abi|internal\/runtime\/[a-z]+|sync)\.\w+$|^internal\/sync\./;

/** Types that are kept when another one points to them. */
export const TARGETS = /^(runtime|internal\/(abi|runtime|sync)[a-z/]*|sync)\./;

/** Constants that are kept. */
export const CONSTANTS =
  /^internal\/(abi|runtime\/maps)\.|^runtime\.(_KindSpecial|_G|_P|_M|pageS|_PageS|pagesPer|heapArena|arena|logHeap|pallocChunk|_NumSizeClasses|numSpanClasses|min|max|tiny|_Tiny|mSpan|span|waitReason|mutex|_FixedStack|fixedStack|_Stack|stack|_Num|_Max|summary|trace|timer|gc|sema|rwmutex|throwType|dead|_SigP|hmap|bucketCnt|itabInit|user|_Worke|workbuf|_Finalizer|_FinBlock|finBlock|cleanupBlock|pd|poll|evacuated|emptyR|emptyO|minTop|iterator|old|hashW|sameSize|debug|cgo|special|buckHash|maxStack|memProfile|block|profBuf)/;

/** Code that refers to the runtime's variables. */
export const FUNCTIONS = /^(runtime|runtime\/trace|sync|time|internal\/(runtime|sync)[a-z/]*)\./;
