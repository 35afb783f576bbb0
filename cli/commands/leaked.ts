// Leaked goroutines by stack. Where memory is missing from the core the text says how many remain undecided, instead of "none".
//
//   12 × chan receive, 3.0 min  (5, 6, 7, 8, 9, ...)
//       main.worker  worker.go:42
//
//   12 of 14 blocked goroutines are leaked: nothing can wake them
//   they keep 1.2 MiB in 48 objects, and 24.0 KiB of stacks
import { counted, formatBytes, formatCount } from "../../src/base/units.js";
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
  text({ groups, total, inCircles = [] }, page) {
    const circles =
      inCircles.length === 0
        ? []
        : [
            `deadlock: ${counted(inCircles.length, "other goroutine")} wait for each other: a variable reaches`,
            "what they wait for, so they are not leaked, but none of them can go on",
          ];
    // Without all of the memory "none" cannot be said, only how many remain open.
    const undecided = total.complete
      ? []
      : [
          `of ${total.undecided === 0 ? "the blocked goroutines" : `${formatCount(total.undecided)} of ${counted(total.blocked, "blocked goroutine")}`} nothing can be said:`,
          "memory is missing from the core, and what lay there may hold what they wait for",
        ];
    if (total.goroutines === 0 && !total.complete) return [...undecided, ...circles];
    if (total.goroutines === 0)
      return [
        `none of ${counted(total.blocked, "blocked goroutine")} is leaked:`,
        "each waits for something that can still be reached",
        ...circles,
      ];
    // What they keep can be told only of all together, and only with all of the memory.
    const one = total.goroutines === 1;
    const cut = truncationLine(groups.length, total.groups, "stack");
    return [
      ...groups.flatMap((group, index) => [...(index > 0 ? [""] : []), ...formatGroup(group, page)]),
      "",
      `${formatCount(total.goroutines)} of ${counted(total.blocked, "blocked goroutine")} ${one ? "is" : "are"} leaked: nothing can wake ${one ? "it" : "them"}`,
      ...(undecided.length > 0
        ? undecided
        : [
            `${one ? "it keeps" : "they keep"} ${formatBytes(total.heapBytes)} in ${counted(total.heapObjects, "object")}, and ${formatBytes(total.stackBytes)} of stacks`,
          ]),
      ...circles,
      ...(cut ? [cut] : []),
    ];
  },
  next: ({ groups, inCircles = [] }) => {
    const id = groups[0]?.ids[0];
    if (id === undefined) return inCircles.length > 0 ? ["blocked CORE"] : [];
    return [`goroutine CORE ${id}`, `blocked CORE`];
  },
});
