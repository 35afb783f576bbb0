// The end of the process in lines: the cause in bold, each panic, what the runtime printed, the signal, the stack of the goroutine.
import { counted } from "../../src/base/units.js";
import type { DeathResult as Death } from "../../src/query/death.js";
import { placeText } from "../text/address.js";
import { escapeText } from "../text/escape.js";
import { type Page, proseWidth } from "../text/style.js";
import { cutText } from "../text/table.js";
import { wrapWords } from "../text/wrap.js";
import { storyOf } from "./death-story.js";

/** Characters of a panic's text that are shown; the rest is in the JSON. */
const LONGEST_TEXT = 2000;

/** What `death --json` prints: in words, too, what lies at a signal's address. */
export interface DeathJson extends Death {
  readonly signal?: NonNullable<Death["signal"]> & { readonly what?: string };
}

/** The answer as --json prints it. */
export function deathJson({ signal, ...death }: Death): DeathJson {
  if (!signal) return death;
  return { ...death, signal: { ...signal, ...(signal.place ? { what: placeText(signal.place) } : {}) } };
}

/** What killed the process: the cause, what was said, the signal, the stack. */
export function deathText(answer: Death, page: Page): string[] {
  return [
    ...wrap(answer.summary, "", page).map(page.bold),
    ...storyOf(answer).flatMap((sentence) => wrap(sentence, "", page)),
    ...panicLines(answer, page),
    ...answer.details.flatMap((line) => wrap(line, "  ", page)),
    ...signalLines(answer, page),
    ...callerLines(answer, page),
    ...frameLines(answer, page),
  ];
}

/** Words in lines no wider than the page, each after the indent. */
function wrap(text: string, indent: string, page: Page): string[] {
  const lines = wrapWords(escapeText(text).split(" "), proseWidth(page), indent, indent);
  return lines.map((line) => cutText(line, page.width).trimEnd());
}

/**
 * Panics in the order in which they were raised, numbered when there are several, each with its type. A fatal error's further lines come
 * first.
 */
function panicLines({ panics, kind, fatalError }: Death, page: Page): string[] {
  // The first line of a fatal error is in the summary.
  const lines = kind === "fatal error" && fatalError ? fatalError.split("\n").slice(1) : [];
  return [
    ...lines.flatMap((line) => wrap(line, "  ", page)),
    ...panics.flatMap((panic, index) => {
      const state = panic.repanicked ? " [recovered, repanicked]" : panic.recovered ? " [recovered]" : "";
      const type = panic.goexit ? "" : `  of type ${panic.type}${evidence(panic.typeEvidence)}`;
      // A message may have many lines, as a joined error has: they are shown indented under the first.
      const shown = panic.text.slice(0, LONGEST_TEXT).replace(/[\ud800-\udbff]$/, "");
      const [first = "", ...more] = shown.split("\n");
      return [
        ...wrap(`${panics.length > 1 ? `${index + 1}. ` : ""}panic: ${first}${state}`, "  ", page),
        ...more.flatMap((line) => wrap(line.trim(), "     ", page)),
        ...(shown === panic.text ? [] : wrap(lengthOf(panic), "     ", page)),
        ...(type === "" ? [] : wrap(type.trim(), "     ", page)),
      ];
    }),
  ];
}

/** "... 1,048,589 bytes in all; --json gives the first 65,536". */
function lengthOf({ text, wholeBytes }: Death["panics"][number]): string {
  const given = Buffer.byteLength(text);
  const json = wholeBytes === undefined ? "--json gives it whole" : `--json gives the first ${counted(given, "byte")}`;
  return `... ${counted(wholeBytes ?? given, "byte")} in all; ${json}`;
}

/**
 * How the type of a panic's value is known, where it is not the value itself that tells: the runtime replaces an error by its text before
 * it prints. runtime/panic.go preprintpanics
 */
function evidence(how: Death["panics"][number]["typeEvidence"]): string {
  if (how === "inferred") return " (from the argument slot of panic; its text is what Error or String gave)";
  return how === "replaced" ? ", or of an error or Stringer that gave this text" : "";
}

/** Name, code, address with what lies there, pc with its function, and who sent it. */
function signalLines({ signal }: Death, page: Page): string[] {
  if (!signal) return [];
  const facts = [`${signal.name}${signal.meaning === "" ? "" : ` (${signal.meaning})`} code ${signal.code}`];
  if (signal.address !== undefined) facts.push(`address ${signal.address}: ${signal.place ? placeText(signal.place) : ""}`);
  else if (signal.place) facts.push(placeText(signal.place));
  if (signal.pc !== undefined) facts.push(`pc ${signal.pc}${signal.at === undefined ? "" : ` ${signal.at}`}`);
  if (signal.senderPid !== undefined) facts.push(`sent by ${signal.sender === "itself" ? "itself" : `process ${signal.senderPid}`}`);
  return wrap(facts.join(", "), "  ", page);
}

/** Callers in C, innermost first, "memcpy < parse < main"; nothing for a death in Go. */
function callerLines({ callersInC, signal }: Death, page: Page): string[] {
  if (!callersInC) return [];
  // From the place of the signal outwards.
  const names = [...(signal?.at === undefined ? [] : [signal.at]), ...callersInC.map((each) => each.function)];
  return wrap(`in C, by the return addresses on the stack: ${names.join(" < ")}`, "  ", page);
}

/** The goroutine and its frames; the program's own innermost function is in bold, and the one that broke. */
function frameLines({ goroutine, frames, top, origin }: Death, page: Page): string[] {
  if (!goroutine) return [];
  const isOne = (frame: Death["frames"][number], of: Death["top"]) => of && frame.pc === of.pc && frame.function === of.function;
  return [
    "",
    cutText(`goroutine ${goroutine.id} [${escapeText(goroutine.state)}]`, page.width),
    ...frames.map((frame) => {
      const line = `  ${escapeText(frame.function)}  ${escapeText(frame.file)}:${frame.line}${frame.inlined ? " (inlined)" : ""}`;
      const cut = cutText(line, page.width, "start");
      return isOne(frame, top) || isOne(frame, origin) ? page.bold(cut) : cut;
    }),
  ];
}
