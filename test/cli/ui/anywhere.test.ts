// Whatever a person types, on every screen, over the answers of a real core.
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../../cli/commands/index.js";
import { textWidth } from "../../../cli/text/table.js";
import type { Answers } from "../../../cli/ui/answers.js";
import { listHeight } from "../../../cli/ui/frame.js";
import type { Place } from "../../../cli/ui/screen.js";
import { allScreens } from "../../../cli/ui/screens/index.js";
import { Session } from "../../../cli/ui/session.js";
import { presentView } from "../../../cli/ui/state.js";
import { silent } from "../../../src/base/progress.js";
import type { Dump } from "../../../src/dump.js";
import { packError, unpackError } from "../../../src/worker/protocol.js";
import { openFixture } from "../../support/dump-cache.js";

const commands = COMMANDS.filter((spec) => !spec.start);
const screens = allScreens(commands);
const colour = /\u001b\[[0-9;]*m/g;
const control = /[\u0000-\u001f\u007f-\u009f]/;

let dump: Dump;
const known = new Map<string, { readonly result?: unknown; readonly error?: Error }>();
beforeAll(async () => {
  dump = await openFixture("demo-1.26-amd64");
});

/** The dump in this thread; answers are kept, and come when the test lets them. change: what becomes of each. */
function answers(change: (result: unknown) => unknown = (result) => result): Answers {
  return {
    findings: [],
    progress: () => undefined,
    ask(query, args) {
      const key = `${query.name} ${JSON.stringify(args)}`;
      let entry = known.get(key);
      if (!entry) {
        try {
          entry = { result: structuredClone(query.run(dump, args, { progress: silent, findings: dump.findings })) };
        } catch (error) {
          entry = { error: unpackError(packError(error)) };
        }
        known.set(key, entry);
      }
      const { result, error } = entry;
      return { result: error ? Promise.reject(error) : Promise.resolve(change(result) as never), cancel() {} };
    },
  };
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

function begin(size: Size, dump_: Answers, isColoured = false): Session {
  return new Session({
    dump: dump_,
    commands,
    screens,
    name: "core",
    size,
    isColoured,
    write() {},
    isFile: () => false,
    async save() {},
    quit() {},
    suspend() {},
  });
}

const settled = async () => {
  for (let n = 0; n < 4; n++) await Promise.resolve();
};

function expectSound(session: Session, { columns, rows }: Size): void {
  const view = presentView(session.state);
  const body = session.body(view);
  const height = listHeight({ columns, rows }, body.head.length);
  expect(view.cursor).toBeGreaterThanOrEqual(0);
  expect(view.cursor).toBeLessThanOrEqual(Math.max(0, body.rows.length - 1));
  expect(view.top).toBeLessThanOrEqual(view.cursor);
  expect(view.cursor).toBeLessThan(view.top + height);
  const { lines } = session.frame();
  expect(lines.length).toBe(Math.max(1, rows - 1));
  for (const line of lines) {
    const text = line.replace(colour, "");
    expect(control.test(text), JSON.stringify(text)).toBe(false);
    expect(textWidth(text), JSON.stringify(text)).toBeLessThanOrEqual(columns);
  }
}

const own = [...new Set(screens.flatMap((screen) => screen.keys.map(({ key }) => key)))];
const moves = ["j", "k", "up", "down", "left", "right", "h", "l", "pagedown", "pageup", "ctrl-d", "ctrl-u", "g", "G", "tab", "shift-tab"];
const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("enter", "enter", "enter", "j", "pagedown", "right", "left", "escape") },
  { weight: 3, arbitrary: fc.constantFrom(...moves) },
  { weight: 3, arbitrary: fc.constantFrom(...own) },
  { weight: 2, arbitrary: fc.constantFrom("1", "2", "3", "4", "5", "6", "7", "8") },
  { weight: 1, arbitrary: fc.constantFrom("/", "f", ":", "n", "N", "?", "y", "r", "e", "backspace", "paste:main\nx", "世", "ctrl-w") },
);
const sizes = fc.oneof(
  fc.constantFrom<Size>({ columns: 80, rows: 24 }, { columns: 250, rows: 60 }, { columns: 140, rows: 40 }),
  fc.record({ columns: fc.integer({ min: 20, max: 250 }), rows: fc.integer({ min: 4, max: 60 }) }),
);
/** A key, or the terminal gets another size. */
const steps = fc.array(fc.oneof({ weight: 15, arbitrary: key }, { weight: 1, arbitrary: sizes }), { maxLength: 40 });

const visited = new Set<string>();

async function walk(session: Session, size: Size, way: readonly (string | Size)[]): Promise<void> {
  let now = size;
  for (const step of way) {
    if (typeof step === "string") session.press([step]);
    else {
      now = step;
      session.resize(step);
    }
    expectSound(session, now);
    visited.add(presentView(session.state).place.screen);
    await settled();
    expectSound(session, now);
  }
}

async function goHome(session: Session): Promise<void> {
  for (let n = session.state.stack.length * 3 + 3; n > 0; n--) session.press(["escape"]);
  await settled();
  expect(session.state.stack.map(({ place }) => place.screen)).toEqual(["overview"]);
  expect(session.state.mode).toEqual({ kind: "browse" });
}

describe("whatever is typed", () => {
  test("the cursor stays inside, the frame fits the terminal whatever its size becomes, and escape leads home", {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(sizes, steps, fc.boolean(), async (size, way, isColoured) => {
        const session = begin(size, answers(), isColoured);
        await settled();
        await walk(session, size, way);
        await goHome(session);
        session.close();
      }),
      { numRuns: 30, interruptAfterTimeLimit: 60_000 },
    );
    // Thirty ways by chance: 8 screens were once all that they came to.
    expect(visited.size, [...visited].join(" ")).toBeGreaterThan(4);
  });

  test("the same where every text is long, wide and hostile", { timeout: 120_000 }, async () => {
    const hostile = "世界 👩‍👩‍👧 e\u0301 \u001b[2J\u009b1m\u202e\r\n ｗｉｄｅ ".repeat(3);
    const disguise = (value: unknown): unknown => {
      if (typeof value === "string") return /^0x|^$/.test(value) ? value : value + hostile;
      if (Array.isArray(value)) return value.map(disguise);
      if (value === null || typeof value !== "object") return value;
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, disguise(each)]));
    };
    await fc.assert(
      fc.asyncProperty(sizes, steps, async (size, way) => {
        const session = begin(size, answers(disguise));
        await settled();
        await walk(session, size, way);
        await goHome(session);
        session.close();
      }),
      { numRuns: 10, interruptAfterTimeLimit: 60_000 },
    );
  });

  test("a burst of bytes does what the keys do one by one, whatever the chunks", { timeout: 60_000 }, async () => {
    const piece = fc.constantFrom(
      "2",
      "j",
      "jjjjjjjj",
      "\u001b[B",
      "\u001b[6~",
      "G",
      "g",
      "/main\r",
      "n",
      "f",
      "s\r",
      "\u001b[200~x\ny\u001b[201~",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), fc.array(fc.nat(100), { maxLength: 5 }), async (pieces, cuts) => {
        const size = { columns: 80, rows: 24 };
        const whole = begin(size, answers());
        const parts = begin(size, answers());
        for (const session of [whole, parts]) {
          session.type("2");
          await settled();
        }
        const text = pieces.join("");
        whole.type(text);
        let from = 0;
        for (const cut of [...cuts.filter((at) => at < text.length).sort((a, b) => a - b), text.length]) {
          parts.type(text.slice(from, cut));
          from = cut;
        }
        expect(parts.frame()).toEqual(whole.frame());
        whole.close();
        parts.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe("trees", () => {
  const places: readonly (readonly [string, Place])[] = [
    ["dominators", { screen: "dominators", args: {} }],
    ["dominators by type", { screen: "dominators", args: { group: "type" } }],
    ["a goroutine", { screen: "goroutine", args: { id: 1 } }],
    ["a value", { screen: "object", args: { of: "main.server" } }],
    ["holders", { screen: "holders", args: { type: "main.Session" } }],
    ["blocked", { screen: "blocked", args: {} }],
  ];

  test.each(places)("%s: folding and unfolding any line leaves all lines as they were", async (_name, place) => {
    const session = begin({ columns: 120, rows: 40 }, answers());
    session.state = {
      ...session.state,
      stack: [...session.state.stack, { place, cursor: 0, top: 0, filter: "", isFinding: false, folds: {} }],
    };
    session.press(["r"]);
    await settled();
    const lines = () => session.body(presentView(session.state)).rows.map(({ text }) => text);
    const before = lines();
    let folded = 0;
    for (let row = 0; row < Math.min(before.length, 200); row++) {
      const { fold } = session.body(presentView(session.state)).rows[row] ?? {};
      if (!fold) continue;
      folded++;
      session.state = { ...session.state, stack: [session.state.stack[0], { ...presentView(session.state), cursor: row }] };
      session.press([fold.isOpen ? "left" : "right"]);
      expect(lines()).not.toEqual(before);
      session.press([fold.isOpen ? "right" : "left"]);
      expect(lines()).toEqual(before);
    }
    expect(folded).toBeGreaterThan(0);
    session.close();
  });
});
