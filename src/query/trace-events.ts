// The events of an execution trace as rows. The trace is read several times rather than kept: an event in memory is larger than in the
// file.
import { FormatError, UsageError } from "../base/errors.js";
import { Findings } from "../base/findings.js";
import type { Rows } from "../base/rows.js";
import { USUAL_TOP } from "../base/rows.js";
import type { ByteSource } from "../base/source.js";
import type { MissingTrace } from "../recorder/recorder.js";
import { concerns, describeEvent, type EventRow, kindOf, Ordering, repeatsStatus, type TraceEvent } from "../trace/trace.js";
import type { Query } from "./query.js";
import { crashFinder, generationsOf, readEvents, traceOf, withContents } from "./trace-source.js";

/** Filters, all of which have to match. A kind that is no regular expression is a UsageError. */
export interface TraceEventsArgs {
  /** File with the trace's beginning, when the program was sending it away; the core has only the end. */
  readonly prefix?: string;
  /** Only events of this goroutine, or that concern it. */
  readonly goroutine?: number;
  /** Only events of so many ns before the end; 0, or absent: all. */
  readonly last?: number;
  /** A regular expression over kinds; "", or absent: all but statuses that repeat what is known. */
  readonly kind?: string;
  /** With the stack of each event. */
  readonly stacks?: boolean;
  /** The last so many rows; 0 = all; 20 when absent. */
  readonly top?: number;
}

export { EVENT_KINDS, type EventRow } from "../trace/trace.js";

/** Rows in the order of time; each says how many ns before the end it was. total: events that match, shown or not. */
export interface TraceEventsResult extends Rows<EventRow> {
  /** How many events of each kind the whole trace has, most first. */
  readonly kinds: readonly { readonly kind: string; readonly count: number }[];
  /** false: there is no trace. */
  readonly found: boolean;
  /** Why there is none. */
  readonly missing?: MissingTrace;
  /** ns of the trace clock of the last event: death, in a trace out of a core. */
  readonly end: number;
  /** false: a trace file was opened, whose end is no death. */
  readonly fromCore: boolean;
  /** ns before the end, negative or 0: the first event of the freeze. Absent: the runtime did not freeze, or not in the trace. */
  readonly crash?: number;
}

/** The last events, in order; with -o all of them as NDJSON, one generation in memory at a time. */
export const traceEvents: Query<TraceEventsArgs, TraceEventsResult> = {
  name: "trace events",
  summary: "the events of the execution trace in order, times relative to its end",
  run(dump, { prefix, goroutine, last = 0, kind: kinds = "", stacks = false, top = USUAL_TOP }, { findings }) {
    const trace = traceOf(dump, prefix);
    if (!trace.found) return { ...trace, kinds: [], end: 0, fromCore: false, rows: [], total: 0 };
    const { source } = trace;
    let pattern: RegExp | undefined;
    try {
      pattern = kinds === "" ? undefined : new RegExp(kinds);
    } catch (error) {
      throw new UsageError(`kind ${kinds}: ${(error as Error).message}`);
    }
    // The end has to be known before the first row can be told how long before it that was.
    let end = 0;
    const finder = crashFinder(dump);
    const counts = new Map<string, number>();
    const note = (event: TraceEvent) => {
      end = event.time;
      const kind = kindOf(event);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      finder.visit(event);
    };
    readEvents(source, note, findings);
    const wanted = (event: TraceEvent): boolean =>
      (last === 0 || event.time >= end - last) &&
      (goroutine === undefined || concerns(event, goroutine)) &&
      (pattern === undefined ? !repeatsStatus(event) : pattern.test(kindOf(event)));
    let total = 0;
    const told = new Findings(); // what is wrong with the trace has been said
    readEvents(
      source,
      (event) => {
        if (wanted(event)) total++;
      },
      told,
    );
    const skip = top === 0 ? 0 : Math.max(0, total - top);
    const rows: EventRow[] = [];
    let at = 0;
    readEvents(
      source,
      (event) => {
        if (wanted(event) && at++ >= skip) rows.push(describeEvent(event, end, stacks));
      },
      told,
    );
    const crash = finder.time();
    const result: TraceEventsResult = {
      found: true,
      kinds: [...counts].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count),
      end,
      fromCore: trace.fromCore,
      ...(crash === undefined ? {} : { crash: crash - end }),
      rows,
      total,
    };
    return withContents(result, () => lines(source, wanted, end, stacks));
  },
};

/** Enough for one write. */
const PIECE = 1 << 16;

/** Every wanted event as a line of JSON, UTF-8. What is damaged was told when the trace was counted: the lines end there. */
function* lines(source: ByteSource, wanted: (event: TraceEvent) => boolean, end: number, stacks: boolean): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let ready: Uint8Array[] = [];
  let text = "";
  const ordering = new Ordering((event) => {
    if (!wanted(event)) return;
    text += `${JSON.stringify(describeEvent(event, end, stacks))}\n`;
    if (text.length < PIECE) return;
    ready.push(encoder.encode(text));
    text = "";
  });
  try {
    for (const generation of generationsOf(source)) {
      ordering.run(generation);
      yield* ready;
      ready = [];
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error; // told before
  }
  yield* ready;
  if (text !== "") yield encoder.encode(text);
}
