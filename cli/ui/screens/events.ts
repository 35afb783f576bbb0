// Trace events with the newest first: what happened last before death is what one comes for.
import { counted, formatCount } from "../../../src/base/units.js";
import { traceEvents } from "../../../src/query/trace-events.js";
import { formatDuration } from "../../text/duration.js";
import { missingText } from "../../views/trace.js";
import { eventText } from "../../views/trace-event.js";
import { tableLines } from "../parts/list.js";
import { places, type Subjects } from "../places.js";
import { ask, resultOf, type Screen } from "../screen.js";

/** Events asked for at first; + asks for five times as many. */
const most = 2000;

/** The last events of the execution trace, of all goroutines or of one. */
export const eventsScreen: Screen<Subjects["events"]> = {
  name: "events",
  help: "What happened last? The newest event stands first; times are before the end of the trace.",
  title: (args) => (args.goroutine === undefined ? "Events" : `events of goroutine ${args.goroutine}`),
  asks: (args) => [
    ask(traceEvents, {
      ...(args.goroutine === undefined ? {} : { goroutine: args.goroutine }),
      last: 0,
      kind: "",
      stacks: false,
      top: args.top ?? most,
    }),
  ],
  body(given) {
    const answer = resultOf(given, 0, traceEvents);
    if (!answer) return { head: [], rows: [] };
    if (!answer.found) return { head: [], rows: [{ text: missingText(answer.missing) }] };
    const rows = answer.rows.toReversed().map((row) => {
      // An event of no goroutine may be about one: "goroutine 22 starts to run".
      const id = row.goroutine > 0 ? row.goroutine : Number(row.arguments.g ?? 0);
      return {
        cells: [
          formatDuration(row.beforeEnd),
          row.proc < 0 ? "" : `P${row.proc}`,
          row.goroutine < 0 ? "" : `g${row.goroutine}`,
          eventText(row),
        ],
        ...(id > 0 ? { open: places.goroutine(id), copy: `g${id}` } : {}),
      };
    });
    const columns = [
      { title: "before end", align: "right" },
      { title: "P", yields: true },
      { title: "goroutine" },
      { title: "event", cut: "end" },
    ] as const;
    return { ...tableLines(columns, rows, given.width), note: `last ${formatCount(rows.length)} of ${counted(answer.total, "event")}` };
  },
  keys: [
    {
      key: "v",
      help: "its events",
      go: (_args, line) => (line?.copy ? places.events({ goroutine: Number(line.copy.slice(1)) }) : undefined),
    },
    { key: "+", help: "more", stays: true, go: (args) => places.events({ ...args, top: (args.top ?? most) * 5 }) },
  ],
};
