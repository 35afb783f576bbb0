// Address ranges, one a line. The column "in" says where a range's bytes are: core, file, zero or not-dumped.
//
//   start       end          bytes  flags  in    path
//   0x400000    0x401000   4.0 KiB  r-x    core  /app/demo
import { counted, formatBytes } from "../../src/base/units.js";
import { mappings } from "../../src/query/mappings.js";
import { defineCommand } from "../command.js";
import { formatRows } from "../text/table.js";
import { mappingColumns } from "../views/mappings.js";

/** `corescope mappings`: the address space. */
export const mappingsCommand = defineCommand({
  name: "mappings",
  query: mappings,
  operands: [],
  options: [],
  examples: [
    { line: "mappings core", asks: "What was mapped, and what of it is in the core?" },
    { line: "mappings core --json", asks: "The same for a program." },
    { line: "mappings core | grep not-dumped", asks: "What did the kernel leave out?" },
  ],
  args: () => ({}),
  text({ rows, total }, page) {
    const lines = formatRows(mappingColumns, rows, page.width);
    // Reserved address space is in the sum: it is mapped too, though without rights.
    const summary = `${counted(total.rows, "mapping")}, ${formatBytes(total.bytes)}`;
    return [page.bold(lines[0]), ...lines.slice(1), "", summary];
  },
});
