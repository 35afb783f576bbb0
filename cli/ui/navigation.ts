// Where a person is and what a key does: one pure function from state and key to state.
import type { Completion } from "./completion.js";
import type { Key } from "./keys.js";
import type { Body, Line, Place, Screen } from "./screen.js";

/** One step of the breadcrumb: a place and how it is looked at. */
export interface View {
  readonly place: Place;
  /** Row under the cursor, 0 when there is none. */
  readonly cursor: number;
  /** First row that is shown. */
  readonly top: number;
  /** Only rows with these words; "" = all. */
  readonly filter: string;
  readonly folds: Readonly<Record<string, boolean>>;
}

export type Mode =
  | { readonly kind: "browse" }
  | { readonly kind: "help" }
  | {
      readonly kind: "prompt";
      readonly sign: "/" | "f" | ":" | "e";
      readonly text: string;
      readonly recalled: number;
      /** What the last word may become, after tab. */
      readonly offers?: readonly string[];
    };

export interface State {
  /** The breadcrumb; the last one is shown, the first one is home. */
  readonly stack: readonly View[];
  /** How places that were left were looked at. */
  readonly left: ReadonlyMap<string, View>;
  readonly mode: Mode;
  /** What was searched last. */
  readonly find: string;
  /** Command lines entered, newest last. */
  readonly history: readonly string[];
  /** Said once, until the next key. */
  readonly message: string;
}

/** What the world outside has to do after a key. */
export type Effect =
  | { readonly kind: "quit" }
  | { readonly kind: "copy"; readonly text: string }
  | { readonly kind: "save"; readonly path: string }
  | { readonly kind: "cancel" }
  | { readonly kind: "retry" };

/** What the reducer asks about the world; answers must not change while it runs. */
export interface Surroundings {
  readonly screens: readonly Screen[];
  /** Rows and head of a view, its filter applied. */
  body(view: View): Body;
  /** Rows that fit on the screen, at least 1. */
  height(view: View): number;
  /** Some of the view's questions are not answered yet. */
  isWaiting(view: View): boolean;
  /** A command line, its last word completed. */
  complete(text: string): Completion;
}

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

const mostRemembered = 200;

/** The state at the start, at home. */
export function startAt(place: Place): State {
  return { stack: [viewOf(place)], left: new Map(), mode: { kind: "browse" }, find: "", history: [], message: "" };
}

export function presentView(state: State): View {
  return state.stack[state.stack.length - 1] as View;
}

/** One text for a place; equal places have equal keys. */
export function placeKey({ screen, args }: Place): string {
  const known = Object.entries(args).filter(([, value]) => value !== undefined);
  return `${screen} ${JSON.stringify(known.sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}

/** The screen of a place; the first one when there is none of that name. */
export function screenOf(place: Place, around: Surroundings): Screen {
  return around.screens.find((screen) => screen.name === place.screen) ?? (around.screens[0] as Screen);
}

/** What a key does. */
export function reduce(state: State, key: Key, around: Surroundings): Step {
  if (key === "ctrl-c") return { state, effects: [{ kind: "quit" }] };
  const quiet = state.message === "" ? state : { ...state, message: "" };
  if (quiet.mode.kind === "prompt") return inPrompt(quiet, quiet.mode, key, around);
  if (quiet.mode.kind === "help") return key === "q" ? quit(quiet) : stay({ ...quiet, mode: { kind: "browse" } });
  return browse(quiet, key, around);
}

/** The state with the cursor inside its rows and its rows on the screen; to be called when answers or the size changed. */
export function settle(state: State, around: Surroundings): State {
  const view = presentView(state);
  const next = scroll(view, view.cursor, around);
  return next.cursor === view.cursor && next.top === view.top ? state : withView(state, next);
}

/** The state with the cursor on the line where it was, wherever that stands now; to be called when an answer came. */
export function follow(state: State, line: Line | undefined, around: Surroundings): State {
  const view = presentView(state);
  const { rows } = around.body(view);
  if (!line || view.cursor === 0 || rows[view.cursor]?.text === line.text) return settle(state, around);
  // The nearest of equal lines: the blank ones between two parts are many.
  const found = rows.flatMap((each, row) => (each.text === line.text ? [row] : []));
  const [row] = found.sort((a, b) => Math.abs(a - view.cursor) - Math.abs(b - view.cursor));
  if (row === undefined) return settle(state, around);
  return withView(state, scroll({ ...view, top: view.top + row - view.cursor }, row, around));
}

/** Goes to a place as if a line had been opened. */
export function open(state: State, place: Place): State {
  if (placeKey(place) === placeKey(presentView(state).place)) return state;
  const left = remember(state);
  return { ...state, left, stack: [...state.stack, left.get(placeKey(place)) ?? viewOf(place)] };
}

function viewOf(place: Place): View {
  return { place, cursor: 0, top: 0, filter: "", folds: {} };
}

function stay(state: State): Step {
  return { state, effects: [] };
}

function quit(state: State): Step {
  return { state, effects: [{ kind: "quit" }] };
}

function withView(state: State, view: View): State {
  return { ...state, stack: [...state.stack.slice(0, -1), view] };
}

function remember(state: State): ReadonlyMap<string, View> {
  const view = presentView(state);
  const left = new Map(state.left);
  left.delete(placeKey(view.place));
  left.set(placeKey(view.place), view);
  const oldest = left.keys().next().value;
  if (left.size > mostRemembered && oldest !== undefined) left.delete(oldest);
  return left;
}

/** The view with its cursor at a row, as near as there is one, and scrolled so that it is seen. */
function scroll(view: View, row: number, around: Surroundings): View {
  const last = Math.max(0, around.body(view).rows.length - 1);
  const height = Math.max(1, around.height(view));
  const cursor = Math.max(0, Math.min(last, row));
  const lowest = Math.max(0, Math.min(view.top, Math.max(0, last + 1 - height)));
  const top = Math.max(0, Math.min(cursor, Math.max(lowest, cursor - height + 1)));
  return { ...view, cursor, top };
}

function browse(state: State, key: Key, around: Surroundings): Step {
  const view = presentView(state);
  const screen = screenOf(view.place, around);
  const body = around.body(view);
  const line = body.rows[view.cursor];
  const page = Math.max(1, around.height(view) - 1);
  const to = (row: number) => stay(withView(state, scroll(view, row, around)));
  const own = screen.keys.find((each) => each.key === key);
  if (own) return byOwnKey(state, own.go(view.place.args, line), own.stays === true, own.help);
  switch (key) {
    case "q":
      return quit(state);
    case "j":
    case "down":
      return to(view.cursor + 1);
    case "k":
    case "up":
      return to(view.cursor - 1);
    case "pagedown":
    case "ctrl-f":
    case " ":
      return to(view.cursor + page);
    case "pageup":
    case "ctrl-b":
      return to(view.cursor - page);
    case "ctrl-d":
      return to(view.cursor + Math.ceil(page / 2));
    case "ctrl-u":
      return to(view.cursor - Math.ceil(page / 2));
    case "g":
    case "home":
      return to(0);
    case "G":
    case "end":
      return to(body.rows.length - 1);
    case "enter":
    case "l":
    case "right":
      return enter(state, view, line, key === "enter", around);
    case "h":
    case "left":
      return leave(state, view, body, line, around);
    case "backspace":
    case "escape":
      return back(state, view, around);
    case "tab":
      return to(nextLink(body, view.cursor, 1));
    case "shift-tab":
      return to(nextLink(body, view.cursor, -1));
    case "/":
    case "f":
    case ":":
      return stay({ ...state, mode: { kind: "prompt", sign: key, text: key === "f" ? view.filter : "", recalled: state.history.length } });
    case "e":
      return stay({ ...state, mode: { kind: "prompt", sign: "e", text: `${screen.name}.txt`, recalled: 0 } });
    case "n":
    case "N":
      return stay(searched(state, state.find, key === "n" ? 1 : -1, around));
    case "y":
      return line
        ? { state: { ...state, message: "copied" }, effects: [{ kind: "copy", text: line.copy ?? line.text.trim() }] }
        : stay(state);
    case "r":
      return { state, effects: [{ kind: "retry" }] };
    case "?":
      return stay({ ...state, mode: { kind: "help" } });
    default:
      return /^[1-9]$/.test(key) ? tab(state, Number(key), around) : stay(state);
  }
}

function byOwnKey(state: State, place: Place | undefined, stays: boolean, help: string): Step {
  if (!place) return stay({ ...state, message: `nothing on this line for: ${help}` });
  return stay(stays ? withView(state, { ...viewOf(place), filter: presentView(state).filter }) : open(state, place));
}

function enter(state: State, view: View, line: Line | undefined, deep: boolean, around: Surroundings): Step {
  const foldable = line?.fold;
  // Right only unfolds; Enter opens what the line leads to, and folds or unfolds where it leads nowhere.
  if (foldable && deep && !line.open) return stay(fold(state, view, line, !foldable.isOpen, around));
  if (foldable && !deep && !foldable.isOpen) return stay(fold(state, view, line, true, around));
  if (!line?.open) return stay(state);
  return stay(settle(open(state, line.open), around));
}

/** Left folds, or goes to the line above in the tree, or back. */
function leave(state: State, view: View, body: Body, line: Line | undefined, around: Surroundings): Step {
  if (line?.fold?.isOpen) return stay(fold(state, view, line, false, around));
  const depth = line?.depth ?? 0;
  if (depth === 0) return back(state, view, around);
  let row = view.cursor;
  while (row > 0 && (body.rows[row]?.depth ?? 0) >= depth) row--;
  return stay(withView(state, scroll(view, row, around)));
}

function fold(state: State, view: View, line: Line, isOpen: boolean, around: Surroundings): State {
  if (!line.fold) return state;
  const folds = { ...view.folds, [line.fold.key]: isOpen };
  return withView(state, scroll({ ...view, folds }, view.cursor, around));
}

function back(state: State, view: View, around: Surroundings): Step {
  if (view.filter !== "") return stay(withView(state, scroll({ ...view, filter: "" }, view.cursor, around)));
  const effects: readonly Effect[] = around.isWaiting(view) ? [{ kind: "cancel" }] : [];
  if (state.stack.length > 1) {
    const next = { ...state, left: remember(state), stack: state.stack.slice(0, -1) };
    return { state: settle(next, around), effects };
  }
  return { state: { ...state, message: effects.length > 0 ? "cancelled; r asks again" : "this is home; q quits" }, effects };
}

/** The tab's screen, one step from home. */
function tab(state: State, number: number, around: Surroundings): Step {
  const screen = around.screens.filter((each) => each.tab !== undefined)[number - 1];
  if (!screen) return stay(state);
  const home = state.stack[0] as View;
  const left = remember(state);
  const place = { screen: screen.name, args: {} };
  return stay(settle(open({ ...state, left, stack: [home] }, place), around));
}

function nextLink(body: Body, from: number, step: 1 | -1): number {
  for (let row = from + step; row >= 0 && row < body.rows.length; row += step) if (body.rows[row]?.open) return row;
  return from;
}

function inPrompt(state: State, mode: Mode & { kind: "prompt" }, key: Key, around: Surroundings): Step {
  const { kind, sign, recalled } = mode;
  const write = (text: string, offers: readonly string[] = []) =>
    stay(live({ ...state, mode: { kind, sign, text, recalled, offers } }, around));
  if (key.startsWith("paste:")) return write(mode.text + key.slice(6).replace(/\s+/g, " "));
  switch (key) {
    case "escape":
      return stay(live({ ...state, mode: mode.sign === "f" ? { ...mode, text: "" } : mode }, around, { kind: "browse" }));
    case "enter":
      if (mode.sign === "e") return saveTo(state, mode.text.trim());
      return stay(submit(state, mode, around));
    case "backspace":
      if (mode.text === "") return stay({ ...state, mode: { kind: "browse" } });
      return write([...mode.text].slice(0, -1).join(""));
    case "ctrl-u":
      return write("");
    case "ctrl-w":
      return write(mode.text.replace(/\S+\s*$/, ""));
    case "tab": {
      const { text, offers } = sign === ":" ? around.complete(mode.text) : mode;
      return write(text, offers);
    }
    case "up":
    case "down": {
      if (mode.sign !== ":") return stay(state);
      const at = Math.max(0, Math.min(state.history.length, recalled + (key === "up" ? -1 : 1)));
      return stay({ ...state, mode: { kind, sign, recalled: at, text: state.history[at] ?? "" } });
    }
    default:
      return [...key].length === 1 ? write(mode.text + key) : stay(state);
  }
}

function saveTo(state: State, path: string): Step {
  const done: State = { ...state, mode: { kind: "browse" } };
  return path === "" || path === "-" ? stay({ ...done, message: "not written" }) : { state: done, effects: [{ kind: "save", path }] };
}

/** A filter acts while it is typed. */
function live(state: State, around: Surroundings, after?: Mode): State {
  const { mode } = state;
  const filtered = mode.kind === "prompt" && mode.sign === "f" ? withFilter(state, mode.text, around) : state;
  return after ? { ...filtered, mode: after } : filtered;
}

function withFilter(state: State, filter: string, around: Surroundings): State {
  const view = presentView(state);
  return view.filter === filter ? state : withView(state, scroll({ ...view, filter }, 0, around));
}

function submit(state: State, { sign, text }: Mode & { kind: "prompt" }, around: Surroundings): State {
  const done: State = { ...state, mode: { kind: "browse" } };
  if (sign === "f") return withFilter(done, text, around);
  if (sign === "/") return text === "" ? done : searched({ ...done, find: text }, text, 1, around);
  const line = text.trim();
  if (line === "") return done;
  const history = [...state.history.filter((each) => each !== line), line].slice(-100);
  const tabbed = around.screens.find((screen) => screen.tab?.toLowerCase() === line.toLowerCase());
  const place = tabbed ? { screen: tabbed.name, args: {} } : { screen: "answer", args: { line } };
  return settle(open({ ...done, history }, place), around);
}

/** The next row with the text, round the end. */
function searched(state: State, text: string, step: 1 | -1, around: Surroundings): State {
  if (text === "") return { ...state, message: "nothing to find yet: / and some text" };
  const view = presentView(state);
  const { rows } = around.body(view);
  const wanted = text.toLowerCase();
  for (let n = 1; n <= rows.length; n++) {
    const row = (view.cursor + step * n + rows.length * 2) % rows.length;
    if (hasWords(rows[row] as Line, wanted)) return withView(state, scroll(view, row, around));
  }
  return { ...state, message: `not here: ${text}` };
}

/** Whether a line has a text, in small letters, in its words. */
export function hasWords(line: Line, wanted: string): boolean {
  return (line.words ?? line.text).toLowerCase().includes(wanted);
}
