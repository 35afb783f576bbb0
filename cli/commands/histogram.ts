// Counts and bytes by type, package, size class or holder as a table with bars, and below it what the columns mean.
//
//    count      bytes  share          name
//    4,020    4.9 MiB    57%  █████▋  []uint8
//    4,000  437.5 KiB     5%  ▌       main.Session
import { counted, formatBytes, formatCount } from "../../src/base/units.js";
import { escapePattern, quoteWord } from "../../src/base/words.js";
import { histogram } from "../../src/query/histogram.js";
import { optionChoice, optionPattern, optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { formatRows, truncationLine } from "../text/table.js";
import { histogramColumns, isGuess, isHolders } from "../views/histogram.js";

/** `corescope histogram`: what fills the heap, by type. */
export const histogramCommand = defineCommand({
  name: "histogram",
  query: histogram,
  operands: [],
  options: [
    { flags: "--by <what>", help: "type, package or size-class; owner or goroutine: where the shortest path begins (default: type)" },
    { flags: "--garbage", help: "count what is allocated and unreachable instead of what is live" },
    { flags: "--focus <re>", help: "only rows whose name matches" },
    { flags: "--sort <column>", help: "bytes, count or retained (default: bytes)" },
    { flags: "--parts", help: "the parts of maps, channels, builders and buffers as rows of their own" },
  ],
  examples: [
    { line: "histogram core", asks: "Which types fill the heap?" },
    { line: "histogram core --by package --top 0", asks: "Which packages, all of them?" },
    { line: "histogram core --sort retained", asks: "Which types hold the most, with all that hangs on them?" },
    { line: "histogram core --by owner", asks: "Which variables and goroutines hold the memory?" },
    { line: "histogram core --garbage --focus '^main[.]'", asks: "What of my own was waiting to be collected?" },
  ],
  args(_operands, options) {
    const focus = optionPattern(options, "focus");
    return {
      by: optionChoice(options, "by", ["type", "package", "size-class", "owner", "goroutine"]),
      garbage: options.garbage === true,
      ...(focus === undefined ? {} : { focus }),
      top: optionTop(options),
      sort: optionChoice(options, "sort", ["bytes", "count", "retained"]),
      ...(options.parts === true ? { parts: true } : {}),
    };
  },
  text(answer, page) {
    const { by = "type", rows, total } = answer;
    const isByHolder = isHolders(by);
    // Where nothing retains more than its own bytes the column would repeat the one before it.
    const withRetained = isByHolder || rows.some((row) => row.retainedBytes !== undefined && row.retainedBytes !== row.bytes);
    // A type's share is of what it retains, where that is shown; a holder's of what adds up to the live heap.
    const bytesOf = (row: (typeof rows)[number]) => (withRetained && !isByHolder ? (row.retainedBytes ?? 0) : row.bytes);
    const columns = histogramColumns(answer, { by, name: "name", withRetained, part: bytesOf });
    const lines = formatRows(columns, rows, page.width);
    const summary = `${counted(total.objects, "object")}, ${formatBytes(total.bytes)}`;
    const folded =
      total.parts > 0 ? [page.dim(`${formatCount(total.parts)} of them are parts of maps, channels and buffers (--parts)`)] : [];
    const cut = truncationLine(rows.length, total.rows, "row");
    // "?" stands at a row whose objects mostly have their type by a guess.
    const guesses = rows.some(({ evidence, count }) => isGuess(evidence, count))
      ? [page.dim("? the type is a guess for most of these objects")]
      : [];
    // What a column of retained bytes means depends on what rows are.
    const meaning = isByHolder ? holderLines : ["retained: what one of them or more dominates, nested ones counted once"];
    return [
      page.bold(lines[0]),
      ...lines.slice(1),
      "",
      summary,
      ...folded,
      ...(withRetained ? meaning.map(page.dim) : []),
      ...(cut ? [cut] : []),
      ...guesses,
    ];
  },
  // Names hold brackets, dots and stars: the pattern is escaped, and anchored so that it is this type only.
  next: ({ by = "type", rows }) => {
    if (isHolders(by)) return ["dominators CORE"];
    const type = by === "type" ? rows[0]?.type : undefined;
    return type === undefined
      ? []
      : [`objects CORE --type ${quoteWord(`^${escapePattern(type)}$`)}`, `why CORE --type ${quoteWord(`^${escapePattern(type)}$`)}`];
  },
});

/** What the numbers of holders mean. */
const holderLines = [
  "bytes: whose shortest path (see why) begins there; rows add up to the live heap",
  "alone: what nobody else holds: it would be freed with it",
];
