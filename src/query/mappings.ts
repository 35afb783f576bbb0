// What was mapped, and where its bytes are now.
import type { Rows, RowsAndBytes } from "../base/rows.js";
import { type Hex, hex } from "../base/units.js";
import type { NoArgs, Query } from "./query.js";

interface MappingRow {
  readonly start: Hex;
  readonly end: Hex;
  readonly bytes: number;
  /** "rwx", "-" where not. */
  readonly flags: string;
  readonly backing: "core" | "file" | "zero" | "not-dumped";
  readonly path: string;
}

export type MappingsResult = Rows<MappingRow, RowsAndBytes>;

export const mappings: Query<NoArgs, MappingsResult> = {
  name: "mappings",
  summary: "what was mapped, and where its bytes are now",
  run(dump) {
    const { memory, source } = dump.process;
    const rows = memory.mappings.map(({ start, end, flags, backing, path }): MappingRow => {
      const from = typeof backing === "string" ? backing : backing.source === source ? "core" : "file";
      const bit = (value: number, letter: string) => (Math.floor(flags / value) % 2 === 1 ? letter : "-");
      return { start: hex(start), end: hex(end), bytes: end - start, flags: bit(4, "r") + bit(2, "w") + bit(1, "x"), backing: from, path };
    });
    return { rows, total: { rows: rows.length, bytes: rows.reduce((sum, row) => sum + row.bytes, 0) } };
  },
};
