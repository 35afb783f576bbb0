// The command's text as lines; addresses and goroutines in it are links.
import { death } from "../../../src/query/death.js";
import { makePage } from "../../text/style.js";
import { deathText } from "../../views/death.js";
import { textLines } from "../parts/list.js";
import { ask, resultOf, type Screen } from "../screen.js";

/** What killed the process. */
export const deathScreen: Screen = {
  name: "death",
  help: "What killed it, and where?",
  title: () => "Death",
  asks: () => [ask(death, {})],
  body(given) {
    const answer = resultOf(given, 0, death);
    return { head: [], rows: answer ? textLines(deathText(answer, makePage(given.width, false))) : [] };
  },
  keys: [],
};
