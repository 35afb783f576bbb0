import { formatBytes, formatCount } from "../../src/base/units.js";
import { leaked } from "../../src/query/leaked.js";
import { optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { formatGroup } from "../text/goroutine-group.js";
import { truncationLine } from "../text/table.js";

/** `corescope leaked`: goroutines that nothing can wake. */
export const leakedCommand = defineCommand({
  name: "leaked",
  query: leaked,
  operands: [],
  options: [{ flags: "--retains", help: "the bytes that each group retains" }],
  examples: [
    { line: "leaked core", asks: "Which goroutines can never go on?" },
    { line: "leaked core --retains", asks: "And which of them keep the memory?" },
    { line: "leaked core --json", asks: "Their ids, for a program." },
  ],
  args: (_operands, options) => ({ retains: options.retains === true, top: optionTop(options) }),
  text({ groups, total }, page) {
    const undecided = total.complete
      ? []
      : [
          `of ${total.undecided === 0 ? "the" : `${formatCount(total.undecided)} of ${formatCount(total.blocked)}`} blocked goroutines nothing can be said:`,
          "memory is missing from the core, and what lay there may hold what they wait for",
        ];
    if (total.goroutines === 0 && !total.complete) return undecided;
    if (total.goroutines === 0)
      return [`none of ${formatCount(total.blocked)} blocked goroutines is leaked:`, "each waits for something that can still be reached"];
    const cut = truncationLine(groups.length, total.groups, "stacks");
    return [
      ...groups.flatMap((group, index) => [...(index > 0 ? [""] : []), ...formatGroup(group, page)]),
      "",
      `${formatCount(total.goroutines)} of ${formatCount(total.blocked)} blocked goroutines are leaked: nothing can wake them`,
      ...(undecided.length > 0
        ? undecided
        : [
            `they keep ${formatBytes(total.heapBytes)} in ${formatCount(total.heapObjects)} objects, and ${formatBytes(total.stackBytes)} of stacks`,
          ]),
      ...(cut ? [cut] : []),
    ];
  },
  next: ({ groups }) => {
    const id = groups[0]?.ids[0];
    return id === undefined ? [] : [`goroutine CORE ${id}`, `blocked CORE`];
  },
});
