// What the keys of the present screen do.
import { padText } from "../../text/table.js";
import { wrapText } from "../../text/wrap.js";
import type { Line, Screen } from "../screen.js";

/** Keys that mean the same on every screen. */
const everywhere = (tabs: number): readonly (readonly [string, string])[] => [
  ["enter, l", "open what the line is about (› marks those that lead on); unfold"],
  ["esc, h", "back: first out of a filter or find, then out of the screen"],
  ["j k, arrows", "one line; space PgDn PgUp a page, ctrl-d ctrl-u half of one"],
  ["g G, tab", "first and last line; the next line that leads on, shift-tab back"],
  [`1 to ${tabs}`, "the screens of the top line"],
  ["/ n N, f", "find, next, the one before; filter: only lines with these words"],
  [":", "command line as in the shell, without the core: why 0xc000012000"],
  ["y, e", "copy the line's address or name (OSC 52); export the lines"],
  ["r", "ask again what failed or was cancelled"],
  ["q, ctrl-c", "quit; ctrl-z back to the shell until fg"],
];

/** The help of a screen, lines that fit width; of every screen 80 by 24 characters hold all of it. */
export function helpLines(screen: Screen, tabs: number, width: number): Line[] {
  const own = screen.keys.map(({ key, help }) => [key, help] as const);
  const line = ([keys, help]: readonly [string, string]) => ({ text: `  ${padText(keys, 13)}${help}`.slice(0, Math.max(1, width)) });
  return [
    ...wrapText(screen.help, width, "").map((text) => ({ text, tone: "bold" as const })),
    ...own.map(line),
    { text: "" },
    ...everywhere(tabs).map(line),
  ];
}
