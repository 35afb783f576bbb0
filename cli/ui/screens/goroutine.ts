// A stack as a tree: frames unfold into variables, runs of the runtime's frames into frames.
import { counted, formatBytes } from "../../../src/base/units.js";
import { goroutine } from "../../../src/query/goroutine.js";
import { formatPlace } from "../../text/goroutine-group.js";
import { makePage } from "../../text/style.js";
import {
  deferredLines,
  foldRounds,
  goroutineFacts,
  runtimeLine,
  type StackFrame,
  stackParts,
  traceLines,
  unavailableLine,
  type Variable,
  variableText,
} from "../../views/goroutine.js";
import { places, type Subjects } from "../places.js";
import { ask, type Given, type Line, resultOf, type Screen } from "../screen.js";

/** Levels of values, as the command's default: a variable that is opened has a screen of its own. */
const depth = 2;

/** One goroutine: its stack, a frame unfolds into its variables; then its last events. */
export const goroutineScreen: Screen<Subjects["goroutine"]> = {
  name: "goroutine",
  help: "Where was it, with what in its variables?",
  title: (args) => `goroutine ${args.id}`,
  asks: (args) => [ask(goroutine, { id: args.id, depth })],
  body(given) {
    const answer = resultOf(given, 0, goroutine);
    if (!answer) return { head: [], rows: [] };
    // pprof labels, as runtime/pprof.Do sets them.
    const labels = Object.entries(answer.labels).map(([key, value]) => `${key}: ${value}`);
    const head: Line[] = [
      { text: `goroutine ${answer.id}  ${goroutineFacts(answer, "locked to its thread").join(", ")}`, tone: "bold" },
      {
        text: `g ${answer.address}, stack of ${formatBytes(answer.stack.bytes)}${labels.length > 0 ? `, labels ${labels.join(", ")}` : ""}`,
        tone: "dim",
      },
    ];
    const { frames, line } = foldRounds(answer);
    const rows = stackParts(frames).flatMap((part, index) =>
      part.isRuntime ? runtimeLines(part.frames, index, given) : part.frames.flatMap((frame) => frameLines(frame, `${index}`, given)),
    );
    if (line !== "") rows.push({ text: line, tone: "dim" });
    const { createdBy } = answer;
    if (createdBy) {
      const parent = createdBy.goroutine;
      rows.push(
        {
          text: `created by ${createdBy.function}${parent ? ` in goroutine ${parent}` : ""}`,
          ...(parent ? { open: places.goroutine(parent) } : {}),
        },
        { text: `    ${createdBy.file}:${createdBy.line}`, tone: "dim" },
      );
    }
    if (answer.framesOmitted > 0)
      rows.push({ text: `${counted(answer.framesOmitted, "frame between is", "frames between are")} not shown`, tone: "dim" });
    rows.push(
      ...deferredLines(answer, makePage(given.width, false)).map(
        (text, index): Line => ({ text, ...(index === 1 ? { tone: "bold" } : {}) }),
      ),
    );
    // The title of the trace's part leads to all events of this goroutine.
    const events = places.events({ goroutine: answer.id });
    rows.push(
      ...traceLines(answer, makePage(given.width, false)).map(
        (text, index): Line => ({ text, ...(index === 1 ? { open: events, tone: "bold" } : {}) }),
      ),
    );
    if (answer.problem) rows.push({ text: `the stack could not be walked further: ${answer.problem}`, tone: "bad" });
    return { head, rows, note: counted(answer.frames.length, "frame") };
  },
  keys: [
    { key: "d", help: "what it holds", go: (args) => places.dominators({ of: `g${args.id}` }) },
    { key: "b", help: "blocked by", go: (args) => places.blocked({ goroutine: args.id }) },
    { key: "v", help: "its last trace events", go: (args) => places.events({ goroutine: args.id }) },
  ],
};

/** Frames of the runtime that follow each other: one line, until it is opened. */
function runtimeLines(frames: readonly StackFrame[], index: number, given: Given): Line[] {
  const key = `${index}`;
  const isOpen = given.folds[key] ?? false;
  const head: Line = { text: `${isOpen ? "▾" : "▸"} ${runtimeLine(frames)}`, tone: "dim", depth: 0, fold: { key, isOpen } };
  if (frames.length === 1) return frames.flatMap((frame) => frameLines(frame, key, given, false));
  return [head, ...(isOpen ? frames.flatMap((frame, at) => frameLines(frame, `${key}.${at}`, given, false)) : [])];
}

/** The program's own frames stand open. Variables without a value are one line, which opens into the reasons. */
function frameLines(frame: StackFrame, key: string, given: Given, open = true): Line[] {
  const isOpen = given.folds[key] ?? open;
  const mark = frame.variables.length === 0 ? " " : isOpen ? "▾" : "▸";
  const line: Line = {
    text: `${mark} ${frame.function}  ${formatPlace(frame)}${frame.inlined ? "  (inlined)" : ""}`,
    words: `${frame.function} ${frame.file}:${frame.line}`,
    depth: 0,
    copy: `${frame.file}:${frame.line}`,
    ...(frame.variables.length > 0 ? { fold: { key, isOpen } } : {}),
  };
  if (!isOpen) return [line];
  // Variables with a value first; the others are one line, folded.
  const known = frame.variables.filter((each) => each.certainty !== "unavailable");
  return [line, ...known.map(variableLine), ...missingLines(frame, `${key} missing`, given)];
}

/** One line for all variables without a value, which unfolds into why each has none. */
function missingLines({ variables }: StackFrame, key: string, given: Given): Line[] {
  const text = unavailableLine(variables);
  if (text === undefined) return [];
  const isOpen = given.folds[key] ?? false;
  const line: Line = { text: `    ${isOpen ? "▾" : "▸"} ${text}`, tone: "dim", depth: 1, fold: { key, isOpen } };
  const reasons = variables.filter((each) => each.certainty === "unavailable");
  return [
    line,
    ...(isOpen
      ? reasons.map((each): Line => ({ text: `        ${each.name} ${each.type}: ${each.reason ?? ""}`, tone: "dim", depth: 2 }))
      : []),
  ];
}

/** A variable, which Enter opens where it has an expression. */
function variableLine(variable: Variable): Line {
  return {
    text: `      ${variableText(variable)}`,
    depth: 1,
    ...(variable.expression ? { open: places.object(variable.expression) } : {}),
    copy: variable.expression ?? variable.name,
  };
}
