// The command line as a whole: global options, the order of words, help, and what commander's errors mean.

import { Command, CommanderError, Option } from "commander";
import { UsageError } from "../src/base/errors.js";
import { RELEASES } from "../src/base/releases.js";
import { quoteWord } from "../src/base/words.js";
import type { Options } from "./arguments.js";
import { type AnyCommand, attach, pathExists, type Run, runCommand, type World } from "./command.js";
import { EXIT } from "./exit.js";
import { openingOf, pasteError } from "./paste.js";
import { nearestWord } from "./text/nearest.js";

const exitCodes = `
Exit codes: 0 answered, 1 the answer is no (not found, garbage), 2 wrong usage,
3 unreadable or unsupported file, 4 partial answer, 5 disk or memory full,
70 a bug of corescope, 130 interrupted.`;

/** Builds the program, runs it on the words after its name, and returns the exit code. Errors of commands come out as thrown. */
export async function runProgram(words: readonly string[], commands: readonly AnyCommand[], world: World): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram(commands, world, async (spec, core, operands, options) => {
    try {
      code = await (spec.start?.(core, options, world, commands) ?? runCommand(spec, core, operands, options, world));
    } catch (error) {
      throw pasteError(error, openingOf(core, options));
    }
  });
  if (words.length === 0) {
    world.error.write(program.helpInformation());
    return EXIT.usage;
  }
  try {
    await program.parseAsync(orderWords(words, program, commands, world.interactive === true), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === "commander.help") return EXIT.usage;
    throw usageOf(error, words, program);
  }
  return code;
}

/** A command line of a person who looks at a dump already: `why 0xc000012000`, the core left out. */
export interface Parsed {
  readonly spec: AnyCommand;
  readonly operands: readonly string[];
  readonly options: Options;
}

/** Understands such a line by the same grammar. @throws UsageError; help is a UsageError whose message is the help */
export function parseCommand(words: readonly string[], commands: readonly AnyCommand[]): Parsed {
  let parsed: Parsed | undefined;
  let said = "";
  const out = {
    write(text: string | Uint8Array) {
      said += text;
      return true;
    },
  };
  const program = buildProgram(commands, { out, error: out, version: "" }, (spec, _core, operands, options) => {
    parsed = { spec, operands, options };
  });
  const parts = commands.map((spec) => spec.name.split(" ")).filter((name) => name.every((part, index) => words[index] === part));
  const length = Math.max(1, ...parts.map((name) => name.length));
  try {
    program.parse([...words.slice(0, length), "core", ...words.slice(length)], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (said.trim() !== "") throw new UsageError(said.trim(), `commands: ${commands.map((spec) => spec.name).join(", ")}`);
    throw usageOf(error, words, program, true);
  }
  if (!parsed) throw new UsageError("no command");
  return parsed;
}

/** The command line's grammar, every command and option of it; run is called with what was understood. */
export function buildProgram(commands: readonly AnyCommand[], world: Pick<World, "out" | "error" | "version">, run: Run): Command {
  const program = new Command("corescope")
    .description("Opens the core dump of a dead Go program and says what fills its heap and why.")
    .usage("<command> <core> [operands] [options]\n       corescope <core> [command] [operands] [options]")
    .version(`corescope ${world.version} (node ${process.version}), reads ${RELEASES}`, "-V, --version", "show the version")
    .helpOption("-h, --help", "show help")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .configureOutput({ writeOut: (text) => void world.out.write(text), writeErr: (text) => void world.error.write(text), outputError() {} })
    .option("--exe <file>", "the executable that crashed (default: found through the core)")
    .option("--force", "accept an executable whose build id differs")
    .option("--json", "answer as one JSON document")
    .option("--top <n>", "rows to show, 0 for all", "20")
    .addOption(new Option("--color <when>", "colour: auto, always or never").default("auto"))
    .option("--full-names", "whole import paths in types, functions and expressions, not package names alone")
    .option("-q, --quiet", "no progress and no hints")
    .option("--tmpdir <dir>", "where compressed files are unpacked; nothing is left there")
    .addHelpText("after", `${exitCodes}\n\nFirst steps: corescope overview core; corescope why --help`);
  for (const spec of commands) attach(program, spec, run);
  return program;
}

/** The words with the command first: `core`, `core histogram` and `histogram core` are all understood. */
function orderWords(words: readonly string[], program: Command, commands: readonly AnyCommand[], interactive: boolean): string[] {
  const places = operandPlaces(words, program);
  const [first, second, third] = places;
  if (first === undefined) return [...words];
  const names = [...new Set(["help", ...commands.map((spec) => spec.name.split(" ")[0])])];
  const word = words[first];
  const next = second === undefined ? undefined : words[second];
  if (names.includes(word)) {
    checkGroup(word, next, third === undefined ? undefined : words[third], commands);
    return [...words];
  }
  if (second !== undefined && next !== undefined && names.includes(next)) {
    checkGroup(next, third === undefined ? undefined : words[third], undefined, commands, word);
    const command = longestName(second, words, places, commands);
    const rest = words.filter((_, index) => index !== first && !command.includes(index));
    return [...command.map((index) => words[index]), word, ...rest];
  }
  const exists = pathExists(word);
  if (exists && next !== undefined) {
    if (pathExists(next))
      throw new UsageError(
        `${word} and ${next} are both files: one core at a time is read`,
        `corescope overview ${quoteWord(word)}\ncorescope overview ${quoteWord(next)}\nan executable is named with --exe FILE`,
      );
    throw unknownCommand(next, names, word);
  }
  // A word that is no file is a mistyped command, unless it looks like a path or is the only word.
  const isPath = /[./\\]/.test(word);
  if (!exists && (nearestWord(word, names) !== undefined || next !== undefined || (!isPath && hasHelp(words))))
    throw unknownCommand(word, names);
  if (!exists && !isPath) throw unknownCommand(word, names, undefined, "and no file of that name");
  const explores = interactive && !words.includes("--json") && commands.some((spec) => spec.name === "explore");
  return [explores ? "explore" : "overview", ...words];
}

function hasHelp(words: readonly string[]): boolean {
  return words.includes("--help") || words.includes("-h");
}

function unknownCommand(word: string, names: readonly string[], core = "CORE", also = ""): UsageError {
  const near = nearestWord(word, names);
  const all = names.filter((name) => name !== "help");
  const advice = near ? `corescope ${near} ${core === "CORE" ? core : quoteWord(core)}` : "corescope --help says what each of them answers";
  return new UsageError(
    `unknown command ${word}${also === "" ? "" : ` (${also})`}${near ? `; did you mean ${near}?` : ""}`,
    `commands: ${all.join(", ")}\n${advice}`,
  );
}

/** A first word of two, as `trace` is, needs its second. */
function checkGroup(
  word: string,
  second: string | undefined,
  third: string | undefined,
  commands: readonly AnyCommand[],
  core?: string,
): void {
  const own = commands.filter((spec) => spec.name.startsWith(`${word} `)).map((spec) => spec.name.slice(word.length + 1));
  if (own.length === 0 || commands.some((spec) => spec.name === word) || second === undefined || own.includes(second)) return;
  const near = nearestWord(second, own);
  const file = core ?? (near || !pathExists(second) ? third : second);
  const [usual = ""] = own.includes("summary") ? ["summary"] : own;
  const isFile = !near && pathExists(second);
  throw new UsageError(
    isFile
      ? `${word} needs one word more, before the core`
      : `unknown command ${word} ${second}${near ? `; did you mean ${word} ${near}?` : ""}`,
    `${word} has: ${own.join(", ")}\ncorescope ${word} ${near ?? usual} ${file === undefined ? "CORE" : quoteWord(file)}`,
  );
}

/** The indexes of a command's one or more words that begin at a place. */
function longestName(begin: number, words: readonly string[], places: readonly number[], commands: readonly AnyCommand[]): number[] {
  const from = places.indexOf(begin);
  const lengths = commands.map((spec) => {
    const parts = spec.name.split(" ");
    return parts.every((part, index) => words[places[from + index] ?? -1] === part) ? parts.length : 0;
  });
  return places.slice(from, from + Math.max(1, ...lengths));
}

/** What commander complains of, in our words: what was wanted, and the command's own usage; inside a session without the core. */
function usageOf(error: CommanderError, words: readonly string[], program: Command, inside = false): UsageError {
  let command = program;
  for (const word of words) command = command.commands.find((one) => one.name() === word) ?? command;
  const path: string[] = [];
  for (let at: Command | null = command; at; at = at.parent) path.unshift(at.name());
  const own = `usage: ${path.slice(inside ? 1 : 0).join(" ")} ${inside ? command.usage().replace(" <core>", "") : command.usage()}`;
  const usage = command === program ? `${inside ? "" : "corescope "}--help lists the commands` : own;
  const name = path.slice(1).join(" ");
  const message = error.message.replace(/^error: /, "").replace(/\n?\(Did you mean (.*?)\?\)/, "; did you mean $1?");
  const left = inside ? 1 : 0;
  const missing = /^missing required argument '(.*)'/.exec(message)?.[1];
  const excess = /Expected (\d+) arguments? but got (\d+)/.exec(message);
  const noValue = /^option '(?:-\w, )?(--[\w-]+) (<.*>)' argument missing/.exec(message);
  if (missing) return new UsageError(`${name} needs <${missing}>`, usage);
  if (excess) return new UsageError(`${name} takes ${Number(excess[1]) - left} words, ${Number(excess[2]) - left} were given`, usage);
  if (noValue) return new UsageError(`${noValue[1]} needs a value ${noValue[2]}`, usage);
  return new UsageError(message, usage);
}

/** Where the words are that are neither options nor their values. */
function operandPlaces(words: readonly string[], program: Command): number[] {
  const taking = new Set<string>();
  const collect = (command: Command): void => {
    for (const option of command.options) {
      if (!option.required) continue;
      if (option.long) taking.add(option.long);
      if (option.short) taking.add(option.short);
    }
    command.commands.forEach(collect);
  };
  collect(program);
  const places: number[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    if (word === "--") break;
    if (word === "-" || !word.startsWith("-")) places.push(index);
    else if (taking.has(word)) index++;
  }
  return places;
}
