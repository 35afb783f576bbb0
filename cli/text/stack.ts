// A goroutine's stack for people: runs of the runtime's frames in one line, a frame's variables without a value in another.
import { counted } from "../../src/base/units.js";
import type { goroutine } from "../../src/query/goroutine.js";

export type StackFrame = ReturnType<typeof goroutine.run>["frames"][number];
export type Variable = StackFrame["variables"][number];

/** One frame, or several of the runtime that follow each other. */
export interface StackPart {
  readonly frames: readonly StackFrame[];
  readonly isRuntime: boolean;
}

const isRuntime = (frame: StackFrame) => frame.function.startsWith("runtime.");

/** A goroutine of the runtime's own is not folded: there is nothing else to see. */
export function stackParts(frames: readonly StackFrame[]): readonly StackPart[] {
  const parts: { frames: StackFrame[]; isRuntime: boolean }[] = [];
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
