import { overview } from "../../../src/query/overview.js";
import { overviewCommand } from "../../commands/overview.js";
import { makePage } from "../../text/style.js";
import { typePlace } from "../parts/places.js";
import { ask, type Line, resultOf, type Screen } from "../screen.js";

/** Home: what died, what fills its memory. */
export const overviewScreen: Screen = {
  name: "overview",
  tab: "Overview",
  help: "What died here, and what fills its memory?",
  title: () => "Overview",
  asks: () => [ask(overview, {})],
  body(given) {
    const answer = resultOf(given, 0, overview);
    if (!answer) return { head: [], rows: [] };
    const lines = overviewCommand.text(answer, makePage(given.width, false));
    const firstType = lines.length - answer.topTypes.length;
    const rows = lines.map((text, index): Line => {
      const type = answer.topTypes[index - firstType]?.type;
      if (type !== undefined) return { text, open: typePlace(type), copy: type };
      if (text.startsWith("Memory")) return { text, open: { screen: "mappings", args: {} } };
      if (text.startsWith("Heap")) return { text, open: { screen: "types", args: {} } };
      return { text, ...(index === firstType - 1 ? { tone: "bold" } : {}) };
    });
    return { head: [], rows };
  },
  keys: [],
};
