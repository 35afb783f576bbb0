// The trace out of the core, as a file with -o; the text is an account of where each generation came from and what is lost.
//
//   generation  was            bytes  added: statuses  stacks  texts
//            1  passed on  810.8 KiB
//            2  in flight    3.0 KiB               24      18     53
import { counted, formatBytes, formatCount } from "../../src/base/units.js";
import { traceExtract } from "../../src/query/trace-extract.js";
import { contentsOf } from "../../src/query/trace-source.js";
import { optionText } from "../arguments.js";
import { defineCommand } from "../command.js";
import { formatDuration } from "../text/duration.js";
import { escapeText } from "../text/escape.js";
import type { Page } from "../text/style.js";
import { formatTable } from "../text/table.js";
import { extractJson, extractText, writerText } from "../views/trace.js";

type Answer = ReturnType<typeof traceExtract.run>;

/** `corescope trace extract`: the trace the program was recording when it died. */
export const traceExtractCommand = defineCommand({
  name: "trace extract",
  query: traceExtract,
  operands: [],
  options: [
    { flags: "--prefix <file>", help: "the file that the program was writing its trace to" },
    { flags: "--tail", help: "write only what that file lacks" },
    { flags: "--last", help: "write the last generation alone" },
  ],
  examples: [
    { line: "trace extract core -o death.trace", asks: "The last seconds, for `go tool trace death.trace`." },
    { line: "trace extract core --prefix app.trace -o whole.trace", asks: "Complete the file that the crash cut off." },
    { line: "trace extract core --last -o last.trace", asks: "Only the last generation, at most a second." },
  ],
  args(_operands, options) {
    const prefix = optionText(options, "prefix");
    // --tail and --last say which part is written; the account is of all that was found.
    return { last: options.last === true, tail: options.tail === true, ...(prefix === undefined ? {} : { prefix }) };
  },
  text(result, page) {
    if (!result.found) return [escapeText(extractText(result))];
    const { destination, generations } = result;
    const lines = [
      page.bold(`${result.format}, ${result.writes}, ${formatBytes(result.bytes)}`),
      `went to: ${escapeText(writerText(destination.name))}${destination.kind === destination.name ? "" : ` (${destination.kind})`}`,
    ];
    if (result.events > 0) {
      // A Date counts milliseconds; the answer has ns as a decimal string, since a double cannot hold them.
      const wall = result.lastWall === "" ? "" : `, the last at ${new Date(Number(BigInt(result.lastWall) / 1_000_000n)).toISOString()}`;
      lines.push(`read back: ${counted(result.events, "event")} over ${formatDuration(result.span)}${wall}`);
    }
    // For whoever has the program's own file: where to cut it, so that the tail goes on from there.
    if (result.keep > 0) {
      lines.push(
        `of the prefix the first ${counted(result.keep, "byte is", "bytes are")} kept${result.writes === "tail" ? `: head -c ${result.keep} FILE; then this tail` : ""}`,
      );
    }
    if (result.lacksBeginning) lines.push(page.bad(escapeText(`${extractText(result)} Pass that file with --prefix FILE to complete it.`)));
    if (result.stopping) lines.push("tracing was being stopped when the program died");
    lines.push("", ...generationLines(generations, page));
    return [...lines, ...missingLines(result, page)];
  },
  json: extractJson,
  isNo: ({ found }) => !found,
  next: ({ found, writes }) => (found && writes !== "tail" ? [`trace summary CORE`, `trace events CORE --last 10ms`] : []),
  file: (result) => contentsOf(result),
  textWithFile: true,
});

/** Generations by number, with how much was added to end those in flight; for others nothing was. */
function generationLines(generations: Answer["generations"], page: Page): string[] {
  return formatTable(
    [
      { title: "generation", align: "right" },
      { title: "was" },
      { title: "bytes", align: "right" },
      { title: "added: statuses", align: "right" },
      { title: "stacks", align: "right" },
      { title: "texts", align: "right" },
    ],
    generations.map(({ number, from, bytes, added }) => [
      String(number),
      from,
      formatBytes(bytes),
      from === "in flight" ? formatCount(added.statuses) : "",
      from === "in flight" ? formatCount(added.stacks) : "",
      from === "in flight" ? formatCount(added.strings) : "",
    ]),
    page.width,
  );
}

/** What the trace lacks, and why. */
function missingLines(result: Answer, page: Page): string[] {
  const lines: string[] = [];
  // An event that follows a lost one cannot be put in order, and readers of traces refuse a file with it.
  if (result.trimmed.events > 0) {
    lines.push(
      "",
      page.bad(
        `left out: ${counted(result.trimmed.events, "event")}, ${formatDuration(result.trimmed.span)}, because what they follow is lost`,
      ),
    );
  }
  if (result.halfWritten > 0)
    lines.push("", `${counted(result.halfWritten, "event was", "events were")} half written when their thread stopped, and left out`);
  if (result.inTracer.length > 0) {
    const who = result.inTracer.map(({ thread, goroutine }) => `${thread} (goroutine ${goroutine})`);
    lines.push("", `inside the tracer at death, their last event may be missing: threads ${who.join(", ")}`);
  }
  if (result.behind.length > 0) {
    const who = result.behind.map((each) => `${each.goroutine} ${each.state} (in the trace ${each.inTrace || "not yet born"})`);
    lines.push("", `changed state without a last word in the trace: goroutines ${who.join(", ")}`);
  }
  return lines;
}
