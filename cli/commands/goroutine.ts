// One goroutine as text: facts, frames with their variables, the go statement, its last trace events. Frames of the runtime are one line
// and variables without a value another, unless --all; JSON always has everything.
//
//   goroutine 1  sleep
//   g 0x1e1755ff01e0, stack 0x1e175608c000..0x1e175608d000 (4.0 KiB)
//
//   time.Sleep
//       runtime/time.go:363
//         argument ns int64 (as passed) = 60000000000
//         4 not available: gp, t, now, when
import { UsageError } from "../../src/base/errors.js";
import { counted, formatBytes } from "../../src/base/units.js";
import { goroutine } from "../../src/query/goroutine.js";
import { type Options, optionText } from "../arguments.js";
import { defineCommand } from "../command.js";
import { escapeText } from "../text/escape.js";
import type { Page } from "../text/style.js";
import { cutText } from "../text/table.js";
import {
  deferredLines,
  foldRounds,
  goroutineFacts,
  goroutineJson,
  legend,
  runtimeLine,
  type StackFrame,
  stackParts,
  traceLines,
  unavailableLine,
  variableText,
} from "../views/goroutine.js";

type Answer = ReturnType<typeof goroutine.run>;

/** Deeper than this a value is better asked for by `show`, which has pages. */
const mostDepth = 20;

/** `corescope goroutine`: one goroutine's stack with its variables. */
export const goroutineCommand = defineCommand({
  name: "goroutine",
  query: goroutine,
  operands: [{ name: "<id>", help: "as tracebacks and `goroutines` number them" }],
  options: [
    { flags: "--depth <n>", help: "levels of pointers, fields and elements to open in values (default: 2)" },
    { flags: "--all", help: "the runtime's frames too, and of each variable without a value why it has none" },
  ],
  examples: [
    { line: "goroutine core 1", asks: "Where was main, with what in its variables?" },
    { line: "goroutine core 17 --json", asks: "The same for a program, with the registers that are known." },
    { line: "goroutine core 17 --depth 4", asks: "The same, values opened deeper." },
  ],
  /** An id and the depth of values; all only when it was given, since it is part of the answer as printed. */
  args([id], options) {
    if (id === undefined || !/^[0-9]{1,15}$/.test(id))
      throw new UsageError(`${id ?? ""}: not the number of a goroutine`, "for example: corescope goroutine CORE 17");
    return { id: Number(id), depth: optionDepth(options), ...(options.all === true ? { all: true } : {}) };
  },
  json: goroutineJson,
  text(answer, page) {
    return [
      page.bold(cutText(`goroutine ${answer.id}  ${escapeText(goroutineFacts(answer, "locked to thread").join(", "))}`, page.width)),
      ...about(answer).map((line) => page.dim(cutText(escapeText(line), page.width))),
      "",
      ...frameLines(answer, page),
      // Marks are explained only where one of them stands in the lines above.
      ...legend(answer.all ? answer.frames : stackParts(answer.frames).flatMap((part) => (part.isRuntime ? [] : part.frames))).map((line) =>
        page.dim(cutText(line, page.width)),
      ),
      ...(answer.createdBy
        ? [
            cutText(
              escapeText(
                `created by ${answer.createdBy.function}${answer.createdBy.goroutine ? ` in goroutine ${answer.createdBy.goroutine}` : ""}`,
              ),
              page.width,
              "start",
            ),
            page.dim(cutText(`    ${escapeText(answer.createdBy.file)}:${answer.createdBy.line}`, page.width, "start")),
          ]
        : []),
      ...(answer.problem ? [page.bad(cutText(escapeText(`the stack could not be walked further: ${answer.problem}`), page.width))] : []),
      ...deferredLines(answer, page),
      ...traceLines(answer, page),
    ];
  },
});

/** Levels of values, 0 to mostDepth. @throws UsageError */
function optionDepth(options: Options): number {
  const text = optionText(options, "depth") ?? "2";
  const depth = /^[0-9]{1,2}$/.test(text) ? Number(text) : -1;
  if (depth < 0 || depth > mostDepth)
    throw new UsageError(`--depth ${text}: not a number from 0 to ${mostDepth}`, "for example: --depth 4");
  return depth;
}

/** The address of its runtime.g, the stack's range and size, pprof labels. */
function about({ address, stack, labels }: Answer): string[] {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}: ${value}`);
  return [
    `g ${address}, stack ${stack.low}..${stack.high} (${formatBytes(stack.bytes)})`,
    ...(pairs.length > 0 ? [`labels {${pairs.join(", ")}}`] : []),
  ];
}

/** All frames, with a line in the middle that says how many were left out there by the query, and one for the rounds of a recursion. */
function frameLines(answer: Answer, page: Page): string[] {
  const { framesOmitted, all } = answer;
  const { frames, at, line } = foldRounds(answer);
  // The query leaves out frames in the middle: the line about them stands after the first half of those it gave.
  const half = at >= 0 ? at : Math.floor(frames.length / 2);
  const lines: string[] = [];
  let index = 0;
  for (const part of all ? frames.map((frame) => ({ frames: [frame], isRuntime: false })) : stackParts(frames)) {
    const before = index;
    index += part.frames.length;
    if (part.isRuntime) lines.push(page.dim(cutText(escapeText(runtimeLine(part.frames)), page.width, "start")));
    else for (const frame of part.frames) lines.push(...oneFrame(frame, page, all === true));
    if (before >= half || index < half) continue;
    if (line !== "") lines.push(page.dim(cutText(escapeText(line), page.width)));
    if (framesOmitted > 0) lines.push(page.dim(`... ${counted(framesOmitted, "frame")} between`));
  }
  return lines;
}

/** Function, place, variables; why a variable has no value only with all. */
function oneFrame(frame: StackFrame, page: Page, all: boolean): string[] {
  // Without --all a variable that has no value is only named, in one line with the others.
  const known = frame.variables.filter((each) => all || each.certainty !== "unavailable");
  // With --all each has its own line, with the reason.
  const missing = all ? undefined : unavailableLine(frame.variables);
  return [
    cutText(`${escapeText(frame.function)}${frame.inlined ? "  (inlined)" : ""}`, page.width, "start"),
    page.dim(cutText(`    ${escapeText(frame.file)}:${frame.line}`, page.width, "start")),
    ...known.map((each) =>
      cutText(`      ${escapeText(variableText(each))}${each.reason === undefined ? "" : `: ${escapeText(each.reason)}`}`, page.width),
    ),
    ...(missing === undefined ? [] : [page.dim(cutText(`      ${escapeText(missing)}`, page.width))]),
  ];
}
