// The last events of an execution trace as a table; with -o all that match as NDJSON. Times are before the end of the trace.
//
//   before death  P   G    kind       what
//      -111.3 µs  P1  G22  GoBlock    blocks (sync)
//         -24 ns           crash      == the runtime freezes the program to die ==
import { UsageError } from "../../src/base/errors.js";
import { counted, formatCount } from "../../src/base/units.js";
import { EVENT_KINDS, type TraceEventsArgs, traceEvents } from "../../src/query/trace-events.js";
import { contentsOf } from "../../src/query/trace-source.js";
import { type Options, optionPattern, optionText, optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { formatDuration, parseDuration } from "../text/duration.js";
import { escapeText } from "../text/escape.js";
import { nearestWord } from "../text/nearest.js";
import type { Page } from "../text/style.js";
import { formatTable } from "../text/table.js";
import { eventsJson, missingText } from "../views/trace.js";
import { eventLines, eventText, withCrash } from "../views/trace-event.js";

/** `corescope trace events`: what happened last, in order. */
export const traceEventsCommand = defineCommand({
  name: "trace events",
  query: traceEvents,
  operands: [],
  options: [
    { flags: "--goroutine <n>", help: "only what concerns this goroutine" },
    { flags: "--last <time>", help: "only so long before the end: 50ms, 1s" },
    { flags: "--kind <re>", help: "only kinds of events that match: GoBlock, User, ^GC" },
    { flags: "--stacks", help: "with the stack of each event" },
    { flags: "--top <n>", help: "the last n (default: 20; 0 = all)" },
    { flags: "--prefix <file>", help: "the file that the program was writing its trace to" },
  ],
  examples: [
    { line: "trace events core --last 10ms --top 0", asks: "What happened in the last 10 ms?" },
    { line: "trace events core --goroutine 17 --stacks", asks: "The last that goroutine 17 did, and where." },
    { line: "trace events core --kind 'UserLog' -o logs.ndjson", asks: "All user logs, one JSON object a line." },
  ],
  args(_operands, options): TraceEventsArgs {
    const prefix = optionText(options, "prefix");
    const goroutine = optionText(options, "goroutine");
    if (goroutine !== undefined && !/^[0-9]{1,15}$/.test(goroutine)) {
      throw new UsageError(`--goroutine ${goroutine}: not the number of a goroutine`, "for example: --goroutine 17");
    }
    // 0, when it is absent, is no limit.
    const last = optionText(options, "last");
    const time = last === undefined ? 0 : parseDuration(last);
    if (time === undefined) throw new UsageError(`--last ${last}: not a time`, "for example: --last 50ms, --last 1s or --last 200us");
    return {
      top: optionTop(options),
      stacks: options.stacks === true,
      kind: optionKind(options),
      last: time,
      ...(goroutine === undefined ? {} : { goroutine: Number(goroutine) }),
      ...(prefix === undefined ? {} : { prefix }),
    };
  },
  text({ found, missing, rows: events, total, kinds, fromCore, crash }, page) {
    if (!found) return [escapeText(missingText(missing))];
    if (total === 0) return noEvents(kinds, page);
    const lines: string[] = [];
    if (events.length < total)
      lines.push(page.dim(`the last ${formatCount(events.length)} of ${counted(total, "event")}; --top 0 shows all`), "");
    // The crash is a row of its own between the events, where the freeze began; left out when it lies before the rows that are shown.
    const rows = withCrash(events, crash !== undefined && crash >= (events[0]?.beforeEnd ?? 0) ? crash : undefined);
    // Below 0: the event has no P, or no goroutine.
    const id = (value: number, letter: string) => (value < 0 ? "" : `${letter}${value}`);
    const cells = rows.map((row) => [formatDuration(row.beforeEnd), id(row.proc, "P"), id(row.goroutine, "G"), row.kind, eventText(row)]);
    const columns = [
      { title: fromCore ? "before death" : "before the end", align: "right" },
      { title: "P" },
      { title: "G" },
      { title: "kind" },
      { title: "what", cut: "end" },
    ] as const;
    const table = formatTable(columns, cells, page.width);
    lines.push(table[0] ?? "");
    // Line 0 of the table is its header.
    rows.forEach((row, i) => {
      lines.push(table[i + 1] ?? "");
      for (const frame of "stack" in row ? (row.stack ?? []) : [])
        lines.push(page.dim(`        ${escapeText(frame.function)}  ${escapeText(frame.file)}:${frame.line}`));
    });
    return lines;
  },
  isNo: ({ found, total }) => !found || total === 0,
  json: eventsJson,
  file: (result) => eventLines(contentsOf(result)),
});

/** A pattern that matches a kind there is: one that matches none is a mistyped word. @throws UsageError */
function optionKind(options: Options): string {
  const pattern = optionPattern(options, "kind") ?? "";
  const matches = new RegExp(pattern);
  if (EVENT_KINDS.some((kind) => matches.test(kind))) return pattern;
  // Part of a name first, a misspelt one then.
  const near = EVENT_KINDS.find((kind) => kind.toLowerCase().includes(pattern.toLowerCase())) ?? nearestWord(pattern, EVENT_KINDS);
  throw new UsageError(`--kind ${pattern}: no kind of event matches${near ? `; did you mean ${near}?` : ""}`, kindLines().join("\n"));
}

/** All kinds in lines of 76. */
function kindLines(): string[] {
  const lines = ["kinds:"];
  for (const kind of EVENT_KINDS) {
    const last = lines.at(-1) as string;
    if (last.length + kind.length + 1 <= 76) lines[lines.length - 1] = `${last} ${kind}`;
    else lines.push(kind);
  }
  return lines;
}

/** Exit code 1, but with the kinds there are: most often the pattern was wrong, not the trace empty. */
function noEvents(kinds: readonly { readonly kind: string; readonly count: number }[], page: Page): string[] {
  const rows = kinds.map(({ kind, count }) => [formatCount(count), kind]);
  return [
    "no such events in the trace, which has",
    ...formatTable([{ title: "", align: "right" }, { title: "" }], rows, page.width).slice(1),
  ];
}
