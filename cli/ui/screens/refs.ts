// Pointers to or from a value, one row for each value at the other side; the key i turns it round.
import { counted } from "../../../src/base/units.js";
import { refs } from "../../../src/query/refs.js";
import { partsKey, partsOf } from "../parts/value-parts.js";
import { places, type Subjects } from "../places.js";
import { ask, resultOf, type Screen } from "../screen.js";
import { referenceLine } from "./object.js";

/** Rows asked for. */
const most = 2000;

/** All pointers to or from one object. */
export const refsScreen: Screen<Subjects["refs"]> = {
  name: "refs",
  help: "Who points to it, or what does it point to?",
  title: (args) => (args.out === true ? "points to" : "pointed to by"),
  asks: (args) => [ask(refs, { of: args.of, out: args.out === true, top: most, ...partsOf(args) })],
  body(given) {
    const answer = resultOf(given, 0, refs);
    if (!answer) return { head: [], rows: [] };
    const head = [{ text: `${answer.object.address}  ${answer.object.type}`, tone: "bold" } as const];
    return { head, rows: answer.rows.map(referenceLine), note: counted(answer.total.pointers, "pointer") };
  },
  keys: [
    { key: "i", help: "other way", stays: true, go: (args) => places.refs({ ...args, out: args.out !== true }) },
    partsKey(places.refs),
  ],
};
