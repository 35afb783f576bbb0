// The trace in numbers as the command prints it, its goroutines linked to their events.
import { traceSummary } from "../../../src/query/trace-summary.js";
import { makePage } from "../../text/style.js";
import { traceText } from "../../views/trace-summary.js";
import { textLines } from "../parts/list.js";
import { places } from "../places.js";
import { ask, type Line, resultOf, type Screen } from "../screen.js";

/** Rows of each table. */
const most = 50;

/** The execution trace in numbers. */
export const traceScreen: Screen = {
  name: "trace",
  tab: "Trace",
  help: "What did the program do in its last seconds? From the execution trace in the core.",
  title: () => "Trace",
  asks: () => [ask(traceSummary, { top: most })],
  body(given) {
    const answer = resultOf(given, 0, traceSummary);
    if (!answer) return { head: [], rows: [] };
    const lines = textLines(traceText(answer, makePage(given.width, false)));
    // A row is a goroutine's when it begins with the id of one and has its function: other tables have numbers too.
    const known = new Map(answer.summary?.goroutines.map(({ id, function: name }) => [String(id), name]));
    // Rows of the goroutines' table begin with the number of one.
    const rows = lines.map((line): Line => {
      const [, id = ""] = /^ *([0-9]+) {2,}\S/.exec(line.text) ?? [];
      const name = known.get(id);
      return line.open || name === undefined || !line.text.includes(name.slice(0, 8))
        ? line
        : { ...line, open: places.events({ goroutine: Number(id) }) };
    });
    return { head: [], rows, ...(answer.summary ? {} : { without: ["t", "v", "x"] }) };
  },
  keys: [
    { key: "t", help: "time line", go: () => places.timeline() },
    { key: "v", help: "events near the end", go: () => places.events() },
    { key: "x", help: "extract to a file", line: "trace extract -o trace.out" },
  ],
};
