// Lists of lines: tables whose cells are formatted only when a line is seen, and texts with their addresses as links.
import { escapeText } from "../../text/escape.js";
import { type Column, cutText, padText, textWidth } from "../../text/table.js";
import { places } from "../places.js";
import type { Line, Place } from "../screen.js";

/** One row of a table and what a line says beside its text. */
export type ListRow = Omit<Line, "text"> & { readonly cells: readonly string[] };

/** Columns between two columns of a table. */
const gap = 2;
/** What a column that is cut has at least before others give way for it. */
const leastCut = 16;
/** Texts of printable ASCII take as many columns as they have characters: no segmenting is needed for them. */
const ascii = /^[\x20-\x7e]*$/;

/** The text in at most width columns. */
export function fitText(text: string, width: number, where: "start" | "end" = "end"): string {
  if (width <= 0) return "";
  if (!ascii.test(text)) return cutText(text, width, where);
  if (text.length <= width) return text;
  return where === "end" ? `${text.slice(0, width - 1)}…` : cutText(text, width, where);
}

/** Title line and lines of a table as wide as width. Cells that are cut are found whole. */
export function tableLines(columns: readonly Column[], rows: readonly ListRow[], width: number): { head: Line[]; rows: Line[] } {
  const widths = columns.map((column, index) =>
    rows.reduce((most, row) => Math.max(most, shownWidth(row.cells[index] ?? "")), textWidth(column.title)),
  );
  // Widths are those of the widest cells: all rows are measured, but only those that are seen are formatted.
  const left = kept(columns, widths, width);
  const shown = left.map((index) => columns[index]);
  const shownWidths = left.map((index) => widths[index]);
  share(shown, shownWidths, width);
  const text = (cells: readonly string[]) =>
    shown
      .map((column, index) => {
        const cell = fitText(escapeText(cells[left[index]] ?? ""), shownWidths[index], column.cut ?? "end");
        return padText(cell, shownWidths[index], column.align);
      })
      .join(" ".repeat(gap))
      .trimEnd();
  return {
    head: [{ text: text(columns.map((column) => column.title)), tone: "bold" }],
    rows: rows.map(({ cells, ...line }) => lazyLine(() => text(cells), cells, line)),
  };
}

/** Of a cell as it will be shown: escaped. */
function shownWidth(cell: string): number {
  return ascii.test(cell) ? cell.length : textWidth(escapeText(cell));
}

/** A line whose text is made when it is read first. */
function lazyLine(make: () => string, cells: readonly string[], line: Omit<Line, "text">): Line {
  let text: string | undefined;
  return {
    ...line,
    get text() {
      text ??= make();
      return text;
    },
    // Find looks at whole cells, also at what was cut away.
    get words() {
      return cells.join(" ");
    },
  };
}

/** Indexes of the columns that are shown: those that yield go, the last ones first, until the ones that are cut have room. */
function kept(columns: readonly Column[], widths: readonly number[], width: number): number[] {
  const indexes = columns.map((_, index) => index);
  const least = (index: number) => (columns[index]?.cut === undefined ? widths[index] : Math.min(leastCut, widths[index]));
  for (;;) {
    const needed = indexes.reduce((sum, index) => sum + least(index) + gap, -gap);
    const last = indexes.findLastIndex((index) => columns[index]?.yields === true);
    if (needed <= width || last < 0) return indexes;
    indexes.splice(last, 1);
  }
}

/** Gives the columns that may be cut what is left, by weight; none more than it needs. */
function share(columns: readonly Column[], widths: number[], width: number): void {
  const cut = columns.map((_, index) => index).filter((index) => columns[index]?.cut !== undefined);
  const fixed = columns.reduce((sum, column, index) => sum + (column.cut === undefined ? widths[index] : 0), 0);
  // At least four columns each: an ellipsis and something to recognise.
  let room = Math.max(cut.length * 4, width - fixed - gap * (columns.length - 1));
  let weight = cut.reduce((sum, index) => sum + (columns[index]?.weight ?? 1), 0);
  // Those that need least first: what they leave goes to the others.
  const order = cut.sort((a, b) => widths[a] / (columns[a]?.weight ?? 1) - widths[b] / (columns[b]?.weight ?? 1));
  for (const index of order) {
    const own = columns[index]?.weight ?? 1;
    const given = Math.max(4, Math.min(widths[index], Math.floor((room * own) / weight)));
    widths[index] = given;
    room -= given;
    weight -= own;
  }
}

const addressInText = /\b0x[0-9a-f]{6,16}\b/;
const goroutineInText = /\bgoroutine ([0-9]+)\b/;

/** Lines of text; one with an address or a goroutine in it leads there. */
export function textLines(lines: readonly string[], linked: (address: string) => Place | undefined = places.object): Line[] {
  return lines.map((text) => {
    // An address leads on before a goroutine does: it says more exactly what the line is about.
    const address = addressInText.exec(text)?.[0];
    const goroutine = goroutineInText.exec(text)?.[1];
    const open = address ? linked(address) : goroutine ? places.goroutine(Number(goroutine)) : undefined;
    return { text, ...(open ? { open } : {}), ...(address ? { copy: address } : {}) };
  });
}
