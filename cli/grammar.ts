// The grammar of the command line: global options, every command with its own, help, and what commander's errors mean.
import { Command, CommanderError, Option } from "commander";
import { UsageError } from "../src/base/errors.js";
import { RELEASES } from "../src/base/releases.js";
import type { Options } from "./arguments.js";
import type { AnyCommand, World } from "./command.js";

/** What commands with a name of two words have in common, by their first. */
const GROUPS: Readonly<Record<string, string>> = { trace: "the execution trace: extract, summary, events, export" };

/** The codes of exit.ts, as --help says them. */
const exitCodes = `
Exit codes: 0 answered, 1 the answer is no (not found, garbage), 2 wrong usage,
3 unreadable or unsupported file, 4 partial answer, 5 disk or memory full,
70 a bug of corescope, 130 interrupted.`;

/** What to do with a command whose words were understood. */
export type Run = (spec: AnyCommand, core: string, operands: readonly string[], options: Options) => Promise<void> | void;

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
    .option("--image <file>", "read the Go of this library of the process (default: the executable's, or the first library's)")
    .option("--debug <file>", "read debug information from this file (default: the executable's, or found by build id and debug link)")
    .addOption(
      new Option("--debug-dir <dir>", "look for debug files here, then in /usr/lib/debug; may be given again").argParser(
        (dir: string, before: string | undefined) => (before === undefined ? dir : `${before}:${dir}`),
      ),
    )
    .option("--debuginfod", "fetch missing debug information from the servers in DEBUGINFOD_URLS")
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

/** Adds the command to a commander program. */
function attach(program: Command, spec: AnyCommand, run: Run): void {
  // "trace extract" is a sub-command of "trace", which is made when the first of its kind comes.
  const words = spec.name.split(" ");
  const parent = words
    .slice(0, -1)
    .reduce((at, word) => at.commands.find((one) => one.name() === word) ?? at.command(word).description(GROUPS[word] ?? ""), program);
  const command = parent
    .command(words.at(-1) as string)
    .summary(spec.query.summary)
    .description(spec.query.summary);
  command.argument("<core>", "core file, also .zst or .gz");
  for (const { name, help } of spec.operands) command.argument(name, help);
  for (const { flags, help } of spec.options) command.option(flags, help);
  // -o stands only where there is a file to be written: elsewhere it is an unknown option.
  if (spec.file) {
    command.option("-o, --output <file>", "write the raw answer to this file");
    command.option("--overwrite", "replace that file if it exists");
  }
  const examples = spec.examples.map(({ line, asks }) => `  $ corescope ${line}\n      ${asks}`);
  command.addHelpText("after", `\nExamples:\n${examples.join("\n")}`);
  command.action(async (core: string, ...rest: unknown[]) => {
    // Commander gives absent operands as undefined, and its own objects behind them.
    const operands = rest.slice(0, spec.operands.length).filter((operand): operand is string => typeof operand === "string");
    await run(spec, core, operands, command.optsWithGlobals<Options>());
  });
}

/** A command line of a person who looks at a dump already: `why 0xc000012000`, the core left out. */
export interface Parsed {
  readonly spec: AnyCommand;
  readonly operands: readonly string[];
  readonly options: Options;
}

/** Understands such a line by the same grammar. @throws UsageError; help is a UsageError whose message is the help */
export function parseCommand(words: readonly string[], commands: readonly AnyCommand[]): Parsed {
  // The same program as on a command line, with a run that only notes what it was given; "core" stands for the core that is open.
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
  // The longest name that fits: "trace extract" before "trace".
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

/** What commander complains of, in our words: what was wanted, and the command's own usage; inside a session without the core. */
export function usageOf(error: CommanderError, words: readonly string[], program: Command, inside = false): UsageError {
  // The command that the words name as far as they name one: its usage is what helps.
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
  // Commander counts the core as an argument; inside the screens nobody types it.
  if (missing) return new UsageError(`${name} needs <${missing}>`, usage);
  if (excess) return new UsageError(`${name} takes ${Number(excess[1]) - left} words, ${Number(excess[2]) - left} were given`, usage);
  if (noValue) return new UsageError(`${noValue[1]} needs a value ${noValue[2]}`, usage);
  return new UsageError(message, usage);
}
