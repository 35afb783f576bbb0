// Columns of the memory map. Where a screen is narrow "in" goes first and then "end", which start and bytes tell as well.
import { formatBytes } from "../../src/base/units.js";
import type { mappings } from "../../src/query/mappings.js";
import type { ColumnOf } from "../text/table.js";

type Row = ReturnType<typeof mappings.run>["rows"][number];

/** A mapping of the address space. */
export const mappingColumns: readonly ColumnOf<Row>[] = [
  { title: "start", cell: (row) => row.start },
  { title: "end", yields: true, cell: (row) => row.end },
  { title: "bytes", align: "right", cell: (row) => formatBytes(row.bytes) },
  { title: "flags", cell: (row) => row.flags },
  { title: "in", yields: true, cell: (row) => row.backing },
  { title: "path", cut: "start", cell: (row) => row.path },
];
