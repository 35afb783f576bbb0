// Progress on stderr: silence for half a second, then one line redrawn, or plain lines where there is no terminal.
import type { Progress } from "../src/base/progress.js";
import { cutText } from "./text/table.js";

/** A Progress that must be told when the work is over. */
export interface ShownProgress extends Progress {
  /** Clears the line; nothing is drawn afterwards until the next stage. */
  finish(): void;
}

/** Where progress goes. now: milliseconds that only grow. */
export interface ProgressTarget {
  readonly isTerminal: boolean;
  readonly columns: number;
  write(text: string): void;
  now(): number;
  /** For the bench: each stage's name and seconds, one a line, and nothing else. */
  readonly stagesOnly?: boolean;
}

/** Work that takes less shows nothing. */
const quietMilliseconds = 500;
/** Shortest time between two drawings of the line. */
const redrawMilliseconds = 100;
/** Part of a stage that must be done before the time left is told. */
const leastShare = 0.02;
const clearLine = "\r\u001b[2K";

/** Shows stages on a target. On a terminal one line; else one line for each stage longer than half a second. */
export function showProgress(target: ProgressTarget): ShownProgress {
  const begun = target.now();
  let name = "";
  let total = 0;
  let stageBegun = begun;
  let drawn = begun;
  let shown = false;

  const line = (done: number) => progressLine(name, total, done, (target.now() - stageBegun) / 1000);

  function draw(done: number): void {
    if (target.stagesOnly) return;
    const now = target.now();
    if (target.isTerminal) {
      if (now - begun < quietMilliseconds || now - drawn < redrawMilliseconds) return;
      target.write(clearLine + cutText(line(done), target.columns - 1));
      drawn = now;
      shown = true;
    } else if (!shown && now - stageBegun >= quietMilliseconds) {
      target.write(`${line(done)}\n`);
      shown = true;
    }
  }

  /** A stage that never ticked is told when it is over, if it took long. */
  function end(): void {
    const took = target.now() - stageBegun;
    if (target.stagesOnly && name !== "") target.write(`stage ${name} ${(took / 1000).toFixed(3)}\n`);
    if (target.stagesOnly) {
      name = "";
      return;
    }
    if (!target.isTerminal && !shown && name !== "" && took >= quietMilliseconds) {
      target.write(`${name}  took ${formatSeconds(took / 1000)}\n`);
    }
    name = "";
  }

  return {
    stage(next, size) {
      end();
      name = next;
      total = size;
      stageBegun = target.now();
      if (!target.isTerminal) shown = false;
      draw(0);
    },
    tick: draw,
    finish() {
      end();
      if (target.isTerminal && shown) target.write(clearLine);
      shown = false;
    },
  };
}

/** "reading heap  43%  ETA 2.1 s". total: 0 when unknown; seconds: since the stage began */
function progressLine(name: string, total: number, done: number, seconds: number): string {
  const known = total > 0 && done > 0;
  const share = known ? Math.min(1, done / total) : 0;
  const percent = known ? `  ${Math.floor(share * 100)}%` : "";
  // What little has been done says nothing yet of what is left.
  const left = known && share >= leastShare && share < 1 ? `  ETA ${formatSeconds((seconds / share) * (1 - share))}` : "";
  return `${name}${percent}${left}`;
}

function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}
