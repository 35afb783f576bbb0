// What a failure means to the shell and to the person: exit code and sentences.
import { DumpError, type NotFoundError } from "../src/base/errors.js";
import { Cancelled } from "../src/base/progress.js";
import { adviceText } from "./text/advice.js";
import { escapeText } from "./text/escape.js";
import { SCHEMA } from "./text/json.js";

/** Every exit code; README documents them. */
export const EXIT = {
  ok: 0,
  no: 1,
  usage: 2,
  unreadable: 3,
  partial: 4,
  resource: 5,
  bug: 70,
  interrupted: 130,
} as const;

/** An exit code and what stderr says, a line each; no lines: quiet. */
export interface Explanation {
  readonly code: number;
  readonly lines: readonly string[];
}

/** Errors of Linux that mean that disk, memory or descriptors ran out: errno(3). */
const outOf = new Set(["ENOSPC", "EDQUOT", "ENOMEM", "EMFILE", "ENFILE", "EFBIG"]);
/** What is not found before there is a dump to ask: no answer, so `why || echo garbage` must not take it for "no". */
const inputs = new Set(["file", "readable file", "executable"]);
/** What V8 says when an array or string cannot be made; an ordinary RangeError is a bug. */
const memoryFailures =
  /Array buffer allocation failed|Invalid (typed array|array buffer) length|Invalid string length|Cannot create a string longer/;

/** The exit code and sentence of anything thrown. debug adds the stack trace of a bug. */
export function explain(error: unknown, debug = false): Explanation {
  if (error instanceof Cancelled) return { code: EXIT.interrupted, lines: [] };
  const code = codeOf(error);
  if (code !== undefined) return { code, lines: sentences(error as DumpError) };
  const system = systemCode(error);
  // Whoever reads has enough, as `head` has: that is no failure.
  if (system === "EPIPE") return { code: EXIT.ok, lines: [] };
  if (system !== undefined) return { code: outOf.has(system) ? EXIT.resource : EXIT.unreadable, lines: [`error: ${messageOf(error)}`] };
  if (error instanceof RangeError && memoryFailures.test(error.message)) {
    return { code: EXIT.resource, lines: [`error: out of memory: ${messageOf(error)}`, `  ${adviceText({ id: "node-memory" })}`] };
  }
  const trace = debug && error instanceof Error && error.stack ? error.stack.split("\n").map(escapeText) : [];
  return {
    code: EXIT.bug,
    lines: [
      `bug: ${messageOf(error)}`,
      "This is a fault of corescope, not of your core. Please report it with the command and the output of",
      "the same command under CORESCOPE_DEBUG=1 (it adds the stack trace).",
      ...trace,
    ],
  };
}

/** By DumpError.code: an error that came from another thread has left its class there. */
const codes: Readonly<Record<string, number>> = {
  "not-found": EXIT.no,
  usage: EXIT.usage,
  format: EXIT.unreadable,
  unsupported: EXIT.unreadable,
  memory: EXIT.unreadable,
  resource: EXIT.resource,
};

/** The exit code of an error that is meant to happen; undefined of any other. */
function codeOf(error: unknown): number | undefined {
  if (!(error instanceof DumpError)) return undefined;
  const { what } = error as Partial<NotFoundError>;
  return what !== undefined && inputs.has(what) ? EXIT.unreadable : codes[error.code];
}

/** Message and advice as lines, each escaped: names out of a core are in them. */
function sentences(error: DumpError): string[] {
  const [first = "", ...more] = error.message.split("\n");
  const lines = [`error: ${escapeText(first)}`, ...more.map(escapeText)];
  const advice = adviceText(error.advice);
  if (advice !== "") lines.push(...advice.split("\n").map((line) => `  ${escapeText(line)}`));
  return lines;
}

/** What --json prints of a failure: one document, like an answer. */
export interface ErrorDocument {
  readonly schema: typeof SCHEMA;
  readonly error: { readonly code: string; readonly message: string; readonly advice: string };
}

/** Code: usage, not-found, format, unsupported, memory, resource of our own errors; file, resource of the system's; bug. */
export function errorDocument(error: unknown): ErrorDocument {
  const message = error instanceof Error ? error.message : String(error);
  const others = () => explain(error).lines.slice(1);
  const advice =
    error instanceof DumpError
      ? adviceText(error.advice)
      : others()
          .map((line) => line.trim())
          .join("\n");
  return { schema: SCHEMA, error: { code: wordOf(error), message, advice } };
}

/** The code word of an error, as ErrorDocument has it. */
function wordOf(error: unknown): string {
  if (error instanceof DumpError) return error.code;
  const { code } = explain(error);
  if (code === EXIT.resource) return "resource";
  return code === EXIT.bug ? "bug" : "file";
}

/** What was thrown in one line, safe for a terminal. */
function messageOf(error: unknown): string {
  return escapeText(error instanceof Error ? error.message : String(error));
}

/** The code of a failed system call; Node's own ERR_ codes are bugs. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error || "errno" in error)) return undefined;
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
