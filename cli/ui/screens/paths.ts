import { why } from "../../../src/query/why.js";
import { whyCommand } from "../../commands/why.js";
import { makePage } from "../../text/style.js";
import { textLines } from "../parts/list.js";
import { dominatorsPlace, objectPlace } from "../parts/places.js";
import { ask, resultOf, type Screen, textArg } from "../screen.js";

const first = 3;

/** Why an object is alive: paths from roots. */
export const pathsScreen: Screen = {
  name: "paths",
  help: "Why is this object alive: which roots lead to it?",
  title: (args) => `why ${textArg(args, "address") || textArg(args, "type")}`,
  asks: (args) => {
    const type = textArg(args, "type");
    const paths = Number(args.paths ?? first);
    return [ask(why, type === "" ? { address: textArg(args, "address"), paths } : { type, paths })];
  },
  body(given) {
    const answer = resultOf(given, 0, why);
    if (!answer) return { head: [], rows: [] };
    const lines = textLines(whyCommand.text(answer, makePage(given.width, false)));
    const [head, ...rows] = lines;
    return {
      head: head ? [{ text: head.text, tone: "bold" }] : [],
      rows,
      note: answer.reachable ? `${answer.paths.length} paths` : "garbage",
    };
  },
  keys: [
    {
      key: "+",
      help: "more paths",
      stays: true,
      go: (args) => ({ screen: "paths", args: { ...args, paths: Number(args.paths ?? first) * 3 } }),
    },
    { key: "o", help: "the object", go: (args) => (textArg(args, "address") ? objectPlace(textArg(args, "address")) : undefined) },
    { key: "d", help: "dominators", go: (args, line) => dominatorsPlace(line?.copy ?? textArg(args, "address")) },
  ],
};
