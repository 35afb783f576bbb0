// What is told where there is no trace, or only its end, and what --json adds in words to answers about traces.
import type { GoroutineTrace } from "../../src/query/goroutine-trace.js";
import type { TraceEventsResult } from "../../src/query/trace-events.js";
import type { TraceExportResult } from "../../src/query/trace-export.js";
import type { TraceExtractResult } from "../../src/query/trace-extract.js";
import type { TraceSummaryResult } from "../../src/query/trace-summary.js";
import { type EventJson, eventJson } from "./trace-event.js";

type Missing = NonNullable<TraceSummaryResult["missing"]>;

/** Why there is no trace, or only a part of it, in a sentence for people; "" where there is a whole one. */
interface Explained {
  readonly explanation: string;
}
/** What `trace summary --json` prints. */
export interface TraceSummaryJson extends TraceSummaryResult, Explained {}
/** What `trace export --json` prints. */
export interface TraceExportJson extends TraceExportResult, Explained {}
/** What `trace extract --json` prints. */
export interface TraceExtractJson extends TraceExtractResult, Explained {}
/** What `trace events --json` prints. */
export interface TraceEventsJson extends TraceEventsResult, Explained {
  readonly rows: readonly EventJson[];
}
/** What `goroutine --json` prints of the goroutine's trace. */
export interface GoroutineTraceJson extends GoroutineTrace, Explained {
  readonly events: readonly EventJson[];
}

const REASONS: { readonly [Reason in Missing["reason"]]: (missing: Missing) => string } = {
  "never started": () => "The program was not tracing: neither runtime/trace.Start nor a flight recorder was ever started.",
  stopped: ({ lastGeneration }) =>
    `The program had traced and had stopped before it died (after generation ${lastGeneration}): nothing of the trace is left in memory.`,
  "old tracer": ({ goVersion }) =>
    `${goVersion || "this Go"} has the tracer of Go 1.21 and before (or none at all); its buffers cannot be brought into order. corescope extracts traces of Go 1.22 and later.`,
};

/** Why there is no trace; "" of undefined: there is one. */
export function missingText(missing: Missing | undefined): string {
  return missing ? REASONS[missing.reason](missing) : "";
}

/** The name of a destination, as a file's. */
export function writerText(name: string | undefined): string {
  return name || "a writer that was not found";
}

/** Why what `trace extract` gives is no whole trace; "" when it is. */
export function extractText({ missing, lacksBeginning, destination }: TraceExtractResult): string {
  if (!lacksBeginning) return missingText(missing);
  return `Only the trace's end is in the core: what came before went to ${writerText(destination.name)}.`;
}

/** Why nothing is told of a goroutine that was traced; "" when something is. */
export function unreadText({ unreadable, lacksBeginning, destination }: GoroutineTrace): string {
  if (lacksBeginning) return `the trace's beginning went to ${writerText(destination)}`;
  return unreadable === undefined ? "" : `the trace cannot be read: ${unreadable}`;
}

/** The answer as --json prints it. */
export function summaryJson(answer: TraceSummaryResult): TraceSummaryJson {
  return { explanation: missingText(answer.missing), ...answer };
}

/** The answer as --json prints it. */
export function exportJson(answer: TraceExportResult): TraceExportJson {
  return { explanation: missingText(answer.missing), ...answer };
}

/** The answer as --json prints it. */
export function extractJson(answer: TraceExtractResult): TraceExtractJson {
  return { explanation: extractText(answer), ...answer };
}

/** The answer as --json prints it. */
export function eventsJson(answer: TraceEventsResult): TraceEventsJson {
  return { explanation: missingText(answer.missing), ...answer, rows: answer.rows.map(eventJson) };
}

/** A goroutine's trace as --json prints it. */
export function goroutineTraceJson(trace: GoroutineTrace): GoroutineTraceJson {
  return { explanation: unreadText(trace), ...trace, events: trace.events.map(eventJson) };
}
