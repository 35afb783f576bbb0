// What the execution trace says last of one goroutine.
import { FormatError, MemoryFault } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import type { Dump } from "../dump.js";
import { concerns, describeEvent, type EventRow, repeatsStatus, type TraceEvent } from "../trace/trace.js";
import { crashFinder, readEvents } from "./trace-source.js";

/** The last events of a goroutine. Times in ns. */
export interface GoroutineTrace {
  /** There are none although the program was tracing: what is wrong with the trace. */
  readonly unreadable?: string;
  /** The core has the trace's end only: `trace events` with the file that has the beginning as `prefix` reads both. */
  readonly lacksBeginning?: boolean;
  /** Where the beginning went; "" when that was not found. */
  readonly destination?: string;
  readonly events: readonly EventRow[];
  readonly total: number;
  /** Before the end, negative or 0: the first event of the freeze. Absent: there was none. */
  readonly crash?: number;
  /** Its thread was inside the tracer when the program died: its last event may be missing. */
  readonly inTracer: boolean;
  /** Its last change of state is not in the trace. */
  readonly behind: boolean;
}

/** Rows of the answer: the last ones. */
const SHOWN = 10;

/**
 * The last events of a goroutine, out of the trace in the core.
 * @returns undefined when the program was not tracing, or when nothing of its trace can be read, which is added to findings
 */
export function goroutineTrace(dump: Dump, id: number, findings: Findings): GoroutineTrace | undefined {
  try {
    const trace = dump.trace.extract();
    if (!trace.found) return undefined;
    const inTracer = trace.inTracer.some((each) => each.goroutine === id);
    const behind = trace.stale.some((each) => each.goroutine === id);
    const { whole } = trace;
    if (!whole) {
      const { name: destination } = trace.destination;
      return { lacksBeginning: true, destination, events: [], total: 0, inTracer, behind };
    }
    const finder = crashFinder(dump);
    const rows: EventRow[] = [];
    let total = 0;
    // Rows are made with their time alone: how long before the end that was is known after the last event.
    let end = 0;
    const note = (event: TraceEvent) => {
      end = event.time;
      finder.visit(event);
      if (!concerns(event, id) || repeatsStatus(event)) return;
      total++;
      rows.push(describeEvent(event, 0, false));
      if (rows.length > SHOWN) rows.shift();
    };
    readEvents(whole, note, findings);
    const crash = finder.time();
    const events = rows.map((row) => ({ ...row, beforeEnd: row.time - end }));
    return { events, total, ...(crash === undefined ? {} : { crash: crash - end }), inTracer, behind };
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof MemoryFault)) throw error;
    findings.add("trace-damaged", "the trace cannot be read", error.message, { partial: true });
    return { unreadable: error.message, events: [], total: 0, inTracer: false, behind: false };
  }
}
