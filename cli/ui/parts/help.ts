// What the keys of the present screen do.
import { padText } from "../../text/table.js";
import type { Line, Screen } from "../screen.js";

const everywhere: readonly (readonly [string, string])[] = [
  ["enter, l", "open what the line is about (› marks lines that lead somewhere); fold and unfold"],
  ["esc, h", "back; first an empty filter, then one step of the breadcrumb"],
  ["j k, arrows", "one line; space, PgDn, PgUp a page; ctrl-d ctrl-u half of one"],
  ["g G", "first and last line; tab and shift-tab: the next line that leads somewhere"],
  ["1 to 9", "the screens of the top line"],
  ["/ n N", "find, next, the one before"],
  ["f", "filter: only lines with these words"],
  [":", "command line, the same as in the shell without corescope and the core: why 0xc000012000"],
  ["y", "copy the line's address or name (OSC 52)"],
  ["e", "export: write the lines of this screen to a file"],
  ["r", "ask again what failed or was cancelled"],
  ["q, ctrl-c", "quit"],
];

/** The help of a screen, lines that fit width. */
export function helpLines(screen: Screen, width: number): Line[] {
  const own = screen.keys.map(({ key, help }) => [key, help] as const);
  const line = ([keys, help]: readonly [string, string]) => ({ text: `  ${padText(keys, 13)}${help}`.slice(0, Math.max(1, width)) });
  return [
    { text: screen.help, tone: "bold" },
    { text: "" },
    ...own.map(line),
    ...(own.length > 0 ? [{ text: "" }] : []),
    ...everywhere.map(line),
  ];
}
