/** Lines as a person would paste them, run against a dump that is open already: no line costs the opening of a core. */
import { execFileSync } from "node:child_process";
import { run } from "../../cli/cli.js";
import type { World } from "../../cli/command.js";
import type { Dump } from "../../src/dump.js";

/** What a line printed. */
export interface Typed {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  /** Lines that are offered to be typed next. */
  readonly hints: readonly string[];
  /** What was opened: the options that a line passes on. */
  readonly opened: readonly Parameters<World["open"]>[0][];
}

/** Runs the words after `corescope`, on a terminal so that hints are shown. */
export async function typeWords(dump: Dump, words: readonly string[]): Promise<Typed> {
  const printed = { out: "", error: "" };
  const opened: Parameters<World["open"]>[0][] = [];
  const stream = (name: "out" | "error") => ({
    isTTY: true,
    columns: 4000,
    write(text: string | Uint8Array, done?: (error?: Error | null) => void) {
      printed[name] += typeof text === "string" ? text : `<${text.length} bytes>`;
      done?.();
      return true;
    },
  });
  const world: World = {
    open: async (files) => {
      opened.push(files);
      return Object.create(dump, { close: { value() {} } }) as Dump;
    },
    out: stream("out"),
    error: stream("error"),
    environment: { NO_COLOR: "1", TERM: "dumb" },
    version: "9.9.9",
    now: () => 0,
  };
  const code = await run(words, world);
  const hints = printed.error.split("\n").flatMap((line) => /^→ corescope (.*)$/.exec(line)?.[1] ?? []);
  return { code, ...printed, hints, opened };
}

/** The words that a shell makes of lines. */
export function shellWords(lines: readonly string[]): string[][] {
  if (lines.length === 0) return [];
  const script = lines.map((line) => `words ${line}`).join("\n");
  const out = execFileSync("bash", ["-c", `words() { printf '%s\\0' "$@"; printf '\\1\\0'; }\n${script}`], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const all: string[][] = [[]];
  for (const word of out.split("\0").slice(0, -1)) {
    if (word === "\u0001") all.push([]);
    else (all.at(-1) as string[]).push(word);
  }
  return all.slice(0, -1);
}
