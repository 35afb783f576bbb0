// The command line as a whole: its words in whatever order a person gives them, and the command that they name.
import { type Command, CommanderError } from "commander";
import { UsageError } from "../src/base/errors.js";
import { quoteWord } from "../src/base/words.js";
import type { AnyCommand, World } from "./command.js";
import { EXIT } from "./exit.js";
import { buildProgram, usageOf } from "./grammar.js";
import { pathExists } from "./output.js";
import { openingOf, pasteError } from "./paste.js";
import { runCommand } from "./run.js";
import { nearestWord } from "./text/nearest.js";

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
    // Help and version are errors to commander, since it would end the process after them.
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === "commander.help") return EXIT.usage;
    // In words of this program, with the usage of the command that was meant.
    throw usageOf(error, words, program);
  }
  return code;
}

/** The words with the command first: `core`, `core histogram` and `histogram core` are all understood. */
function orderWords(words: readonly string[], program: Command, commands: readonly AnyCommand[], interactive: boolean): string[] {
  // Indexes into words, so that options may stand anywhere.
  const places = operandPlaces(words, program);
  const [first, second, third] = places;
  if (first === undefined) return [...words];
  // First words of all commands; "help" is commander's own.
  const names = [...new Set(["help", ...commands.map((spec) => spec.name.split(" ")[0])])];
  const word = words[first];
  const next = second === undefined ? undefined : words[second];
  if (names.includes(word)) {
    checkGroup(word, next, third === undefined ? undefined : words[third], commands);
    return [...words];
  }
  // "core histogram": the command comes second, the core is moved behind it.
  if (second !== undefined && next !== undefined && names.includes(next)) {
    checkGroup(next, third === undefined ? undefined : words[third], undefined, commands, word);
    const command = longestName(second, words, places, commands);
    const rest = words.filter((_, index) => index !== first && !command.includes(index));
    return [...command.map((index) => words[index]), word, ...rest];
  }
  const exists = pathExists(word);
  // The first word is a file, the second neither a command nor the end: a second file, or a mistyped command.
  if (exists && next !== undefined) {
    if (pathExists(next))
      throw new UsageError(
        `${word} and ${next} are both files: one core at a time is read`,
        `corescope overview ${quoteWord(word)}\ncorescope overview ${quoteWord(next)}\nan executable is named with --exe FILE`,
      );
    throw unknownCommand(next, names, word);
  }
  // A word that is no file is a mistyped command, unless it looks like a path or is the only word.
  // With a dot or a slash it is meant as a file: "no such file" helps more than "unknown command".
  const isPath = /[./\\]/.test(word);
  if (!exists && (nearestWord(word, names) !== undefined || next !== undefined || (!isPath && hasHelp(words))))
    throw unknownCommand(word, names);
  if (!exists && !isPath) throw unknownCommand(word, names, undefined, "and no file of that name");
  // A core alone opens the screens where there is a terminal, and is a first look in print elsewhere.
  const explores = interactive && !words.includes("--json") && commands.some((spec) => spec.name === "explore");
  return [explores ? "explore" : "overview", ...words];
}

/** Whether help is asked for: then a word that is no file must be a command. */
function hasHelp(words: readonly string[]): boolean {
  return words.includes("--help") || words.includes("-h");
}

/** The refusal of a word that is no command, with the nearest that is one. */
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
  // After a group's name stands a core when it names a file and looks like none of the group's commands.
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

/** Where the words are that are neither options nor their values. */
function operandPlaces(words: readonly string[], program: Command): number[] {
  // Options that take a value, of all commands: which command is meant is not known yet.
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
