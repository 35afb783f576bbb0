// Objects of a type, largest first; a row leads to its value.
import { formatBytes, formatCount } from "../../../src/base/units.js";
import { objects } from "../../../src/query/objects.js";
import { cellsOf } from "../../text/table.js";
import { objectColumns } from "../../views/objects.js";
import { tableLines } from "../parts/list.js";
import { partsKey, partsOf } from "../parts/value-parts.js";
import { places, type Subjects } from "../places.js";
import { ask, resultOf, type Screen } from "../screen.js";

/** Rows that are asked for at once. */
const page = 2000;

/** The objects of a type, one by one. */
export const objectsScreen: Screen<Subjects["objects"]> = {
  name: "objects",
  help: "Which objects of this type are there?",
  title: (args) => args.type ?? "Objects",
  asks: (args) => [
    ask(objects, {
      ...(args.type === undefined ? {} : { type: args.type }),
      min: 0,
      top: args.top ?? page,
      ...partsOf(args),
    }),
  ],
  body(given) {
    const answer = resultOf(given, 0, objects);
    if (!answer) return { head: [], rows: [] };
    // Of one type alone, which the breadcrumb names, there is no column of types.
    const columns = objectColumns(new Set(answer.rows.map((row) => row.type)).size > 1);
    const rows = answer.rows.map((row) => ({ cells: cellsOf(columns, row), open: places.object(row.address), copy: row.address }));
    // Beyond the first page rows are counted, and + asks for more.
    const cut =
      answer.rows.length < answer.total.rows ? `first ${formatCount(answer.rows.length)} of ${formatCount(answer.total.rows)}, ` : "";
    return { ...tableLines(columns, rows, given.width), note: `${cut}${formatBytes(answer.total.bytes)}` };
  },
  keys: [
    { key: "p", help: "why alive", go: (_args, line) => (line?.copy ? places.paths({ address: line.copy }) : undefined) },
    { key: "d", help: "dominators", go: (_args, line) => (line?.copy ? places.dominators({ of: line.copy }) : undefined) },
    {
      key: "w",
      help: "who holds all",
      go: (args) => (args.type !== undefined ? places.holders(args.type) : undefined),
    },
    partsKey(places.objects),
    {
      key: "+",
      help: "more",
      stays: true,
      go: (args) => places.objects({ ...args, top: (args.top ?? page) * 5 }),
    },
  ],
};
