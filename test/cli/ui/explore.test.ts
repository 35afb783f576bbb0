import { describe, expect, test } from "vitest";
import type { AnyCommand } from "../../../cli/command.js";
import { COMMANDS } from "../../../cli/commands/index.js";
import { parseCommand } from "../../../cli/grammar.js";
import { runProgram } from "../../../cli/program.js";
import { UsageError } from "../../../src/base/errors.js";
import { makeWorld } from "../../support/world.js";

describe("corescope core", () => {
  const started: string[] = [];
  const commands = COMMANDS.map(
    (spec): AnyCommand =>
      spec.name !== "explore"
        ? spec
        : {
            ...spec,
            async start(core) {
              started.push(core);
              return 7;
            },
          },
  );

  test("opens the screens before a person at a terminal", async () => {
    expect(await runProgram(["c.core", "--exe", "e"], commands, { ...makeWorld(), interactive: true })).toBe(7);
    expect(started).toEqual(["c.core"]);
  });

  test("prints the overview everywhere else, and for --json", async () => {
    started.length = 0;
    for (const [words, interactive] of [
      [["c.core"], false],
      [["c.core", "--json"], true],
    ] as const) {
      const world = { ...makeWorld(), interactive };
      await runProgram(words, commands, world).catch(() => {}); // the world's dump is a fake
      expect(world.opened.length).toBe(1);
    }
    expect(started).toEqual([]);
  });

  test("explore without a terminal says what prints the same", async () => {
    await expect(runProgram(["explore", "c.core"], COMMANDS, makeWorld())).rejects.toThrow(UsageError);
  });
});

describe("a command line without its core", () => {
  test.each([
    [["why", "0x10", "-k", "3"], "why", ["0x10"], { paths: "3" }],
    [["trace", "extract", "-o", "x"], "trace extract", [], { output: "x" }],
    [["overview"], "overview", [], { top: "20" }],
  ])("%j", (words, name, operands, options) => {
    const parsed = parseCommand(words, COMMANDS);
    expect(parsed.spec.name).toBe(name);
    expect(parsed.operands).toEqual(operands);
    expect(parsed.options).toMatchObject(options);
  });

  test.each([[["nonsense"]], [["why", "0x10", "--bad"]], [["read"]], [[""]], [["why", "--help"]]])("%j says what is wrong", (words) => {
    expect(() => parseCommand(words, COMMANDS)).toThrow(UsageError);
  });
});
