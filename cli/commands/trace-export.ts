// A trace for viewers. Without -o only its size and marks are told: the file is binary, or JSON of hundreds of megabytes.
import { counted } from "../../src/base/units.js";
import { traceExport } from "../../src/query/trace-export.js";
import { contentsOf } from "../../src/query/trace-source.js";
import { optionChoice, optionText } from "../arguments.js";
import { defineCommand } from "../command.js";
import { formatDuration } from "../text/duration.js";
import { escapeText } from "../text/escape.js";
import { exportJson, missingText } from "../views/trace.js";

/** `corescope trace export`: for ui.perfetto.dev or about:tracing. */
export const traceExportCommand = defineCommand({
  name: "trace export",
  query: traceExport,
  operands: [],
  options: [
    { flags: "--format <format>", help: "perfetto (default) or chrome (JSON)" },
    { flags: "--prefix <file>", help: "the file that the program was writing its trace to" },
  ],
  examples: [
    { line: "trace export core -o death.pftrace", asks: "Open death.pftrace in ui.perfetto.dev." },
    { line: "trace export core --format chrome -o death.json", asks: "As JSON of about:tracing." },
    { line: "trace export old.trace --format perfetto -o old.pftrace", asks: "A trace file of any Go since 1.22." },
    { line: "trace export death.trace --format perfetto -o death.pftrace", asks: "The same of a trace file." },
  ],
  /** The format by name; a file's ending says nothing to corescope. */
  args(_operands, options) {
    const prefix = optionText(options, "prefix");
    return { format: optionChoice(options, "format", ["perfetto", "chrome"]), ...(prefix === undefined ? {} : { prefix }) };
  },
  text({ found, missing, events, span, marks, format }) {
    // Why there is no trace is the whole answer.
    if (!found) return [escapeText(missingText(missing))];
    return [
      `${counted(events, "event")} over ${formatDuration(span)} as ${format}; -o FILE writes them`,
      ...marks.map(({ name, beforeEnd }) => `mark: ${escapeText(name)} at ${formatDuration(beforeEnd)}`),
    ];
  },
  json: exportJson,
  isNo: ({ found }) => !found,
  file: (result) => contentsOf(result),
});
