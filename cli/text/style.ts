// How an answer is drawn: its width and whether it may be coloured. Colour never says anything alone.

/** Wraps text in a terminal style, or leaves it as it is. */
export type Paint = (text: string) => string;

/** Where the text of an answer goes. width is Infinity when nothing may be cut (a pipe, a file). */
export interface Page {
  readonly width: number;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  /** A hint, "why CORE 0x10", as the line to type: with the core and the options that opened it. */
  readonly paste: Paint;
}

const plain: Paint = (text) => text;
const sgr =
  (on: number, off: number): Paint =>
  (text) =>
    `\u001b[${on}m${text}\u001b[${off}m`;

/** A page of this width; plain unless coloured. Without a way to paste, hints are for the screens, which know the core. */
export function makePage(width: number, coloured: boolean, paste: Paint = (hint) => hint.replace(/ ?\bCORE\b/, "")): Page {
  if (!coloured) return { width, paste, bold: plain, dim: plain, good: plain, bad: plain };
  return { width, paste, bold: sgr(1, 22), dim: sgr(2, 22), good: sgr(32, 39), bad: sgr(33, 39) };
}

/** Whether colour is wanted: the option first, then NO_COLOR, FORCE_COLOR and TERM. */
export function wantsColour(when: string, isTerminal: boolean, environment: Readonly<Record<string, string | undefined>>): boolean {
  if (when === "always") return true;
  if (when === "never") return false;
  if (environment.NO_COLOR) return false;
  if (environment.FORCE_COLOR && environment.FORCE_COLOR !== "0") return true;
  return isTerminal && environment.TERM !== "dumb";
}

/** The width prose and bars aim at: the terminal's, as far as lines are read with ease; 80 columns where there is none. */
export function proseWidth(page: Page): number {
  return page.width === Number.POSITIVE_INFINITY ? 80 : Math.max(40, Math.min(page.width, 100));
}
