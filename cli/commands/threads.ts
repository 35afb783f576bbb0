// Threads of the operating system: what each was doing, where, the stack it stood on, and what a signal had interrupted.
//
//   thread 1232  m 3, handling SIGABRT, had goroutine 22, crashing
//     pc 0x4860e1 runtime.raise+0x21
//       runtime.raise  runtime/sys_linux_amd64.s:154
//     interrupted goroutine 22, pc 0x4860e1 runtime.raise+0x21
//       main.(*Server).checkout  demo/main.go:145
import { counted } from "../../src/base/units.js";
import { threads } from "../../src/query/threads.js";
import { optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { escapeText } from "../text/escape.js";
import type { Page } from "../text/style.js";
import { cutText } from "../text/table.js";

type Row = ReturnType<typeof threads.run>["rows"][number];
type Stop = NonNullable<Row["interrupted"]>;
type Frame = Row["frames"][number];

/** `corescope threads`: each OS thread. */
export const threadsCommand = defineCommand({
  name: "threads",
  query: threads,
  operands: [],
  options: [{ flags: "--registers", help: "the registers too" }],
  examples: [
    { line: "threads core", asks: "What was each thread doing?" },
    { line: "threads core --registers --top 1", asks: "The registers of the thread that took the signal?" },
    { line: "threads core --json", asks: "All of it, for a program." },
  ],
  args: (_operands, options) => ({ top: optionTop(options), registers: options.registers === true }),
  text: ({ rows, missing, registers }, page) => [
    ...rows.flatMap((row, index) => [...(index > 0 ? [""] : []), ...rowLines(row, registers, page)]),
    ...(missing > 0 ? ["", `${counted(missing, "thread of the runtime is", "threads of the runtime are")} not in the core`] : []),
  ],
});

/** A thread with all its stacks: where it stood, what the signal interrupted, and its goroutine when it stood elsewhere for that one. */
function rowLines(row: Row, withRegisters: boolean, page: Page): string[] {
  // Without an m the thread is not the runtime's: C started it, or it is just being made.
  const facts = [row.m === undefined ? (row.on === "scheduler" ? "no m" : "no thread of Go") : `m ${row.m}`, doing(row)];
  if (row.dying) facts.push("crashing");
  const lines = [page.bold(cutText(`thread ${row.tid}  ${facts.join(", ")}`, page.width)), ...stopLines("pc", row, page)];
  if (withRegisters) lines.push(...registerLines(row.registers));
  lines.push(...frameLines(row.frames, page));
  const { interrupted, goroutine, goroutineFrames } = row;
  if (interrupted) lines.push(...stopLines(`interrupted ${place(interrupted.on, goroutine)}, pc`, interrupted, page));
  if (interrupted) lines.push(...frameLines(interrupted.frames, page));
  if (goroutineFrames.length > 0) lines.push(page.dim(`  goroutine ${goroutine}:`), ...frameLines(goroutineFrames, page));
  return lines;
}

/** pc with its place; "(not unwound)" where the stack is C's, for which there are no frame tables here. */
function stopLines(title: string, { pc, at, frames }: Stop, page: Page): string[] {
  const note = frames.length === 0 ? " (not unwound)" : "";
  return [cutText(`  ${title} ${pc} ${escapeText(at)}${note}`, page.width, "start")];
}

/** What the thread was doing, in words. */
function doing({ on, goroutine, signals }: Row): string {
  if (on === "goroutine") return `running goroutine ${goroutine}`;
  if (on !== "signal handler") return place(on, goroutine);
  return `handling ${signals.join(", then ") || "a signal"}${goroutine === undefined ? "" : `, had goroutine ${goroutine}`}`;
}

/** Where a thread stood, by the stack that its stack pointer was in. */
function place(on: Stop["on"], goroutine: number | undefined): string {
  const of = goroutine === undefined ? "" : ` for goroutine ${goroutine}`;
  // Without an m it is "not of Go": a thread that C started and that never came into Go.
  switch (on) {
    case "goroutine":
      return `goroutine ${goroutine}`;
    case "signal handler":
      return "a signal handler";
    case "scheduler":
      return `in the runtime (g0)${of}`;
    case "C":
      return `in C code${of}`;
    default:
      return "started by C";
  }
}

/** Registers two a line, names and values in columns. */
function registerLines(registers: Row["registers"]): string[] {
  const cells = Object.entries(registers).map(([name, value]) => `${name.padEnd(8)} ${value.padEnd(18)}`);
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += 2) lines.push(`    ${cells.slice(i, i + 2).join("  ")}`.trimEnd());
  return lines;
}

/** A line for each frame, function first; cut at its start, since the file's name and line are at its end. */
function frameLines(frames: readonly Frame[], page: Page): string[] {
  return frames.map((frame) =>
    cutText(
      `    ${escapeText(frame.function)}  ${escapeText(frame.file)}:${frame.line}${frame.inlined ? " (inlined)" : ""}`,
      page.width,
      "start",
    ),
  );
}
