// A trace in tables; they are made in cli/views/trace-summary.ts.
import { traceSummary } from "../../src/query/trace-summary.js";
import { optionText, optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { summaryJson } from "../views/trace.js";
import { traceText } from "../views/trace-summary.js";

/** `corescope trace summary`: a trace in numbers, of a core or of a file. */
export const traceSummaryCommand = defineCommand({
  name: "trace summary",
  query: traceSummary,
  operands: [],
  options: [
    { flags: "--prefix <file>", help: "the file that the program was writing its trace to" },
    { flags: "--top <n>", help: "rows of each table (default: 20; 0 = all)" },
  ],
  examples: [
    { line: "trace summary core", asks: "What did the program do in its last seconds?" },
    { line: "trace summary death.trace --top 5", asks: "The same of a trace file." },
    { line: "trace summary core --json", asks: "All numbers, for a program." },
  ],
  args(_operands, options) {
    const prefix = optionText(options, "prefix");
    return { top: optionTop(options), ...(prefix === undefined ? {} : { prefix }) };
  },
  text: traceText,
  json: summaryJson,
  // "No" is a core without a trace, as of a program that was not tracing.
  isNo: ({ found }) => !found,
  next: ({ found }) => (found ? [`trace events CORE --last 10ms`, `trace export CORE --format perfetto -o trace.pftrace`] : []),
});
