import { counted, formatBytes, formatCount } from "../../../src/base/units.js";
import { escapePattern } from "../../../src/base/words.js";
import { goroutines } from "../../../src/query/goroutines.js";
import { formatDuration } from "../../text/duration.js";
import { formatTop } from "../../text/goroutine-group.js";
import type { Column } from "../../text/table.js";
import { tableLines } from "../parts/list.js";
import { ask, type Place, type PlaceArgs, resultOf, type Screen, textArg } from "../screen.js";
import { blockedPlace } from "./blocked.js";

type Answer = ReturnType<typeof goroutines.run>;
type Group = NonNullable<Answer["groups"]>[number];
type Row = Answer["rows"][number] | Group;

const most = 5000;

/** What everybody was doing: one row a stack, or one a goroutine. */
export const goroutinesScreen: Screen = {
  name: "goroutines",
  tab: "Goroutines",
  help: "What was everybody doing? One row for each stack, t for each goroutine.",
  title: (args) => (textArg(args, "focus") === "" ? "Goroutines" : `Goroutines in ${textArg(args, "title")}`),
  asks(args) {
    const focus = textArg(args, "focus");
    return [
      ask(goroutines, {
        group: args.each !== true,
        status: [],
        ...(focus === "" ? {} : { focus }),
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
    const { groups } = answer;
    const withRetained = given.args.retains === true;
    const columns: readonly Column[] = [
      { title: groups ? "count" : "id", align: "right" },
      { title: "state", cut: "end" },
      { title: "waits", align: "right", yields: true },
      ...(withRetained ? [{ title: "retains", align: "right" as const }] : []),
      { title: "where, of the program's own", cut: "start", weight: 2 },
    ];
    const cells = (first: string, row: Row) => [
      first,
      row.waitReason === "" ? row.status : row.waitReason,
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
      : answer.rows.map((row) => ({ cells: cells(String(row.id), row), open: onePlace(row.id), copy: `g${row.id}` }));
    return {
      ...tableLines(columns, rows, given.width),
      note: `${formatCount(answer.total.matching)} of ${counted(answer.total.user + answer.total.system, "goroutine")}`,
    };
  },
  keys: [
    { key: "t", help: "group or each", stays: true, go: (args) => changed(args, { each: args.each !== true }) },
    {
      key: "b",
      help: "blocked by",
      go: (_args, line) => (line?.open?.screen === "goroutine" ? blockedPlace(Number(line.open.args.id)) : { screen: "blocked", args: {} }),
    },
    { key: "R", help: "what they retain", stays: true, go: (args) => changed(args, { retains: args.retains !== true }) },
    { key: "u", help: "the runtime's too", stays: true, go: (args) => changed(args, { system: args.system !== true }) },
  ],
};

function changed(args: PlaceArgs, change: PlaceArgs): Place {
  return { screen: "goroutines", args: { ...args, ...change } };
}

function onePlace(id: number): Place {
  return { screen: "goroutine", args: { id } };
}

/** One goroutine when it is alone or in none of the program's functions, else all those with this function on their stack. */
export function groupPlace(group: Group, args: PlaceArgs): Place {
  const [first] = group.ids;
  const name = group.top?.function ?? "";
  if ((group.count === 1 || name === "") && first !== undefined) return onePlace(first);
  const focus = `^${escapePattern(name)}$`;
  return { screen: "goroutines", args: { ...args, each: true, focus, title: name } };
}
