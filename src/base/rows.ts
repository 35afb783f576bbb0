// Lists that may be longer than what is shown of them.
import type { Bytes } from "./units.js";

/** Rows with their true number: truncation is always told (rows.length of total). */
export interface Rows<Row, Total = number> {
  readonly rows: readonly Row[];
  readonly total: Total;
}

/** How many rows there are, and what they sum up to. */
export interface RowsAndBytes {
  readonly rows: number;
  readonly bytes: Bytes;
}

/** Rows shown when nobody says how many. */
export const USUAL_TOP = 20;

/** The first rows of a list; top 0: all. */
export function cut<Row>(rows: readonly Row[], top: number): readonly Row[] {
  return top > 0 ? rows.slice(0, top) : rows;
}
