// Goroutines as a table, or with --group as stacks with counts; below, how many there are by state.
//
//   id  state                   where, of the program's own
//   22  running, thread 1232    main.(*Server).checkout  main.go:145
//   33  sync.Mutex.Lock         main.(*Server).report  main.go:134
import { UsageError } from "../../src/base/errors.js";
import { counted, formatBytes, formatCount } from "../../src/base/units.js";
import { goroutines } from "../../src/query/goroutines.js";
import { type Options, optionPattern, optionText, optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { parseDuration } from "../text/duration.js";
import { escapeText } from "../text/escape.js";
import { formatGroup, formatState, formatTop } from "../text/goroutine-group.js";
import type { Page } from "../text/style.js";
import { formatTable, truncationLine } from "../text/table.js";

type Answer = ReturnType<typeof goroutines.run>;
type Row = Answer["rows"][number];
type Group = NonNullable<Answer["groups"]>[number];

/** Columns from which there is room to say who started each one. */
const widthForCreators = 120;

/** Names of runtime/runtime2.go's states, as --status takes them; "dead" goroutines are not listed anywhere. */
const statuses = ["runnable", "running", "syscall", "waiting", "copystack", "preempted", "leaked", "idle"];

/** `corescope goroutines`: what every goroutine was doing. */
export const goroutinesCommand = defineCommand({
  name: "goroutines",
  query: goroutines,
  operands: [],
  options: [
    { flags: "--group", help: "one row per identical stack, with counts" },
    { flags: "--status <list>", help: `only these, separated by commas: ${statuses.slice(0, 4).join(", ")} ...` },
    { flags: "--reason <re>", help: "only those whose wait reason matches" },
    { flags: "--focus <re>", help: "only those with a matching function on their stack" },
    { flags: "--min-wait <time>", help: "only those known to wait so long: 90s, 3m, 1h" },
    { flags: "--system", help: "the runtime's own goroutines too" },
    { flags: "--retains", help: "the bytes each one retains, the most first (reads the heap)" },
  ],
  examples: [
    { line: "goroutines core", asks: "What was everybody doing?" },
    { line: "goroutines core --group", asks: "Is there a pile-up?" },
    { line: "goroutines core --reason 'chan|select' --min-wait 5m", asks: "Who has been blocked for long?" },
    { line: "goroutines core --retains --top 10", asks: "Whose stacks keep the memory?" },
  ],
  args(_operands, options) {
    const reason = optionPattern(options, "reason");
    const focus = optionPattern(options, "focus");
    return {
      group: options.group === true,
      status: optionStatuses(options),
      ...(reason === undefined ? {} : { reason }),
      ...(focus === undefined ? {} : { focus }),
      minWaitNanoseconds: optionDuration(options, "minWait", "min-wait"),
      system: options.system === true,
      retains: options.retains === true,
      top: optionTop(options),
    };
  },
  text: (answer, page) => [...(answer.groups ? groupLines(answer.groups, page) : rowLines(answer.rows, page)), "", ...summary(answer)],
  next: ({ rows, groups }) => {
    // The first row is the most telling one: on a thread, or waiting longest.
    const id = rows[0]?.id ?? groups?.[0]?.ids[0];
    return [...(id === undefined ? [] : [`goroutine CORE ${id}`]), ...(groups ? [] : [`goroutines CORE --group`])];
  },
});

/** Statuses separated by commas; none: all. @throws UsageError with the list for a word that is none of them */
function optionStatuses(options: Options): readonly string[] {
  const text = optionText(options, "status");
  if (text === undefined) return [];
  const wanted = text.split(",").map((each) => each.trim());
  // A misspelt status would match nothing, which reads like an answer.
  const wrong = wanted.find((each) => !statuses.includes(each));
  if (wrong !== undefined)
    throw new UsageError(`--status ${wrong}: not one of ${statuses.join(", ")}`, "for example: --status running,runnable");
  return wanted;
}

/** Nanoseconds, 0 when not given. @param shown the option as it was typed, for the message @throws UsageError */
function optionDuration(options: Options, name: string, shown: string): number {
  const text = optionText(options, name);
  if (text === undefined) return 0;
  const nanoseconds = parseDuration(text);
  if (nanoseconds === undefined)
    throw new UsageError(`--${shown} ${text}: not a time`, `for example: --${shown} 90s, --${shown} 5m or --${shown} 1h30m`);
  return nanoseconds;
}

/** The table; the column of creators only where the page is wide, that of bytes only where they were asked for. */
function rowLines(rows: readonly Row[], page: Page): string[] {
  if (rows.length === 0) return ["no goroutine matches"];
  // A pipe has no width, so it gets every column.
  const wide = page.width >= widthForCreators;
  const retains = rows.some((row) => row.retainedBytes !== undefined);
  const cells = rows.map((row) => [
    String(row.id),
    state(row),
    ...(retains ? [formatBytes(row.retainedBytes ?? 0)] : []),
    row.top ? `${formatTop(row.top)}${labels(row)}` : "",
    ...(wide ? [creator(row)] : []),
  ]);
  const columns = [
    { title: "id", align: "right" },
    { title: "state", cut: "end" },
    ...(retains ? [{ title: "retains", align: "right" as const }] : []),
    { title: "where, of the program's own", cut: "start" },
    ...(wide ? [{ title: "created by", cut: "start" as const }] : []),
  ] as const;
  const lines = formatTable(columns, cells, page.width);
  return [page.bold(lines[0]), ...lines.slice(1)];
}

/** "chan receive, 3 minutes, locked to thread": as the runtime says it, with the time as people say it. */
function state(row: Row): string {
  const facts = [formatState(row)];
  if (row.thread !== undefined) facts.push(`thread ${row.thread}`);
  if (row.locked) facts.push("locked to thread");
  return facts.join(", ");
}

/** "main.serve  server.go:12 (goroutine 1)". */
function creator({ createdBy }: Row): string {
  if (!createdBy) return "";
  return `${formatTop(createdBy)}${createdBy.goroutine === undefined ? "" : ` (goroutine ${createdBy.goroutine})`}`;
}

/** pprof labels (runtime/pprof.Do) as "  {key: value}"; "" without any. */
function labels(row: Row): string {
  const pairs = Object.entries(row.labels).map(([key, value]) => `${key}: ${value}`);
  return pairs.length === 0 ? "" : `  {${pairs.join(", ")}}`;
}

/** A block for each stack, a blank line between. */
function groupLines(groups: readonly Group[], page: Page): string[] {
  if (groups.length === 0) return ["no goroutine matches"];
  return groups.flatMap((group, index) => [...(index > 0 ? [""] : []), ...formatGroup(group, page)]);
}

/** "117 of the program, 6 of the runtime"; those that nobody knows of are neither. */
function ownersLine({ user, unknown = 0, system }: Answer["total"]): string {
  const known = user - unknown;
  const parts = known > 0 || unknown === 0 ? [`${formatCount(known)} of the program`] : [];
  if (unknown > 0) parts.push(`${formatCount(unknown)} of the program or the runtime, which is not known`);
  return [...parts, `${formatCount(system)} of the runtime`].join(", ");
}

/** What all that matched add up to, whether or not they are shown: by state, the four most frequent by name. */
function summary({ rows, groups, total }: Answer): string[] {
  const states = Object.entries(total.byStatus).sort(([, a], [, b]) => b - a);
  // Four names fill a line; the rest is one number, so that the parts still add up.
  const shown = states.slice(0, 4).map(([name, count]) => `${formatCount(count)} ${escapeText(name)}`);
  const rest = states.slice(4).reduce((sum, [, count]) => sum + count, 0);
  const cut = groups ? truncationLine(groups.length, total.groups ?? 0, "stack") : truncationLine(rows.length, total.matching, "goroutine");
  return [
    [
      counted(total.matching, "goroutine"),
      ...(shown.length > 0 ? [[...shown, ...(rest > 0 ? [counted(rest, "other")] : [])].join(", ")] : []),
    ].join(": "),
    ownersLine(total),
    ...(cut ? [cut] : []),
  ];
}
