// The dominator tree as an indented tree, figures in front: retained bytes, share of what the start retains, the row's own bytes.
//
//     retained  share    shallow  what
//      8.6 MiB   100%        0 B  everything live
//      5.5 MiB    64%       80 B  ├─ main.server  main.Server
//      5.2 MiB    60%  437.5 KiB  │  └─ 4,000 × main.Session
//     76.7 KiB     1%   56.2 KiB  └─ 169 × (smaller ones)
import { quoteWord } from "../../src/base/words.js";
import { dominators } from "../../src/query/dominators.js";
import { optionBytes, optionChoice, optionDepth, optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { escapeText } from "../text/escape.js";
import type { Page } from "../text/style.js";
import { cutText } from "../text/table.js";
import { DOMINATORS_TITLE, dominatorFigures, dominatorLabel } from "../views/dominators.js";

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
  /** Title, tree, and what the columns mean; names are cut at their start, where a long path says least. */
  text(root, page) {
    const lines = [page.bold(DOMINATORS_TITLE)];
    draw(root, "", "", root.retainedBytes, page, lines);
    lines.push("", page.dim("retained: what would be freed with it; a map's parts count as the map"));
    return lines;
  },
  // The largest child, as an expression where it has one: what a person opens next.
  next: (root) => {
    const first = root.children?.[0];
    const at = first?.expression ?? first?.address ?? first?.example ?? (first?.type === "global" ? first.owner : undefined);
    return at === undefined ? [] : [`dominators CORE ${quoteWord(at)}`];
  },
});

/**
 * Appends a row and all below it.
 * @param first what is drawn before this row's name: the branches down to it
 * @param rest the same before the rows below it
 * @param whole bytes that the shares are of
 * @param lines appended to
 */
function draw(row: Row, first: string, rest: string, whole: number, page: Page, lines: string[]): void {
  const head = `${dominatorFigures(row, whole)}  ${first}`;
  lines.push(`${head}${cutText(escapeText(dominatorLabel(row)), Math.max(12, page.width - head.length), "start")}`.trimEnd());
  const children = row.children ?? [];
  children.forEach((child, index) => {
    const last = index === children.length - 1;
    draw(child, `${rest}${last ? "└─ " : "├─ "}`, `${rest}${last ? "   " : "│  "}`, whole, page, lines);
  });
}
