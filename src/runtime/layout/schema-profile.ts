// The rows of the schema for the profiles of allocations and of blocking. runtime/mprof.go, mheap.go, runtime.go
import type { StructSpec } from "./layout.js";

const optional = { optional: true } as const;

export const profileStructs = {
  /** Before a stack of nstk words, which a memRecord or a blockRecord follows. size: of each object, in bytes. */
  profileBucket: { names: ["runtime.bucket"], fields: { allnext: {}, typ: {}, size: {}, nstk: {} } },
  memRecord: { names: ["runtime.memRecord"], optional: true, fields: { active: {}, future: {} } },
  /** Bytes are kept apart from counts until Go 1.26; all objects of a bucket are of one size. */
  memRecordCycle: {
    names: ["runtime.memRecordCycle"],
    optional: true,
    fields: { allocs: {}, frees: {}, alloc_bytes: optional, free_bytes: optional },
  },
  blockRecord: { names: ["runtime.blockRecord"], optional: true, fields: { count: {}, cycles: {} } },
  /** The special of an object that was sampled. */
  specialprofile: { names: ["runtime.specialprofile"], optional: true, fields: { b: {} } },
  /** val: ticks of the processor's counter in a second, 0 until somebody asks. */
  ticks: { names: ["runtime.ticksType"], optional: true, fields: { val: {} } },
} as const satisfies Record<string, StructSpec>;
