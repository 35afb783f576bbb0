import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reduce } from "../../../cli/ui/navigation.js";
import { hasWords } from "../../../cli/ui/prompt.js";
import type { Line, Screen } from "../../../cli/ui/screen.js";
import { follow, open, presentView, type State, type Surroundings, settle, startAt, type View } from "../../../cli/ui/state.js";

/** A screen of so many lines; every third leads to another, every fifth folds. */
function screen(name: string, count: number, tab?: string): Screen {
  return {
    name,
    ...(tab === undefined ? {} : { tab }),
    help: name,
    title: () => name,
    asks: () => [],
    body({ folds }) {
      const rows: Line[] = [];
      for (let n = 0; n < count; n++) {
        const key = String(n);
        const isOpen = folds[key] ?? false;
        rows.push({
          text: `${name} line ${n}`,
          depth: 0,
          ...(n % 3 === 0 ? { open: { screen: n % 2 === 0 ? "deep" : "empty", args: { n } } } : {}),
          ...(n % 5 === 0 ? { fold: { key, isOpen } } : {}),
        });
        if (n % 5 === 0 && isOpen) rows.push({ text: "below", depth: 1 }, { text: "below too", depth: 1 });
      }
      return { head: [], rows };
    },
    keys: [{ key: "s", help: "sort", stays: true, go: (args) => ({ screen: name, args: { ...args, sorted: args.sorted !== true } }) }],
  };
}

const screens = [
  screen("home", 7, "Home"),
  screen("list", 1000, "List"),
  screen("deep", 40),
  screen("empty", 0, "Empty"),
  screen("answer", 3),
];

function around(height = 10, waiting = false): Surroundings {
  return {
    screens,
    body(view) {
      const found = screens.find((each) => each.name === view.place.screen) as Screen;
      const body = found.body({ args: view.place.args, answers: [], width: 80, folds: view.folds, findings: [] });
      return view.filter === "" ? body : { ...body, rows: body.rows.filter((line) => hasWords(line, view.filter.toLowerCase())) };
    },
    height: () => height,
    isWaiting: () => waiting,
    complete: (text) => ({ text: `${text}x`, offers: [`${text}x`, `${text}y`] }),
  };
}

const home = { screen: "home", args: {} };
const press = (keys: readonly string[], world = around(), state: State = startAt(home)) =>
  keys.reduce((at, key) => reduce(at, key, world).state, state);
const where = (state: State) => state.stack.map(({ place }) => place.screen);

const named = "up down left right pageup pagedown home end enter escape tab shift-tab backspace ctrl-d ctrl-u ctrl-w".split(" ");
const typed = [..."jkhlgGnNfyre/:?s1234567q ", "世", "paste:line\n1", "o", "1"];
const anyKeys = fc.array(fc.constantFrom(...named, ...typed), { maxLength: 60 });

function expectInside(view: View, world: Surroundings): void {
  const count = world.body(view).rows.length;
  expect(view.cursor).toBeGreaterThanOrEqual(0);
  expect(view.cursor).toBeLessThanOrEqual(Math.max(0, count - 1));
  expect(view.top).toBeGreaterThanOrEqual(0);
  expect(view.top).toBeLessThanOrEqual(view.cursor);
  expect(view.cursor).toBeLessThan(view.top + world.height(view));
}

describe("whatever keys are pressed", () => {
  test("the cursor stays on a row, and the row on the screen", () => {
    fc.assert(
      fc.property(anyKeys, fc.integer({ min: 1, max: 60 }), (keys, height) => {
        const world = around(height);
        let state = startAt(home);
        for (const key of keys) {
          state = reduce(state, key, world).state;
          expectInside(presentView(state), world);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("escape leads home", () => {
    fc.assert(
      fc.property(anyKeys, fc.boolean(), (keys, waiting) => {
        const world = around(10, waiting);
        let state = press(keys, world);
        for (let n = state.stack.length * 3 + 3; n > 0; n--) state = reduce(state, "escape", world).state;
        expect(where(state)).toEqual(["home"]);
        expect(state.mode).toEqual({ kind: "browse" });
        expect(presentView(state).filter).toBe("");
      }),
      { numRuns: 500 },
    );
  });

  test("a smaller terminal or fewer rows bring the cursor back inside", () => {
    fc.assert(
      fc.property(anyKeys, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (keys, before, after) => {
        const state = settle(press(keys, around(before)), around(after));
        expectInside(presentView(state), around(after));
      }),
    );
  });

  test("only q and ctrl-c quit, and q not while something is typed", () => {
    const world = around();
    expect(reduce(startAt(home), "q", world).effects).toEqual([{ kind: "quit" }]);
    expect(reduce(press(["/"], world), "q", world).effects).toEqual([]);
    expect(reduce(press(["/"], world), "ctrl-c", world).effects).toEqual([{ kind: "quit" }]);
    expect(reduce(press(["?"], world), "q", world).effects).toEqual([{ kind: "quit" }]);
  });

  test("ctrl-z goes back to the shell from wherever one is, and changes nothing", () => {
    const world = around();
    for (const state of [startAt(home), press(["/", "x"], world), press(["?"], world), press(["2", "f", "9"], world)])
      expect(reduce(state, "ctrl-z", world)).toEqual({ state, effects: [{ kind: "suspend" }] });
  });
});

test("an answer that puts lines above the cursor does not move it from its line", () => {
  const rows = (count: number, from: number): Line[] => Array.from({ length: count }, (_, n) => ({ text: `line ${n + from}` }));
  const world = (list: readonly Line[]): Surroundings => ({ ...around(10), body: () => ({ head: [], rows: list }) });
  const before = rows(50, 0);
  const state = press(["pagedown", "j", "j"], world(before));
  const { cursor, top } = presentView(state);
  const after = world([...rows(7, -7), ...before]);
  const moved = presentView(follow(state, before[cursor], after));
  expect([moved.cursor, moved.top]).toEqual([cursor + 7, top + 7]);
  expect(presentView(follow(state, before[cursor], world(before)))).toMatchObject({ cursor, top });
  expectInside(presentView(follow(state, before[cursor], world(rows(3, 100)))), world(rows(3, 100)));
  expect(presentView(follow(startAt(home), before[0], after)).cursor).toBe(0);
});

test("an answer keeps the cursor by its line where many lines are alike: between two parts of home all are blank", () => {
  const parts = (count: number): Line[] => Array.from({ length: count }, (_, n) => ({ text: n % 5 === 4 ? "" : `line ${n}` }));
  const world = (list: readonly Line[]): Surroundings => ({ ...around(10), body: () => ({ head: [], rows: list }) });
  const state = press(["pagedown", "pagedown", "j", "j", "j", "j", "j", "j"], world(parts(40)));
  const { cursor } = presentView(state);
  expect(parts(40)[cursor]?.text).toBe("");
  const moved = presentView(follow(state, parts(40)[cursor], world([{ text: "one more" }, ...parts(40)])));
  expect(moved.cursor).toBe(cursor + 1);
});

test("tab completes a command line and keeps what it may become until something else is typed", () => {
  const offered = press([":", "a", "tab"]);
  expect(offered.mode).toMatchObject({ kind: "prompt", text: "ax", offers: ["ax", "ay"] });
  expect(press(["b"], around(), offered.mode.kind === "prompt" ? offered : startAt(home)).mode).toMatchObject({ text: "axb", offers: [] });
  expect(press(["/", "a", "tab"]).mode).toMatchObject({ text: "a" });
});

describe("the breadcrumb", () => {
  test("enter goes where the line leads, escape comes back to the same line", () => {
    const there = press(["2", "j", "j", "j", "j", "j", "j", "enter"]);
    expect(where(there)).toEqual(["home", "list", "deep"]);
    const back = press(["G", "escape"], around(), there);
    expect(where(back)).toEqual(["home", "list"]);
    expect(presentView(back).cursor).toBe(6);
  });

  test("a place that was left is found again as it was left", () => {
    const there = press(["enter", "j", "j", "j", "escape", "enter"]);
    expect(where(there)).toEqual(["home", "deep"]);
    expect(presentView(there).cursor).toBe(3);
  });

  test("digits are one step from home, however deep one is", () => {
    expect(where(press(["2", "enter", "enter", "3"]))).toEqual(["home", "empty"]);
    expect(where(press(["2", "enter", "1"]))).toEqual(["home"]);
    expect(where(press(["9"]))).toEqual(["home"]);
  });

  test("the same screen in another order takes the step of the one before", () => {
    const sorted = press(["2", "G", "s"]);
    expect(where(sorted)).toEqual(["home", "list"]);
    expect(presentView(sorted)).toMatchObject({ place: { args: { sorted: true } }, cursor: 0 });
  });

  test("opening where one is adds no step", () => {
    expect(where(open(startAt(home), { screen: "home", args: { x: undefined } }))).toEqual(["home"]);
  });
});

describe("trees", () => {
  test("unfolding and folding again changes nothing", () => {
    const before = press(["3", "1", "j", "j", "j", "j", "j"]);
    const open_ = press(["right"], around(), before);
    expect(around().body(presentView(open_)).rows.length).toBe(9);
    const after = press(["left"], around(), open_);
    expect(around().body(presentView(after))).toEqual(around().body(presentView(before)));
  });

  test("left on a line below goes to the line above it", () => {
    const inside = press(["j", "j", "j", "j", "j", "right", "j", "j"]);
    expect(presentView(inside).cursor).toBe(7);
    expect(presentView(press(["left"], around(), inside)).cursor).toBe(5);
  });
});

describe("what is typed", () => {
  test("find goes to the next line with the text, round the end, n and N on and back", () => {
    const found = press(["2", "/", ..."LINE 99", "enter"]);
    expect(presentView(found).cursor).toBe(99);
    expect(presentView(press(["n"], around(), found)).cursor).toBe(990);
    expect(presentView(press(["n", "N"], around(), found)).cursor).toBe(99);
    expect(press(["2", "/", ..."nowhere", "enter"]).message).toContain("nowhere");
  });

  test("escape ends a find before it leaves; n goes on with it all the same", () => {
    const found = press(["2", "/", ..."line 99", "enter"]);
    const ended = press(["escape"], around(), found);
    expect(where(ended)).toEqual(["home", "list"]);
    expect(presentView(ended)).toMatchObject({ cursor: 99, isFinding: false });
    expect(presentView(press(["n"], around(), ended))).toMatchObject({ cursor: 990, isFinding: true });
    expect(where(press(["escape"], around(), ended))).toEqual(["home"]);
    // With a filter too, each takes one.
    const both = press(["f", ..."9", "enter"], around(), found);
    expect(where(press(["escape", "escape"], around(), both))).toEqual(["home", "list"]);
    expect(where(press(["escape", "escape", "escape"], around(), both))).toEqual(["home"]);
    // What is not there ends nothing and leaves.
    expect(where(press(["2", "/", ..."nowhere", "enter", "escape"]))).toEqual(["home"]);
  });

  test("a key that begins a command line types it; one that means nothing now does nothing", () => {
    const keys = [{ key: "x", help: "write", line: "trace extract -o trace.out" }];
    const world = (without?: readonly string[]): Surroundings => ({
      ...around(),
      screens: screens.map((each) => ({ ...each, keys })),
      body: () => ({ head: [], rows: [], ...(without ? { without } : {}) }),
    });
    expect(press(["x"], world()).mode).toMatchObject({ kind: "prompt", sign: ":", text: "trace extract -o trace.out" });
    expect(press(["x"], world(["x"]))).toEqual(startAt(home));
  });

  test("a filter acts while it is typed; escape takes it away before it leaves", () => {
    const filtered = press(["2", "f", ..."99"]);
    expect(around().body(presentView(filtered)).rows.length).toBe(19);
    const done = press(["enter"], around(), filtered);
    expect(presentView(done).filter).toBe("99");
    const cleared = press(["escape"], around(), done);
    expect(presentView(cleared).filter).toBe("");
    expect(where(cleared)).toEqual(["home", "list"]);
  });

  test("a command line opens its answer; the name of a tab opens the tab; earlier lines come back", () => {
    const asked = press([":", ..."why 0x10", "enter"]);
    expect(presentView(asked).place).toEqual({ screen: "answer", args: { line: "why 0x10" } });
    expect(where(press([":", ..."list", "enter"]))).toEqual(["home", "list"]);
    expect(press([":", "up"], around(), asked).mode).toMatchObject({ text: "why 0x10" });
    expect(press([":", "a", "tab"]).mode).toMatchObject({ text: "ax" });
    expect(press([":", "a", "backspace", "backspace"]).mode).toEqual({ kind: "browse" });
  });

  test("pasted lines are one line, and press no keys", () => {
    expect(press([":", "paste:why\r\n0x10\n"]).mode).toMatchObject({ text: "why 0x10 " });
    expect(press(["paste:q2"])).toEqual(startAt(home));
  });
});

test("y copies what the line is about, escape gives up what is still asked", () => {
  const world = around(10, true);
  expect(reduce(startAt(home), "y", world).effects).toEqual([{ kind: "copy", text: "home line 0" }]);
  expect(reduce(startAt(home), "escape", world).effects).toEqual([{ kind: "cancel" }]);
  expect(reduce(press(["2"], world), "escape", world).effects).toEqual([{ kind: "cancel" }]);
});

test("a file that is there is replaced by y and by no other key", () => {
  const yes = { kind: "save", path: "f", replaces: true } as const;
  const asked: State = { ...startAt(home), mode: { kind: "confirm", path: "f", yes } };
  expect(reduce(asked, "y", around())).toEqual({ state: startAt(home), effects: [yes] });
  for (const key of ["n", "enter", "escape", "q", "world"])
    expect(reduce(asked, key, around())).toEqual({ state: { ...startAt(home), message: "not written" }, effects: [] });
});
