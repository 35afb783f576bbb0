// Frames on a terminal: only lines that changed are written, each to its own row, so nothing can drift or scroll.
// ink 6.8's own incremental renderer lands one row low when the frame ends with a newline; its other one repaints everything.
import { EventEmitter } from "node:events";

/** A terminal as the painter needs it. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly writableNeedDrain?: boolean;
  write(text: string): unknown;
  once(event: "drain", listener: () => void): unknown;
}

/** Takes whole frames where ink expects a stream. */
export interface Painter {
  /** To be given to ink as stdout, with `debug: true`: each write is a whole frame. */
  readonly stream: NodeJS.WriteStream;
  /** Everything is written again with the next frame: the terminal was cleared. */
  forget(): void;
  /** Nothing is written until resume: the terminal is somebody else's. */
  pause(): void;
  /** The newest frame is written whole. */
  resume(): void;
}

/** Synchronized output: the terminal shows what is between at once. Terminals that do not know it ignore it. */
const begin = "\u001b[?2026h";
const end = "\u001b[?2026l";

/** A painter that has drawn nothing yet. At most one frame waits: a newer one takes its place. */
export function makePainter(terminal: Terminal): Painter {
  // What stands on the terminal, the frame that waits to be drawn, and the newest of all, for when the terminal comes back.
  let shown: readonly string[] = [];
  let next: readonly string[] | undefined;
  let last: readonly string[] | undefined;
  let isBlocked = false;
  let isPaused = false;

  /** Writes what has changed since the last frame, unless the terminal is not ready. */
  function paint(): void {
    if (next === undefined || isPaused || isBlocked) return;
    const lines = next;
    next = undefined;
    const changed = changedRows(shown, lines, terminal.rows);
    shown = lines;
    // A frame that is like the last one costs no write: progress is drawn ten times a second.
    if (changed === "") return;
    terminal.write(begin + changed + end);
    // A slow line gets the newest frame when it is ready, not all of them.
    if (terminal.writableNeedDrain) {
      isBlocked = true;
      terminal.once("drain", () => {
        isBlocked = false;
        paint();
      });
    }
  }

  const stream = Object.assign(new EventEmitter(), {
    isTTY: true,
    get columns() {
      return terminal.columns;
    },
    get rows() {
      return terminal.rows;
    },
    write(frame: string) {
      next = frame.split("\n");
      last = next;
      paint();
      return true;
    },
  });
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    forget() {
      shown = [];
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      shown = [];
      next = last;
      paint();
    },
  };
}

/** What to write so that a terminal that shows some lines shows others. */
function changedRows(shown: readonly string[], lines: readonly string[], rows: number): string {
  const count = Math.min(rows, Math.max(lines.length, shown.length));
  let changed = "";
  for (let row = 0; row < count; row++) {
    // To the row's beginning, the text, colours off, the rest of the row erased.
    if (lines[row] !== shown[row]) changed += `\u001b[${row + 1};1H${lines[row] ?? ""}\u001b[0m\u001b[K`;
  }
  return changed;
}
