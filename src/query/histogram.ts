// What fills the heap, by type.

import { type HistogramRow, histogramRows } from "../accounting/histogram-rows.js";
import { ownerRows, retainedByName } from "../accounting/retained-rows.js";
import { UsageError } from "../base/errors.js";
import { cut, USUAL_TOP } from "../base/rows.js";
import type { Dump } from "../dump.js";
import { namePattern } from "../naming/patterns.js";
import { heapNames } from "./heap-names.js";
import type { Query } from "./query.js";

/** What the rows of a histogram stand for. */
type RowKind = "type" | "package" | "size-class" | "owner" | "goroutine";

export interface HistogramArgs {
  /** What the rows stand for; types when absent. */
  readonly by?: RowKind;
  /** What is dead too. */
  readonly garbage?: boolean;
  /** Regular expression over the rows' names. */
  readonly focus?: string;
  /** 0 = all; 20 when absent. */
  readonly top?: number;
  /** Largest first; "bytes" when absent. */
  readonly sort?: "bytes" | "count" | "retained";
  /** Rows for the parts that maps, channels and buffers are made of, instead of one for each such value. */
  readonly parts?: boolean;
}

export type { HistogramRow } from "../accounting/histogram-rows.js";

/** Rows with their count of objects and bytes. Equal ones are in the order of their bytes, then of their names. */
export interface Histogram {
  /** What the rows' names are; types when absent. */
  readonly by?: RowKind;
  readonly rows: readonly HistogramRow[];
  /** Of all rows that matched, shown or not. */
  readonly total: {
    readonly rows: number;
    readonly objects: number;
    readonly bytes: number;
    /** Objects that are parts of others, counted in objects. */
    readonly parts: number;
  };
}

export const histogram: Query<HistogramArgs, Histogram> = {
  name: "histogram",
  summary: "what fills the heap, by type, package, size class or holder",
  run(dump, { by = "type", garbage = false, focus, top = USUAL_TOP, sort = "bytes", parts = false }) {
    const matches = focus === undefined ? undefined : namePattern(dump, focus);
    const rows = rowsOf(dump, { by, garbage, sort, parts }).filter((row) => !matches || matches(row.type));
    // A map, channel or buffer is one row entry with its parts added, so that its bytes stand under the name that the program's author
    // knows.
    const key = sort === "retained" ? "retainedBytes" : sort;
    rows.sort((a, b) => (b[key] ?? 0) - (a[key] ?? 0) || b.bytes - a.bytes || (a.type < b.type ? -1 : 1));
    return {
      by,
      rows: cut(rows, top),
      total: {
        rows: rows.length,
        objects: rows.reduce((sum, row) => sum + row.count + (row.parts ?? 0), 0),
        bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
        parts: rows.reduce((sum, row) => sum + (row.parts ?? 0), 0),
      },
    };
  },
};

/** @throws UsageError for combinations that mean nothing */
function rowsOf(dump: Dump, { by, garbage, sort, parts }: Required<Omit<HistogramArgs, "focus" | "top">>): HistogramRow[] {
  const retained = sort === "retained" || by === "owner" || by === "goroutine";
  if (retained && garbage) throw new UsageError("garbage is retained by nobody", "leave out garbage, or sort by bytes");
  if (by === "owner" || by === "goroutine") return ownerRows(dump, heapNames(dump), by);
  const rows = histogramRows(dump, { by, garbage, parts });
  if (!retained) return rows;
  if (by === "size-class") throw new UsageError("retained sizes are of a type, package, owner or goroutine, not of a size-class");
  const sums = retainedByName(dump, by, parts);
  return rows.map((row) => ({ ...row, retainedBytes: sums.get(row.type) ?? 0 }));
}
