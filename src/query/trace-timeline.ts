// Lanes over time for the screen: what each P and the busiest goroutines did in each column.
import { FormatError, UsageError } from "../base/errors.js";
import { USUAL_TOP } from "../base/rows.js";
import type { MissingTrace } from "../recorder/recorder.js";
import { type Timeline, timeline } from "../trace/trace.js";
import type { Query } from "./query.js";
import { checkEvents, generationsOf, goroutineFunctions, traceOf } from "./trace-source.js";

/** The part of the trace and the size of the picture. Out of range: UsageError. */
export interface TraceTimelineArgs {
  /** File with the trace's beginning, when the program was sending it away. */
  readonly prefix?: string;
  /** Share of the time that is looked at, its end; above 0; 1, or absent: all. */
  readonly part?: number;
  /** Parts the time is divided into, 1 to 10,000; 100 when absent. */
  readonly columns?: number;
  /** Goroutines shown, the busiest first; 1 to 1,000; 20 when absent. */
  readonly top?: number;
}

/** found false: there is no trace, and timeline is undefined. */
export interface TraceTimelineResult {
  readonly found: boolean;
  /** Why there is none. */
  readonly missing?: MissingTrace;
  readonly timeline: Timeline | undefined;
}

/** What Ps and goroutines did, column by column of time. */
export const traceTimeline: Query<TraceTimelineArgs, TraceTimelineResult> = {
  name: "trace timeline",
  summary: "what Ps and goroutines did, column by column of time",
  run(dump, { prefix, part = 1, columns = 100, top = USUAL_TOP }, { findings }) {
    if (!(part > 0 && part <= 1 && columns >= 1 && columns <= 10_000 && top >= 1 && top <= 1000))
      throw new UsageError("a time line of so many lanes or columns");
    const trace = traceOf(dump, prefix);
    if (!trace.found) return { ...trace, timeline: undefined };
    let damage: unknown;
    const lanes = timeline(generationsOf(trace.source), { part, columns, top }, (error) => {
      damage = error;
      return error instanceof FormatError ? error.message : "";
    });
    checkEvents(trace.source, lanes.goroutines.length + lanes.procs.length, damage, findings);
    const functions = goroutineFunctions(dump);
    const goroutines = lanes.goroutines.map((lane) => ({ ...lane, function: lane.function || (functions.get(lane.id) ?? "") }));
    return { found: true, timeline: { ...lanes, goroutines } };
  },
};
