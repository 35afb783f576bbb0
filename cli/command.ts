// A command is a query with words: operands, options, text, examples. What is the same for all of them is done here.

import { once } from "node:events";
import { createWriteStream, existsSync, linkSync, lstatSync, realpathSync, renameSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { DumpError, MemoryFault, NotFoundError, ResourceError, UsageError } from "../src/base/errors.js";
import type { Finding } from "../src/base/findings.js";
import { NO_NAMES, type PackageNames } from "../src/base/package-names.js";
import { counted } from "../src/base/units.js";
import type { Dump, openDump } from "../src/dump.js";
import type { Query } from "../src/query/query.js";
import { type Options, optionChoice, optionText, optionTop } from "./arguments.js";
import { EXIT, errorDocument, explain } from "./exit.js";
import { type Opening, openingOf, pasteable, pasteError } from "./paste.js";
import { type ShownProgress, showProgress } from "./progress.js";
import { escapeText } from "./text/escape.js";
import { jsonChunks, makeEnvelope } from "./text/json.js";
import { shortenAnswer } from "./text/names.js";
import { makePage, type Page, wantsColour } from "./text/style.js";

/** What commands with a name of two words have in common, by their first. */
const GROUPS: Readonly<Record<string, string>> = { trace: "the execution trace: extract, summary, events, export" };

/** One command: everything that only it knows. */
export interface CommandSpec<Args, Result> {
  /** "why"; a name with a space, "trace extract", is a sub-command. */
  readonly name: string;
  readonly query: Query<Args, Result>;
  /** After <core>: "<address>" is required, "[length]" is not. */
  readonly operands: readonly { readonly name: string; readonly help: string }[];
  readonly options: readonly { readonly flags: string; readonly help: string }[];
  /** Lines that can be pasted, each with the question it answers. */
  readonly examples: readonly { readonly line: string; readonly asks: string }[];
  /** @throws UsageError */
  args(operands: readonly string[], options: Options): Args;
  text(result: Result, page: Page): readonly string[];
  /** true: the answer is "no", exit code 1. */
  isNo?(result: Result): boolean;
  /** What to ask next, as words for a shell after `corescope`, CORE for the core; shown on a terminal only. */
  next?(result: Result): readonly string[];
  /** The result as --json prints it, where it holds hints. */
  json?(result: Result, paste: (hint: string) => string): unknown;
  /** What -o writes; commands without it have no -o. */
  file?(result: Result): Iterable<Uint8Array>;
  /** The text says what -o does not hold: it is shown also when -o has written a file. */
  readonly textWithFile?: boolean;
  /** Runs instead of asking and printing: the terminal UI. Returns the exit code. */
  start?(core: string, options: Options, world: World, commands: readonly AnyCommand[]): Promise<number>;
}

/** A spec whose Args and Result nobody needs to know, as lists of commands hold it. */
// biome-ignore lint/suspicious/noExplicitAny: a spec consumes its own Args and Result; a list of specs cannot name them.
export type AnyCommand = CommandSpec<any, any>;

/** Checks a spec's types and returns it. */
export function defineCommand<Args, Result>(spec: CommandSpec<Args, Result>): CommandSpec<Args, Result> {
  return spec;
}

/** A stream to write to: process.stdout, or a buffer of a test. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): boolean;
}

/** What a run of the program touches outside itself. */
export interface World {
  readonly open: typeof openDump;
  readonly out: Output;
  readonly error: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** A person sits before a terminal that screens can be drawn on. */
  readonly interactive?: boolean;
  now(): number;
}

/** What to do with a command whose words were understood. */
export type Run = (spec: AnyCommand, core: string, operands: readonly string[], options: Options) => Promise<void> | void;

/** Adds the command to a commander program. */
export function attach(program: Command, spec: AnyCommand, run: Run): void {
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
  if (spec.file) {
    command.option("-o, --output <file>", "write the raw answer to this file");
    command.option("--overwrite", "replace that file if it exists");
  }
  const examples = spec.examples.map(({ line, asks }) => `  $ corescope ${line}\n      ${asks}`);
  command.addHelpText("after", `\nExamples:\n${examples.join("\n")}`);
  command.action(async (core: string, ...rest: unknown[]) => {
    const operands = rest.slice(0, spec.operands.length).filter((operand): operand is string => typeof operand === "string");
    await run(spec, core, operands, command.optsWithGlobals<Options>());
  });
}

/** Opens the dump, asks, prints; returns the exit code. Errors come out as they were thrown. */
export async function runCommand(
  spec: AnyCommand,
  core: string,
  operands: readonly string[],
  options: Options,
  world: World,
): Promise<number> {
  const colour = optionChoice(options, "color", ["auto", "always", "never"]);
  optionTop(options); // also where it means nothing: a wrong word is never passed over
  const args = spec.args(operands, options);
  const progress = progressFor(options, world);
  const opening = openingOf(core, options);
  const output = optionText(options, "output");
  const overwrite = options.overwrite === true;
  if (output !== undefined) checkTarget(output, overwrite); // before minutes of work
  const executable = optionText(options, "exe");
  const tmpdir = optionText(options, "tmpdir");
  const files = { core, force: options.force === true, ...(executable ? { executable } : {}), ...(tmpdir ? { tmpdir } : {}) };
  try {
    const dump = await world.open(files, progress);
    try {
      const shorten = shortener(dump, options);
      const result: unknown = spec.query.run(dump, args, { progress, findings: dump.findings });
      const identity = options.json === true ? { ...dump.identity } : undefined; // reading it may find damage too
      progress.finish();
      const findings = dump.findings.list();
      const nothing = spec.isNo?.(result) === true; // a "no" leaves no file behind
      if (output !== undefined && spec.file && !nothing) await writeFile(output, spec.file(result), world, overwrite);
      if (identity) {
        const shown = spec.json?.(result, (hint) => pasteable(hint, opening)) ?? result;
        await print(world.out, jsonChunks(makeEnvelope(spec.name, identity, shown, findings)));
      } else if (output === undefined || nothing || (spec.textWithFile && output !== "-")) {
        await printText(spec, shorten(result), opening, colour, options, world);
      }
      if (options.json !== true) printFindings(shorten(findings), world, options.quiet === true);
      return codeOf(spec, result, findings);
    } catch (error) {
      // What is not found may be in the part that is missing: then the answer is partial, not "no".
      const findings = dump.findings.list();
      if (error instanceof DumpError) error.message = shortener(dump, options)(error.message);
      if (!(error instanceof NotFoundError || error instanceof MemoryFault) || !findings.some((finding) => finding.partial)) throw error;
      progress.finish();
      pasteError(error, opening);
      if (options.json === true) await print(world.out, jsonChunks(errorDocument(error)));
      for (const line of explain(error).lines) world.error.write(`${line}\n`);
      printFindings(findings, world, options.quiet === true);
      return EXIT.partial;
    } finally {
      progress.finish();
      dump.close();
    }
  } finally {
    progress.finish();
  }
}

/** How people get answers: with short names of packages, unless they want them whole, or as JSON. */
function shortener(dump: Dump, options: Options): <T>(answer: T) => T {
  if (options.json === true || options.fullNames === true) return (answer) => answer;
  return (answer) => shortenAnswer(answer, () => namesOf(dump));
}

/** Where there is no Go to be read, names are what they are. */
function namesOf(dump: Dump): PackageNames {
  try {
    return dump.names;
  } catch (error) {
    if (error instanceof DumpError) return NO_NAMES;
    throw error;
  }
}

/** An answer that lacks something is 4 even when it is "no": what is missing might have said yes. */
function codeOf(spec: AnyCommand, result: unknown, findings: readonly Finding[]): number {
  if (findings.some((finding) => finding.partial)) return EXIT.partial;
  return spec.isNo?.(result) ? EXIT.no : EXIT.ok;
}

function progressFor(options: Options, world: World): ShownProgress {
  const { error } = world;
  if (options.quiet === true) return { stage() {}, tick() {}, finish() {} };
  return showProgress({
    isTerminal: error.isTTY === true && world.environment.TERM !== "dumb",
    columns: error.columns || 80,
    write: (text) => void error.write(text),
    now: world.now,
    stagesOnly: world.environment.CORESCOPE_STAGES === "1",
  });
}

async function printText(
  spec: AnyCommand,
  result: unknown,
  opening: Opening,
  colour: string,
  options: Options,
  world: World,
): Promise<void> {
  const { out, error, environment } = world;
  const isTerminal = out.isTTY === true;
  const width = isTerminal ? out.columns || 80 : Number.POSITIVE_INFINITY;
  const paste = (hint: string) => pasteable(hint, opening);
  const page = makePage(width, wantsColour(colour, isTerminal, environment), paste);
  await print(out, linesInPieces(spec.text(result, page)));
  if (!isTerminal || error.isTTY !== true || options.quiet === true) return;
  const hints = spec.next?.(result) ?? [];
  if (hints.length > 0) error.write(`\n${hints.map((hint) => `→ ${escapeText(paste(hint))}`).join("\n")}\n`);
}

function* linesInPieces(lines: readonly string[]): Iterable<string> {
  for (let at = 0; at < lines.length; at += 1024) yield `${lines.slice(at, at + 1024).join("\n")}\n`;
}

/** Writes pieces one after the other, never more than one in flight. */
async function print(out: Output, pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    await new Promise<void>((resolve, reject) => {
      out.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Damage met on the way, on stderr, after the answer; quiet: only what makes the answer partial. */
export function printFindings(findings: readonly Finding[], world: World, quiet: boolean): void {
  for (const finding of findings.filter((each) => each.partial || !quiet)) {
    const times = finding.count > 1 ? counted(finding.count, "time") : "";
    const example = finding.example === "" ? "" : `e.g. ${finding.example}`;
    const facts = [times, example].filter((fact) => fact !== "").join(", ");
    const line = `${finding.partial ? "partial" : "note"}: ${finding.message}${facts === "" ? "" : ` (${facts})`}`;
    world.error.write(`${escapeText(line)}\n`);
  }
  if (findings.some((finding) => finding.partial)) world.error.write("The answer is partial: the lines above say what it lacks.\n");
}

/** Whether a path names something; to tell a core from a mistyped command. */
export function pathExists(path: string): boolean {
  return existsSync(path);
}

/** Whether writing to a path would replace a file; devices and pipes are written to. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Refuses a directory, and a file that is there unless it may be replaced. Pipes and devices are no files. */
function checkTarget(path: string, overwrite: boolean): void {
  if (path === "-") return;
  const known = lstatSync(path, { throwIfNoEntry: false }) && (statSync(path, { throwIfNoEntry: false }) ?? "nowhere");
  if (known === "nowhere") throw new UsageError(`-o ${path}: it is a link to nothing`, "give another name, or remove the link first");
  if (known?.isDirectory()) throw new UsageError(`-o ${path}: it is a directory`, `for example: -o ${join(path, "out")}`);
  if (known?.isFile() && !overwrite) throw alreadyThere(path);
}

function alreadyThere(path: string): UsageError {
  return new UsageError(`-o ${path}: the file exists and is left as it is`, "give another name, or add --overwrite to replace it");
}

/**
 * Writes beside the file and then gives it its name, so that it is whole or not there. A pipe or device is written as it is; "-" is stdout.
 * @throws UsageError when the file exists and may not be replaced
 */
export async function writeFile(path: string, chunks: Iterable<Uint8Array>, world: Pick<World, "out">, overwrite = false): Promise<void> {
  if (path === "-") {
    for (const chunk of chunks) await new Promise<void>((resolve, reject) => world.out.write(chunk, (e) => (e ? reject(e) : resolve())));
    return;
  }
  checkTarget(path, overwrite);
  const known = statSync(path, { throwIfNoEntry: false });
  const place = known?.isFile() ? realpathSync(path) : path; // of a link, what it leads to is replaced
  const target = known && !known.isFile() ? path : `${place}.${process.pid}.tmp`;
  const discard = () => {
    if (target !== path && existsSync(target)) unlinkSync(target);
  };
  const interrupted = () => {
    discard();
    process.kill(process.pid, "SIGINT");
  };
  process.once("SIGINT", interrupted);
  try {
    const stream = createWriteStream(target);
    const failed = new Promise<never>((_, reject) => stream.once("error", reject));
    const finished = (async () => {
      for (const chunk of chunks) if (!stream.write(chunk)) await once(stream, "drain");
      stream.end();
      await once(stream, "close");
    })();
    await Promise.race([failed, finished]);
    if (target !== path) giveName(target, place, overwrite);
  } catch (error) {
    discard();
    if (!(error instanceof Error && "syscall" in error)) throw error; // of what makes the bytes, not of the disk
    throw new ResourceError(`-o ${path}: ${error.message}`, "give another name with -o, in a folder with room that may be written");
  } finally {
    process.removeListener("SIGINT", interrupted);
  }
}

/** A file that has come to be meanwhile is not replaced either: a link to a name that exists fails, a rename does not. */
function giveName(from: string, to: string, overwrite: boolean): void {
  if (!overwrite) {
    try {
      linkSync(from, to);
      unlinkSync(from);
      return;
    } catch (error) {
      // EEXIST, or a file system without links.
      if ((error as NodeJS.ErrnoException).code === "EEXIST" || existsSync(to)) throw alreadyThere(to);
    }
  }
  renameSync(from, to);
}
