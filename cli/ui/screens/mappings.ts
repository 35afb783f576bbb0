// The memory map; a row leads to the bytes at its beginning.
import { counted, formatBytes } from "../../../src/base/units.js";
import { mappings } from "../../../src/query/mappings.js";
import { cellsOf } from "../../text/table.js";
import { mappingColumns } from "../../views/mappings.js";
import { tableLines } from "../parts/list.js";
import { places } from "../places.js";
import { ask, resultOf, type Screen } from "../screen.js";

/** The address space. */
export const mappingsScreen: Screen = {
  name: "mappings",
  tab: "Memory",
  help: "What was mapped, and where are its bytes now?",
  title: () => "Memory map",
  asks: () => [ask(mappings, {})],
  body(given) {
    const answer = resultOf(given, 0, mappings);
    if (!answer) return { head: [], rows: [] };
    const rows = answer.rows.map((row) => ({
      cells: cellsOf(mappingColumns, row),
      open: places.memory(row.start),
      copy: row.start,
    }));
    return {
      ...tableLines(mappingColumns, rows, given.width),
      note: `${formatBytes(answer.total.bytes)} in ${counted(answer.total.rows, "mapping")}`,
    };
  },
  keys: [],
};
