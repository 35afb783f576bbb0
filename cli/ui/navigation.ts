// What a key does: one pure function from state and key to state.
import type { Key } from "./keys.js";
import { inPrompt, searched } from "./prompt.js";
import type { Body, Line, Place } from "./screen.js";
import {
  type Effect,
  open,
  presentView,
  quit,
  remember,
  type State,
  type Step,
  type Surroundings,
  screenOf,
  scroll,
  settle,
  stay,
  type View,
  viewOf,
  withView,
} from "./state.js";

/** Rows that keys lead to. at: under the cursor; page: rows on the screen but one. */
type Move = (at: number, page: number, last: number) => number;

const down: Move = (at) => at + 1;
const up: Move = (at) => at - 1;
const pageDown: Move = (at, page) => at + page;
const pageUp: Move = (at, page) => at - page;
const first: Move = () => 0;
const last: Move = (_at, _page, row) => row;

/** Keys of vi and less, and those of a keyboard. */
const MOVES: ReadonlyMap<Key, Move> = new Map([
  ["j", down],
  ["down", down],
  ["k", up],
  ["up", up],
  ["pagedown", pageDown],
  ["ctrl-f", pageDown],
  [" ", pageDown],
  ["pageup", pageUp],
  ["ctrl-b", pageUp],
  ["ctrl-d", (at, page) => at + Math.ceil(page / 2)],
  ["ctrl-u", (at, page) => at - Math.ceil(page / 2)],
  ["g", first],
  ["home", first],
  ["G", last],
  ["end", last],
]);

/** What a key does. */
export function reduce(state: State, key: Key, around: Surroundings): Step {
  if (key === "ctrl-c") return { state, effects: [{ kind: "quit" }] };
  if (key === "ctrl-z") return { state, effects: [{ kind: "suspend" }] };
  // A message is there until the next key, whatever that does.
  const quiet = state.message === "" ? state : { ...state, message: "" };
  if (quiet.mode.kind === "prompt") return inPrompt(quiet, quiet.mode, key, around);
  if (quiet.mode.kind === "confirm") {
    const { yes } = quiet.mode;
    const done: State = { ...quiet, mode: { kind: "browse" } };
    return key === "y" || key === "Y" ? { state: done, effects: [yes] } : stay({ ...done, message: "not written" });
  }
  if (quiet.mode.kind === "help") return key === "q" ? quit(quiet) : stay({ ...quiet, mode: { kind: "browse" } });
  return browse(quiet, key, around);
}

/** A key while lines are looked at. The screen's own keys come first, so it may give one of these another meaning. */
function browse(state: State, key: Key, around: Surroundings): Step {
  const view = presentView(state);
  const screen = screenOf(view.place, around);
  const body = around.body(view);
  const line = body.rows[view.cursor];
  const page = Math.max(1, around.height(view) - 1);
  const to = (row: number) => stay(withView(state, scroll(view, row, around)));
  // A key of the screen that means nothing now keeps what it means on every screen.
  const own = screen.keys.find((each) => each.key === key && !body.without?.includes(key));
  if (own?.line !== undefined)
    return stay({ ...state, mode: { kind: "prompt", sign: ":", text: own.line, recalled: state.history.length } });
  if (own) return byOwnKey(state, own.go?.(view.place.args, line), own.stays === true, own.help);
  const move = MOVES.get(key);
  if (move) return to(move(view.cursor, page, body.rows.length - 1));
  switch (key) {
    case "q":
      return quit(state);
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
      return { state, effects: [{ kind: "retry", replaces: false }] };
    case "?":
      return stay({ ...state, mode: { kind: "help" } });
    default:
      return /^[1-9]$/.test(key) ? tab(state, Number(key), around) : stay(state);
  }
}

/** Where a screen's own key leads: to another place, or to this one seen otherwise. */
function byOwnKey(state: State, place: Place | undefined, stays: boolean, help: string): Step {
  if (!place) return stay({ ...state, message: `nothing on this line for: ${help}` });
  return stay(stays ? withView(state, { ...viewOf(place), filter: presentView(state).filter }) : open(state, place));
}

/** Opens what the line leads to, or folds and unfolds. @param deep by Enter, not by right */
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
  // The line above in the tree is the nearest one before that stands less deep.
  let row = view.cursor;
  while (row > 0 && (body.rows[row]?.depth ?? 0) >= depth) row--;
  return stay(withView(state, scroll(view, row, around)));
}

/** The state with a line of a tree folded or unfolded; the cursor stays on its line. */
function fold(state: State, view: View, line: Line, isOpen: boolean, around: Surroundings): State {
  if (!line.fold) return state;
  const folds = { ...view.folds, [line.fold.key]: isOpen };
  return withView(state, scroll({ ...view, folds }, view.cursor, around));
}

/** One step back: out of the filter, out of the find, out of the screen; questions of a screen that is left are given up. */
function back(state: State, view: View, around: Surroundings): Step {
  if (view.filter !== "") return stay(withView(state, scroll({ ...view, filter: "" }, view.cursor, around)));
  if (view.isFinding) return stay(withView(state, { ...view, isFinding: false }));
  // Going back from a screen that still waits tells the other thread to give up.
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
  // Tabs do not grow the breadcrumb: each is one step from home, wherever one was.
  const home = state.stack[0];
  const left = remember(state);
  const place = { screen: screen.name, args: {} };
  return stay(settle(open({ ...state, left, stack: [home] }, place), around));
}

/** The next row that leads on; the same row when there is none. */
function nextLink(body: Body, from: number, step: 1 | -1): number {
  for (let row = from + step; row >= 0 && row < body.rows.length; row += step) if (body.rows[row]?.open) return row;
  return from;
}
