// A plain-column table: two spaces between columns, no frames, so that it pipes into awk.
import stringWidth from "string-width";
import { counted, formatCount } from "../../src/base/units.js";
import { escapeText } from "./escape.js";

/** One column; the one that is `cut` gives way when the page is narrow. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** Where a cell loses characters when it must: the end of a name says more than its start, of a text it is the other way round. */
  readonly cut?: "start" | "end";
  /** On a screen: its share of the room where two columns are cut; 1 when absent. */
  readonly weight?: number;
  /** On a screen: left out where there is no room for it and the columns that may be cut. */
  readonly yields?: boolean;
}

/** A column that knows what stands in it, so that a command and a screen show the same. */
export interface ColumnOf<Row> extends Column {
  cell(row: Row): string;
}

/** What stands in a row. */
export function cellsOf<Row>(columns: readonly ColumnOf<Row>[], row: Row): string[] {
  return columns.map((column) => column.cell(row));
}

const gap = "  ";
const leastCut = 8;
const printable = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Characters that are measured at once: the time that Intl.Segmenter takes grows with the square of the length. */
const longestMeasured = 2048;
/** Characters of one column, at most, that cutText looks at: a letter with all that may be piled on it. */
const mostInColumn = 32;
/** What a line keeps when its start is cut: its indent and a count. */
const opening = /^ *(?:[\d,]+ × )?/;

/** Columns of a terminal that the text takes. */
export function textWidth(text: string): number {
  if (printable.test(text)) return text.length;
  let width = 0;
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + longestMeasured, text.length);
    // A pair of surrogates is not divided; what else belongs together is, once in so many characters.
    if (end < text.length && (text.charCodeAt(end) & 0xfc00) === 0xdc00) end--;
    width += stringWidth(text.slice(at, end));
    at = end;
  }
  return width;
}

/** The text in at most width columns, an ellipsis where something is missing; spaces and a count, "12 × ", that it begins with stay. */
export function cutText(text: string, width: number, where: "start" | "end" = "end"): string {
  if (width === Number.POSITIVE_INFINITY) return text;
  if (width > 1 && text.length > width * mostInColumn) return cutText(nearEnd(text, width * mostInColumn, where), width, where);
  if (textWidth(text) <= width) return text;
  if (width <= 1) return width === 1 ? "…" : "";
  const parts = Array.from(graphemes.segment(text), (part) => part.segment);
  if (where === "end") return `${take(parts, width - 1).join("")}…`;
  const indent = opening.exec(text)?.[0].slice(0, width - 1) ?? "";
  return `${indent}…${take(parts.toReversed(), width - 1 - indent.length)
    .toReversed()
    .join("")}`;
}

/** The part of a long text that a cut can leave, with what it begins with. */
function nearEnd(text: string, length: number, where: "start" | "end"): string {
  if (where === "end") return text.slice(0, length);
  const head = opening.exec(text.slice(0, length))?.[0] ?? "";
  return length > head.length ? head + text.slice(text.length - (length - head.length)) : text.slice(0, length);
}

function take(parts: readonly string[], width: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const part of parts) {
    used += textWidth(part);
    if (used > width) break;
    taken.push(part);
  }
  return taken;
}

/** A long text in lines of so many columns. */
export function foldText(text: string, most: number): string[] {
  if (textWidth(text) <= most) return [text];
  const lines: string[] = [];
  let line = "";
  let width = 0;
  for (const character of text) {
    const own = textWidth(character);
    if (width + own > most) {
      lines.push(line.trimEnd());
      line = "";
      width = 0;
    }
    line += character;
    width += own;
  }
  return [...lines, line.trimEnd()];
}

/** The text with spaces up to width columns. */
export function padText(text: string, width: number, align: "left" | "right" = "left"): string {
  const missing = Math.max(0, width - textWidth(text));
  return align === "right" ? " ".repeat(missing) + text : text + " ".repeat(missing);
}

/**
 * Header and rows as lines, no line wider than width where the columns that may be cut allow it. Cells are escaped here.
 * Lines have no spaces at their end. Width Infinity cuts nothing.
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string[] {
  const titles = columns.map((column) => column.title);
  const cells = rows.map((row) => columns.map((_, index) => escapeText(row[index] ?? "")));
  const withHeader = titles.some((title) => title !== "") ? [titles, ...cells] : cells;
  const widths = columns.map((_, index) => withHeader.reduce((most, row) => Math.max(most, textWidth(row[index])), 0));
  shrink(columns, widths, width);
  return withHeader.map((row) => formatRow(columns, row, widths));
}

/** The same of rows by what their columns say. */
export function formatRows<Row>(columns: readonly ColumnOf<Row>[], rows: readonly Row[], width: number): string[] {
  return formatTable(
    columns,
    rows.map((row) => cellsOf(columns, row)),
    width,
  );
}

/** Takes what is too much from the widest column that may be cut, again until it fits. */
function shrink(columns: readonly Column[], widths: number[], width: number): void {
  let excess = widths.reduce((sum, one) => sum + one, gap.length * (widths.length - 1)) - width;
  while (excess > 0) {
    let widest = -1;
    columns.forEach((column, index) => {
      const can = column.cut !== undefined && widths[index] > leastCut;
      if (can && (widest < 0 || widths[index] > widths[widest])) widest = index;
    });
    if (widest < 0) return;
    const others = columns.map((column, index) => (column.cut && index !== widest ? widths[index] : 0));
    const next = Math.max(leastCut, ...others);
    const room = Math.max(1, widths[widest] - next);
    const taken = Math.min(excess, room, widths[widest] - leastCut);
    widths[widest] = widths[widest] - taken;
    excess -= taken;
  }
}

function formatRow(columns: readonly Column[], row: readonly string[], widths: readonly number[]): string {
  const cells = columns.map((column, index) => {
    const width = widths[index];
    return padText(cutText(row[index], width, column.cut ?? "end"), width, column.align);
  });
  return cells.join(gap).trimEnd();
}

/** "20 of 812 rows (--top 0 for all)", or undefined when nothing is missing. @param noun of one */
export function truncationLine(shown: number, total: number, noun: string): string | undefined {
  if (shown >= total) return undefined;
  return `${formatCount(shown)} of ${counted(total, noun)} (--top 0 for all)`;
}
