// What a view shows: its screen's lines, before them what failed, and of all only those that its filter leaves.
import { formatCount } from "../../src/base/units.js";
import { explainInside as explain } from "../paste.js";
import { escapeText } from "../text/escape.js";
import { wrapText } from "../text/wrap.js";
import { hasWords } from "./prompt.js";
import type { Body, Given, Line, Screen } from "./screen.js";

/** A fault in a screen is said in it, and ends nothing. */
export function bodyOf(screen: Screen, given: Given, filter: string): Body {
  const body = screenBody(screen, given);
  const said = complaints(given, body);
  // Failures stand above what the screen still has to show.
  const told = said.flatMap((text) => wrapText(escapeText(text), given.width, "  "));
  const rows = [...told.map((text): Line => ({ text, tone: "bad" })), ...body.rows];
  if (filter === "") return said.length === 0 ? body : { ...body, rows };
  const wanted = filter.toLowerCase();
  const kept = rows.filter((line) => hasWords(line, wanted));
  return { ...body, rows: kept, note: `filter ${filter}: ${formatCount(kept.length)} of ${formatCount(rows.length)}` };
}

/** The screen's lines; an exception becomes its lines instead, with the stack trace where it is a bug. */
function screenBody(screen: Screen, given: Given): Body {
  try {
    return screen.body(given);
  } catch (error) {
    return { head: [], rows: explain(error, true).lines.map((text): Line => ({ text, tone: "bad" })) };
  }
}

/** Failures, each once. */
function complaints({ answers }: Given, body: Body): string[] {
  const failures = answers.flatMap((answer) => (answer.state === "failed" ? [answer.lines] : []));
  const failed = failures.filter((lines, at) => failures.findIndex((each) => each.join() === lines.join()) === at).flat();
  // A screen that shows lines of other answers needs no word about the one that was given up.
  const isCancelled = body.rows.length === 0 && answers.some((answer) => answer.state === "cancelled");
  return [...failed, ...(isCancelled ? ["not answered: r asks again"] : [])];
}
