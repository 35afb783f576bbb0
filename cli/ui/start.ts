// The terminal taken over, and given back whatever happens.
import { basename } from "node:path";
import { isTraceFile } from "../../src/dump.js";
import { RemoteDump } from "../../src/worker/worker.js";
import { type Options, optionChoice, optionText } from "../arguments.js";
import type { AnyCommand, World } from "../command.js";
import { EXIT, explain } from "../exit.js";
import { isFile, writeFile } from "../output.js";
import { wantsColour } from "../text/style.js";
import type { Size } from "./frame.js";
import { makePainter } from "./parts/painter.js";
import { allScreens, traceScreens } from "./screens/index.js";
import { Session } from "./session.js";

/** Alternate screen, cleared, the cursor hidden; pasted text marked as such. */
const enter = "\u001b[?1049h\u001b[2J\u001b[H\u001b[?25l\u001b[?2004h";
const leave = "\u001b[?2004l\u001b[?1049l\u001b[?25h";
/** After a stop that did not stop, because no shell would have gone on with us: the terminal is taken again then. */
const resumeMilliseconds = 100;

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
  // What cannot be opened has nothing to show: the shell gets its screen back and is told why.
  let failure: unknown;
  dump.opened.catch((error: unknown) => {
    failure = error;
    end(explain(error).code);
  });
  const session = new Session({
    dump,
    commands: known,
    screens: isTraceFile(core) ? traceScreens(known) : allScreens(known),
    name: basename(core),
    size: sizeOf(stdout),
    isColoured: colour,
    hasFullNames: options.fullNames === true,
    write: (text) => void stdout.write(text),
    isFile,
    save: (path, chunks, replaces) => writeFile(path, chunks, world, replaces),
    quit: () => end(EXIT.ok),
    suspend: () => suspend(),
  });

  const painter = makePainter(stdout);
  let isInside = false;
  const take = () => {
    isInside = true;
    stdout.write(enter);
    // Node believes what it set last; the shell has set the terminal since.
    stdin.setRawMode(false);
    stdin.setRawMode(true);
  };
  const restore = () => {
    if (!isInside) return;
    isInside = false;
    painter.pause();
    stdin.setRawMode(false);
    stdout.write(leave);
  };
  const onData = (chunk: string) => session.type(chunk);
  const onResize = () => {
    if (!isInside) return;
    stdout.write("\u001b[2J");
    painter.forget();
    session.resize(sizeOf(stdout));
  };
  const resume = () => {
    if (hasEnded) return;
    take();
    painter.resume();
    // The size may be another; the terminal told the shell, not us. Node asks for it at this signal.
    process.kill(process.pid, "SIGWINCH");
  };
  /** As a terminal does at ctrl-z: every process of the job stops, its shell goes on. */
  const suspend = () => {
    if (!isInside) return;
    restore();
    process.removeListener("SIGTSTP", suspend); // with a listener it would not stop
    process.kill(0, "SIGTSTP");
    setTimeout(() => {
      process.on("SIGTSTP", suspend);
      if (!isInside) resume();
    }, resumeMilliseconds);
  };
  const signals = { SIGTERM: 143, SIGHUP: 129, SIGINT: EXIT.interrupted } as const;
  const handlers: (readonly [NodeJS.Signals, () => void])[] = [
    ...Object.entries(signals).map(([name, number]) => [name as NodeJS.Signals, () => end(number)] as const),
    ["SIGTSTP", suspend],
    ["SIGCONT", resume],
  ];

  // The last resort: a crash ends the process; the shell gets its screen back before the error is printed.
  process.once("exit", restore);
  process.once("uncaughtExceptionMonitor", restore);
  for (const [name, handler] of handlers) process.on(name, handler);
  try {
    take();
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
  if (failure !== undefined) throw failure;
  return code;
}

function sizeOf(stdout: NodeJS.WriteStream): Size {
  return { columns: Math.max(20, stdout.columns || 80), rows: Math.max(4, stdout.rows || 24) };
}
