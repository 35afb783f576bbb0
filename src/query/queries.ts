// Every query by name.
import { blocked } from "./blocked.js";
import { death } from "./death.js";
import { doctor } from "./doctor.js";
import { dominators } from "./dominators.js";
import { firstLook } from "./first-look.js";
import { goroutine } from "./goroutine.js";
import { goroutines } from "./goroutines.js";
import { heapUse } from "./heap-use.js";
import { histogram } from "./histogram.js";
import { leaked } from "./leaked.js";
import { mappings } from "./mappings.js";
import { memoryUse } from "./memory-use.js";
import { names } from "./names.js";
import { objectPage } from "./object-page.js";
import { objects } from "./objects.js";
import { overview } from "./overview.js";
import { profile } from "./profile.js";
import { read } from "./read.js";
import { refs } from "./refs.js";
import { show } from "./show.js";
import { suspects } from "./suspects.js";
import { threads } from "./threads.js";
import { traceEvents } from "./trace-events.js";
import { traceExport } from "./trace-export.js";
import { traceExtract } from "./trace-extract.js";
import { traceSummary } from "./trace-summary.js";
import { traceTimeline } from "./trace-timeline.js";
import { traceback } from "./traceback.js";
import { waits } from "./waits.js";
import { waste } from "./waste.js";
import { why } from "./why.js";

/** The one list of queries, each under its name: the library types its answers by it, the worker answers by it. */
export const QUERIES = {
  "first-look": firstLook,
  "memory-use": memoryUse,
  "heap-use": heapUse,
  overview,
  histogram,
  goroutines,
  goroutine,
  traceback,
  threads,
  blocked,
  leaked,
  death,
  objects,
  "object page": objectPage,
  dominators,
  refs,
  show,
  suspects,
  waits,
  waste,
  why,
  profile,
  doctor,
  mappings,
  read,
  names,
  "trace extract": traceExtract,
  "trace summary": traceSummary,
  "trace events": traceEvents,
  "trace timeline": traceTimeline,
  "trace export": traceExport,
} as const;
