// What fills the heap, by type.
import { UsageError } from "../base/errors.js";
import { type HistogramRow, histogramRows } from "./histogram-rows.js";
import type { Query } from "./query.js";

export interface HistogramArgs {
  readonly by: "type" | "package" | "size-class";
  readonly garbage: boolean;
  /** Regular expression over the rows' names. */
  readonly focus?: string;
  /** 0 = all. */
  readonly top: number;
  readonly sort: "bytes" | "count";
}

export interface Histogram {
  readonly rows: readonly HistogramRow[];
  /** Of all rows that matched, shown or not. */
  readonly total: { readonly rows: number; readonly objects: number; readonly bytes: number };
}

export const histogram: Query<HistogramArgs, Histogram> = {
  name: "histogram",
  summary: "objects counted by type, package or size class",
  run(dump, args) {
    const focus = args.focus === undefined ? undefined : parseRegExp(args.focus);
    const rows = histogramRows(dump, args).filter((row) => !focus || focus.test(row.type));
    const key = args.sort;
    rows.sort((a, b) => b[key] - a[key] || b.bytes - a.bytes || (a.type < b.type ? -1 : 1));
    return {
      rows: args.top > 0 ? rows.slice(0, args.top) : rows,
      total: {
        rows: rows.length,
        objects: rows.reduce((sum, row) => sum + row.count, 0),
        bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
      },
    };
  },
};

/** @throws UsageError instead of SyntaxError */
export function parseRegExp(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new UsageError(`${text}: not a regular expression`, "Escape dots and brackets: 'main\\.User'.");
  }
}
