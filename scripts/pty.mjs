// A program in a real terminal: a pane of a tmux server of its own, its output read byte by byte over tmux's control mode.
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";

const text = new TextDecoder();

/** The bytes of a %output line: control characters and the backslash come as \ and three octal digits. */
function unescapeOutput(line) {
  return text.decode(
    Buffer.from(
      line.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
      "latin1",
    ),
  );
}

/**
 * Starts a command line on a terminal of this size, without CI in its environment (ink draws nothing there).
 * @param {string} command @param {{ columns: number, rows: number }} size
 */
export async function openTerminal(command, { columns, rows }) {
  const server = ["-L", `corescope-pty-${process.pid}`, "-f", "/dev/null"];
  const tmux = (...words) => execFileSync("tmux", [...server, ...words], { encoding: "utf8" });
  const size = ["-x", String(columns), "-y", String(rows)];
  // The pane waits on a channel until somebody reads what it prints.
  tmux(
    "new-session",
    "-d",
    "-s",
    "p",
    ...size,
    `tmux -L ${server[1]} wait-for go; exec env -u CI -u NO_COLOR TERM=screen-256color ${command}`,
  );
  tmux("set-option", "-g", "window-size", "manual");
  const client = spawn("tmux", [...server, "-C", "attach-session", "-t", "p"], { stdio: ["pipe", "pipe", "inherit"] });
  const listeners = new Set();
  let isOver = false;
  createInterface({ input: client.stdout, encoding: "latin1" }).on("line", (line) => {
    const output = /^%output %\d+ (.*)$/.exec(line)?.[1];
    if (output !== undefined) for (const listener of listeners) listener(unescapeOutput(output), performance.now());
    if (line.startsWith("%exit")) isOver = true;
  });
  client.on("exit", () => {
    isOver = true;
  });
  return {
    /** Lets the program begin; to be called once. */
    start: () => tmux("wait-for", "-S", "go"),
    /** Calls back with what was printed and when (performance.now); returns how to stop. */
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Types characters. */
    press: (keys) => client.stdin.write(`send-keys -t p -H ${[...Buffer.from(keys)].map((byte) => byte.toString(16)).join(" ")}\n`),
    /** What is on the screen. */
    screen: () => tmux("capture-pane", "-p", "-t", "p"),
    /** Of the program. */
    pid: () => Number(tmux("list-panes", "-t", "p", "-F", "#{pane_pid}")),
    isOver: () => isOver,
    close() {
      try {
        tmux("kill-server");
      } catch {
        // it has ended by itself
      }
    },
  };
}
