import { UsageError } from "../../src/base/errors.js";
import { formatBytes, formatCount } from "../../src/base/units.js";
import { quoteWord } from "../../src/base/words.js";
import { dominators } from "../../src/query/dominators.js";
import { type Options, optionBytes, optionChoice, optionText, optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { formatShare } from "../text/bytes.js";
import { escapeText } from "../text/escape.js";
import type { Page } from "../text/style.js";
import { cutText } from "../text/table.js";

type Row = ReturnType<typeof dominators.run>;

/** `corescope dominators`: retained sizes as a tree. */
export const dominatorsCommand = defineCommand({
  name: "dominators",
  query: dominators,
  operands: [{ name: "[what]", help: "an address or expression; everything live when absent" }],
  options: [
    { flags: "--depth <levels>", help: "levels below the start (default: 4)" },
    { flags: "--min <size>", help: "fold what retains less (default: 1% of the start)" },
    { flags: "--group <what>", help: "none, type or package: fold rows by it (default: none)" },
  ],
  examples: [
    { line: "dominators core", asks: "Which variables and goroutines hold the memory?" },
    { line: "dominators core main.global --depth 6", asks: "What does this variable hold, six levels down?" },
    { line: "dominators core 0xc000012000 --min 1MiB", asks: "And this object?" },
    { line: "dominators core --group package --depth 2", asks: "Which packages hold which?" },
  ],
  args([of], options) {
    return {
      ...(of === undefined ? {} : { of }),
      depth: optionDepth(options, 4),
      min: optionBytes(options, "min"),
      group: optionChoice(options, "group", ["none", "type", "package"]),
      top: optionTop(options),
    };
  },
  text(root, page) {
    const lines = [page.bold("  retained  share    shallow  what")];
    draw(root, "", "", root.retainedBytes, page, lines);
    lines.push("", page.dim("retained: what would be freed with it; a map's parts count as the map"));
    return lines;
  },
  next: (root) => {
    const first = root.children?.[0];
    const at = first?.expression ?? first?.address ?? first?.example ?? (first?.type === "global" ? first.owner : undefined);
    return at === undefined ? [] : [`dominators CORE ${quoteWord(at)}`];
  },
});

/** A count of levels. @throws UsageError */
export function optionDepth(options: Options, usual: number): number {
  const text = optionText(options, "depth") ?? String(usual);
  if (!/^[0-9]{1,3}$/.test(text)) throw new UsageError(`--depth ${text}: not a count of levels`, "for example: --depth 6");
  return Number(text);
}

function draw(row: Row, first: string, rest: string, whole: number, page: Page, lines: string[]): void {
  const numbers = [
    formatBytes(row.retainedBytes).padStart(10),
    formatShare(row.retainedBytes, whole).padStart(5),
    formatBytes(row.bytes).padStart(9),
  ].join("  ");
  const head = `${numbers}  ${first}`;
  lines.push(`${head}${cutText(escapeText(label(row)), Math.max(12, page.width - head.length), "start")}`.trimEnd());
  const children = row.children ?? [];
  children.forEach((child, index) => {
    const last = index === children.length - 1;
    draw(child, `${rest}${last ? "└─ " : "├─ "}`, `${rest}${last ? "   " : "│  "}`, whole, page, lines);
  });
}

/** "12,000 x *main.User", "main.global (global)", "main.global.sessions  map[string]*main.Session". */
function label(row: Row): string {
  if (row.owner !== undefined) return row.type === "(roots)" || row.type === "goroutine" ? row.owner : `${row.owner}  (${row.type})`;
  if (row.expression !== undefined) return `${row.expression}  ${row.type}`;
  return row.count === 1 ? `${row.type}${row.address === undefined ? "" : `  ${row.address}`}` : `${formatCount(row.count)} × ${row.type}`;
}
