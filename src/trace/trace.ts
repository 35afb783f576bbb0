// The trace format: files of any origin, read, ordered, summed up and exported; knows no process.
export { concerns, describeEvent, EVENT_KINDS, type EventRow, kindOf, repeatsStatus } from "./describe.js";
export { type ExportOptions, exportTrace } from "./export.js";
export { HEADER_SIZE, looksLikeTrace, readHeader, type TraceFormat } from "./format.js";
export type { Generation, TraceFrame } from "./generation.js";
export { type MisplacedRegion, Ordering, type TraceEvent } from "./order.js";
export { readGenerations } from "./reader.js";
export { G_STATES, type GoroutineState } from "./states.js";
export { LastStops } from "./stops.js";
export { type GoroutineTimes, summarize, type TraceSummary } from "./summary.js";
export { type Lane, type Timeline, timeline } from "./timeline.js";
