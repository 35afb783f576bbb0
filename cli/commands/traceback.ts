// Goroutines as the runtime prints them, but for control characters, which are escaped: for the tools that read such text.
import { UsageError } from "../../src/base/errors.js";
import { traceback } from "../../src/query/traceback.js";
import { optionChoice } from "../arguments.js";
import { defineCommand } from "../command.js";
import { escapeText } from "../text/escape.js";

/** `corescope traceback`: the runtime's own text, for the tools that read it. */
export const tracebackCommand = defineCommand({
  name: "traceback",
  query: traceback,
  operands: [{ name: "[id]", help: "one goroutine only" }],
  options: [{ flags: "--level <level>", help: "all: the program's frames; crash: the runtime's too, with pcs (default: all)" }],
  examples: [
    { line: "traceback core", asks: "What would it have printed with GOTRACEBACK=all?" },
    { line: "traceback core 17", asks: "One goroutine only." },
    { line: "traceback core --level crash", asks: "With the runtime's goroutines, frames and addresses." },
  ],
  args([id], options) {
    // Ids are the runtime's goid, positive decimal numbers.
    if (id !== undefined && !/^[0-9]{1,15}$/.test(id))
      throw new UsageError(`${id}: not the number of a goroutine`, "for example: corescope traceback CORE 17");
    return { level: optionChoice(options, "level", ["all", "crash"]), ...(id === undefined ? {} : { id: Number(id) }) };
  },
  // Lines are not cut: the text is for tools.
  text: ({ head, rows }) => [
    ...(head.length > 0 ? [...head.map(escapeLine), ""] : []),
    ...rows.flatMap((row, index) => [...(index > 0 ? [""] : []), ...row.lines.map(escapeLine)]),
  ],
});

/** The format's own tab at a line's start stays. */
function escapeLine(line: string): string {
  const tabs = /^\t*/.exec(line)?.[0] ?? "";
  return tabs + escapeText(line.slice(tabs.length));
}
