// A goroutine for people: runs of the runtime's frames in one line, a frame's variables without a value in another.
import { counted, formatCount } from "../../src/base/units.js";
import type { goroutine, OneGoroutine } from "../../src/query/goroutine.js";
import { formatDuration } from "../text/duration.js";
import { escapeText } from "../text/escape.js";
import { formatReason } from "../text/goroutine-group.js";
import type { Page } from "../text/style.js";
import { cutText } from "../text/table.js";
import { type GoroutineTraceJson, goroutineTraceJson, unreadText } from "./trace.js";
import { eventText, withCrash } from "./trace-event.js";

type Answer = ReturnType<typeof goroutine.run>;

/** What `goroutine --json` prints. */
export interface GoroutineJson extends OneGoroutine {
  readonly trace?: GoroutineTraceJson;
}

/** The answer as --json prints it. */
export function goroutineJson({ trace, ...answer }: Answer): GoroutineJson {
  return { ...answer, ...(trace ? { trace: goroutineTraceJson(trace) } : {}) };
}

/** A function on the stack, as the query gives it. */
export type StackFrame = Answer["frames"][number];
/** An argument, result or local variable of a frame. */
export type Variable = StackFrame["variables"][number];

/** One frame, or several of the runtime that follow each other. */
export interface StackPart {
  readonly frames: readonly StackFrame[];
  readonly isRuntime: boolean;
}

/** The runtime's own frames: its package, not the packages under runtime/. */
const isRuntime = (frame: StackFrame) => frame.function.startsWith("runtime.");

/** A goroutine of the runtime's own is not folded: there is nothing else to see. */
export function stackParts(frames: readonly StackFrame[]): readonly StackPart[] {
  const parts: { frames: StackFrame[]; isRuntime: boolean }[] = [];
  // Some frame must stay: where all are the runtime's, folding would hide everything.
  const foldable = frames.some((frame) => !isRuntime(frame));
  for (const frame of frames) {
    const last = parts.at(-1);
    if (foldable && isRuntime(frame) && last?.isRuntime) last.frames.push(frame);
    else parts.push({ frames: [frame], isRuntime: foldable && isRuntime(frame) });
  }
  return parts;
}

/** "8 frames of the runtime: runtime.raise ... runtime.sigpanic". */
export function runtimeLine(frames: readonly StackFrame[]): string {
  const first = frames[0]?.function ?? "";
  const last = frames.at(-1)?.function ?? "";
  return frames.length === 1 ? first : `${counted(frames.length, "frame")} of the runtime: ${first} ... ${last}`;
}

/** "argument s *main.Server =? &{...}": the mark stands where no narrow terminal cuts it off. */
export function variableText(variable: Variable): string {
  const kind = { parameter: "argument ", result: "result ", local: "" }[variable.kind as string] ?? `${variable.kind} `;
  return `${kind}${variable.name} ${variable.type}${variable.asPassed ? " (as passed)" : ""} ${variable.certainty === "likely" && !variable.asPassed ? "=?" : "="} ${variable.text}`;
}

/** "3 not available: s, r, total"; none when all have a value. */
export function unavailableLine(variables: readonly Variable[]): string | undefined {
  const names = variables.filter((each) => each.certainty === "unavailable").map((each) => each.name);
  return names.length === 0 ? undefined : `${names.length} not available: ${names.join(", ")}`;
}

/** What the marks of these frames mean. */
export function legend(frames: readonly StackFrame[]): readonly string[] {
  const variables = frames.flatMap((frame) => frame.variables);
  return [
    ...(variables.some((each) => each.certainty === "likely" && !each.asPassed)
      ? ["=?  optimised code: it may be a little older or newer than the line"]
      : []),
    ...(variables.some((each) => each.asPassed) ? ["(as passed)  what the argument was set to since, if it was, is not known"] : []),
  ];
}

/** "chan receive", "at least 3.0 min"... @param locked how it is said that it has a thread of its own */
export function goroutineFacts(answer: Answer, locked: string): string[] {
  const out = [formatReason(answer)];
  if (answer.waitNanoseconds !== undefined) out.push(`at least ${formatDuration(answer.waitNanoseconds)}`);
  if (answer.thread !== undefined) out.push(`on thread ${answer.thread}`);
  if (answer.locked) out.push(locked);
  if (answer.system) out.push("of the runtime");
  return out;
}

/** Its last events, a blank line first; none when the program was not tracing. */
export function traceLines({ id, trace }: Pick<Answer, "id" | "trace">, page: Page): string[] {
  if (!trace) return [];
  const remedy = trace.lacksBeginning ? `; trace events --goroutine ${id} --prefix FILE reads both` : "";
  const unread = unreadText(trace);
  if (unread !== "") return ["", page.dim(cutText(escapeText(unread + remedy), page.width))];
  const shown = trace.events.length < trace.total ? `the last ${trace.events.length} of ${formatCount(trace.total)}` : "all";
  return [
    "",
    page.bold(`in the execution trace, ${shown}; times before death`),
    ...withCrash(trace.events, trace.crash).map((row) => {
      const text = `${formatDuration(row.beforeEnd).padStart(12)}  ${row.proc < 0 ? "" : `P${row.proc}`}`.padEnd(19);
      return cutText(escapeText(`${text} ${eventText(row)}`), page.width);
    }),
    // "behind" is certain, "inTracer" only possible: the weaker one is told only without the stronger.
    ...(trace.behind ? [page.dim("its state has changed since: the process died before the trace said so")] : []),
    ...(trace.inTracer && !trace.behind ? [page.dim("its thread was inside the tracer: its last event may be missing")] : []),
  ];
}

/** Statements that are shown. */
const MOST_DEFERRED = 12;

/** Calls put off, a line for each statement, a blank line and a title first; none when there are none. */
export function deferredLines({ deferred = [] }: Pick<Answer, "deferred">, page: Page): string[] {
  if (deferred.length === 0) return [];
  const total = deferred.reduce((sum, each) => sum + each.count, 0);
  const more = deferred.slice(MOST_DEFERRED);
  return [
    "",
    page.bold(`${counted(total, "deferred call")}, the first to run first`),
    ...deferred.slice(0, MOST_DEFERRED).flatMap((row) => {
      const times = row.count > 1 ? `${formatCount(row.count)} × ` : "";
      const given = row.arguments.map(({ name, text }) => `${name} = ${text}`).join(", ");
      const passed = given === "" ? "" : ` with ${given}${row.count > 1 ? " first" : ""}`;
      return [
        cutText(escapeText(`${times}${row.function}${passed}`), page.width),
        page.dim(cutText(escapeText(`    ${row.file}:${row.line}${row.by === undefined ? "" : `, by ${row.by}`}`), page.width, "start")),
      ];
    }),
    ...(more.length > 0 ? [page.dim(`... and of ${counted(more.length, "further statement")}`)] : []),
  ];
}

/** Rounds of a recursion that are shown before the others are one line. */
const ROUNDS_SHOWN = 2;

/** A stack without the rounds of a recursion but for the first ones; where they were left out, and what is said there. */
export function foldRounds({ frames, circle, all }: Pick<Answer, "frames" | "circle" | "all">): {
  readonly frames: readonly StackFrame[];
  readonly at: number;
  readonly line: string;
} {
  if (!circle || all) return { frames, at: -1, line: "" };
  const { start, period, length } = circle;
  const rounds = Math.floor(length / period) - ROUNDS_SHOWN;
  const at = start + ROUNDS_SHOWN * period;
  const names = frames.slice(start, start + period).map((each) => each.function);
  const line = `... the same ${counted(period, "function")} ${counted(rounds, "time")} more: ${names.slice(0, 4).join(" < ")}${names.length > 4 ? " < ..." : ""}`;
  return { frames: [...frames.slice(0, at), ...frames.slice(at + rounds * period)], at, line };
}
