// What was mapped, and where its bytes are now.
import type { Rows, RowsAndBytes } from "../base/rows.js";
import { type Hex, hex } from "../base/units.js";
import type { NoArgs, Query } from "./query.js";

/** A range of addresses with the same rights and the same origin of its bytes; end is the first address behind it. */
export interface MappingRow {
  readonly start: Hex;
  readonly end: Hex;
  readonly bytes: number;
  /** "rwx", "-" where not. */
  readonly flags: string;
  /** Where its bytes are read from: the core, the executable or a library on disk, zero pages that nobody wrote, or nowhere. */
  readonly backing: "core" | "file" | "zero" | "not-dumped";
  /** Of the mapped file, from NT_FILE; "" for memory of no file. */
  readonly path: string;
}

/** In the order of addresses, with the sum of the bytes. */
export type MappingsResult = Rows<MappingRow, RowsAndBytes>;

export const mappings: Query<NoArgs, MappingsResult> = {
  name: "mappings",
  summary: "what was mapped, and where its bytes are now",
  run(dump) {
    const { memory, source } = dump.process;
    const rows = memory.mappings.map(({ start, end, flags, backing, path }): MappingRow => {
      const from = typeof backing === "string" ? backing : backing.source === source ? "core" : "file";
      // flags are p_flags of a program header: PF_R 4, PF_W 2, PF_X 1.
      const bit = (value: number, letter: string) => (Math.floor(flags / value) % 2 === 1 ? letter : "-");
      return { start: hex(start), end: hex(end), bytes: end - start, flags: bit(4, "r") + bit(2, "w") + bit(1, "x"), backing: from, path };
    });
    return { rows, total: { rows: rows.length, bytes: rows.reduce((sum, row) => sum + row.bytes, 0) } };
  },
};
