import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Options } from "../../cli/arguments.js";
import { run } from "../../cli/cli.js";
import { type AnyCommand, defineCommand } from "../../cli/command.js";
import { COMMANDS } from "../../cli/commands/index.js";
import { commandsFor } from "../../cli/commands/load.js";
import { explain } from "../../cli/exit.js";
import { pasteAdvice, pasteable } from "../../cli/paste.js";
import { runProgram } from "../../cli/program.js";
import { FormatError, MemoryFault, NotFoundError, ResourceError, UnsupportedError, UsageError } from "../../src/base/errors.js";
import { Cancelled } from "../../src/base/progress.js";
import { quoteWord } from "../../src/base/words.js";
import { parseExpression } from "../../src/expression/parse.js";
import { type FakeWorld, makeWorld } from "../support/world.js";

type Answer = { readonly operands: readonly string[]; readonly options: Options; readonly rows: readonly number[] };

/** A command that answers with what it was given. */
function echo(name: string, extra: Partial<AnyCommand> = {}): AnyCommand {
  return defineCommand<Omit<Answer, "rows">, Answer>({
    name,
    query: { name, summary: `echoes ${name}`, run: (_dump, args) => ({ ...args, rows: [1, 2] }) },
    operands: [{ name: "[address]", help: "an address" }],
    options: [{ flags: "--type <re>", help: "a type" }],
    examples: [{ line: `${name} core 0x10`, asks: "What is there?" }],
    args: (operands, options) => ({ operands, options }),
    text: (answer) => [`${name} ${answer.operands.join(",")} type=${answer.options.type ?? ""} top=${answer.options.top}`],
    next: () => ["why CORE 0x10"],
    ...extra,
  });
}

const commands = [echo("overview"), echo("histogram"), echo("why"), echo("trace extract")];

async function ask(line: readonly string[], world: FakeWorld = makeWorld(), list = commands): Promise<{ code: number; world: FakeWorld }> {
  try {
    return { code: await runProgram(line, list, world), world };
  } catch (error) {
    const { code, lines } = explain(error);
    world.error.write(lines.join("\n"));
    return { code, world };
  }
}

describe("the commands that are loaded", () => {
  test.each(COMMANDS.filter(({ name, start }) => !name.includes(" ") && !start))(
    "$name alone, where it is the first word",
    async (spec) => {
      expect(await commandsFor([spec.name, "core"])).toEqual([spec]);
    },
  );

  test.each([[[]], [["--help"]], [["core", "why"]], [["trace", "summary", "core"]], [["explore", "core"]], [["toString"]]])(
    "all, for %j",
    async (words) => expect(await commandsFor(words)).toBe(COMMANDS),
  );

  test.each([["why", "--help"], ["why"], ["why", "--nothing"], ["why", "core", "a", "b", "c"], ["goroutines", "core", "--top"]])(
    "say the same as all would: %s",
    async (...words) => {
      const [alone, all] = [await ask(words, makeWorld(), [...(await commandsFor(words))]), await ask(words, makeWorld(), [...COMMANDS])];
      expect([alone.code, alone.world.printed]).toEqual([all.code, all.world.printed]);
    },
  );
});

describe("the order of words", () => {
  test.each([
    [["histogram", "c.core"], "histogram  type= top=20"],
    [["c.core", "histogram"], "histogram  type= top=20"],
    [["c.core"], "overview  type= top=20"],
    [["why", "c.core", "0x10"], "why 0x10 type= top=20"],
    [["c.core", "why", "0x10"], "why 0x10 type= top=20"],
    [["--top", "5", "c.core", "why", "--type", "histogram", "0x10"], "why 0x10 type=histogram top=5"],
    [["why", "--top=0", "c.core", "--type", "x"], "why  type=x top=0"],
    [["c.core", "trace", "extract", "0x10"], "trace extract 0x10 type= top=20"],
    [["trace", "extract", "c.core"], "trace extract  type= top=20"],
    [["--exe", "why", "c.core", "histogram"], "histogram  type= top=20"],
  ])("%j", async (line, text) => {
    const { code, world } = await ask(line);
    expect(world.printed).toEqual({ out: `${text}\n`, error: "" });
    expect(world.opened.map(({ core }) => core)).toEqual(["c.core"]);
    expect(code).toBe(0);
  });

  test("global options reach the dump, before or after the command", async () => {
    for (const line of [
      ["--exe", "e", "--force", "--tmpdir", "t", "why", "c.core"],
      ["why", "c.core", "--exe", "e", "--force", "--tmpdir", "t"],
    ]) {
      expect((await ask(line)).world.opened).toEqual([{ core: "c.core", executable: "e", force: true, tmpdir: "t" }]);
    }
  });
});

describe("wrong words are exit code 2 and open nothing", () => {
  test.each([
    [["histogrm", "c.core"], "unknown command histogrm; did you mean histogram?"],
    [["hist", "c.core"], "did you mean histogram?"],
    [["why"], "why needs <core>"],
    [["why", "c.core", "0x10", "0x20"], "why takes 2 words, 3 were given"],
    [["why", "c.core", "--nonsense"], "unknown option '--nonsense'"],
    [["why", "c.core", "--color", "pink"], "not one of auto, always, never"],
    [["why", "c.core", "--type"], "--type needs a value <re>"],
    [["why", "c.core", "--top", "many"], "--top many: not a count"],
    [["trace", "c.core"], "unknown command trace c.core"],
  ])("%j", async (line, complaint) => {
    const { code, world } = await ask(line);
    expect(world.printed.error).toContain(complaint);
    expect(world.printed.out).toBe("");
    expect(world.opened).toEqual([]);
    expect(code).toBe(2);
  });

  test("no words at all show the help on stderr", async () => {
    const { code, world } = await ask([]);
    expect(code).toBe(2);
    expect(world.printed.error).toContain("corescope <command> <core>");
  });
});

describe("help", () => {
  test("goes to stdout with exit code 0, and shows what can be pasted", async () => {
    for (const line of [["--help"], ["help"]]) {
      const { code, world } = await ask(line);
      expect(code).toBe(0);
      expect(world.printed.out).toContain("histogram");
      expect(world.printed.out).toContain("Exit codes:");
    }
    const { world } = await ask(["why", "--help"]);
    expect(world.printed.out).toContain("$ corescope why core 0x10");
    expect(world.printed.out).toContain("--json");
  });
  test("every command has three examples, and its help fits 80 columns", async () => {
    for (const spec of COMMANDS) {
      expect(spec.examples.length).toBeGreaterThanOrEqual(3);
      const { world } = await ask([spec.name, "--help"], makeWorld(), [...COMMANDS]);
      await ask(["--help"], world, [...COMMANDS]);
      for (const line of world.printed.out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    }
  });
  test("the examples are understood", async () => {
    const list = COMMANDS.map((spec) => ({
      ...spec,
      query: { ...spec.query, run: () => ({}) },
      text: () => [],
      json: () => ({}),
      isNo: () => false,
      file: () => [],
    }));
    // explore draws on a terminal, which a test is not.
    for (const { line } of COMMANDS.filter((spec) => spec.start === undefined).flatMap((spec) => spec.examples)) {
      const words = [
        ...line
          .replace(/ [|] .*$/, "")
          .replace(/ -o \S+/, "")
          .matchAll(/'([^']*)'|(\S+)/g),
      ].map((match) => match[1] ?? match[2]);
      const { code, world } = await ask(words, makeWorld(), list);
      expect([line, code, world.printed.error]).toEqual([line, 0, ""]);
    }
  });
  test("the version says which Go it reads", async () => {
    const { code, world } = await ask(["--version"]);
    expect(code).toBe(0);
    expect(world.printed.out).toMatch(/^corescope 9\.9\.9 \(node v.*\), reads Go 1\.21 to 1\.27\n$/);
  });
});

describe("answers", () => {
  test("--json is the envelope and nothing else, on one line", async () => {
    const { world } = await ask(
      ["why", "c.core", "0x10", "--json"],
      makeWorld({ onOpen: (findings) => findings.add("cut", "the core ends early", "0x20") }),
    );
    const document = JSON.parse(world.printed.out);
    expect(Object.keys(document)).toEqual(["schema", "command", "core", "result", "findings"]);
    expect(document).toMatchObject({
      schema: "corescope/1",
      command: "why",
      core: { path: "/srv/core", goVersion: "go1.26.8", arch: "amd64", buildId: "4f1c" },
      result: { operands: ["0x10"], rows: [1, 2] },
      findings: [{ code: "cut", message: "the core ends early", count: 1, example: "0x20" }],
    });
    expect(world.printed.error).toBe("");
  });

  test("findings are told on stderr after the answer; a partial one is exit code 4", async () => {
    const note = await ask(
      ["why", "c.core"],
      makeWorld({ onOpen: (findings) => findings.add("odd", "odd \u001b[31mword", "0x20", { count: 1200 }) }),
    );
    expect(note.world.printed.error).toBe("note: odd \\x1b[31mword (1,200 times, e.g. 0x20)\n");
    expect(note.code).toBe(0);
    const partial = await ask(
      ["why", "c.core"],
      makeWorld({ onOpen: (findings) => findings.add("cut", "core cut", "", { partial: true }) }),
    );
    expect(partial.world.printed.error).toContain("partial: core cut\n");
    expect(partial.code).toBe(4);
  });

  test("no is exit code 1, and 4 when something is missing that might have said yes", async () => {
    const list = [echo("why", { isNo: () => true })];
    expect((await ask(["why", "c.core"], makeWorld(), list)).code).toBe(1);
    const damaged = makeWorld({ onOpen: (findings) => findings.add("cut", "core cut", "", { partial: true }) });
    expect((await ask(["why", "c.core"], damaged, list)).code).toBe(4);
  });

  test("the next commands are shown on a terminal only, on stderr", async () => {
    const terminal = await ask(["why", "a core"], makeWorld({ terminal: true }));
    expect(terminal.world.printed.error).toBe("\n→ corescope why 'a core' 0x10\n");
    expect((await ask(["why", "c.core"])).world.printed.error).toBe("");
    expect((await ask(["why", "c.core", "-q"], makeWorld({ terminal: true }))).world.printed.error).toBe("");
  });

  test("the dump is closed, whatever happened", async () => {
    const fails = (error: Error) => [
      echo("why", {
        query: {
          name: "why",
          summary: "fails",
          run: () => {
            throw error;
          },
        },
      }),
    ];
    for (const [error, code] of [
      [new NotFoundError("object at", "0x10"), 1],
      [new FormatError("core", 0, "cut"), 3],
      [new TypeError("x"), 70],
    ] as const) {
      const answer = await ask(["why", "c.core"], makeWorld(), fails(error));
      expect([answer.code, answer.world.closed]).toEqual([code, 1]);
      expect(answer.world.printed.out).toBe("");
    }
  });
});

describe("-o", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "output-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const list = [echo("read", { file: () => [new Uint8Array([1, 2]), new Uint8Array([3])] }), echo("why")];

  test("writes the file whole, and leaves nothing beside it", async () => {
    const path = join(folder, "bytes.bin");
    const { code, world } = await ask(["read", "c.core", "-o", path], makeWorld(), list);
    expect([code, world.printed.out, world.printed.error]).toEqual([0, "", ""]);
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    expect(readdirSync(folder)).toEqual(["bytes.bin"]);
  });
  test("a file that exists is left as it is unless --overwrite is given, and nothing is opened for it", async () => {
    const path = join(folder, "bytes.bin");
    writeFileSync(path, "precious");
    symlinkSync(path, join(folder, "link"));
    for (const name of ["bytes.bin", "link"]) {
      const { code, world } = await ask(["read", "c.core", "-o", join(folder, name)], makeWorld(), list);
      expect([code, world.opened, readFileSync(path, "utf8")]).toEqual([2, [], "precious"]);
      expect(world.printed.error).toContain("the file exists and is left as it is\n  give another name, or add --overwrite to replace it");
    }
    expect((await ask(["read", "c.core", "-o", join(folder, "link"), "--overwrite"], makeWorld(), list)).code).toBe(0);
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    expect(readdirSync(folder).sort()).toEqual(["bytes.bin", "link"]);
  });
  test("a file that comes to be while the answer is made is not replaced either", async () => {
    const path = join(folder, "bytes.bin");
    const slow = echo("read", {
      *file() {
        writeFileSync(path, "precious");
        yield new Uint8Array([1]);
      },
    });
    expect((await ask(["read", "c.core", "-o", path], makeWorld(), [slow])).code).toBe(2);
    expect(readFileSync(path, "utf8")).toBe("precious");
    expect(readdirSync(folder)).toEqual(["bytes.bin"]);
  });
  test("--force is for the build alone", async () => {
    const path = join(folder, "bytes.bin");
    writeFileSync(path, "precious");
    expect((await ask(["read", "c.core", "-o", path, "--force"], makeWorld(), list)).code).toBe(2);
    expect(readFileSync(path, "utf8")).toBe("precious");
  });
  test("a failure in the middle keeps the old file", async () => {
    const path = join(folder, "bytes.bin");
    writeFileSync(path, "before");
    let thrown: unknown;
    const broken = echo("read", {
      *file() {
        yield new Uint8Array([1]);
        throw thrown;
      },
    });
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", errno: -28, syscall: "write" });
    for (const [error, code] of [
      [full, 5],
      [new FormatError("core", 16, "cut"), 3],
      [new TypeError("x"), 70],
    ] as const) {
      thrown = error;
      expect((await ask(["read", "c.core", "-o", path, "--overwrite"], makeWorld(), [broken])).code).toBe(code);
      expect(readFileSync(path, "utf8")).toBe("before");
      expect(readdirSync(folder)).toEqual(["bytes.bin"]);
    }
  });
  test("a folder that is not there, or a folder itself, is told", async () => {
    expect((await ask(["read", "c.core", "-o", join(folder, "no", "x")], makeWorld(), list)).code).toBe(5);
    expect((await ask(["read", "c.core", "-o", folder], makeWorld(), list)).code).toBe(2);
    expect(existsSync(join(folder, "no"))).toBe(false);
  });
  test("- is stdout; commands without a file have no -o", async () => {
    expect((await ask(["read", "c.core", "-o", "-"], makeWorld(), list)).world.printed.out).toBe("\u0001\u0002\u0003");
    expect((await ask(["why", "c.core", "-o", "x"], makeWorld(), list)).code).toBe(2);
  });
});

describe("words that are no command", () => {
  test.each([
    [["foo", "bar"], /^error: unknown command foo\n {2}commands: overview/],
    [["diff", "--help"], /^error: unknown command diff\n/],
    [["completions"], /^error: unknown command completions \(and no file of that name\)\n/],
    [["histgram"], /did you mean histogram\?\n[\s\S]*\n {2}corescope histogram CORE\n/],
    [
      ["package.json", "README.md"],
      /package.json and README.md are both files: one core at a time is read\n {2}corescope overview package.json\n/,
    ],
    [["package.json", "histgram"], /unknown command histgram; did you mean histogram\?\n[\s\S]*\n {2}corescope histogram package.json\n/],
    [["trace", "sumary", "c.core"], /unknown command trace sumary; did you mean trace summary\?\n.*\n {2}corescope trace summary c.core\n/],
    [["c.core", "trace", "sumary"], /\n {2}corescope trace summary c.core\n/],
    [["trace", "package.json"], /trace needs one word more, before the core\n.*\n {2}corescope trace summary package.json\n/],
  ])("%j", async (words, pattern) => {
    const world = makeWorld();
    expect(await run(words, world)).toBe(2);
    expect(world.printed.error).toMatch(pattern);
    expect(world.opened).toEqual([]);
  });
  test("a path that is nothing is an unreadable file", async () => {
    const world = makeWorld();
    await run(["nosuch.core"], world);
    expect(world.opened).toHaveLength(1);
  });
});

describe("every kind of failure", () => {
  const words = (error: unknown) => ({
    world: makeWorld({
      onOpen: () => {
        throw error;
      },
    }),
  });
  const system = (code: string) => Object.assign(new Error(`${code}: it failed, open`), { code, errno: -1, syscall: "open" });
  test.each([
    [new FormatError("c.core", 0, "not an ELF file", "pass a core"), 3, "format", "pass a core"],
    [new UnsupportedError("c.core", "xz", "zst", "xz -dk c.core"), 3, "unsupported", "xz -dk c.core"],
    [new NotFoundError("object at", "0x10"), 1, "not-found", ""],
    [new NotFoundError("file", "c.core"), 3, "not-found", ""],
    [new ResourceError("disk full", "make room"), 5, "resource", "make room"],
    [new MemoryFault(0xc000000000, 8, "not-dumped"), 3, "memory", /coredump_filter.*: corescope mappings c.core --exe 'a b'$/],
    [new UsageError("no", "for example: corescope why CORE 0x10"), 2, "usage", "for example: corescope why c.core 0x10 --exe 'a b'"],
    [system("EIO"), 3, "file", ""],
    [system("ENOSPC"), 5, "resource", ""],
    [new RangeError("Array buffer allocation failed"), 5, "resource", /NODE_OPTIONS/],
    [new TypeError("x is undefined"), 70, "bug", /Please report it/],
    ["a text", 70, "bug", /Please report it/],
  ] as const)("%s is a document with --json", async (error, code, word, advice) => {
    const { world } = words(error);
    expect(await run(["overview", "c.core", "--exe", "a b", "--json"], world)).toBe(code);
    const document = JSON.parse(world.printed.out);
    expect(document).toEqual({
      schema: "corescope/1",
      error: {
        code: word,
        message: error instanceof Error ? error.message : error,
        advice: typeof advice === "string" ? advice : expect.stringMatching(advice),
      },
    });
    expect(world.printed.out.endsWith("}\n")).toBe(true);
    expect(world.printed.error).not.toBe("");
    const { world: plain } = words(error);
    expect(await run(["overview", "c.core", "--exe", "a b"], plain)).toBe(code);
    expect(plain.printed.out).toBe("");
    expect(plain.printed.error).toBe(world.printed.error);
    // What is one sentence is on one line, and nothing is left of a line's end but the line's end.
    expect(plain.printed.error).not.toContain("\\n");
  });
  test("of words too", async () => {
    for (const line of [["foo", "bar"], ["why", "c.core", "--tpo", "3"], ["why"], ["why", "c.core", "--color", "pink"]]) {
      const world = makeWorld();
      expect(await run([...line, "--json"], world)).toBe(2);
      expect(JSON.parse(world.printed.out).error.code).toBe("usage");
    }
  });
  test("half an answer gets no document behind it, and an interrupt none at all", async () => {
    const { world } = words(new Cancelled());
    expect(await run(["overview", "c.core", "--json"], world)).toBe(130);
    expect(world.printed.out).toBe("");
  });
  test("commander's lines and an expression's caret stand on lines of their own", async () => {
    const world = makeWorld();
    await run(["why", "c.core", "--tpo", "3"], world);
    expect(world.printed.error).toMatch(/^error: unknown option '--tpo'; did you mean --top\?\n {2}usage: corescope why/);
    let thrown: unknown;
    try {
      parseExpression("len(x)");
    } catch (error) {
      thrown = error;
    }
    expect(explain(thrown).lines).toEqual([
      'error: expression: at 4: "(x)" is not expected here',
      "  len(x)",
      "     ^",
      '  for example: main.global.sessions["user-5"].User',
    ]);
  });
});

describe("what is shown to be typed", () => {
  const opening = { core: "a core", options: ["--exe", "x'y", "--force", "--tmpdir", "/t"] };
  test("has the core and the options that opened it", () => {
    expect(pasteable("show CORE 'main.CORE'", opening)).toBe("corescope show 'a core' 'main.CORE' --exe 'x'\\''y' --force --tmpdir /t");
    expect(pasteable("suspects CORE", { core: "c", options: [] })).toBe("corescope suspects c");
    expect(pasteAdvice("Say it:\ncorescope why CORE 0x1", opening)).toBe(
      "Say it:\ncorescope why 'a core' 0x1 --exe 'x'\\''y' --force --tmpdir /t",
    );
    expect(pasteAdvice("set TMPDIR to a folder with room", opening)).toBe("set TMPDIR to a folder with room");
  });
  test("a shell reads any word back as it is", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })), { minLength: 1, maxLength: 40 }),
        (list) => {
          const texts = list.map((text) => text.replaceAll("\0", "")).filter((text) => !/\p{Cs}/u.test(text));
          const script = texts.map((word) => `printf '%s\\0' ${quoteWord(word)}`).join("\n");
          const out = execFileSync("bash", ["-c", script || ":"]).toString();
          expect(out).toBe(texts.map((word) => `${word}\0`).join(""));
        },
      ),
      { numRuns: 25 },
    );
  });
  test("hints of a run have them too", async () => {
    const { world } = await ask(["why", "c.core", "--exe", "./app", "--force"], makeWorld({ terminal: true }));
    expect(world.printed.error).toBe("\n→ corescope why c.core 0x10 --exe ./app --force\n");
  });
});

test("run explains what was thrown", async () => {
  const world = makeWorld({
    onOpen: () => {
      throw new FormatError("c.core", 0, "not an ELF file", "pass a core");
    },
  });
  expect(await run(["overview", "c.core"], world)).toBe(3);
  expect(world.printed).toEqual({ out: "", error: "error: c.core: at offset 0: not an ELF file\n  pass a core\n" });
});
