// The rows of the schema for the heap, its accounting, its types and the module data. A field that is optional came or went with a release;
// `names` has the names that it had, the newest first, and is needed only where they differ.
import type { StructSpec } from "./layout.js";

/** Slices of runtime.moduledata; of all but ftab and textsectmap only the beginning is used. runtime/symtab.go */
const moduleSlices = ["funcnametab", "cutab", "filetab", "pctab", "pclntable", "ftab", "textsectmap"] as const;
/** Bounds of a module's code and data, and what its tables are relative to. runtime/symtab.go moduledata */
const moduleWords = [
  "pcHeader",
  "minpc",
  "maxpc",
  "text",
  "etext",
  "noptrdata",
  "enoptrdata",
  "data",
  "edata",
  "bss",
  "ebss",
  "noptrbss",
  "enoptrbss",
  "types",
  "etypes",
  "rodata",
  "gofunc",
  "gcdata",
  "gcbss",
  "gcdatamask.n",
  "gcdatamask.bytedata",
  "gcbssmask.n",
  "gcbssmask.bytedata",
  "next",
] as const;

type Rows<N extends string> = Readonly<Record<N, object>>;
/** Rows of fields without other names. */
const rows = <N extends string>(names: readonly N[]): Rows<N> => Object.fromEntries(names.map((name) => [name, {}])) as Rows<N>;

export const heapStructs = {
  /** runtime/symtab.go. typemap, by which plugins find the types that an earlier module has too, is not in every release. */
  moduledata: { names: ["runtime.moduledata"], fields: { ...rows(moduleSlices), ...rows(moduleWords), typemap: { optional: true } } },
  /**
   * runtime/mheap.go. elemsize and limit in bytes and addresses, npages in pages of 8 KiB; spanclass is the size class twice, plus 1
   * without pointers. largeType, since Go 1.22, is the type of a large object; older releases keep pointer bits in the arena instead.
   */
  mspan: {
    names: ["runtime.mspan"],
    fields: {
      startAddr: {},
      npages: {},
      freeindex: {},
      nelems: {},
      allocBits: {},
      gcmarkBits: {},
      sweepgen: {},
      allocCount: {},
      spanclass: {},
      // mSpanState: 0 dead, 1 in use, 2 manual (stacks, the runtime's own).
      state: { names: ["state.s", "state"] },
      isUserArenaChunk: { optional: true },
      allocCountBeforeCache: {},
      elemsize: {},
      limit: {},
      specials: {},
      largeType: { optional: true },
    },
  },
  /** runtime/mheap.go. allspans has every span that there ever was; pages.inUse are the address ranges that the heap has grown to. */
  mheap: {
    names: ["runtime.mheap"],
    fields: {
      allspans: {},
      sweepgen: {},
      arenas: {},
      "pages.inUse.ranges": {},
      "curArena.base": {},
      "pages.chunks": {},
    },
  },
  /**
   * runtime/mheap.go. Until Go 1.21 pointer bits are here, one a word; since Go 1.25 with the Green Tea collector, which spans keep their
   * mark bits inside.
   */
  heapArena: {
    names: ["runtime.heapArena"],
    fields: {
      bitmap: { optional: true, names: ["bitmap", "heapArenaPtrScalar.bitmap"] },
      noMorePtrs: { optional: true, names: ["noMorePtrs", "heapArenaPtrScalar.noMorePtrs"] },
      pageUseSpanInlineMarkBits: { optional: true },
    },
  },
  /** At the end of such a span. runtime/mgcmark_greenteagc.go */
  spanInlineMarkBits: { names: ["runtime.spanInlineMarkBits"], optional: true, fields: { marks: { optional: true } } },
  /** A span's list of what hangs on its objects; offset is from the span's beginning. runtime/mheap.go */
  special: { names: ["runtime.special"], fields: { next: {}, offset: {}, kind: {} } },
  specialfinalizer: { names: ["runtime.specialfinalizer"], fields: { fn: {}, fint: {}, ot: {} } },
  /** Since Go 1.24; fn is a closure first, and since Go 1.26 `cleanup` has function and argument apart. */
  specialCleanup: { names: ["runtime.specialCleanup"], optional: true, fields: { fn: { optional: true }, cleanup: { optional: true } } },
  /** Since Go 1.24, of package weak and unique. */
  specialWeakHandle: { names: ["runtime.specialWeakHandle"], optional: true, fields: { handle: {} } },
  cleanupFn: { names: ["runtime.cleanupFn"], optional: true, fields: { call: {}, fn: {}, arg: {} } },
  /** Finalizers that are to run. runtime/mfinal.go */
  finblock: { names: ["runtime.finBlock", "runtime.finblock"], fields: { alllink: {}, cnt: {}, fin: {} } },
  finalizer: { names: ["runtime.finalizer"], fields: { fn: {}, arg: {}, fint: {}, ot: {} } },
  /** Cleanups that are to run, in blocks since Go 1.25. runtime/mcleanup.go */
  cleanupBlock: {
    names: ["runtime.cleanupBlock"],
    optional: true,
    fields: { alllink: { names: ["alllink", "cleanupBlockHeader.alllink"] }, n: { names: ["n", "cleanupBlockHeader.n"] }, cleanups: {} },
  },
  cleanupQueue: { names: ["runtime.cleanupQueue"], optional: true, fields: { all: {} } },
  /** What every type has in the process: internal/abi/type.go since Go 1.21, runtime/type.go before. */
  abiType: {
    names: ["internal/abi.Type", "runtime._type"],
    fields: {
      Size_: { names: ["Size_", "size"] },
      PtrBytes: { names: ["PtrBytes", "ptrdata"] },
      TFlag: { names: ["TFlag", "tflag"] },
      Kind_: { names: ["Kind_", "kind"] },
      GCData: { names: ["GCData", "gcdata"] },
      Str: { names: ["Str", "str"] },
      PtrToThis: { names: ["PtrToThis", "ptrToThis"] },
    },
  },
  /** Pairs of interface and dynamic type. internal/abi/iface.go */
  itab: {
    names: ["internal/abi.ITab", "runtime.itab"],
    fields: { Inter: { names: ["Inter", "inter"] }, Type: { names: ["Type", "_type"] } },
  },
  /** Counters in bytes, ns and cycles. runtime/mstats.go */
  mstats: {
    names: ["runtime.mstats"],
    fields: {
      heapStats: { names: ["heapStats.stats"] },
      stacks_sys: {},
      mspan_sys: {},
      mcache_sys: {},
      buckhash_sys: {},
      gcMiscSys: {},
      other_sys: {},
      last_gc_unix: {},
      numgc: {},
      numforcedgc: {},
      pause_total_ns: {},
    },
  },
  /** Counters of one P, to be summed with all others. runtime/mstats.go */
  heapStatsDelta: {
    names: ["runtime.heapStatsDelta"],
    fields: {
      committed: {},
      released: {},
      inHeap: {},
      inStacks: {},
      inWorkBufs: {},
      inPtrScalarBits: { optional: true },
      tinyAllocCount: {},
      largeAlloc: {},
      largeAllocCount: {},
      smallAllocCount: {},
      largeFree: {},
      largeFreeCount: {},
      smallFreeCount: {},
    },
  },
  /** The pacer: goals and sizes in bytes. runtime/mgcpacer.go */
  gcControllerState: {
    names: ["runtime.gcControllerState"],
    fields: {
      gcPercent: {},
      memoryLimit: {},
      heapInUse: {},
      heapReleased: {},
      heapFree: {},
      heapLive: {},
      heapMarked: {},
      gcPercentHeapGoal: {},
      lastHeapGoal: { optional: true },
      mappedReady: {},
    },
  },
} as const satisfies Record<string, StructSpec>;
