// The UI on the process's own terminal, from the command line to the exit code.
import { basename } from "node:path";
import { isTraceFile } from "../../src/dump.js";
import { RemoteDump } from "../../src/worker/worker.js";
import { type Options, optionChoice } from "../arguments.js";
import type { AnyCommand, World } from "../command.js";
import { EXIT, explain } from "../exit.js";
import { isFile, writeFile } from "../output.js";
import { filesOf } from "../paste.js";
import { wantsColour } from "../text/style.js";
import { allScreens, traceScreens } from "./screens/index.js";
import { Session } from "./session.js";
import { Terminal, terminalSize } from "./terminal.js";

/** Runs the UI until the person quits; returns the exit code. */
export async function startUi(core: string, options: Options, world: World, commands: readonly AnyCommand[]): Promise<number> {
  const dump = openRemote(core, options);
  // explore is no command inside itself.
  const known = commands.filter((spec) => !spec.start);
  let code: number = EXIT.ok;
  // The end may come before the app is there: a signal, a core that cannot be opened.
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
    size: terminalSize(),
    isColoured: wantsColour(optionChoice(options, "color", ["auto", "always", "never"]), true, world.environment),
    hasFullNames: options.fullNames === true,
    write: (text) => void process.stdout.write(text),
    isFile,
    save: (path, chunks, replaces) => writeFile(path, chunks, world, replaces),
    quit: () => end(EXIT.ok),
    suspend: () => terminal.suspend(),
  });
  const terminal = new Terminal({
    type: (chunk) => session.type(chunk),
    resize: (size) => session.resize(size),
    end,
    hasEnded: () => hasEnded,
  });
  try {
    terminal.open();
    // The first frame is there before ink is.
    terminal.painter.stream.write(session.frame().lines.join("\n"));
    // ink and react take some 100 ms to load; meanwhile the first questions are asked.
    const { mount } = await import("./app.js");
    if (!hasEnded) {
      const app = mount(session, terminal.painter.stream);
      unmount = () => app.unmount();
      await app.waitUntilExit();
    }
  } finally {
    // In this order: nobody draws, then the thread ends, then the terminal is the shell's again.
    session.close();
    dump.close();
    terminal.close();
  }
  // After the terminal has been given back: the error is printed on the shell's screen.
  if (failure !== undefined) throw failure;
  return code;
}

/** Opens the dump in a thread; returns at once, dump.opened tells how it went. */
function openRemote(core: string, options: Options): RemoteDump {
  return RemoteDump.open(filesOf(core, options));
}
