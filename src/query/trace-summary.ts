// The execution trace in numbers. Functions of goroutines that the trace does not name come from the core.
import { FormatError } from "../base/errors.js";
import { cut, USUAL_TOP } from "../base/rows.js";
import type { MissingTrace } from "../recorder/recorder.js";
import { summarize, type TraceSummary } from "../trace/trace.js";
import type { Query } from "./query.js";
import { checkEvents, generationsOf, goroutineFunctions, regionTeller, traceOf } from "./trace-source.js";

/** The trace, and how many rows of each table. */
export interface TraceSummaryArgs {
  /** File with the trace's beginning, when the program was sending it away. */
  readonly prefix?: string;
  /** Rows of goroutines, tasks and regions; 0 = all; 20 when absent. */
  readonly top?: number;
}

/** found false: there is no trace, and summary is undefined. */
export interface TraceSummaryResult {
  readonly found: boolean;
  /** Why there is none. */
  readonly missing?: MissingTrace;
  readonly summary: TraceSummary | undefined;
  /** How many goroutines there are, those not shown too. */
  readonly goroutines: number;
}

/** The trace in numbers. */
export const traceSummary: Query<TraceSummaryArgs, TraceSummaryResult> = {
  name: "trace summary",
  summary: "what the execution trace says as a whole: goroutines, Ps, collections, heap, tasks",
  run(dump, { prefix, top = USUAL_TOP }, { findings }) {
    const trace = traceOf(dump, prefix);
    if (!trace.found) return { ...trace, summary: undefined, goroutines: 0 };
    let damage: unknown;
    const damaged = (error: unknown) => {
      damage = error;
      return error instanceof FormatError ? error.message : "";
    };
    const summary = summarize(generationsOf(trace.source), damaged, regionTeller(findings));
    checkEvents(trace.source, summary.events, damage, findings);
    const functions = goroutineFunctions(dump);
    // A goroutine that the trace never saw start has its function from the core.
    const goroutines = summary.goroutines.map((each) => ({ ...each, function: each.function || (functions.get(each.id) ?? "") }));
    return {
      found: true,
      summary: { ...summary, goroutines: cut(goroutines, top), tasks: cut(summary.tasks, top), regions: cut(summary.regions, top) },
      goroutines: goroutines.length,
    };
  },
};
