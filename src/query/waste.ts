// Bytes lost: to capacity, slack, duplicates, pinned arrays and rounding, with the field that loses them.

import { type WasteKind, type WasteRow, wasteRows } from "../accounting/waste-rows.js";
import { cut, USUAL_TOP } from "../base/rows.js";
import type { Bytes } from "../base/units.js";
import type { Query } from "./query.js";

export interface WasteArgs {
  /** 0 = all; 20 when absent. */
  readonly top?: number;
  /** Smallest loss that has a row; 0 when absent. */
  readonly min?: Bytes;
}

/** Rows with their bytes and the field or type that loses them, most bytes first. */
export interface WasteResult {
  readonly rows: readonly WasteRow[];
  /** Bytes of all rows that matched, shown or not, by kind. */
  readonly byKind: Readonly<Partial<Record<WasteKind, Bytes>>>;
  readonly total: { readonly rows: number; readonly bytes: Bytes };
  /** Of the whole live heap, to measure the loss against. */
  readonly liveBytes: Bytes;
}

export const waste: Query<WasteArgs, WasteResult> = {
  name: "waste",
  summary: "bytes lost to capacity, map slack, duplicates, pinned arrays and rounding",
  run(dump, { top = USUAL_TOP, min = 0 }) {
    const rows = wasteRows(dump).filter((row) => row.bytes >= min);
    const byKind: Partial<Record<WasteKind, Bytes>> = {};
    for (const row of rows) byKind[row.kind] = (byKind[row.kind] ?? 0) + row.bytes;
    return {
      rows: cut(rows, top),
      byKind,
      total: { rows: rows.length, bytes: rows.reduce((sum, row) => sum + row.bytes, 0) },
      liveBytes: dump.heap.liveBytes,
    };
  },
};
