// Findings as numbered sentences, each with up to four facts. The sentences are made in cli/views/suspects.ts.
//
//   1. main.server.sessions.byToken holds 5.4 MiB (63% of the live heap): 4,000 × main.Session
//      - 5.2 MiB: 4,000 × main.Session, each with []uint8
import { counted, formatBytes } from "../../src/base/units.js";
import { suspects } from "../../src/query/suspects.js";
import { optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { commandLine } from "../text/command-line.js";
import { escapeText } from "../text/escape.js";
import { proseWidth } from "../text/style.js";
import { wrapText } from "../text/wrap.js";
import { type SuspectsJson, suspectJson, suspectText } from "../views/suspects.js";

/** Findings on one screen. */
const usualTop = 8;

/** `corescope suspects`: the likeliest culprits. */
export const suspectsCommand = defineCommand({
  name: "suspects",
  query: suspects,
  operands: [],
  options: [],
  examples: [
    { line: "suspects core", asks: "What is probably wrong?" },
    { line: "suspects core --top 3", asks: "Only the three likeliest." },
    { line: "suspects core --json | jq '.result.rows[0].title'", asks: "The first one, for an alert." },
  ],
  args: (_operands, options) => ({ top: options.top === undefined ? usualTop : optionTop(options) }),
  text({ rows, total, liveBytes }, page) {
    if (rows.length === 0) return [`nothing stands out in ${formatBytes(liveBytes)} of live heap`];
    const lines: string[] = [];
    // Whole sentences are wrapped, never cut: the culprit's name may stand at their end.
    rows.map(suspectText).forEach((row, index) => {
      wrapText(escapeText(`${index + 1}. ${row.title}`), proseWidth(page), "   ").forEach((line, at) => {
        lines.push(at === 0 ? page.bold(line) : line);
      });
      // Four facts are a screen's share; JSON has all.
      for (const fact of row.evidence.slice(0, 4))
        lines.push(...wrapText(escapeText(`   - ${fact}`), proseWidth(page), "     ").map((line) => page.dim(line)));
      // Where every finding was asked for there is room: the short list is read by people, the whole one is compared.
      if (rows.length >= total.rows) lines.push(page.dim(`   signature ${rows[index].signature}`));
    });
    if (rows.length < total.rows) lines.push("", `${rows.length} of ${counted(total.rows, "finding")} (--top 0 for all)`);
    return lines;
  },
  json: (result, paste): SuspectsJson => ({ ...result, rows: result.rows.map((row) => suspectJson(row, paste)) }),
  next: ({ rows }) => rows.slice(0, 3).map((row) => commandLine(row.next)),
});
