import { render } from "ink-testing-library";
import { afterEach, describe, expect, test } from "vitest";
import { COMMANDS } from "../../../cli/commands/index.js";
import type { Answers } from "../../../cli/ui/answers.js";
import { App } from "../../../cli/ui/app.js";
import { listHeight } from "../../../cli/ui/frame.js";
import { helpLines } from "../../../cli/ui/parts/help.js";
import type { Body } from "../../../cli/ui/screen.js";
import { allScreens } from "../../../cli/ui/screens/index.js";
import { traceScreen } from "../../../cli/ui/screens/trace.js";
import { Session } from "../../../cli/ui/session.js";
import { presentView } from "../../../cli/ui/state.js";
import { NotFoundError } from "../../../src/base/errors.js";
import { Cancelled } from "../../../src/base/progress.js";
import { packError, RemoteError } from "../../../src/worker/protocol.js";

const commands = COMMANDS.filter((spec) => !spec.start);
const row = { address: "0xc0001a2000", type: "main.User", bytes: 80, summary: '{Name:"evil\u001b[2J"}' };
const results: Readonly<Record<string, unknown>> = {
  histogram: {
    rows: [
      { type: "main.User", count: 12000, bytes: 960000, evidence: {} },
      { type: "string", count: 5, bytes: 80, evidence: {} },
    ],
    total: { rows: 2, objects: 12005, bytes: 960080, parts: 0 },
  },
  objects: { rows: [row], total: { rows: 1, bytes: 80 } },
  read: { address: "0x10", bytes: "6869" },
  names: { expressions: ["main.server", "runtime.sched"], ids: [7, 12, 120] },
  show: {
    expression: "main.server",
    type: "main.Server",
    address: "0x1",
    value: { children: [{ name: "sessions" }, { name: "catalog" }] },
  },
  "trace summary": { found: false, missing: { reason: "never started" } },
  "trace extract": { found: false, missing: { reason: "never started" } },
  mappings: { rows: [], total: { rows: 0, bytes: 0 } },
};

interface Fake extends Answers {
  readonly asked: { readonly name: string; readonly args: unknown; settle(): void; readonly cancelled: boolean }[];
}

/** A dump that answers when it is told to; what it has no result for is not found. */
function fakeDump(auto = true): Fake {
  const asked: { name: string; args: unknown; settle(): void; cancelled: boolean }[] = [];
  return {
    asked,
    findings: [],
    progress: () => (asked.length > 0 && !auto ? { query: "histogram", stage: "reading heap", done: 43, total: 100 } : undefined),
    ask(query: { readonly name: string }, args: unknown) {
      let settle = () => {};
      let reject = (_error: Error) => {};
      const result = new Promise<never>((resolve, fail) => {
        reject = fail;
        settle = () => {
          const known = results[query.name];
          if (known === undefined) fail(new RemoteError(packError(new NotFoundError("answer", query.name, [], "try another"))));
          else resolve(known as never);
        };
      });
      const entry = { name: query.name, args, settle, cancelled: false };
      asked.push(entry);
      if (auto) settle();
      return {
        result,
        cancel() {
          entry.cancelled = true;
          reject(new Cancelled());
        },
      };
    },
  } as Fake;
}

const sessions: Session[] = [];
afterEach(() => {
  for (const one of sessions.splice(0)) one.close();
});

function begin(dump: Fake = fakeDump(), size = { columns: 100, rows: 24 }, files: readonly string[] = []) {
  const written: string[] = [];
  const saved: [string, string, boolean][] = [];
  let quits = 0;
  const session = new Session({
    dump,
    commands,
    screens: allScreens(commands),
    name: "core.zst",
    size,
    write: (text) => void written.push(text),
    isFile: (path) => files.includes(path),
    async save(path, chunks, replaces) {
      saved.push([path, Buffer.concat([...chunks]).toString(), replaces]);
    },
    quit: () => quits++,
    suspend: () => {},
  });
  sessions.push(session);
  return { session, dump, written, saved, quits: () => quits, text: () => session.frame().lines.join("\n") };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("a session", () => {
  test("goes from the types to the objects of one, and what they hold is escaped", async () => {
    const { session, text, dump } = begin();
    session.type("2");
    await settled();
    expect(text()).toContain("12,000");
    expect(text()).toContain("main.User");
    session.type("\r");
    await settled();
    expect(dump.asked.at(-1)).toMatchObject({ name: "objects", args: { type: "main.User" } });
    expect(text()).toContain('{Name:"evil\\x1b[2J"}');
    expect(text()).toContain("Overview › Types › main.User");
  });

  test("an error stays in its screen, with what to do about it", async () => {
    const { session, text, quits } = begin();
    session.type("3");
    await settled();
    expect(text()).toContain("error: no answer dominators");
    expect(text()).toContain("try another");
    session.type("2");
    await settled();
    expect(text()).toContain("main.User");
    expect(quits()).toBe(0);
  });

  test("keys work while nothing is answered; it says how far the work is; escape gives up; r asks again", async () => {
    const dump = fakeDump(false);
    const { session, text } = begin(dump);
    session.type("2");
    expect(text()).toContain("reading heap 43%");
    const types = dump.asked.findIndex(({ name }) => name === "histogram");
    session.press(["escape"]);
    await settled();
    expect(dump.asked[types]?.cancelled).toBe(true);
    expect(text()).toContain("[1 Overview]");
    const count = dump.asked.length;
    session.press(["2"]);
    expect(dump.asked.length).toBe(count + 1);
    dump.asked.at(-1)?.settle();
    await settled();
    expect(text()).toContain("main.User");
    session.press(["1", "2"]);
    expect(dump.asked.length).toBe(count + 1);
  });

  test("a command line answers as the shell's, and says what is wrong with it", async () => {
    const { session, text, dump } = begin();
    session.type(":histogram --by package\r");
    await settled();
    expect(dump.asked.at(-1)).toMatchObject({ name: "histogram", args: { by: "package", top: 20 } });
    expect(text()).toContain("12,005 objects");
    session.type(":histogram --top many\r");
    expect(text()).toContain("--top many: not a count");
    session.type(":nonsense\r");
    expect(text()).toContain("nonsense");
    session.type(":why --help\r");
    expect(text().replace(/\s+/g, " ")).toContain("the path that keeps an object alive");
  });

  test("commands, options, types, expressions and goroutines are completed", async () => {
    const { session, text, dump } = begin();
    session.type("2");
    await settled();
    session.type(":hist\t");
    await settled();
    expect(dump.asked.at(-1)?.name).toBe("names");
    expect(text()).toContain(":histogram █");
    session.type("--gar\t");
    expect(text()).toContain(":histogram --garbage █");
    session.type("\u0015goroutine 1\t");
    expect(text()).toContain(":goroutine 12█");
    expect(text()).toContain("12  120");
    session.type("0\t");
    expect(text()).toContain(":goroutine 120█");
    session.type("\u0015show main.ser\t");
    expect(text()).toContain(":show main.server█");
    session.type("\u0015show main.server.");
    expect(dump.asked.at(-1)).toMatchObject({ name: "show", args: { of: "main.server", depth: 1 } });
    await settled();
    session.type("ses\t");
    expect(text()).toContain(":show main.server.sessions█");
    session.type("\u0015objects --type main.U\t");
    expect(text()).toContain(":objects --type main.User█");
    session.type("\u0015zzz\t");
    expect(text()).toContain(":zzz█");
  });

  test("y copies through the terminal", async () => {
    const { session, written } = begin();
    session.type("2");
    await settled();
    session.type("y");
    expect(written).toEqual([`\u001b]52;c;${Buffer.from("main.User").toString("base64")}\u0007`]);
  });

  test("e writes the lines to a file, -o what a command has for it", async () => {
    const { session, text, saved } = begin();
    session.type("2");
    await settled();
    session.type("e\r");
    await settled();
    expect(saved[0]?.[0]).toBe("types.txt");
    expect(saved[0]?.[1]).toMatch(/count.*\n12,000 .*main\.User\n/);
    expect(text()).toContain("written: types.txt");
    session.type(":read 0x10 -o bytes.bin\r");
    await settled();
    await settled();
    expect(saved[1]).toEqual(["bytes.bin", "hi", false]);
    session.type(":read 0x10 -o -\r");
    expect(text()).toContain("the screen is in use");
  });

  test("what is there is asked about before it is replaced, by e and by -o; a no asks nothing of the dump", async () => {
    const { session, text, saved, dump } = begin(fakeDump(), { columns: 100, rows: 24 }, ["types.txt", "bytes.bin"]);
    session.type("2");
    await settled();
    session.type("e\r");
    expect(text()).toContain("types.txt is there: replace it? y");
    session.type("n");
    await settled();
    expect(text()).toContain("not written");
    session.type("e\ry");
    await settled();
    expect(saved.map(([path, , replaces]) => [path, replaces])).toEqual([["types.txt", true]]);
    session.type(":read 0x10 -o bytes.bin\r");
    expect(text()).toContain("bytes.bin is there: replace it? y");
    session.type("n");
    await settled();
    expect(dump.asked.some(({ name }) => name === "read")).toBe(false);
    expect(text()).toContain("not answered: r asks again");
    session.type("ry");
    await settled();
    await settled();
    expect(saved[1]).toEqual(["bytes.bin", "hi", true]);
  });

  test("the trace's own keys are offered where there is a trace, and its file has the name that is typed", async () => {
    const { session, text } = begin();
    session.state = { ...session.state, stack: [{ ...presentView(session.state), place: { screen: "trace", args: {} } }] };
    session.press(["r"]);
    await settled();
    expect(text()).not.toMatch(/time line|extract/);
    session.type("x");
    expect(session.state.mode).toEqual({ kind: "browse" });
    const keys = (body: Body) => traceScreen.keys.map(({ key }) => key).filter((key) => !body.without?.includes(key));
    const given = { args: {}, answers: [{ state: "waiting" as const }], width: 80, folds: {}, findings: [] };
    expect(keys(traceScreen.body(given))).toEqual(["t", "v", "x"]);
    expect(traceScreen.keys.find(({ key }) => key === "x")?.line).toBe("trace extract -o trace.out");
  });

  test("an error is shown whole, however narrow the terminal", async () => {
    const { session, text } = begin(fakeDump(), { columns: 40, rows: 20 });
    session.type(":why --tpo\r");
    expect(text().replace(/\s+/g, " ")).toMatch(/unknown option '--tpo'; did you mean --top\?.*usage: why \[options\] \[what\]/);
  });

  test("a no leaves no file behind", async () => {
    const { session, text, saved } = begin();
    session.type(":trace extract -o trace.out\r");
    await settled();
    await settled();
    expect(text()).toContain("The program was not tracing");
    expect(saved).toEqual([]);
  });

  test("help tells the keys of the screen, at any size", () => {
    const { session, text } = begin(fakeDump(), { columns: 80, rows: 24 });
    session.type("2?");
    expect(text()).toContain("What fills the heap");
    expect(text()).toMatch(/s +sort/);
    session.resize({ columns: 40, rows: 10 });
    expect(session.frame().lines.length).toBe(9);
    session.type("x");
    expect(text()).not.toContain("What fills the heap");
  });

  test.each(allScreens(commands).map((screen) => [screen.name, screen] as const))("the help of %s is whole at 80x24", (_name, screen) => {
    const lines = helpLines(screen, 8, 80);
    expect(lines.length).toBeLessThanOrEqual(listHeight({ columns: 80, rows: 24 }, 0));
    for (const [keys, help] of [
      ...screen.keys.map(({ key, help }) => [key, help] as const),
      ["1 to 8", "the screens of the top line"] as const,
    ])
      expect(lines.some(({ text }) => text.trim().startsWith(keys) && text.endsWith(help))).toBe(true);
    expect(
      helpLines(screen, 8, 200)
        .slice(-10)
        .every(({ text }) => text.length <= 80),
    ).toBe(true);
  });

  test("q quits", () => {
    const { session, quits } = begin();
    session.type("q");
    expect(quits()).toBe(1);
  });

  test("every screen stands its answer being an error or missing", async () => {
    const { session } = begin();
    for (const screen of allScreens(commands)) {
      const given = {
        args: { of: "main.x", address: "0x10", type: "x", id: 1, line: "overview" },
        answers: [],
        width: 80,
        folds: {},
        findings: [],
      };
      expect(() => screen.asks(given.args)).not.toThrow();
      expect(() => screen.body(given)).not.toThrow();
      expect(screen.title(given.args)).not.toBe("");
    }
    session.close();
  });
});

test("ink draws the frame, and again after each key", async () => {
  const { session } = begin();
  const app = render(<App session={session} />);
  expect(app.lastFrame()).toContain("[1 Overview]");
  session.type("2");
  await settled();
  await expect.poll(() => app.lastFrame()).toContain("main.User");
  expect(app.lastFrame()?.split("\n").length).toBe(23);
  app.unmount();
});
