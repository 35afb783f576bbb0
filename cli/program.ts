// The command line as a whole: global options, the order of words, help, and what commander's errors mean.
import { Command, CommanderError, Option } from "commander";
import { UsageError } from "../src/base/errors.js";
import type { Options } from "./arguments.js";
import { type AnyCommand, attach, pathExists, type Run, runCommand, type World } from "./command.js";
import { EXIT } from "./exit.js";

const exitCodes = `
Exit codes: 0 answered, 1 the answer is no (not found, garbage), 2 wrong usage,
3 unreadable or unsupported file, 4 partial answer, 5 disk or memory full,
70 a bug of corescope, 130 interrupted.`;

/** Builds the program, runs it on the words after its name, and returns the exit code. Errors of commands come out as thrown. */
export async function runProgram(words: readonly string[], commands: readonly AnyCommand[], world: World): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram(commands, world, async (spec, core, operands, options) => {
    code = await (spec.start?.(core, options, world, commands) ?? runCommand(spec, core, operands, options, world));
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
    throw new UsageError(
      error.message.replace(/^error: /, ""),
      "corescope --help lists the commands; corescope COMMAND --help shows examples",
    );
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
    throw new UsageError(said.trim() || error.message.replace(/^error: /, ""), `commands: ${commands.map((spec) => spec.name).join(", ")}`);
  }
  if (!parsed) throw new UsageError("no command");
  return parsed;
}

function buildProgram(commands: readonly AnyCommand[], world: Pick<World, "out" | "error" | "version">, run: Run): Command {
  const program = new Command("corescope")
    .description("Opens the core dump of a dead Go program and says what fills its heap and why.")
    .usage("<command> <core> [operands] [options]\n       corescope <core> [command] [operands] [options]")
    .version(`corescope ${world.version} (node ${process.version}), reads Go 1.21 to 1.27`, "-V, --version", "show the version")
    .helpOption("-h, --help", "show help")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .configureOutput({ writeOut: (text) => void world.out.write(text), writeErr: (text) => void world.error.write(text), outputError() {} })
    .option("--exe <file>", "the executable that crashed (default: found through the core)")
    .option("--force", "accept an executable whose build id differs")
    .option("--json", "answer as one JSON document")
    .option("--top <n>", "rows to show, 0 for all", "20")
    .addOption(new Option("--color <when>", "colour: auto, always or never").default("auto"))
    .option("-q, --quiet", "no progress and no hints")
    .option("--tmpdir <dir>", "where compressed files are unpacked; nothing is left there")
    .addHelpText("after", `${exitCodes}\n\nFirst steps: corescope overview core; corescope why --help`);
  for (const spec of commands) attach(program, spec, run);
  return program;
}

/** The words with the command first: `core`, `core histogram` and `histogram core` are all understood. */
function orderWords(words: readonly string[], program: Command, commands: readonly AnyCommand[], interactive: boolean): string[] {
  const places = operandPlaces(words, program);
  const first = places[0];
  if (first === undefined) return [...words];
  const names = [...new Set(["help", ...commands.map((spec) => spec.name.split(" ")[0] as string)])];
  const word = words[first] as string;
  if (names.includes(word)) return [...words];
  const second = places[1];
  if (second !== undefined && names.includes(words[second] as string)) {
    const command = longestName(second, words, places, commands);
    const rest = words.filter((_, index) => index !== first && !command.includes(index));
    return [...command.map((index) => words[index] as string), word, ...rest];
  }
  const near = nearest(word, names);
  if (!pathExists(word) && (near !== undefined || (second !== undefined && pathExists(words[second] as string)))) {
    throw new UsageError(`no command ${word}${near ? `; did you mean ${near}?` : ""}`, `commands: ${names.slice(1).join(", ")}`);
  }
  const explores = interactive && !words.includes("--json") && commands.some((spec) => spec.name === "explore");
  return [explores ? "explore" : "overview", ...words];
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
    const word = words[index] as string;
    if (word === "--") break;
    if (word === "-" || !word.startsWith("-")) places.push(index);
    else if (taking.has(word)) index++;
  }
  return places;
}

/** The name that a mistyped word most likely meant. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, distance: editDistance(word.toLowerCase(), name) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 4)) || (word.length >= 3 && name.startsWith(word)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, swap));
    }
    row = next;
  }
  return row[b.length] as number;
}
