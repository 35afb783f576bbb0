// Findings with their facts. A title leads to the culprit, the line with → to the command's answer.
import { counted, formatBytes } from "../../../src/base/units.js";
import { suspects } from "../../../src/query/suspects.js";
import { wrapText } from "../../text/wrap.js";
import { suspectText } from "../../views/suspects.js";
import { places } from "../places.js";
import { ask, type Line, type Place, resultOf, type Screen } from "../screen.js";

/** What is probably wrong. */
export const suspectsScreen: Screen = {
  name: "suspects",
  tab: "Suspects",
  help: "What is probably wrong, the likeliest first?",
  title: () => "Suspects",
  asks: () => [ask(suspects, { top: 0 })],
  body(given) {
    const answer = resultOf(given, 0, suspects);
    if (!answer) return { head: [], rows: [] };
    const rows = answer.rows.flatMap((suspect, index): Line[] => {
      const row = suspectText(suspect);
      const { expression } = suspect.subject;
      // To the culprit itself where it has a name, else to the command that shows more.
      const open = expression ? places.object(expression) : commandPlace(row.next);
      const title = wrapText(`${index + 1}. ${row.title}`, given.width, "   ");
      return [
        ...title.map((text): Line => ({ text, tone: "bold", open, copy: expression ?? row.title })),
        ...row.evidence.flatMap((fact) => wrapText(`   - ${fact}`, given.width, "     ").map((text): Line => ({ text, tone: "dim" }))),
        { text: `   → ${row.next.replace(/ ?\bCORE\b/, "")}`, open: commandPlace(row.next) },
        { text: "" },
      ];
    });
    if (rows.length === 0)
      return { head: [], rows: [{ text: `nothing stands out in ${formatBytes(answer.liveBytes)} of live heap`, tone: "good" }] };
    return { head: [], rows, note: counted(answer.total.rows, "suspect") };
  },
  keys: [],
};

/** The answer to a command line. */
function commandPlace(next: string): Place {
  return places.answer(next.replace(/ ?\bCORE\b/, ""));
}
