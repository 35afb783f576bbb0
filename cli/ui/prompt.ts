// The line at the bottom: find, filter, command and file name while they are typed.
import type { Key } from "./keys.js";
import { places } from "./places.js";
import type { Line } from "./screen.js";
import { type Mode, open, presentView, type State, type Step, type Surroundings, scroll, settle, stay, withView } from "./state.js";

/** A key while something is typed. The text is kept in the mode, so leaving forgets it. */
export function inPrompt(state: State, mode: Mode & { kind: "prompt" }, key: Key, around: Surroundings): Step {
  const { kind, sign, recalled } = mode;
  const write = (text: string, offers: readonly string[] = []) =>
    stay(live({ ...state, mode: { kind, sign, text, recalled, offers } }, around));
  // Pasted lines become one: a newline in them must not run a command.
  if (key.startsWith("paste:")) return write(mode.text + key.slice(6).replace(/\s+/g, " "));
  switch (key) {
    case "escape":
      return stay(live({ ...state, mode: mode.sign === "f" ? { ...mode, text: "" } : mode }, around, { kind: "browse" }));
    case "enter":
      if (mode.sign === "e") return saveTo(state, mode.text.trim());
      return stay(submit(state, mode, around));
    case "backspace":
      if (mode.text === "") return stay({ ...state, mode: { kind: "browse" } });
      // By characters, not by UTF-16 units: half of a pair would be left.
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

/** Ends the prompt and has the lines written; a name is needed, and stdout is the screen's. */
function saveTo(state: State, path: string): Step {
  const done: State = { ...state, mode: { kind: "browse" } };
  if (path === "" || path === "-") return stay({ ...done, message: "not written" });
  return { state: done, effects: [{ kind: "save", path, replaces: false }] };
}

/** A filter acts while it is typed. */
function live(state: State, around: Surroundings, after?: Mode): State {
  const { mode } = state;
  const filtered = mode.kind === "prompt" && mode.sign === "f" ? withFilter(state, mode.text, around) : state;
  return after ? { ...filtered, mode: after } : filtered;
}

/** The view with only the rows that have these words, from the top. */
function withFilter(state: State, filter: string, around: Surroundings): State {
  const view = presentView(state);
  return view.filter === filter ? state : withView(state, scroll({ ...view, filter }, 0, around));
}

/** What Enter does: filter, find, or a command, whose answer is a screen of its own. The name of a tab leads to that tab. */
function submit(state: State, { sign, text }: Mode & { kind: "prompt" }, around: Surroundings): State {
  const done: State = { ...state, mode: { kind: "browse" } };
  if (sign === "f") return withFilter(done, text, around);
  if (sign === "/") return text === "" ? done : searched({ ...done, find: text }, text, 1, around);
  const line = text.trim();
  if (line === "") return done;
  // Each line once, the newest last.
  const history = [...state.history.filter((each) => each !== line), line].slice(-100);
  // A tab's name is quicker to type than to find its digit.
  const tabbed = around.screens.find((screen) => screen.tab?.toLowerCase() === line.toLowerCase());
  const place = tabbed ? { screen: tabbed.name, args: {} } : places.answer(line);
  return settle(open({ ...done, history }, place), around);
}

/** The next row with the text, round the end. */
export function searched(state: State, text: string, step: 1 | -1, around: Surroundings): State {
  if (text === "") return { ...state, message: "nothing to find yet: / and some text" };
  const view = presentView(state);
  const { rows } = around.body(view);
  const wanted = text.toLowerCase();
  for (let n = 1; n <= rows.length; n++) {
    const row = (view.cursor + step * n + rows.length * 2) % rows.length;
    if (hasWords(rows[row], wanted)) return withView(state, { ...scroll(view, row, around), isFinding: true });
  }
  return { ...state, message: `not here: ${text}` };
}

/** Whether a line has a text, in small letters, in its words. */
export function hasWords(line: Line, wanted: string): boolean {
  return (line.words ?? line.text).toLowerCase().includes(wanted);
}
