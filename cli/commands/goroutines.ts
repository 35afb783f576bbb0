import { UsageError } from "../../src/base/errors.js";
import { formatBytes, formatCount } from "../../src/base/units.js";
import { goroutines } from "../../src/query/goroutines.js";
import { type Options, optionPattern, optionText, optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { formatDuration, parseDuration } from "../text/duration.js";
import { escapeText } from "../text/escape.js";
import { type Page, proseWidth } from "../text/style.js";
import { cutText, formatTable, truncationLine } from "../text/table.js";

type Answer = ReturnType<typeof goroutines.run>;
type Row = Answer["rows"][number];
type Group = NonNullable<Answer["groups"]>[number];

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
  next: ({ rows, groups }, core) => {
    const id = rows[0]?.id ?? groups?.[0]?.ids[0];
    return [...(id === undefined ? [] : [`goroutine ${core} ${id}`]), ...(groups ? [] : [`goroutines ${core} --group`])];
  },
});

function optionStatuses(options: Options): readonly string[] {
  const text = optionText(options, "status");
  if (text === undefined) return [];
  const wanted = text.split(",").map((each) => each.trim());
  const wrong = wanted.find((each) => !statuses.includes(each));
  if (wrong !== undefined)
    throw new UsageError(`--status ${wrong}: not one of ${statuses.join(", ")}`, "for example: --status running,runnable");
  return wanted;
}

/** Nanoseconds, 0 when not given. */
function optionDuration(options: Options, name: string, shown: string): number {
  const text = optionText(options, name);
  if (text === undefined) return 0;
  const nanoseconds = parseDuration(text);
  if (nanoseconds === undefined)
    throw new UsageError(`--${shown} ${text}: not a time`, `for example: --${shown} 90s, --${shown} 5m or --${shown} 1h30m`);
  return nanoseconds;
}

function rowLines(rows: readonly Row[], page: Page): string[] {
  if (rows.length === 0) return ["no goroutine matches"];
  const retains = rows.some((row) => row.retainedBytes !== undefined);
  const cells = rows.map((row) => [
    String(row.id),
    state(row),
    ...(retains ? [formatBytes(row.retainedBytes ?? 0)] : []),
    row.top ? `${row.top.function}  ${place(row.top)}${labels(row)}` : "",
  ]);
  const columns = [
    { title: "id", align: "right" },
    { title: "state", cut: "end" },
    ...(retains ? [{ title: "retains", align: "right" as const }] : []),
    { title: "where, of the program's own", cut: "middle" },
  ] as const;
  const lines = formatTable(columns, cells, page.width);
  return [page.bold(lines[0] as string), ...lines.slice(1)];
}

/** "chan receive, 3 minutes, locked to thread": as the runtime says it, with the time as people say it. */
function state(
  row: Pick<Row, "status" | "waitReason" | "waitNanoseconds"> & { readonly locked?: boolean; readonly thread?: number },
): string {
  const facts = [row.waitReason === "" ? row.status : row.waitReason];
  if (row.waitNanoseconds !== undefined && row.waitNanoseconds >= 1e9) facts.push(formatDuration(row.waitNanoseconds));
  if (row.thread !== undefined) facts.push(`thread ${row.thread}`);
  if (row.locked) facts.push("locked to thread");
  return facts.join(", ");
}

function labels(row: Row): string {
  const pairs = Object.entries(row.labels).map(([key, value]) => `${key}: ${value}`);
  return pairs.length === 0 ? "" : `  {${pairs.join(", ")}}`;
}

/** "worker.go:42". */
function place({ file, line }: { readonly file: string; readonly line: number }): string {
  return `${file.slice(file.lastIndexOf("/") + 1)}:${line}`;
}

function groupLines(groups: readonly Group[], page: Page): string[] {
  if (groups.length === 0) return ["no goroutine matches"];
  const width = page.width === Number.POSITIVE_INFINITY ? page.width : proseWidth(page);
  return groups.flatMap((group, index) => {
    const retained = group.retainedBytes === undefined ? "" : `, ${formatBytes(group.retainedBytes)} retained`;
    const ids = `${group.ids.slice(0, 5).join(", ")}${group.count > Math.min(group.ids.length, 5) ? ", ..." : ""}`;
    const head = `${formatCount(group.count)} × ${escapeText(state(group))}${retained}  (${ids})`;
    const frames = group.frames.map(
      (frame) => `    ${escapeText(frame.function)}  ${escapeText(place(frame))}${frame.inlined ? " (inlined)" : ""}`,
    );
    const omitted = group.framesOmitted > 0 ? [`    ... ${formatCount(group.framesOmitted)} frames between`] : [];
    const shown = omitted.length > 0 ? [...frames.slice(0, 10), ...omitted, ...frames.slice(-5)] : frames;
    const creator = group.createdBy
      ? [`    created by ${escapeText(group.createdBy.function)}  ${escapeText(place(group.createdBy))}`]
      : [];
    return [
      ...(index > 0 ? [""] : []),
      page.bold(cutText(head, width)),
      ...shown.map((line) => cutText(line, width, "middle")),
      ...creator.map((line) => page.dim(cutText(line, width, "middle"))),
    ];
  });
}

function summary({ rows, groups, total }: Answer): string[] {
  const states = Object.entries(total.byStatus).sort(([, a], [, b]) => b - a);
  const shown = states.slice(0, 4).map(([name, count]) => `${formatCount(count)} ${escapeText(name)}`);
  const rest = states.slice(4).reduce((sum, [, count]) => sum + count, 0);
  const cut = groups
    ? truncationLine(groups.length, total.groups ?? 0, "stacks")
    : truncationLine(rows.length, total.matching, "goroutines");
  return [
    `${formatCount(total.matching)} goroutines: ${[...shown, ...(rest > 0 ? [`${formatCount(rest)} others`] : [])].join(", ")}`,
    `${formatCount(total.user)} of the program, ${formatCount(total.system)} of the runtime`,
    ...(cut ? [cut] : []),
  ];
}
