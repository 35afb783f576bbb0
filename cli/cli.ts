// The program: runs the words it was given and leaves an exit code; nothing here ends the process.
import type { AnyCommand, World } from "./command.js";
import { commandsFor } from "./commands/load.js";
import { EXIT, errorDocument, explain } from "./exit.js";
import { runProgram } from "./program.js";
import { jsonChunks } from "./text/json.js";

/**
 * Runs the program on the process's own streams and sets process.exitCode; the launcher hands over the words and the package's version.
 * Modules are loaded when they are needed: of one command its own, of the screens (ink, react) when they are opened.
 */
export async function main(words: readonly string[], version: string): Promise<void> {
  // Everything outside goes through this record, so that tests run the whole program on streams of their own.
  const world: World = {
    open: async (files, progress) => (await import("../src/dump.js")).openDump(files, progress),
    out: process.stdout,
    error: process.stderr,
    environment: process.env,
    version,
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.TERM !== "dumb",
    explore: async (core, options, commands) => (await import("./ui/start.js")).startUi(core, options, world, commands),
    now: () => performance.now(),
  };
  // A write that failed is told where it is awaited; help text is not, so the stream's own word counts too.
  let failed: number | undefined;
  process.stdout.on("error", (error) => {
    failed ??= explain(error).code;
    process.exitCode = failed;
  });
  // Nobody reads stderr: the answer matters more than what would be said there.
  process.stderr.on("error", () => {});
  // Set, not passed to process.exit: what was written may still be on its way.
  const code = await run(words, world);
  process.exitCode = failed ?? code;
}

/** The exit code of a run, whatever happens in it: nothing is thrown. @param commands  all that there are, else those that the words need */
export async function run(words: readonly string[], world: World, commands?: readonly AnyCommand[]): Promise<number> {
  let isSilent = true;
  // A document of an error is printed only where nothing was: half an answer cannot be made whole.
  const out: World["out"] = {
    isTTY: world.out.isTTY,
    columns: world.out.columns,
    write(text, done) {
      isSilent = false;
      return world.out.write(text, done);
    },
  };
  try {
    return await runProgram(words, commands ?? (await commandsFor(words)), wantsJson(words) ? { ...world, out } : world);
  } catch (error) {
    return report(error, world, wantsJson(words) && isSilent);
  }
}

/** Found before the words are parsed, since an error of parsing is a JSON document too. Behind "--" it is an operand. */
function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? words.length : end).includes("--json");
}

/** Tells an error on stderr in sentences and, where nothing was printed yet and --json is given, on stdout as a document. */
function report(error: unknown, world: World, json: boolean): number {
  const { code, lines } = explain(error, Boolean(world.environment.CORESCOPE_DEBUG));
  if (json && lines.length > 0) for (const piece of jsonChunks(errorDocument(error))) world.out.write(piece);
  if (code !== EXIT.ok && lines.length > 0) world.error.write(`${lines.join("\n")}\n`);
  return code;
}
