// The terminal of the process: taken over, and given back whatever happens.
import { EXIT } from "../exit.js";
import type { Size } from "./frame.js";
import { makePainter } from "./parts/painter.js";

/** Alternate screen, cleared, the cursor hidden; pasted text marked as such. */
const enter = "\u001b[?1049h\u001b[2J\u001b[H\u001b[?25l\u001b[?2004h";
const leave = "\u001b[?2004l\u001b[?1049l\u001b[?25h";
/** After a stop that did not stop, because no shell would have gone on with us: the terminal is taken again then. */
const resumeMilliseconds = 100;
/** Exit codes of signals that end the UI. */
const ends = { SIGTERM: 143, SIGHUP: 129, SIGINT: EXIT.interrupted } as const;

/** What the terminal has to say. */
export interface TerminalEvents {
  type(chunk: string): void;
  resize(size: Size): void;
  /** A signal wants the UI to end. code: what the shell is to get. */
  end(code: number): void;
  hasEnded(): boolean;
}

/** Of the process's own streams, in characters; never smaller than a frame can be. */
export function terminalSize(): Size {
  const { columns, rows } = process.stdout;
  return { columns: Math.max(20, columns || 80), rows: Math.max(4, rows || 24) };
}

/** From its making to close() the process's terminal is ours, but for the times in which the shell has it. */
export class Terminal {
  readonly painter = makePainter(process.stdout);
  private readonly events: TerminalEvents;
  /** The screen is ours now: false while the shell has it. */
  private isInside = false;
  private readonly handlers: (readonly [NodeJS.Signals, () => void])[];

  constructor(events: TerminalEvents) {
    this.events = events;
    this.handlers = [
      ...Object.entries(ends).map(([name, code]) => [name as NodeJS.Signals, () => events.end(code)] as const),
      ["SIGTSTP", this.suspend],
      ["SIGCONT", this.resume],
    ];
    // The last resort: a crash ends the process; the shell gets its screen back before the error is printed.
    process.once("exit", this.restore);
    process.once("uncaughtExceptionMonitor", this.restore);
    for (const [name, handler] of this.handlers) process.on(name, handler);
  }

  /** Takes the screen and listens to keys. */
  open(): void {
    this.take();
    process.stdin.setEncoding("utf8");
    process.stdout.on("resize", this.resize);
    process.stdin.on("data", this.events.type);
  }

  /** Gives everything back. */
  close(): void {
    process.stdin.removeListener("data", this.events.type);
    process.stdin.pause();
    process.stdout.removeListener("resize", this.resize);
    for (const [name, handler] of this.handlers) process.removeListener(name, handler);
    this.restore();
    process.removeListener("exit", this.restore);
    process.removeListener("uncaughtExceptionMonitor", this.restore);
  }

  /** As a terminal does at ctrl-z: every process of the job stops, its shell goes on. */
  readonly suspend = (): void => {
    if (!this.isInside) return;
    this.restore();
    process.removeListener("SIGTSTP", this.suspend); // with a listener it would not stop
    process.kill(0, "SIGTSTP");
    // Where no shell would go on with it a process is not stopped, and gets no SIGCONT: then the screen is taken back here.
    setTimeout(() => {
      process.on("SIGTSTP", this.suspend);
      if (!this.isInside) this.resume();
    }, resumeMilliseconds);
  };

  /** SIGCONT: the shell has given the terminal back, in a state of its own. */
  private readonly resume = (): void => {
    if (this.events.hasEnded()) return;
    this.take();
    this.painter.resume();
    // The size may be another; the terminal told the shell, not us. Node asks for it at this signal.
    process.kill(process.pid, "SIGWINCH");
  };

  /** Switches to the alternate screen and reads keys one by one. */
  private take(): void {
    this.isInside = true;
    process.stdout.write(enter);
    // Node believes what it set last; the shell has set the terminal since.
    process.stdin.setRawMode(false);
    process.stdin.setRawMode(true);
  }

  /** Gives the screen back as it was; may be called any number of times. */
  private readonly restore = (): void => {
    if (!this.isInside) return;
    this.isInside = false;
    this.painter.pause();
    process.stdin.setRawMode(false);
    process.stdout.write(leave);
  };

  /** SIGWINCH: the terminal may have moved lines about, so all of it is cleared and drawn anew. */
  private readonly resize = (): void => {
    if (!this.isInside) return;
    process.stdout.write("\u001b[2J");
    this.painter.forget();
    this.events.resize(terminalSize());
  };
}
