// The execution trace in the formats of trace viewers, with marks at the crash and the end.
import { NONE } from "../base/units.js";
import type { MissingTrace } from "../recorder/recorder.js";
import { exportTrace, MARKS, type TraceEvent } from "../trace/trace.js";
import type { Query } from "./query.js";
import { crashedThread, crashFinder, generationsOf, goroutineFunctions, readEvents, traceOf, withContents } from "./trace-source.js";

/** The trace, and the format of the file. */
export interface TraceExportArgs {
  /** File with the trace's beginning, when the program was sending it away. */
  readonly prefix?: string;
  /** "perfetto" when absent. */
  readonly format?: "perfetto" | "chrome";
}

/** What the file holds. Its bytes are made only when a command writes them: withContents. */
export interface TraceExportResult {
  readonly found: boolean;
  /** Why there is none. */
  readonly missing?: MissingTrace;
  readonly format: string;
  readonly events: number;
  /** ns from the first event to the last. */
  readonly span: number;
  /** ns before the end, negative or 0: the crashed thread's last event, the freeze, the end. */
  readonly marks: readonly { readonly name: string; readonly beforeEnd: number }[];
}

/** The trace as a file for ui.perfetto.dev. */
export const traceExport: Query<TraceExportArgs, TraceExportResult> = {
  name: "trace export",
  summary: "the execution trace as a file for ui.perfetto.dev",
  run(dump, { prefix, format = "perfetto" }, { findings }) {
    const trace = traceOf(dump, prefix);
    if (!trace.found) return { ...trace, format, events: 0, span: 0, marks: [] };
    const thread = crashedThread(dump);
    let events = 0;
    let first = 0;
    let end = 0;
    let ownLast = NONE;
    const finder = crashFinder(dump);
    const note = (event: TraceEvent) => {
      finder.visit(event);
      if (events++ === 0) first = event.time;
      end = event.time;
      if (event.m === thread) ownLast = event.time;
    };
    readEvents(trace.source, note, findings);
    const marks: { name: string; time: number }[] = [];
    if (ownLast !== NONE) marks.push({ name: `${MARKS.lastOfThread} (${thread})`, time: ownLast });
    const crash = finder.time();
    if (crash !== undefined) marks.push({ name: MARKS.crash, time: crash });
    marks.push({ name: trace.fromCore ? MARKS.death : MARKS.end, time: end });
    const result: TraceExportResult = {
      found: true,
      format,
      events,
      span: end - first,
      marks: marks.map(({ name, time }) => ({ name, beforeEnd: time - end })),
    };
    return withContents(result, () => exportTrace(generationsOf(trace.source), { format, marks, functions: goroutineFunctions(dump) }));
  },
};
