// The stacks of profiles as runtime/pprof shows them, and where in the program they are. runtime/pprof/pprof.go printStackRecord
import type { Address } from "../base/units.js";
import { callersFrames } from "../runtime/callers-frames.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { programFrames } from "../stacks/program-functions.js";

/** A function on a stack, at the line of its call. */
export interface ProfileFrame {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly inlined: boolean;
}

/** A place in the program. */
export interface Site {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  /** The innermost function of a library that it called, and that allocated or blocked; absent when it did so itself. */
  readonly through?: string;
}

/** What the runtime does for an allocation stands before the function that wanted it. */
const RUNTIME = /^(?:runtime|internal\/runtime\/\w+)\./;
/** Every stack ends so. */
const OUTERMOST = "runtime.goexit";

export interface ProfileFrames {
  /** Of an allocation: without the runtime's functions, unless there are no others. */
  ofAllocation(pcs: readonly Address[]): readonly ProfileFrame[];
  /** All. */
  ofWait(pcs: readonly Address[]): readonly ProfileFrame[];
  /** The program's function of frames; undefined of none. */
  site(frames: readonly ProfileFrame[]): Site | undefined;
}

/** Frames of the stacks that a runtime keeps. */
export function profileFrames(runtime: GoRuntime): ProfileFrames {
  const program = programFrames(runtime);
  const ofWait = (pcs: readonly Address[]): readonly ProfileFrame[] =>
    callersFrames(runtime, pcs).flatMap(({ name, file, line, inlined }) =>
      name === OUTERMOST ? [] : [{ function: name, file, line, inlined }],
    );
  return {
    ofWait,
    ofAllocation(pcs) {
      const all = ofWait(pcs);
      const first = all.findIndex((each) => !RUNTIME.test(each.function));
      return first > 0 ? all.slice(first) : all;
    },
    site(frames) {
      const own = program.where(frames);
      if (!own) return undefined;
      const { function: name, file, line } = own;
      const inner = frames.find((each) => !RUNTIME.test(each.function)) ?? own;
      return { function: name, file, line, ...(inner === own ? {} : { through: inner.function }) };
    },
  };
}

/** The place of several stacks: the library's functions only where all went through the same. */
export function sameSite(a: Site | undefined, b: Site | undefined): Site | undefined {
  if (a === undefined || a.through === b?.through) return a;
  const { through: _, ...site } = a;
  return site;
}

/** What two stacks, or two places, have alike that people cannot tell apart. */
export function frameKey({ function: name, file, line }: Pick<ProfileFrame, "function" | "file" | "line">): string {
  return `${name} ${file}:${line}`;
}
