// Referrers, or with --out referents: one row for each value at the other side, all its pointers in it. Exit code 1 without any.
//
//   address         bytes  what          expression
//   0x1e17565afab0  112 B  main.Session  main.server.sessions.byToken["token-1234"].User
import { counted, formatBytes } from "../../src/base/units.js";
import { refs } from "../../src/query/refs.js";
import { optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { escapeText } from "../text/escape.js";
import { formatTable, truncationLine } from "../text/table.js";
import { referenceText } from "../views/refs.js";

/** `corescope refs`: the pointers to and from one object. */
export const refsCommand = defineCommand({
  name: "refs",
  query: refs,
  operands: [{ name: "<what>", help: "an address or expression" }],
  options: [
    { flags: "--out", help: "what it points to instead of who points to it" },
    { flags: "--parts", help: "the tables, groups and buffers of maps, channels and builders by themselves" },
  ],
  examples: [
    { line: "refs core 0xc000012000", asks: "Who points to this object, and from which field?" },
    { line: "refs core 'main.global.sessions[\"user-5\"]' --out", asks: "What does this session point to?" },
    { line: "refs core 0xc000012000 --top 0 --json", asks: "Every referrer, for a program." },
  ],
  args: ([of], options) => ({
    of,
    out: options.out === true,
    top: optionTop(options),
    ...(options.parts === true ? { parts: true } : {}),
  }),
  text({ object, rows, total }, page) {
    const lines = [
      page.bold(`${object.address}  ${escapeText(object.type)}  ${formatBytes(object.bytes)}${object.live ? "" : "  (garbage)"}`),
      "",
    ];
    // " ~" marks what may be no pointer: a word of a conservatively scanned frame.
    const cells = rows.map((row) => [row.address ?? row.type, formatBytes(row.bytes), row.owner ?? row.type, referenceText(row, " ~")]);
    const columns = [
      { title: "address" },
      { title: "bytes", align: "right" },
      { title: "what", cut: "start" },
      { title: "expression", cut: "start" },
    ] as const;
    if (rows.length > 0) for (const line of [...formatTable(columns, cells, page.width), ""]) lines.push(line);
    // Rows may be cut; pointers are counted all the same.
    const cut = truncationLine(rows.length, total.rows, "row");
    lines.push(counted(total.pointers, "pointer"), ...(cut ? [cut] : []));
    return lines;
  },
  isNo: ({ total }) => total.rows === 0,
  // Another step of the same walk, and the whole way to a root; garbage has none.
  next: ({ object, rows }) => {
    const other = rows.find((row) => row.address !== undefined)?.address;
    return [...(other ? [`refs CORE ${other}`] : []), ...(object.live ? [`why CORE ${object.address}`] : [])];
  },
});
