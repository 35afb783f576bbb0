// What the terminal shows: state and body as lines of text, one fewer than the terminal has, none wider than it is.
import type { Finding } from "../../src/base/findings.js";
import type { PackageNames } from "../../src/base/package-names.js";
import { counted, formatCount } from "../../src/base/units.js";
import { escapeText } from "../text/escape.js";
import { makePage, type Page } from "../text/style.js";
import { padText, textWidth } from "../text/table.js";
import { helpLines } from "./parts/help.js";
import { fitText } from "./parts/list.js";
import type { Body, Line, Screen, Tone } from "./screen.js";
import { type Mode, presentView, type State } from "./state.js";

/** Of the terminal, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Lines as they are written, escape sequences of colour in them. */
export interface Frame {
  readonly lines: readonly string[];
}

/** What a frame is made from beside the state. */
export interface Scene {
  readonly body: Body;
  readonly screens: readonly Screen[];
  /** Name of the core. */
  readonly name: string;
  /** What goes on in the other thread, "" for nothing. */
  readonly working: string;
  readonly findings: readonly Finding[];
  /** For the paths of the packages that the line under the cursor names. */
  readonly names?: PackageNames;
  /** Colours and inverse video are wanted. */
  readonly isColoured?: boolean;
}

/** Lines above the list: tabs, breadcrumb. Below it: status, keys. One row of the terminal stays empty, so that nothing scrolls. */
const barsAbove = 2;
const barsBelow = 2;
/** Columns at the left: the cursor's bar, and the mark of a line that leads on. */
const gutter = 2;
/** Columns below which the core's name is left out. */
const leastName = 8;
/** Columns for what is typed, below which its sign gives way. */
const leastTyped = 10;

/** Rows of the list that fit under a head. */
export function listHeight(size: Size, head: number): number {
  return Math.max(1, size.rows - 1 - barsAbove - barsBelow - head);
}

/** All lines of a frame. Pure: equal arguments make equal lines, and only those that changed are drawn. */
export function makeFrame(state: State, size: Size, scene: Scene): Frame {
  const { columns, rows } = size;
  const page = makePage(columns, scene.isColoured === true);
  const view = presentView(state);
  const screen = scene.screens.find((each) => each.name === view.place.screen) as Screen;
  const { body } = scene;
  const height = listHeight(size, body.head.length);
  const list =
    state.mode.kind === "help"
      ? helpLines(screen, scene.screens.filter((each) => each.tab !== undefined).length, columns)
          .slice(0, height + body.head.length)
          .map((line) => paint(line, columns, page))
      : [
          ...body.head.map((line) => `  ${paint(line, columns - gutter, page)}`.trimEnd()),
          ...listLines(state, body, height, columns, page, scene),
        ];
  // Every frame has as many lines, so that what is below stays where it is.
  while (list.length < height + body.head.length) list.push("");
  const lines = [
    tabBar(scene, screen, columns, page),
    crumbs(state, scene, columns, page),
    ...list,
    statusLine(state.mode, state, scene, columns, page),
    page.dim(hints(state, screen, columns, body.without ?? [])),
  ];
  return { lines: lines.slice(0, Math.max(1, rows - 1)) };
}

/** The rows that are seen, the one under the cursor in inverse video; why there is none, where there is none. */
function listLines(state: State, body: Body, height: number, columns: number, page: Page, scene: Scene): string[] {
  const view = presentView(state);
  if (body.rows.length === 0) {
    // An empty list says whether it is empty or not yet known.
    const why = scene.working !== "" ? `${scene.working} …` : view.filter !== "" ? "no line has these words" : "nothing here";
    return ["", `  ${page.dim(fitText(escapeText(why), columns - gutter))}`];
  }
  const lines: string[] = [];
  for (let row = view.top; row < Math.min(body.rows.length, view.top + height); row++) {
    const line = body.rows[row];
    const mark = line.open ? "›" : " ";
    // The bar stands also without colour: inverse video alone would not be seen in a copy.
    if (row === view.cursor) {
      const text = `▌${mark}${shownText(line, columns - gutter)}`;
      lines.push(scene.isColoured ? `\u001b[7m${padText(text, columns)}\u001b[27m` : text);
    } else lines.push(` ${mark}${paint(line, columns - gutter, page)}`.trimEnd());
  }
  return lines;
}

/** The line cut to a width, in its tone. */
function paint(line: Line, width: number, page: Page): string {
  const text = shownText(line, width);
  return text === "" ? "" : tone(line.tone, page)(text);
}

/** Lines stay the same while the cursor moves: each is escaped and cut once. */
const shown = new WeakMap<Line, { readonly width: number; readonly text: string }>();

function shownText(line: Line, width: number): string {
  const known = shown.get(line);
  if (known?.width === width) return known.text;
  const text = fitText(escapeText(line.text), width).trimEnd();
  shown.set(line, { width, text });
  return text;
}

/** The page's paint of that name. */
function tone(name: Tone | undefined, page: Page): (text: string) => string {
  return name === undefined || name === "plain" ? (text) => text : page[name];
}

/** How tabs are written, the roomiest first; the last ones write only the present one's name, and none. */
const tabWords: readonly ((digit: number, name: string, isPresent: boolean) => string)[] = [
  (digit, name) => `${digit} ${name}`,
  (digit, name) => `${digit}${name}`,
  (digit, name, isPresent) => (isPresent ? `${digit}${name}` : `${digit}`),
  (digit) => `${digit}`,
];

/** All tabs, no name cut; the core's name where there is room for it. */
function tabBar(scene: Scene, screen: Screen, columns: number, page: Page): string {
  const tabs = scene.screens.filter((each) => each.tab !== undefined);
  const bars = tabWords.map((word, layout) => {
    const line = tabs
      .map((each, index) => {
        const text = word(index + 1, each.tab ?? "", each === screen);
        return each === screen ? `[${text}]` : ` ${text} `;
      })
      .join("");
    // Without room one space is between two tabs, and a bracket is one.
    return layout === 0 ? line : line.replaceAll("  ", " ").replace(" [", "[").replace("] ", "]");
  });
  const bar = fitText(bars.find((each) => each.trimEnd().length <= columns) ?? "", columns);
  const room = columns - bar.length - 1;
  const name = room < leastName ? "" : fitText(escapeText(scene.name), Math.min(30, room));
  // The name stands at the right edge.
  const space = " ".repeat(Math.max(0, columns - bar.length - textWidth(name)));
  return `${bar.replace(/\[.*\]/, page.bold)}${space}${page.dim(name)}`.trimEnd();
}

/** "Overview › Types › main.Session", and at the right where the cursor is: "12 of 4,000 objects". */
function crumbs(state: State, scene: Scene, columns: number, page: Page): string {
  const view = presentView(state);
  const count = scene.body.rows.length;
  const place = count === 0 ? "" : `${formatCount(view.cursor + 1)} of ${formatCount(count)}`;
  const titles = state.stack.map(({ place }) => scene.screens.find((each) => each.name === place.screen)?.title(place.args) ?? "");
  const left = textWidth(escapeText(titles.join(" › ")));
  // The row's number is never what is cut: the note gives way.
  const most = Math.max(Math.floor(columns / 2), columns - left - 2);
  const note = fitText(escapeText(scene.body.note ?? ""), most - (place === "" ? 0 : place.length + 3));
  const right = [note, place].filter((text) => text).join(" · ");
  const room = columns - textWidth(right) - 2;
  // The last step matters most: the first ones give way.
  let from = 0;
  const text = () =>
    (from > 0 ? "… › " : "") +
    titles
      .slice(from)
      .map((title) => escapeText(title))
      .join(" › ");
  while (textWidth(text()) > room && from < titles.length - 1) from++;
  return page.dim(`${padText(fitText(text(), room), columns - textWidth(right))}${right}`.trimEnd());
}

/** One of: what is typed, a question, a message, or else find, progress, damage and the paths of short package names. */
function statusLine(mode: Mode, state: State, scene: Scene, columns: number, page: Page): string {
  if (mode.kind === "prompt") {
    const sign = { "/": "find: ", f: "filter: ", ":": ":", e: "write these lines to: " }[mode.sign];
    const text = escapeText(mode.text);
    // The end of a long line is what is being typed; a narrow terminal has no room for the sign.
    const lead = columns - sign.length > leastTyped ? sign : "";
    let shown = text;
    while (textWidth(shown) > columns - lead.length - 1) shown = shown.slice(1);
    return `${lead}${shown}█`;
  }
  if (mode.kind === "confirm") {
    const question = " is there: replace it? y";
    return page.bold(fitText(`${fitText(escapeText(mode.path), Math.max(1, columns - question.length), "start")}${question}`, columns));
  }
  if (state.message !== "") return page.bold(fitText(escapeText(state.message), columns));
  const finding = presentView(state).isFinding ? `find: ${escapeText(state.find)}` : "";
  const working = scene.working === "" ? "" : `… ${escapeText(scene.working)}`;
  const line = scene.body.rows[presentView(state).cursor];
  // Lists show packages by their last element: the whole path of what is under the cursor is told here.
  const paths = line && mode.kind === "browse" ? (scene.names?.pathsIn(line.words ?? line.text) ?? []) : [];
  // In this order they are cut: what a key did is needed more than a path.
  const said = [finding, working, damage(scene.findings), ...paths.map(escapeText)];
  return fitText(said.filter((text) => text !== "").join("   "), columns);
}

/** Only what makes answers partial is worth a sign on every screen; notes are counted on a screen of their own. */
function damage(findings: readonly Finding[]): string {
  const partial = findings.filter((finding) => finding.partial).length;
  if (partial > 0) return `! answers are partial: ${counted(partial, "finding")}`;
  return findings.length === 0 ? "" : counted(findings.length, "note");
}

/** The keys that mean something now, as many as have room; help and quit always. */
function hints({ mode, ...state }: State, screen: Screen, columns: number, without: readonly string[]): string {
  if (mode.kind === "help") return fitText("any key: back · q quit", columns);
  if (mode.kind === "confirm") return fitText("y replace the file · any other key leave it", columns);
  if (mode.kind === "prompt" && (mode.offers?.length ?? 0) > 1) return fitText(escapeText((mode.offers ?? []).join("  ")), columns);
  if (mode.kind === "prompt")
    return fitText(`enter do it · esc leave · ctrl-u empty${mode.sign === ":" ? " · tab complete · up earlier lines" : ""}`, columns);
  const end = "? help · q quit";
  const view = state.stack.at(-1);
  const words = [
    "enter open",
    ...(view?.filter ? ["esc end filter"] : view?.isFinding ? ["n next", "esc end find"] : ["esc back"]),
    ...screen.keys.filter(({ key }) => !without.includes(key)).map(({ key, help }) => `${key} ${help}`),
    "/ find",
    "f filter",
    ": command",
    "y copy",
  ];
  let line = "";
  // The first hints are the most needed; what does not fit is in the help.
  for (const word of words) {
    if (line.length + word.length + end.length + 6 > columns) break;
    line += `${word} · `;
  }
  return fitText(line + end, columns);
}
