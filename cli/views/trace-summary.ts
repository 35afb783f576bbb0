// An execution trace in tables: generations, Ps, collections, heap, goroutines, tasks, regions, logs, kinds of events. All times are ns in
// the answer; moments are told as before the end, since a crash is what they are read for.
import { counted, formatBytes, formatCount } from "../../src/base/units.js";
import type { traceSummary } from "../../src/query/trace-summary.js";
import { shareBar, sparkline } from "../text/chart.js";
import { formatDuration } from "../text/duration.js";
import { escapeText } from "../text/escape.js";
import type { Page } from "../text/style.js";
import { formatTable } from "../text/table.js";
import { missingText } from "./trace.js";

type Answer = ReturnType<typeof traceSummary.run>;
type Summary = NonNullable<Answer["summary"]>;

/** A trace in numbers, a table for each kind of them. */
export function traceText({ missing, summary, goroutines }: Answer, page: Page): string[] {
  if (!summary) return [escapeText(missingText(missing))];
  const span = summary.last - summary.first;
  const wall = summary.lastWall === "" ? "" : `, until ${new Date(Number(BigInt(summary.lastWall) / 1_000_000n)).toISOString()}`;
  return [
    page.bold(`${counted(summary.events, "event")} over ${formatDuration(span)}${wall}`),
    ...(summary.problem === "" ? [] : [page.bad(escapeText(`read up to the damage: ${summary.problem}`))]),
    "",
    ...generations(summary, page),
    ...procs(summary, page),
    ...collections(summary, page, span),
    ...heap(summary, page),
    ...goroutineTable(summary, goroutines, page),
    ...spans("tasks", summary.tasks, page),
    ...spans("regions", summary.regions, page),
    ...logs(summary, page),
    ...kinds(summary, page),
  ];
}

/** Generations: about a second each, what the tracer flushes at a time. runtime/trace.go traceAdvance */
function generations({ generations: all, last }: Summary, page: Page): string[] {
  const rows = all.map((each) => [
    String(each.number),
    formatBytes(each.bytes),
    formatCount(each.events),
    formatDuration(each.last - each.first),
    formatDuration(each.first - last),
  ]);
  const columns = [
    { title: "generation", align: "right" },
    { title: "size", align: "right" },
    { title: "events", align: "right" },
    { title: "spans", align: "right" },
    { title: "began, before the end", align: "right" },
  ] as const;
  return [...formatTable(columns, rows, page.width), ""];
}

/** A bar for each P: the share of the trace's time in which it ran a goroutine, in a system call or not. */
function procs(summary: Summary, page: Page): string[] {
  const rows = summary.procs.map(({ id, share }) => [`P${id}`, `${(share * 100).toFixed(1)} %`, shareBar(share, 30)]);
  return [
    page.bold("Ps: share of the time they had a goroutine or a system call"),
    ...formatTable([{ title: "" }, { title: "", align: "right" }, { title: "" }], rows, page.width),
    "",
  ];
}

/** Cycles, the time in which one was in progress, assists, and pauses by what stopped the world. A cycle that had not ended has end -1. */
function collections({ gc, last }: Summary, page: Page, span: number): string[] {
  const done = gc.cycles.filter((cycle) => cycle.end >= 0);
  // One that was in progress counts up to the end of the trace.
  const collecting = gc.cycles.reduce((sum, cycle) => sum + (cycle.end < 0 ? last : cycle.end) - cycle.begin, 0);
  const open = gc.cycles.length > done.length ? ", one in progress at the end" : "";
  const lines = [
    page.bold("garbage collection"),
    `${counted(gc.cycles.length, "cycle")}${open}, ${formatDuration(collecting)} (${((collecting / Math.max(1, span)) * 100).toFixed(1)} % of the time); assists ${formatDuration(gc.assist)}`,
  ];
  for (const { kind, count, total, longest } of gc.pauses) {
    lines.push(
      `world stopped for ${escapeText(kind)}: ${counted(count, "time")}, ${formatDuration(total)}, the longest ${formatDuration(longest)}`,
    );
  }
  return [...lines, ""];
}

/** The heap and its goal over time as sparklines; points are thinned out to what the page has room for. */
function heap({ heap: points }: Summary, page: Page): string[] {
  const last = points.at(-1);
  if (!last) return [];
  // As many points as the page has columns for, between 20 and 60.
  const width = Math.min(60, Math.max(20, page.width - 20));
  const step = Math.max(1, Math.ceil(points.length / width));
  const shown = points.filter((_, i) => i % step === 0);
  const most = points.reduce((max, { bytes }) => Math.max(max, bytes), 0);
  return [
    page.bold("heap"),
    `in use ${sparkline(shown.map((point) => point.bytes))}  most ${formatBytes(most)}, at the end ${formatBytes(last.bytes)}`,
    ...(last.goal > 0 ? [`goal   ${sparkline(shown.map((point) => point.goal))}  at the end ${formatBytes(last.goal)}`] : []),
    "",
  ];
}

/** Time in each state, the longest running first; "most for" is the reason it waited longest for. */
function goroutineTable(summary: Summary, total: number, page: Page): string[] {
  const rows = summary.goroutines.map((each) => [
    String(each.id),
    each.function || "?",
    each.reason === "" ? each.state : `${each.state}: ${each.reason}`,
    formatDuration(each.running),
    formatDuration(each.runnable),
    formatDuration(each.syscall),
    formatDuration(each.waiting),
    each.waits[0] ? `${each.waits[0].reason || "?"} ${formatDuration(each.waits[0].ns)}` : "",
  ]);
  const columns = [
    { title: "goroutine", align: "right" },
    { title: "function", cut: "start" },
    { title: "at the end", cut: "end" },
    { title: "running", align: "right" },
    { title: "runnable", align: "right" },
    { title: "syscall", align: "right" },
    { title: "waiting", align: "right" },
    { title: "most for", cut: "end" },
  ] as const;
  const shown = rows.length < total ? `, ${formatCount(rows.length)} of ${formatCount(total)}` : "";
  return [page.bold(`goroutines by time running${shown}`), ...formatTable(columns, rows, page.width), ""];
}

/** Tasks and regions by name; one without an end counts up to the end of the trace. runtime/trace NewTask, WithRegion */
function spans(title: string, all: Summary["tasks"], page: Page): string[] {
  if (all.length === 0) return [];
  const rows = all.map(({ name, count, open, total, longest }) => [
    name,
    formatCount(count),
    formatCount(open),
    formatDuration(total),
    formatDuration(longest),
  ]);
  const columns = [
    { title: "name", cut: "end" },
    { title: "count", align: "right" },
    { title: "open at the end", align: "right" },
    { title: "total", align: "right" },
    { title: "longest", align: "right" },
  ] as const;
  return [page.bold(title), ...formatTable(columns, rows, page.width), ""];
}

/** The last five messages of the program. runtime/trace Log */
function logs({ logs: all, last }: Summary, page: Page): string[] {
  if (all.count === 0) return [];
  const shown = all.last
    .slice(-5)
    .map(
      ({ time, goroutine, key, value }) =>
        `${formatDuration(time - last)}  goroutine ${goroutine}  ${escapeText(key)}: ${escapeText(value)}`,
    );
  return [page.bold(`logs: ${formatCount(all.count)}, the last`), ...shown, ""];
}

/** The twelve most frequent kinds of events. */
function kinds({ kinds: all }: Summary, page: Page): string[] {
  const rows = all.slice(0, 12).map(({ kind, count }) => [kind, formatCount(count)]);
  return [page.bold("events by kind"), ...formatTable([{ title: "" }, { title: "", align: "right" }], rows, page.width)];
}
