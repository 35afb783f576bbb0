// Goroutines by stack or one by one. A row of a group leads to its goroutines, a row of one to its stack.
import { counted, formatBytes, formatCount } from "../../../src/base/units.js";
import { escapePattern } from "../../../src/base/words.js";
import { goroutines } from "../../../src/query/goroutines.js";
import { formatDuration } from "../../text/duration.js";
import { formatReason, formatTop } from "../../text/goroutine-group.js";
import type { Column } from "../../text/table.js";
import { tableLines } from "../parts/list.js";
import { isAt, places, type Subjects } from "../places.js";
import { ask, type Place, resultOf, type Screen } from "../screen.js";

type Answer = ReturnType<typeof goroutines.run>;
type Group = NonNullable<Answer["groups"]>[number];
type Row = Answer["rows"][number] | Group;

/** Rows asked for; more are counted in the note. */
const most = 5000;

/** What everybody was doing: one row a stack, or one a goroutine. */
export const goroutinesScreen: Screen<Subjects["goroutines"]> = {
  name: "goroutines",
  tab: "Goroutines",
  help: "What was everybody doing? One row for each stack, t for each goroutine.",
  title: (args) => (args.focus === undefined ? "Goroutines" : `Goroutines in ${args.title}`),
  asks(args) {
    return [
      ask(goroutines, {
        group: args.each !== true,
        status: [],
        ...(args.focus === undefined ? {} : { focus: args.focus }),
        minWaitNanoseconds: 0,
        system: args.system === true,
        retains: args.retains === true,
        top: most,
      }),
    ];
  },
  body(given) {
    const answer = resultOf(given, 0, goroutines);
    if (!answer) return { head: [], rows: [] };
    // Rows are stacks, or goroutines: the answer has one of the two.
    const { groups } = answer;
    // What each retains takes the dominators: the column is there once it was asked for.
    const withRetained = given.args.retains === true;
    const columns: readonly Column[] = [
      { title: groups ? "count" : "id", align: "right" },
      { title: "state", cut: "end" },
      { title: "waits", align: "right", yields: true },
      ...(withRetained ? [{ title: "retains", align: "right" as const }] : []),
      { title: "where, of the program's own", cut: "start", weight: 2 },
    ];
    // A group and a goroutine have the same columns, but for the first.
    const cells = (first: string, row: Row) => [
      first,
      formatReason(row),
      row.waitNanoseconds === undefined ? "" : formatDuration(row.waitNanoseconds),
      ...(withRetained ? [formatBytes(row.retainedBytes ?? 0)] : []),
      formatTop(row.top),
    ];
    const rows = groups
      ? groups.map((row) => ({
          cells: cells(formatCount(row.count), row),
          open: groupPlace(row, given.args),
          copy: row.top?.function ?? "",
        }))
      : answer.rows.map((row) => ({ cells: cells(String(row.id), row), open: places.goroutine(row.id), copy: `g${row.id}` }));
    return {
      ...tableLines(columns, rows, given.width),
      note: `${formatCount(answer.total.matching)} of ${counted(answer.total.user + answer.total.system, "goroutine")}`,
    };
  },
  keys: [
    { key: "t", help: "group or each", stays: true, go: (args) => places.goroutines({ ...args, each: args.each !== true }) },
    {
      key: "b",
      help: "blocked by",
      go: (_args, line) => places.blocked(isAt(line?.open, "goroutine") ? { goroutine: line.open.args.id } : {}),
    },
    { key: "R", help: "what they retain", stays: true, go: (args) => places.goroutines({ ...args, retains: args.retains !== true }) },
    { key: "u", help: "the runtime's too", stays: true, go: (args) => places.goroutines({ ...args, system: args.system !== true }) },
  ],
};

/** One goroutine when it is alone or in none of the program's functions, else all those with this function on their stack. */
export function groupPlace(group: Group, args: Subjects["goroutines"]): Place {
  const [first] = group.ids;
  const name = group.top?.function ?? "";
  if ((group.count === 1 || name === "") && first !== undefined) return places.goroutine(first);
  // The whole name: main.work is not main.worker.
  const focus = `^${escapePattern(name)}$`;
  return places.goroutines({ ...args, each: true, focus, title: name });
}
