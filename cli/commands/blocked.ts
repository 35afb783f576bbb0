// The waits-for picture as text: deadlocks first, then a block for each thing that is waited for, with who waits and who could end it. A
// holder is an inference: the line says why it is thought to hold, and JSON the kind of evidence.
//
//   deadlock: 2 goroutines wait for each other in a circle
//     goroutine 7 main.move cycles.go:41 waits for 0xc000012000 [sync.Mutex.Lock]
//       goroutine 8: main.move defers its Unlock
//
//   mutex 0xc000012000: locked, 5 waiting, 5 blocked
//     33 main.(*Server).report main.go:134 [sync.Mutex.Lock]
//     could be released by 32 main.(*Server).report main.go:137: main.(*Server).report defers its Unlock
import { formatCount } from "../../src/base/units.js";
import { blocked } from "../../src/query/blocked.js";
import { optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { formatDuration } from "../text/duration.js";
import { escapeText } from "../text/escape.js";
import type { Page } from "../text/style.js";
import { cutText, truncationLine } from "../text/table.js";
import { atText, blockedJson, circleText, holderText, isHeld, stateText, waitsText } from "../views/blocked.js";

type Answer = ReturnType<typeof blocked.run>;
type Row = Answer["rows"][number];

/** Waiters of one thing that get a line; the rest is counted. JSON has up to a hundred. */
const waitingShown = 5;

/** `corescope blocked`: who waits for whom. Exit code 0 also when nobody does: that is an answer. */
export const blockedCommand = defineCommand({
  name: "blocked",
  query: blocked,
  operands: [],
  options: [],
  examples: [
    { line: "blocked core", asks: "Is it a deadlock? Who waits for what?" },
    { line: "blocked core --top 0", asks: "The whole picture?" },
    { line: "blocked core --json", asks: "The same for a program." },
  ],
  args: (_operands, options) => ({ top: optionTop(options) }),
  text(answer, page) {
    const { rows, cycles, total } = answer;
    if (rows.length === 0) return ["no goroutine of the program is blocked"];
    const cut = truncationLine(rows.length, total.objects, "object");
    return [
      ...cycles.flatMap((cycle) => [...cycleLines(cycle, page), ""]),
      ...rows.flatMap((row, index) => [...(index > 0 ? [""] : []), ...rowLines(row, page)]),
      "",
      waitsText(answer),
      ...(cut ? [cut] : []),
    ];
  },
  json: blockedJson,
  next: ({ rows }) => [...(rows[0]?.waiting[0] ? [`goroutine CORE ${rows[0].waiting[0].id}`] : []), `leaked CORE`],
});

/** A deadlock: its title, then two lines for each goroutine: what it waits for, and why the next one is thought to hold that. */
function cycleLines(cycle: Answer["cycles"][number], page: Page): string[] {
  const { goroutines } = cycle;
  const lines = goroutines.flatMap((each, index) => {
    const next = goroutines[(index + 1) % goroutines.length];
    const what = `  goroutine ${each.id}${escapeText(atText(each.top))} waits for ${each.waitsFor} [${escapeText(each.reason)}]`;
    return [what, `    goroutine ${next?.id}: ${escapeText(holderText(each))}`];
  });
  return [page.bad(cutText(circleText(cycle), page.width)), ...lines.map((line) => cutText(line, page.width))];
}

/** A thing that is waited for: kind, address and name in a title with its state, then its waiters and holders. */
function rowLines(row: Row, page: Page): string[] {
  const what = [row.kind, row.address ?? "", row.name].filter((each) => each !== "").join(" ");
  const facts = [stateText(row.state), `${formatCount(row.count)} blocked`];
  // Below a second a wait is no news, and most cores are full of such.
  if (row.longestNanoseconds !== undefined && row.longestNanoseconds >= 1e9)
    facts.push(`the longest ${formatDuration(row.longestNanoseconds)}`);
  const waiting = row.waiting
    .slice(0, waitingShown)
    .map((each) => `  ${each.id}${escapeText(atText(each.top))} [${escapeText(each.reason)}]${ends(row.kind, each.endsInNanoseconds)}`);
  const more = row.count - waiting.length;
  const holders = row.holders.map(
    (each) => `  could be released by ${each.id}${escapeText(atText(each.top))}: ${escapeText(holderText(each))}`,
  );
  // The runtime notes no owner: one who returned without unlocking has left no trace.
  const isLost = isHeld(row.state) && row.holderCount === 0;
  const moreHolders = row.holderCount - holders.length;
  return [
    page.bold(cutText(`${escapeText(what)}: ${facts.filter((each) => each !== "").join(", ")}`, page.width, "start")),
    ...waiting.map((line) => cutText(line, page.width)),
    ...(more > 0 ? [`  and ${formatCount(more)} more`] : []),
    ...holders.map((line) => cutText(line, page.width)),
    ...(isLost ? ["  no goroutine is seen that goes on to release it"] : []),
    ...(moreHolders > 0 ? [`  and ${formatCount(moreHolders)} more`] : []),
  ];
}

/** How long after death a sleep or a deadline would have ended the wait; "" for what has no end of its own. */
function ends(kind: Row["kind"], nanoseconds: number | undefined): string {
  if (nanoseconds === undefined) return "";
  return `, ${kind === "sleep" ? "wakes" : "gives up"} within ${formatDuration(nanoseconds)}`;
}
