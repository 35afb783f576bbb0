// Live bytes that hold nothing, by kind and field; shares are of the live heap.
//
//       bytes  share  lost to                 in  field or type       example
//   241.5 KiB     3%  slice capacity       3,964  main.Session.Draft  0x1e1756540700
import { formatBytes, formatCount } from "../../src/base/units.js";
import { waste } from "../../src/query/waste.js";
import { optionBytes, optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { formatShare } from "../text/bytes.js";
import { formatTable, truncationLine } from "../text/table.js";

/** `corescope waste`: live bytes that nobody uses. */
export const wasteCommand = defineCommand({
  name: "waste",
  query: waste,
  operands: [],
  options: [{ flags: "--min <size>", help: "only rows that lose at least this much" }],
  examples: [
    { line: "waste core", asks: "Which fields waste memory, and how?" },
    { line: "waste core --top 5", asks: "The five worst of them." },
    { line: "waste core --min 1MiB --json", asks: "Everything above a mebibyte, for a program." },
    { line: "waste core --top 0", asks: "All of it, the small change too." },
  ],
  args: (_operands, options) => ({ top: optionTop(options), min: optionBytes(options, "min") }),
  text({ rows, byKind, total, liveBytes }, page) {
    if (rows.length === 0) return ["nothing is wasted"];
    const cells = rows.map((row) => [
      formatBytes(row.bytes),
      formatShare(row.bytes, liveBytes),
      row.kind,
      formatCount(row.count),
      row.path,
      row.example,
    ]);
    const columns = [
      { title: "bytes", align: "right" },
      { title: "share", align: "right" },
      { title: "lost to" },
      { title: "in", align: "right" },
      { title: "field or type", cut: "start" },
      { title: "example" },
    ] as const;
    const lines = formatTable(columns, cells, page.width);
    // Sums by kind are of all rows that matched, shown or not.
    const kinds = Object.entries(byKind).sort(([, a], [, b]) => b - a);
    const cut = truncationLine(rows.length, total.rows, "row");
    return [
      page.bold(lines[0]),
      ...lines.slice(1),
      "",
      `${formatBytes(total.bytes)} of ${formatBytes(liveBytes)} live bytes`,
      ...kinds.map(([kind, bytes]) => `  ${formatBytes(bytes).padStart(10)}  ${kind}`),
      ...(cut ? [cut] : []),
    ];
  },
  // The example is the object that loses most: why it is held, and what it looks like.
  next: ({ rows }) => (rows[0] ? [`why CORE ${rows[0].example}`, `show CORE ${rows[0].example}`] : []),
});
