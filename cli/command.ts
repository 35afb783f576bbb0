// A command is a query with words: operands, options, text, examples.
import type { openDump } from "../src/dump.js";
import type { Query } from "../src/query/query.js";
import type { Options } from "./arguments.js";
import type { Page } from "./text/style.js";

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
  /** Answers of the core alone too, where its executable is missing or of another build. */
  readonly alone?: true;
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
  /** Shows the screens on that terminal until the person quits; returns the exit code. */
  explore?(core: string, options: Options, commands: readonly AnyCommand[]): Promise<number>;
  now(): number;
}
