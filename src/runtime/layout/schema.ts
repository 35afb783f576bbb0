// Every struct and field of the Go runtime that corescope relies on, in one typed table.
import type { RuntimeLayout } from "./layout.js";
import { deathStructs } from "./schema-death.js";
import { findingStructs } from "./schema-finding.js";
import { heapStructs } from "./schema-heap.js";
import { mapStructs } from "./schema-maps.js";
import { profileStructs } from "./schema-profile.js";
import { schedStructs } from "./schema-sched.js";
import { syncStructs } from "./schema-sync.js";
import { traceStructs } from "./schema-trace.js";

export const RUNTIME_SCHEMA = {
  ...heapStructs,
  ...schedStructs,
  ...syncStructs,
  ...mapStructs,
  ...traceStructs,
  ...deathStructs,
  ...findingStructs,
  ...profileStructs,
} as const;

/** The layout of this program's runtime. */
export type Layout = RuntimeLayout<typeof RUNTIME_SCHEMA>;
