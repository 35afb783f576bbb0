// The trace format: files of any origin, read, ordered, summed up and exported; knows no process.
export { concerns, describeEvent, EVENT_KINDS, type EventRow, kindOf, repeatsStatus } from "./describe.js";
export { exportTrace, MARKS } from "./export.js";
export { HEADER_SIZE, looksLikeTrace, readHeader } from "./format.js";
export type { Generation } from "./generation.js";
export { type MisplacedRegion, Ordering, type TraceEvent } from "./order.js";
export { readGenerations } from "./reader.js";
export { G_STATES } from "./states.js";
export { LastStops } from "./stops.js";
export { summarize, type TraceSummary } from "./summary.js";
export { type Lane, type Timeline, timeline } from "./timeline.js";
