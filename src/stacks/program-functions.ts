// Which functions are the program's own, and which of a stack's frames says where a goroutine is. One answer for every command.
import type { GoRuntime } from "../runtime/runtime.js";

/** A function with its source file, as a stack has it. */
interface Place {
  readonly function: string;
  readonly file: string;
}

/** Finds the frame that tells people where a goroutine is; frames innermost first, inlined ones included. */
export interface ProgramFrames {
  /** The innermost function of the program itself, else of any package but the runtime, else what a goroutine of the runtime runs. */
  where<T extends Place>(frames: readonly T[]): T | undefined;
  /** The program's function it began in, inside what only starts goroutines: a go statement's wrapper, a coroutine, sync.WaitGroup.Go. */
  beginning<T extends Place>(frames: readonly T[]): T | undefined;
}

/** Made by the compiler for `go f(x)`, `defer f(x)` and method values: f is the frame inside. cmd/compile/internal/walk, noder */
const WRAPPER = /\.(?:gowrap|deferwrap)\d+$|-fm$/;

/** What the runtime enters every stack by. */
const BEGINS_ALL = /^runtime\.(?:goexit|mcall|mstart|systemstack|asmcgocall)\b/;

/** @param runtime  tells the program's own modules from the library */
export function programFrames(runtime: GoRuntime): ProgramFrames {
  const isProgram = programTest(runtime);
  const isOwn = (each: Place) => isProgram(each) && !WRAPPER.test(each.function);
  const isRuntime = (each: Place) => each.function.startsWith("runtime.");
  /** What a go statement of the program names when that is a function of the library. */
  const wrapped = <T extends Place>(frames: readonly T[]): T | undefined => {
    const wrapper = frames.findIndex((each) => isProgram(each) && WRAPPER.test(each.function));
    const inside = wrapper > 0 ? frames[wrapper - 1] : undefined;
    return inside && !isRuntime(inside) ? inside : undefined;
  };
  return {
    where: (frames) =>
      frames.find(isOwn) ??
      wrapped(frames) ??
      frames.find((each) => !isRuntime(each)) ??
      frames.findLast((each) => !BEGINS_ALL.test(each.function) && !WRAPPER.test(each.function)) ??
      frames[0],
    beginning: (frames) => frames.findLast(isOwn) ?? wrapped(frames),
  };
}

/**
 * Whether a function is the program's or of a module it uses, not of the standard library. The library's paths have no dot in their
 * first element; a program's may have none either: then its module, those it depends on, and the place of its files tell.
 */
export function programTest({ build, functions }: GoRuntime): (place: Place) => boolean {
  const roots = new Set([build.module, ...build.dependencies].filter((each) => each !== "").map((each) => each.split(/[/@]/)[0]));
  const own = functions.byName("runtime.main");
  const file = own ? functions.lineAt(own, own.entry).file : "";
  // "/usr/local/go/src/" or, with -trimpath, "".
  const library = file.endsWith("runtime/proc.go") ? file.slice(0, -"runtime/proc.go".length) : "";
  return (place) => {
    const name = place.function.split("[")[0];
    if (name.startsWith("main.")) return true;
    if (name.startsWith("runtime.")) return false;
    const slash = name.indexOf("/");
    const first = name.slice(0, slash >= 0 ? slash : Math.max(name.indexOf("."), 0));
    if (roots.has(first) || (slash >= 0 && first.includes("."))) return true;
    return library !== "" && place.file.startsWith("/") && !place.file.startsWith(library);
  };
}
