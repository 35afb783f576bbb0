// Where a person is: places, how each is looked at, and what moves without a key.
import type { Completion } from "./completion.js";
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
  /** A find brought the cursor here: escape ends it before it leads back. */
  readonly isFinding: boolean;
  readonly folds: Readonly<Record<string, boolean>>;
}

/** What keys mean now: lines are browsed, help is shown, something is typed, or a question waits for y. */
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
    }
  /** A file is there already; yes does the effect, every other key nothing. */
  | { readonly kind: "confirm"; readonly path: string; readonly yes: Effect };

/** Everything about where a person is and how they look at it; plain data, changed only by making another. */
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
  | { readonly kind: "suspend" }
  | { readonly kind: "copy"; readonly text: string }
  /** replaces: a file that is there may go. */
  | { readonly kind: "save"; readonly path: string; readonly replaces: boolean }
  | { readonly kind: "cancel" }
  | { readonly kind: "retry"; readonly replaces: boolean };

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

/** What a key makes: the next state, and what is to be done outside. */
export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** Places whose cursor, filter and folds are remembered. */
const mostRemembered = 200;

/** The state at the start, at home. */
export function startAt(place: Place): State {
  return { stack: [viewOf(place)], left: new Map(), mode: { kind: "browse" }, find: "", history: [], message: "" };
}

/** The view that is shown: the last step of the breadcrumb. */
export function presentView(state: State): View {
  return state.stack[state.stack.length - 1];
}

/** One text for a place; equal places have equal keys. */
function placeKey({ screen, args }: Place): string {
  // Sorted: the order in which arguments were written does not make another place.
  const known = Object.entries(args).filter(([, value]) => value !== undefined);
  return `${screen} ${JSON.stringify(known.sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}

/** The screen of a place; the first one when there is none of that name. */
export function screenOf(place: Place, around: Surroundings): Screen {
  return around.screens.find((screen) => screen.name === place.screen) ?? around.screens[0];
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
  // At the top one stays at the top: what comes above is what one waits for.
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
  // What was sought was found.
  const found = withView(state, { ...presentView(state), isFinding: false });
  const left = remember(found);
  return { ...state, left, stack: [...found.stack, left.get(placeKey(place)) ?? viewOf(place)] };
}

/** A place seen for the first time. */
export function viewOf(place: Place): View {
  return { place, cursor: 0, top: 0, filter: "", isFinding: false, folds: {} };
}

/** A step without effects. */
export function stay(state: State): Step {
  return { state, effects: [] };
}

/** A step that ends the session. */
export function quit(state: State): Step {
  return { state, effects: [{ kind: "quit" }] };
}

/** The state with another view in place of the present one. */
export function withView(state: State, view: View): State {
  return { ...state, stack: [...state.stack.slice(0, -1), view] };
}

/** The views of places that were left, the present one among them; the oldest goes when there are too many. */
export function remember(state: State): ReadonlyMap<string, View> {
  const view = presentView(state);
  const left = new Map(state.left);
  left.delete(placeKey(view.place));
  left.set(placeKey(view.place), view);
  // A Map keeps the order of insertion: the first key was left longest ago.
  const oldest = left.keys().next().value;
  if (left.size > mostRemembered && oldest !== undefined) left.delete(oldest);
  return left;
}

/** The view with its cursor at a row, as near as there is one, and scrolled so that it is seen. */
export function scroll(view: View, row: number, around: Surroundings): View {
  const last = Math.max(0, around.body(view).rows.length - 1);
  const height = Math.max(1, around.height(view));
  const cursor = Math.max(0, Math.min(last, row));
  // The list does not end above the last line of the screen where there are rows to fill it.
  const lowest = Math.max(0, Math.min(view.top, Math.max(0, last + 1 - height)));
  const top = Math.max(0, Math.min(cursor, Math.max(lowest, cursor - height + 1)));
  return { ...view, cursor, top };
}
