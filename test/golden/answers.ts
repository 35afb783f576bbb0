// What corescope answers, in the form in which golden files keep it.
import { createHash } from "node:crypto";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../cli/cli.js";
import type { AnyCommand, World } from "../../cli/command.js";
import { COMMANDS } from "../../cli/commands/index.js";
import { quoteWord } from "../../src/base/words.js";
import { type DumpFiles, openDump } from "../../src/dump.js";
import type { TestDump } from "../support/dump-cache.js";
import { schemaProblems } from "../support/schemas.js";
import { leftOpen } from "../support/world.js";
import { MISTAKES, questionsOf } from "./questions.js";

/** Files of the golden folder by their names, `why.json`, each with its content. */
export type Answers = ReadonlyMap<string, string>;

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** An answer longer than this is kept in part. Characters. */
const whole = 3_000;
/** What is kept of a longer one: lines of its head, and digests of so many blocks of lines behind it. */
const head = 25;
const blocks = 8;
/** JSON within one line is not longer than this, where it can be broken. Characters. */
const width = 120;

type Run = (words: readonly string[], world: World) => Promise<number>;

/** Every command's answers on one fixture, text and JSON. */
export function answersOf(fixture: TestDump): Promise<Answers> {
  return withDump(relative(root, fixture.core), async (core, run) => {
    const answers = new Map<string, string>();
    const addressOf = (expression: string): string => {
      const known = fixture.truth.expressions?.find(({ expressions }) => expressions.includes(expression));
      if (!known) throw new Error(`${fixture.name}: its program printed no ${expression}`);
      return known.address;
    };
    for (const [name, questions] of Object.entries(questionsOf(fixture.meta.program, addressOf))) {
      const lines = questions.map((words) => [...name.split(" "), core, ...words]);
      answers.set(`${name.replaceAll(" ", "-")}.txt`, await answersTo(lines, run));
      answers.set(`${name.replaceAll(" ", "-")}.json`, await answersTo(inJson(lines), run));
    }
    return answers;
  });
}

/** Every command's help, and what is said of mistakes with and about a core. */
export function mistakesOf(fixture: TestDump): Promise<Answers> {
  return withDump(relative(root, fixture.core), async (core, run) => {
    const helps = COMMANDS.map(({ name }) => [...name.split(" "), "--help"]);
    const mistakes = MISTAKES.map((words) => words.map((word) => (word === "CORE" ? core : word)));
    return new Map([
      ["help.txt", await answersTo(helps, run)],
      ["mistakes.txt", await answersTo(mistakes, run)],
      ["mistakes.json", await answersTo(inJson(mistakes), run)],
    ]);
  });
}

/** The lines with --json; what -o writes is the same with it. */
function inJson(lines: readonly (readonly string[])[]): string[][] {
  return lines.filter((words) => !words.includes("-o")).map((words) => [...words, "--json"]);
}

/**
 * Opens a core once for all that is asked of it, and answers a question that is asked again, as text and as JSON, with the
 * same result. Findings of a question are seen by those after it.
 */
async function withDump(path: string, ask: (core: string, run: Run) => Promise<Answers>): Promise<Answers> {
  const dump = await openDump({ core: path });
  const shared = leftOpen(dump);
  const isPlain = (files: DumpFiles) => files.core === path && files.executable === undefined;
  const open: World["open"] = async (files, ...rest) => (isPlain(files) ? shared : openDump(files, ...rest));
  const commands = COMMANDS.map(remembering);
  try {
    return await ask(path, (words, world) => run(words, { ...world, open }, commands));
  } finally {
    dump.close();
  }
}

/** The command, its query run once for equal arguments. */
function remembering(spec: AnyCommand): AnyCommand {
  const results = new Map<string, unknown>();
  return {
    ...spec,
    query: {
      ...spec.query,
      run(dump, args, context) {
        const key = JSON.stringify(args);
        if (!results.has(key)) results.set(key, spec.query.run(dump, args, context));
        return results.get(key);
      },
    },
  };
}

async function answersTo(lines: readonly (readonly string[])[], run: Run): Promise<string> {
  const answers: string[] = [];
  for (const words of lines) answers.push(await answerTo(words, run));
  return answers.join("\n");
}

/** A command line with all that it prints on a terminal of 100 columns without colours. */
async function answerTo(words: readonly string[], run: Run): Promise<string> {
  const printed: { out: Uint8Array[]; error: Uint8Array[] } = { out: [], error: [] };
  const stream = (to: "out" | "error"): World["out"] => ({
    isTTY: true,
    columns: 100,
    write(text, done) {
      printed[to].push(Buffer.from(text as string));
      done?.();
      return true;
    },
  });
  const world: World = {
    open: openDump,
    out: stream("out"),
    error: stream("error"),
    environment: { NO_COLOR: "1" },
    version: "0",
    now: () => 0,
  };
  const code = await run(words, world);
  const out = Buffer.concat(printed.out);
  if (words.includes("--json") && out[0] === "{".charCodeAt(0)) holdSchema(words, out.toString());
  const error = Buffer.concat(printed.error).toString();
  const lines = [`$ corescope ${words.map(quoteWord).join(" ")}`, ...keptLines(out), `exit ${code}, ${out.length} bytes, ${digestOf(out)}`];
  if (error !== "") lines.push("stderr:", ...error.trimEnd().split("\n"));
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

/** @throws Error when a document has something that its schema in docs/schemas does not say, or lacks what that says */
function holdSchema(words: readonly string[], out: string): void {
  const problems = schemaProblems(JSON.parse(out));
  if (problems.length > 0) throw new Error(`${words.join(" ")}: not what docs/schemas says:\n${problems.slice(0, 10).join("\n")}`);
}

/** An answer as lines to compare: JSON broken into lines, of long ones the head, of bytes none. */
function keptLines(out: Buffer): string[] {
  const text = out.toString();
  if (out.length === 0 || out.includes(0) || !Buffer.from(text).equals(out)) return [];
  const lines = text.startsWith("{") && text.indexOf("\n") === text.length - 1 ? jsonLines(JSON.parse(text)) : text.trimEnd().split("\n");
  if (lines.join("\n").length <= whole) return lines;
  const kept = lines.slice(0, head);
  const block = Math.ceil((lines.length - head) / blocks);
  for (let at = head; at < lines.length; at += block) {
    const some = lines.slice(at, at + block);
    kept.push(`lines ${at + 1} to ${at + some.length}: ${digestOf(some.join("\n"))}`);
  }
  return kept;
}

function digestOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

/** JSON in lines: what fits a line stands in one. */
function jsonLines(value: unknown, indent = "", name = ""): string[] {
  const short = JSON.stringify(value);
  if (typeof value !== "object" || value === null || indent.length + name.length + short.length <= width)
    return [`${indent}${name}${short}`];
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const parts = Object.entries(value).map(([key, item]) =>
    jsonLines(item, `${indent} `, Array.isArray(value) ? "" : `${JSON.stringify(key)}:`),
  );
  return [`${indent}${name}${open}`, ...parts.flat(), `${indent}${close}`];
}
