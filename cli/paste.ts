// Commands that are shown to a person: with the core and the options that opened it, so that they can be pasted as they are.
import { DumpError } from "../src/base/errors.js";
import { quoteWord } from "../src/base/words.js";
import { lastingName } from "../src/files/files.js";
import { type Options, optionText } from "./arguments.js";
import { type Explanation, explain } from "./exit.js";
import { adviceText } from "./text/advice.js";

/** The core of this run, and the options without which it does not open. */
export interface Opening {
  readonly core: string;
  readonly options: readonly string[];
}

/** What opened the core, of a command line. */
export function openingOf(core: string, options: Options): Opening {
  const text = (name: string, flag: string) => {
    const value = optionText(options, name);
    return value === undefined ? [] : [flag, value];
  };
  return {
    core: lastingName(core),
    options: [
      ...text("exe", "--exe"),
      ...text("image", "--image"),
      ...text("debug", "--debug"),
      ...text("debugDir", "--debug-dir"),
      ...(options.debuginfod === true ? ["--debuginfod"] : []),
      ...(options.force === true ? ["--force"] : []),
      ...text("tmpdir", "--tmpdir"),
    ],
  };
}

/** The files that a command line names, and what may be done to find others; as openDump takes them. */
export interface NamedFiles {
  readonly core: string;
  readonly executable?: string;
  readonly image?: string;
  readonly debug?: string;
  readonly debugFolders?: readonly string[];
  readonly debuginfod?: true;
  readonly force: boolean;
  readonly tmpdir?: string;
}

/** The files of a command line. Absent options stay absent: the dump looks for an executable only when it was given none. */
export function filesOf(core: string, options: Options): NamedFiles {
  const executable = optionText(options, "exe");
  const image = optionText(options, "image");
  const debug = optionText(options, "debug");
  const folders = optionText(options, "debugDir");
  const tmpdir = optionText(options, "tmpdir");
  return {
    core,
    force: options.force === true,
    ...(executable ? { executable } : {}),
    ...(image ? { image } : {}),
    ...(debug ? { debug } : {}),
    ...(folders ? { debugFolders: folders.split(":").filter((folder) => folder !== "") } : {}),
    ...(options.debuginfod === true ? { debuginfod: true } : {}),
    ...(tmpdir ? { tmpdir } : {}),
  };
}

/** "why CORE 0x10", where CORE stands for the core, as a line for a shell: "corescope why app.core 0x10 --exe ./app". */
export function pasteable(hint: string, { core, options }: Opening): string {
  return ["corescope", hint.replace(/(?<=^|\s)CORE(?=\s|$)/, () => quoteWord(core)), ...options.map(quoteWord)].join(" ");
}

/** Advice whose lines may hold a command, from the word corescope to the line's end. */
export function pasteAdvice(advice: string, opening: Opening): string {
  return advice
    .split("\n")
    .map((line) => line.replace(/\bcorescope (\S.*\bCORE\b.*)$/, (_, hint: string) => pasteable(hint, opening)))
    .join("\n");
}

/** The error, its advice in words and pasteable. */
export function pasteError(error: unknown, opening: Opening): unknown {
  if (error instanceof DumpError && error.advice !== undefined) error.advice = pasteAdvice(adviceText(error.advice), opening);
  return error;
}

/** What a failure means, to a person who looks at the core already: commands are typed there without it. */
export function explainInside(error: unknown, debug = false): Explanation {
  const { code, lines } = explain(error, debug);
  return { code, lines: lines.map((line) => line.replace(/\bcorescope (\S.*?) ?\bCORE\b/, "$1")) };
}
