// The program: runs the words it was given and leaves an exit code; nothing here ends the process.
import { openDump } from "../src/dump.js";
import type { World } from "./command.js";
import { COMMANDS } from "./commands/index.js";
import { EXIT, explain } from "./exit.js";
import { runProgram } from "./program.js";

/** Runs the program on the process's own streams; the launcher hands over the words and the package's version. */
export async function main(words: readonly string[], version: string): Promise<void> {
  const world: World = {
    open: openDump,
    out: process.stdout,
    error: process.stderr,
    environment: process.env,
    version,
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.TERM !== "dumb",
    now: () => performance.now(),
  };
  // A write that failed is told where it is awaited; help text is not, so the stream's own word counts too.
  let failed: number | undefined;
  process.stdout.on("error", (error) => {
    failed ??= explain(error).code;
    process.exitCode = failed;
  });
  process.stderr.on("error", () => {});
  const code = await run(words, world);
  process.exitCode = failed ?? code;
}

/** The exit code of a run, whatever happens in it. */
export async function run(words: readonly string[], world: World): Promise<number> {
  try {
    return await runProgram(words, COMMANDS, world);
  } catch (error) {
    return report(error, world);
  }
}

function report(error: unknown, world: World): number {
  const { code, lines } = explain(error, Boolean(world.environment.CORESCOPE_DEBUG));
  if (code !== EXIT.ok && lines.length > 0) world.error.write(`${lines.join("\n")}\n`);
  return code;
}
