import { counted, formatBytes } from "../../../src/base/units.js";
import { mappings } from "../../../src/query/mappings.js";
import { tableLines } from "../parts/list.js";
import { ask, resultOf, type Screen } from "../screen.js";

const columns = [
  { title: "start" },
  { title: "end", yields: true },
  { title: "bytes", align: "right" },
  { title: "flags" },
  { title: "in", yields: true },
  { title: "path", cut: "start" },
] as const;

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
      cells: [row.start, row.end, formatBytes(row.bytes), row.flags, row.backing, row.path],
      open: { screen: "memory", args: { address: row.start } },
      copy: row.start,
    }));
    return {
      ...tableLines(columns, rows, given.width),
      note: `${formatBytes(answer.total.bytes)} in ${counted(answer.total.rows, "mapping")}`,
    };
  },
  keys: [],
};
