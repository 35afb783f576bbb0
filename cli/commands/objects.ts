// Live objects, one a line, with their value in brief. Exit code 1 when none matches.
//
//   address             bytes  type                      value
//   0x1e17560980f0  213.4 KiB  map[string]*main.Session  4,000 entries
import { counted, formatBytes } from "../../src/base/units.js";
import { objects } from "../../src/query/objects.js";
import { optionBytes, optionPattern, optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { cutText, formatRows, truncationLine } from "../text/table.js";
import { objectColumns, objectsJson } from "../views/objects.js";
import { sitesLines } from "../views/sites.js";

/** `corescope objects`: objects one by one. */
export const objectsCommand = defineCommand({
  name: "objects",
  query: objects,
  operands: [],
  options: [
    { flags: "--type <re>", help: "only objects whose type matches" },
    { flags: "--min <size>", help: "only objects of at least this size (512K, 1MiB, 80)" },
    { flags: "--parts", help: "also the tables, groups and buffers that maps, channels and builders are made of" },
  ],
  examples: [
    { line: "objects core --min 1MiB", asks: "Which single objects are big?" },
    { line: "objects core --type '^main[.]Session$' --top 5", asks: "Show me five sessions, with their first fields." },
    { line: "objects core --type 'map' --top 0 --json", asks: "Every map-like object, for a program." },
  ],
  args(_operands, options) {
    const type = optionPattern(options, "type");
    return {
      ...(type === undefined ? {} : { type }),
      min: optionBytes(options, "min"),
      top: optionTop(options),
      ...(options.parts === true ? { parts: true } : {}),
    };
  },
  text({ rows, total, sites }, page) {
    // With the column of types even when one type was asked for: a pattern may match several.
    const columns = objectColumns(true);
    const lines = formatRows(columns, rows, page.width);
    const cut = truncationLine(rows.length, total.rows, "object");
    const summary = `${counted(total.rows, "object")}, ${formatBytes(total.bytes)}`;
    if (rows.length === 0) return ["no object matches"];
    const places = sites ? sitesLines(sites, "these") : [];
    return [
      page.bold(lines[0]),
      ...lines.slice(1),
      "",
      summary,
      ...(cut ? [cut] : []),
      ...places.map((line) => page.dim(cutText(line, page.width))),
    ];
  },
  json: objectsJson,
  isNo: ({ total }) => total.rows === 0,
  next: ({ rows }) => (rows[0] ? [`why CORE ${rows[0].address}`, `read CORE ${rows[0].address}`] : []),
});
