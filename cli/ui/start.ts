// The terminal taken over, and given back whatever happens.
import { basename } from "node:path";
import { RemoteDump } from "../../src/worker/worker.js";
import { type Options, optionChoice, optionText } from "../arguments.js";
import { type AnyCommand, type World, writeFile } from "../command.js";
import { EXIT } from "../exit.js";
import { wantsColour } from "../text/style.js";
import type { Size } from "./frame.js";
import { makePainter } from "./parts/painter.js";
import { allScreens } from "./screens/index.js";
import { Session } from "./session.js";

/** Alternate screen, cleared, the cursor hidden; pasted text marked as such. */
const enter = "\u001b[?1049h\u001b[2J\u001b[H\u001b[?25l\u001b[?2004h";
const leave = "\u001b[?2004l\u001b[?1049l\u001b[?25h";

/** Runs the UI on the process's own terminal until the person quits; returns the exit code. */
export async function startUi(core: string, options: Options, world: World, commands: readonly AnyCommand[]): Promise<number> {
  const { stdin, stdout } = process;
  const executable = optionText(options, "exe");
  const tmpdir = optionText(options, "tmpdir");
  const files = { core, force: options.force === true, ...(executable ? { executable } : {}), ...(tmpdir ? { tmpdir } : {}) };
  const dump = RemoteDump.open(files);
  const colour = wantsColour(optionChoice(options, "color", ["auto", "always", "never"]), true, world.environment);
  const known = commands.filter((spec) => !spec.start);
  let code: number = EXIT.ok;
  let hasEnded = false;
  let unmount = () => {};
  const end = (with_: number) => {
    code = with_;
    hasEnded = true;
    unmount();
  };
  const session = new Session({
    dump,
    commands: known,
    screens: allScreens(known),
    name: basename(core),
    size: sizeOf(stdout),
    isColoured: colour,
    write: (text) => void stdout.write(text),
    save: (path, chunks) => writeFile(path, chunks, world),
    quit: () => end(EXIT.ok),
  });

  const painter = makePainter(stdout);
  let isInside = false;
  const restore = () => {
    if (!isInside) return;
    isInside = false;
    painter.stop();
    stdin.setRawMode(false);
    stdout.write(leave);
  };
  const onData = (chunk: string) => session.type(chunk);
  const onResize = () => {
    stdout.write("\u001b[2J");
    painter.forget();
    session.resize(sizeOf(stdout));
  };
  const signals = { SIGTERM: 143, SIGHUP: 129, SIGINT: EXIT.interrupted } as const;
  const handlers = Object.entries(signals).map(([name, number]) => [name, () => end(number)] as const);

  // The last resort: a crash ends the process; the shell gets its screen back before the error is printed.
  process.once("exit", restore);
  process.once("uncaughtExceptionMonitor", restore);
  for (const [name, handler] of handlers) process.on(name, handler);
  try {
    isInside = true;
    stdout.write(enter);
    stdin.setRawMode(true);
    stdin.setEncoding("utf8");
    stdout.on("resize", onResize);
    stdin.on("data", onData);
    painter.stream.write(session.frame().lines.join("\n"));
    // ink and react take some 100 ms to load; meanwhile the first questions are asked.
    const { mount } = await import("./app.js");
    if (!hasEnded) {
      const app = mount(session, painter.stream);
      unmount = () => app.unmount();
      await app.waitUntilExit();
    }
  } finally {
    stdin.removeListener("data", onData);
    stdin.pause();
    stdout.removeListener("resize", onResize);
    for (const [name, handler] of handlers) process.removeListener(name, handler);
    session.close();
    dump.close();
    restore();
    process.removeListener("exit", restore);
    process.removeListener("uncaughtExceptionMonitor", restore);
  }
  return code;
}

function sizeOf(stdout: NodeJS.WriteStream): Size {
  return { columns: Math.max(20, stdout.columns || 80), rows: Math.max(4, stdout.rows || 24) };
}
