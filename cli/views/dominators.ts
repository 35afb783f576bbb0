// Rows of the dominator tree: figures of fixed width, then a name, so that rows of a tree stay in columns without a table.
import { formatBytes, formatCount } from "../../src/base/units.js";
import type { dominators } from "../../src/query/dominators.js";
import { formatShare } from "../text/bytes.js";

type Row = ReturnType<typeof dominators.run>;

/** What stands above the tree. */
export const DOMINATORS_TITLE = "  retained  share    shallow  what";

/** A node's figures, as wide as their titles. @param whole what the share is of */
export function dominatorFigures(row: Row, whole: number): string {
  return [
    formatBytes(row.retainedBytes).padStart(10),
    formatShare(row.retainedBytes, whole).padStart(5),
    formatBytes(row.bytes).padStart(9),
  ].join("  ");
}

/** "12,000 x *main.User", "main.global (global)", "main.global.sessions  map[string]*main.Session". */
export function dominatorLabel(row: Row): string {
  // A goroutine's name says what it is; a variable's needs its kind.
  if (row.owner !== undefined) return row.type === "(roots)" || row.type === "goroutine" ? row.owner : `${row.owner}  (${row.type})`;
  if (row.expression !== undefined) return `${row.expression}  ${row.type}`;
  return row.count === 1 ? `${row.type}${row.address === undefined ? "" : `  ${row.address}`}` : `${formatCount(row.count)} × ${row.type}`;
}
