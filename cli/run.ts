// One command run: opens the dump, asks, prints or writes. What is the same for all commands is done here.
import { DumpError, MemoryFault, NotFoundError } from "../src/base/errors.js";
import type { Finding } from "../src/base/findings.js";
import { NO_NAMES, type PackageNames } from "../src/base/package-names.js";
import type { Dump } from "../src/dump.js";
import { type Options, optionChoice, optionText, optionTop } from "./arguments.js";
import type { AnyCommand, World } from "./command.js";
import { EXIT, errorDocument, explain } from "./exit.js";
import { checkTarget, print, writeFile } from "./output.js";
import { filesOf, type Opening, openingOf, pasteable, pasteError } from "./paste.js";
import { type ShownProgress, showProgress } from "./progress.js";
import { escapeText } from "./text/escape.js";
import { findingFacts } from "./text/findings.js";
import { jsonChunks, makeEnvelope } from "./text/json.js";
import { shortenAnswer } from "./text/names.js";
import { makePage, wantsColour } from "./text/style.js";

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
  const files = { ...filesOf(core, options), ...(spec.alone ? { alone: true } : {}) };
  try {
    const dump = await world.open(files, progress);
    try {
      // Names are shortened in the answer as plain data, before anything is drawn: no view has to know of it.
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

/** Progress on stderr; none with --quiet. CORESCOPE_STAGES=1 prints each stage with its seconds instead, which the bench reads. */
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

/** The answer as text. A pipe or file gets whole lines, a terminal lines of its width and, after them, what to ask next on stderr. */
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
  // Hints are for a person: a script must not find them in its answer.
  if (!isTerminal || error.isTTY !== true || options.quiet === true) return;
  const hints = spec.next?.(result) ?? [];
  if (hints.length > 0) error.write(`\n${hints.map((hint) => `→ ${escapeText(paste(hint))}`).join("\n")}\n`);
}

/** Lines in pieces of a thousand: one write for each line is slow, one string of all may be too long for V8. */
function* linesInPieces(lines: readonly string[]): Iterable<string> {
  for (let at = 0; at < lines.length; at += 1024) yield `${lines.slice(at, at + 1024).join("\n")}\n`;
}

/** Damage met on the way, on stderr, after the answer; quiet: only what makes the answer partial. */
function printFindings(findings: readonly Finding[], world: World, quiet: boolean): void {
  for (const finding of findings.filter((each) => each.partial || !quiet)) {
    const facts = findingFacts(finding);
    const line = `${finding.partial ? "partial" : "note"}: ${finding.message}${facts === "" ? "" : ` (${facts})`}`;
    world.error.write(`${escapeText(line)}\n`);
  }
  if (findings.some(({ code }) => code === "executable-missing")) world.error.write("Pass the binary that crashed with --exe FILE.\n");
  if (findings.some((finding) => finding.partial)) world.error.write("The answer is partial: the lines above say what it lacks.\n");
}
