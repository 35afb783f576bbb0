// A path from a root to an object, drawn downwards; long paths lose their middle, and say so.
import { counted, formatBytes } from "../../src/base/units.js";
import { escapeText } from "./escape.js";
import type { Page } from "./style.js";
import { cutText, padText, textWidth } from "./table.js";

/** One object on the way. */
export interface Step {
  readonly address: string;
  readonly type: string;
  readonly bytes: number;
  readonly expression: string;
}

/** A path of more steps loses those in the middle, so that both ends fit a screen or two; 30 of its start and 25 of its end stay. */
const mostSteps = 60;
const keptAtStart = 30;
const keptAtEnd = 25;

/** One line of a drawn path. */
export interface PathLine {
  readonly text: string;
  /** Index of the step that it tells of; absent for the root and for what is left out. */
  readonly step?: number;
}

/** The root's line, then two lines a step: what it is, and the Go expression that names it. */
export function pathLines(root: string, steps: readonly Step[], page: Page): PathLine[] {
  const width = Math.min(page.width, 80);
  const lines: PathLine[] = [{ text: `● ${page.bold(cutText(escapeText(root), page.width - 2, "start"))}` }];
  steps.forEach((step, index) => {
    const dropped = steps.length > mostSteps && index >= keptAtStart && index < steps.length - keptAtEnd;
    if (dropped) {
      const count = steps.length - keptAtStart - keptAtEnd;
      if (index === keptAtStart) lines.push({ text: page.dim(`┊  … ${counted(count, "more step")}; --json shows all`) });
      return;
    }
    const last = index === steps.length - 1;
    lines.push({ text: headLine(step, last, width, page), step: index });
    const expression = escapeText(step.expression);
    if (expression !== "")
      lines.push({ text: `${last ? " " : "│"}  ${page.dim(cutText(expression, page.width - 3, "start"))}`, step: index });
  });
  return lines;
}

/** "├─ address  type  bytes", the bytes at the right edge; the type gives way where there is no room. */
function headLine(step: Step, last: boolean, width: number, page: Page): string {
  const size = formatBytes(step.bytes);
  const head = `${last ? "└▶" : "├─"} ${step.address}  `;
  const room = page.width === Number.POSITIVE_INFINITY ? page.width : width - textWidth(head) - textWidth(size) - 2;
  const type = cutText(escapeText(step.type), Math.max(8, room), "start");
  const filler = Math.max(0, width - textWidth(head) - textWidth(size) - 2);
  return `${head}${padText(type, filler)}  ${size}`;
}
