import { counted, formatBytes } from "../../../src/base/units.js";
import { goroutine } from "../../../src/query/goroutine.js";
import { traceLines } from "../../commands/goroutine.js";
import { formatDuration } from "../../text/duration.js";
import { makePage } from "../../text/style.js";
import { dominatorsPlace, objectPlace } from "../parts/places.js";
import { ask, type Given, type Line, resultOf, type Screen } from "../screen.js";
import { blockedPlace } from "./blocked.js";

type Frame = ReturnType<typeof goroutine.run>["frames"][number];
type Variable = Frame["variables"][number];

const depth = 2;

/** One goroutine: its stack, a frame unfolds into its variables; then its last events. */
export const goroutineScreen: Screen = {
  name: "goroutine",
  help: "Where was it, with what in its variables?",
  title: (args) => `goroutine ${args.id}`,
  asks: (args) => [ask(goroutine, { id: Number(args.id), depth })],
  body(given) {
    const answer = resultOf(given, 0, goroutine);
    if (!answer) return { head: [], rows: [] };
    const facts = [
      answer.waitReason === "" ? answer.status : answer.waitReason,
      ...(answer.waitNanoseconds === undefined ? [] : [`at least ${formatDuration(answer.waitNanoseconds)}`]),
      ...(answer.thread === undefined ? [] : [`on thread ${answer.thread}`]),
      ...(answer.locked ? ["locked to its thread"] : []),
      ...(answer.system ? ["of the runtime"] : []),
    ];
    const labels = Object.entries(answer.labels).map(([key, value]) => `${key}: ${value}`);
    const head: Line[] = [
      { text: `goroutine ${answer.id}  ${facts.join(", ")}`, tone: "bold" },
      {
        text: `g ${answer.address}, stack of ${formatBytes(answer.stack.bytes)}${labels.length > 0 ? `, labels ${labels.join(", ")}` : ""}`,
        tone: "dim",
      },
    ];
    const rows = answer.frames.flatMap((frame, index) => frameLines(frame, index, given));
    const { createdBy } = answer;
    if (createdBy) {
      const parent = createdBy.goroutine;
      rows.push(
        {
          text: `created by ${createdBy.function}${parent ? ` in goroutine ${parent}` : ""}`,
          ...(parent ? { open: { screen: "goroutine", args: { id: parent } } } : {}),
        },
        { text: `    ${createdBy.file}:${createdBy.line}`, tone: "dim" },
      );
    }
    if (answer.framesOmitted > 0)
      rows.push({ text: `${counted(answer.framesOmitted, "frame between is", "frames between are")} not shown`, tone: "dim" });
    const events = { screen: "events", args: { goroutine: answer.id } };
    rows.push(
      ...traceLines(answer, makePage(given.width, false)).map(
        (text, index): Line => ({ text, ...(index === 1 ? { open: events, tone: "bold" } : {}) }),
      ),
    );
    if (answer.problem) rows.push({ text: `the stack could not be walked further: ${answer.problem}`, tone: "bad" });
    return { head, rows, note: counted(answer.frames.length, "frame") };
  },
  keys: [
    { key: "d", help: "what it holds", go: (args) => dominatorsPlace(`g${args.id}`) },
    { key: "b", help: "blocked by", go: (args) => blockedPlace(Number(args.id)) },
    { key: "v", help: "its last trace events", go: (args) => ({ screen: "events", args: { goroutine: Number(args.id) } }) },
  ],
};

/** The program's own frames stand open; what belongs to the runtime is folded. */
function frameLines(frame: Frame, index: number, given: Given): Line[] {
  const key = `${index}`;
  const isOpen = given.folds[key] ?? !frame.function.startsWith("runtime.");
  const mark = frame.variables.length === 0 ? " " : isOpen ? "▾" : "▸";
  const line: Line = {
    text: `${mark} ${frame.function}  ${frame.file.slice(frame.file.lastIndexOf("/") + 1)}:${frame.line}${frame.inlined ? "  (inlined)" : ""}`,
    words: `${frame.function} ${frame.file}:${frame.line}`,
    depth: 0,
    copy: `${frame.file}:${frame.line}`,
    ...(frame.variables.length > 0 ? { fold: { key, isOpen } } : {}),
  };
  return [line, ...(isOpen ? frame.variables.map((variable) => variableLine(variable)) : [])];
}

function variableLine(variable: Variable): Line {
  const kind = { parameter: "argument ", result: "result ", local: "" }[variable.kind as string] ?? `${variable.kind} `;
  return {
    text: `      ${kind}${variable.name} ${variable.type} = ${variable.text}${variable.certainty === "likely" ? " ?" : ""}`,
    depth: 1,
    ...(variable.expression ? { open: objectPlace(variable.expression) } : {}),
    copy: variable.expression ?? variable.name,
  };
}
